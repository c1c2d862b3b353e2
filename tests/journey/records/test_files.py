"""Files as other software writes them: headers, separators, byte order marks, names, many columns."""

import json
import os
import time
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.marketing.evaluation import evaluate_campaigns
from journey.marketing.records.folders import read_folders
from journey.records.column_matching import MAX_NAMED_COLUMNS
from journey.records.folder import bundled_folder, read_folder
from tests.journey.companies import company, write_company

HEADER = "customer_id,segment,tenure_months"


def _reasons(folder: Path, text: str) -> tuple[tuple[str, ...], list[str]]:
    records = read_folder(write_company(folder, customers__csv=text))
    return records.customer_ids(), [row.reason for row in records.set_aside]


_VALUES = st.sampled_from(["", "x", '"a\nb"'])


class TestHeaders:
    @pytest.mark.parametrize("newline", ["\n", "\r\n"])
    def test_a_header_is_a_record_and_may_contain_line_breaks(self, tmp_path: Path, newline: str) -> None:
        text = f'customer_id,"segment{newline}(of sales)",account_value{newline}K1,SMB,10{newline}K2,SMB,20{newline}'
        assert _reasons(tmp_path, text) == (("K1", "K2"), [])

    def test_a_quotation_mark_in_the_header_that_is_never_closed_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="customer_id"):
            _reasons(tmp_path, 'customer_id,"segment\nK1,SMB\n')


class TestWidths:
    @pytest.mark.parametrize("last", ["", " ", "x"])
    @pytest.mark.parametrize("quoted", ["SMB", '"a\nline"'])
    def test_a_row_with_a_value_too_many_is_set_aside_whatever_its_last_value(
        self, tmp_path: Path, last: str, quoted: str
    ) -> None:
        used, reasons = _reasons(tmp_path, f"{HEADER}\nK1,{quoted},\nK2,SMB,3,{last}\nK3,SMB,\n")
        assert used == ("K1", "K3")
        assert len(reasons) == 1
        assert reasons[0].endswith("has 4 values for 3 columns")

    def test_a_row_with_a_value_too_few_is_set_aside_beside_empty_ends(self, tmp_path: Path) -> None:
        assert _reasons(tmp_path, f"{HEADER}\nK1,SMB,\nK2,SMB\n") == (("K1",), ["line 3 has 2 values for 3 columns"])

    @pytest.mark.parametrize("malformed", ["", 'K9,"SMB"x,1,\n'])
    def test_a_separator_at_the_end_of_every_row_is_no_value(self, tmp_path: Path, malformed: str) -> None:
        used, reasons = _reasons(tmp_path, f"{HEADER}\nK1,SMB,1,\n{malformed}K2,,,\n")
        assert used == ("K1", "K2")
        assert len(reasons) == bool(malformed)

    def test_a_separator_at_the_end_of_the_header_too_is_a_column_without_a_name(self, tmp_path: Path) -> None:
        assert _reasons(tmp_path, f"{HEADER},\nK1,SMB,1,\n") == (("K1",), [])

    @pytest.mark.slow
    @settings(max_examples=15, deadline=None)
    @given(
        rows=st.lists(st.lists(st.sampled_from(["", "x", '"a\nb"']), min_size=1, max_size=5), min_size=1, max_size=4)
    )
    def test_rows_are_used_if_they_have_the_width_of_the_header(
        self, rows: list[list[str]], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        lines = "".join(",".join([f"K{place}", *row]) + "\n" for place, row in enumerate(rows))
        used, _ = _reasons(tmp_path_factory.mktemp("widths"), f"customer_id,segment,a,b\n{lines}")
        ends_in_separator = all(len(row) == 4 and not row[-1] for row in rows)
        width = 4 if ends_in_separator else 3
        assert used == tuple(f"K{place}" for place, row in enumerate(rows) if len(row) == width)


@pytest.mark.parametrize("start", ["\ufeff\ufeff", " \ufeff", "\n\ufeff"])
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_a_byte_order_mark_in_the_wrong_place_is_an_error_or_a_row_set_aside(
    tmp_path: Path, start: str, ending: str
) -> None:
    row = '{"customer_id": "Ké"}'
    folder = write_company(tmp_path, **{f"customers__{ending}": start + (f"[{row}]" if ending == "json" else row)})
    try:
        assert len(read_folder(folder).set_aside) + len(read_folder(folder).customer_ids()) == 1
    except InputError as error:
        assert "line " in str(error)  # noqa: PT017


def test_text_around_an_error_may_be_anything(tmp_path: Path) -> None:
    for shift in range(12):
        text = '[{"customer_id": "' + "x" * shift + "é" * 60 + '"}, é]'
        with pytest.raises(InputError, match="line 1, column"):
            read_folder(write_company(tmp_path, customers__json=text))


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_folder_whose_name_is_not_utf_8_can_be_read(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"\xff\xfe")
    folder.mkdir()
    write_company(folder, signals__csv="customer_id,signal_type,signal_strength,detected_at\n")
    assert read_folder(folder).customer_ids() == ("K1",)


class TestSpellings:
    """Two columns may stand for one field, but no row may have a different value in each."""

    def test_a_csv_row_with_both_is_set_aside(self, tmp_path: Path) -> None:
        used, reasons = _reasons(tmp_path, "customer_id,segment,Segment\nK1,a,b\nK2,,b\nK3,a,\n")
        assert used == ("K2", "K3")
        assert reasons == [
            "the field segment is given twice with different values (its names are 'Segment' and 'segment')"
        ]

    def test_a_json_row_with_both_is_set_aside(self) -> None:
        records = company(customers=[{"customer_id": "K1", "Customer_ID": "K2"}, {"CUSTOMER_ID": "K3"}])
        assert records.customer_ids() == ("K3",)
        assert len(records.set_aside) == 1

    @pytest.mark.parametrize("kind", ["file", "pyarrow", "polars"])
    def test_a_row_of_a_typed_table_with_both_is_set_aside(self, tmp_path: Path, kind: str) -> None:
        table = pa.table(
            {"customer_id": ["K1", "K2"], "tags": [["x"], ["y"]], "segment": ["a", None], "Segment": ["b", "c"]}
        )
        if kind == "file":
            pq.write_table(table, tmp_path / "customers.parquet")
            records = read_folder(tmp_path)
        else:
            frame = table if kind == "pyarrow" else pl.from_arrow(table)
            records = company(customers=frame)  # type: ignore[arg-type]
        assert [(customer.customer_id, customer.segment) for customer in records.objects("customers")] == [("K2", "c")]  # type: ignore[attr-defined]


@pytest.mark.medium
@pytest.mark.parametrize("ending", ["json", "csv"])
def test_thousands_of_unknown_columns_are_counted(tmp_path: Path, ending: str) -> None:
    names = [f"key {place}" for place in range(20_000)]
    fields = ", ".join(f'"{name}": 1' for name in names)
    text = f'[{{"customer_id": "K1", {fields}}}]'
    if ending == "csv":
        names = names[:2_000]
        text = f"customer_id,{','.join(names)}\nK1,{','.join('1' for _ in names)}\n"
    started = time.process_time()
    records = read_folder(write_company(tmp_path, **{f"customers__{ending}": text}))
    assert records.customer_ids() == ("K1",)
    messages = [finding.message for finding in records.findings if finding.code == "unknown-column"]
    assert len(messages) == MAX_NAMED_COLUMNS + 1
    assert f"{len(names) - MAX_NAMED_COLUMNS:,} more columns of customers are not fields" in messages[0]
    # It took a second for a thousand names.
    assert time.process_time() - started < 10


@pytest.mark.slow
def test_fields_without_a_value_in_a_typed_file_change_no_campaign(tmp_path: Path) -> None:
    """A column of objects has every field in every row, and null where a row of JSON has none."""
    for path in bundled_folder("marketing").glob("*.json"):
        pq.write_table(pa.Table.from_pylist(json.loads(path.read_text())), tmp_path / f"{path.stem}.parquet")
    typed, plain = (evaluate_campaigns(read_folders([folder])) for folder in (tmp_path, bundled_folder("marketing")))
    assert typed.report.findings == plain.report.findings
    assert typed.sections == plain.sections
