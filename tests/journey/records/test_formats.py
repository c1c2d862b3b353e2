"""The same records give the same tables and findings in every format."""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.checks import check
from journey.core.errors import InputError
from journey.marketing.records.folders import read_folders
from journey.marketing.records.model import MARKETING_FAMILY
from journey.records.columns import Column, get_columns
from journey.records.folder import read_folder
from journey.records.model import CUSTOMER_FAMILY
from journey.records.tables import RecordTables
from tests.levels import examples

Row = dict[str, Any]

FORMATS = ("json", "jsonl", "csv", "parquet")


def _write_json(path: Path, rows: Sequence[Row]) -> None:
    path.write_text(json.dumps(rows), encoding="utf-8")


def _write_lines(path: Path, rows: Sequence[Row]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _write_csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, _names(rows))
        writer.writeheader()
        writer.writerows({name: _in_csv(value) for name, value in row.items()} for row in rows)


def _in_csv(value: object) -> object:
    return json.dumps(value, separators=(",", ":")) if isinstance(value, list | dict | bool) else value


def _write_parquet(path: Path, rows: Sequence[Row]) -> None:
    columns = []
    for name in _names(rows):
        values = [row.get(name) for row in rows]
        # A column has one type. Integers stand in a column of fractions as fractions.
        kinds = {type(value) for value in values if value is not None}
        columns.append(
            pa.array([None if value is None else float(value) for value in values] if kinds == {int, float} else values)
        )
    pq.write_table(pa.table(columns, names=_names(rows)), path)


WRITERS: dict[str, Callable[[Path, Sequence[Row]], None]] = {
    "json": _write_json, "jsonl": _write_lines, "csv": _write_csv, "parquet": _write_parquet
}  # fmt: skip


def _names(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _content(records: RecordTables) -> dict[str, Any]:
    tables = {dataset: list(map(str, records.objects(dataset))) for dataset in records.family.datasets}
    aside = [(row.dataset, row.row_number, row.code, row.reason) for row in records.set_aside]
    return {**tables, "aside": aside, "findings": [finding.as_dict() for finding in records.findings]}


IDS = st.sampled_from(["K1", "K2", "k1", " K1", "K 1", "", "NA", "105", "é", "\u200bK1"])
# Integers and fractions apart, because Parquet has one type in a column: beside 0.5 it writes 0 as 0.0.
INTEGERS = st.integers(-2, 3)
# Not eighths, because the text 1.125 in a CSV may be a number of thousands, and the number 1.125 in JSON is not.
FRACTIONS = st.one_of(st.integers(-6, 12).map(lambda n: n / 4), st.sampled_from([2.5e12, 1e300]))
# For whole numbers not 1e300, because a message quotes it as the file has it: 1e300 or 1e+300.
QUARTERS = st.one_of(st.integers(-6, 12).map(lambda n: n / 4), st.just(2.5e12))
TEXT_NUMBERS = st.sampled_from(
    ["1.200,50", "9.000", "0.5", "1,234", "1,234.5", "7", "NaN", "N/A", "none", "1e400", "x"]
)
DATES = st.sampled_from(
    ["2031-03-08", "20310308", "2031-03-08T10:00:00", "2031-03-08 10:00:00 UTC", "2031-03-08T10:00:00+02:00",
     "2031-03-08T10:00:00+99:00", "9999-12-31", "1800-01-01", "NULL", "soon", ""]
)  # fmt: skip
LISTS = st.lists(st.sampled_from(["S1", "S 2", "", " S3 ", None]), max_size=3)
_INNER = st.fixed_dictionaries({"d": st.none() | st.integers(0, 1)})
MAPPINGS = st.fixed_dictionaries(
    {"a": st.sampled_from([None, "x", "y"])},
    optional={"b": st.none() | st.integers(0, 3), "c": st.lists(_INNER, max_size=2)},
)


def _values(column: Column) -> st.SearchStrategy[Sequence[Any]]:
    """Values for three rows, all of one type, as a column of Parquet has; some are missing, some do not fit."""
    texts = IDS if not column.choices else st.sampled_from([*column.choices, column.choices[0].upper(), "other", "NA"])
    kinds = {
        "text": [texts, texts, st.integers(1, 3), LISTS, st.booleans()],
        "number": [INTEGERS, FRACTIONS, TEXT_NUMBERS, LISTS],
        "whole": [INTEGERS, QUARTERS, st.integers(0, 9), st.sampled_from(["1.200", "3.000", "12", "12.0", "x"])],
        "flag": [st.booleans(), st.sampled_from(["yes", "no", "t", "NA", "perhaps"]), st.sampled_from([0, 1])],
        "date": [DATES],
        "texts": [LISTS, st.sampled_from(["{S1}", "S1;S2", '["S1", null]', "NULL"])],
        "mapping": [MAPPINGS],
    }
    return st.one_of([st.lists(st.none() | kind, min_size=3, max_size=3) for kind in kinds[column.kind]])


@st.composite
def _rows(draw: st.DrawFn, dataset: str) -> list[Row]:
    columns = get_columns(dataset)
    chosen = {column.name for column in columns if column.required or draw(st.booleans())}
    values = {column.name: draw(_values(column)) for column in columns if column.name in chosen}
    if draw(st.booleans()):
        # A second spelling of a field, which differs in capitals only.
        name = draw(st.sampled_from(sorted(values)))
        values[name.upper()] = [value if draw(st.integers(0, 3)) == 0 else None for value in values[name]]
    return [{name: column[place] for name, column in values.items()} for place in range(3)]


def _write_and_read(
    dataset: str, rows: list[Row], folders: pytest.TempPathFactory, read: Callable[[Path], dict[str, Any]]
) -> None:
    """Write the rows in every format, and check that what is read is the same."""
    contents = []
    for ending in FORMATS:
        folder = folders.mktemp(ending)
        WRITERS[ending](folder / f"{dataset}.{ending}", rows)
        contents.append(read(folder))
    for ending, content in zip(FORMATS, contents, strict=True):
        assert content == contents[0], ending


@pytest.mark.slow
@settings(max_examples=examples(12, otherwise=4), deadline=None)
@given(data=st.data(), dataset=st.sampled_from(CUSTOMER_FAMILY.datasets))
def test_records_of_customers(data: st.DataObject, dataset: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    def read(folder: Path) -> dict[str, Any]:
        if dataset != "customers":
            _write_json(folder / "customers.json", [{"customer_id": "K1"}])
        records = read_folder(folder)
        return {**_content(records), "check": [finding.as_dict() for finding in check(records).findings]}

    _write_and_read(dataset, data.draw(_rows(dataset)), tmp_path_factory, read)


@pytest.mark.slow
@settings(max_examples=examples(12, otherwise=4), deadline=None)
@given(data=st.data(), dataset=st.sampled_from(MARKETING_FAMILY.datasets))
def test_records_of_campaigns(data: st.DataObject, dataset: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    _write_and_read(
        dataset, data.draw(_rows(dataset)), tmp_path_factory, lambda folder: _content(read_folders([folder]))
    )


@pytest.mark.parametrize("ending", FORMATS)
def test_a_field_that_no_row_has_is_refused_in_every_format(ending: str, tmp_path: Path) -> None:
    rows = [{"id": "K1", "segment": "SMB"}, {"id": "K2", "segment": "SMB"}]
    WRITERS[ending](tmp_path / f"customers.{ending}", rows)
    with pytest.raises(InputError, match=r"there is no (field|column) 'customer_id', which every row needs; .*'id'"):
        read_folder(tmp_path)


def test_a_field_that_some_rows_of_json_have_is_missing_in_the_others(tmp_path: Path) -> None:
    _write_json(tmp_path / "customers.json", [{"segment": "SMB"}, {"customer_id": "K2", "segment": "SMB"}])
    records = read_folder(tmp_path)
    assert records.customer_ids() == ("K2",)
    assert [row.code for row in records.set_aside] == ["missing-value"]
