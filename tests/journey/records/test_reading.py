"""Reading records: what is in the file is in the tables, whatever the format."""

import errno
import gzip
import json
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.checks import check
from journey.core.errors import InputError
from journey.core.findings import FindingSeverity
from journey.records.columns import get_columns
from journey.records.folder import Records, bundled_folder, read_folder
from journey.records.model import DATASETS, Customer, Intervention, Signal
from tests.journey.companies import (
    CUSTOMER,
    ENTRY,
    INTERVENTION,
    SETS,
    SIGNAL,
    bundled_rows,
    company,
    convert,
    table,
    write_company,
)
from tests.levels import examples


def test_the_bundled_company_reads_without_a_word() -> None:
    records = read_folder(bundled_folder())
    assert records.findings == []
    assert records.set_aside == ()
    assert records.counts() == {
        "customers": 10, "journey_state_log": 10, "signals": 12, "interventions": 8, "outcomes": 6, "events": 0
    }  # fmt: skip


@pytest.mark.medium
@pytest.mark.parametrize("name", ["customer_journey", "imperfect"])
def test_every_field_reads_as_a_single_record_does(name: str) -> None:
    """Validation by column and validation of one record agree, for every row that is used."""
    records = read_folder(bundled_folder(name))
    rows = bundled_rows(name)
    for dataset, model in DATASETS.items():
        used = [values[-2] for values in table(records, dataset)]
        known = {column.name for column in get_columns(dataset)}
        expected = []
        for number in used:
            row = {key: value for key, value in rows[dataset][number - 1].items() if key in known}
            for name_of_choice in ("risk_tier", "journey_stage"):
                if isinstance(row.get(name_of_choice), str):
                    row[name_of_choice] = row[name_of_choice].lower()
            if row.get("outcome_id") == "R11":
                row["churn_risk_delta"] = None  # outside its range, so the row is used without it
            expected.append(model.model_validate(row))
        read = records.objects(dataset)
        assert sorted(map(repr, read)) == sorted(map(repr, expected))


def test_a_customer_has_typed_records_in_canonical_order() -> None:
    records = read_folder(bundled_folder())
    first = records.customer_ids()[0]
    customer = records.customer(first)
    assert isinstance(customer, Customer)
    signals = records.signals_for(first)
    assert [signal.detected_at for signal in signals] == sorted(signal.detected_at for signal in signals)
    (intervention,) = records.interventions_for(first)
    assert isinstance(intervention, Intervention)
    assert intervention.triggered_by_signals == tuple(signal.signal_id for signal in signals)


def test_an_unknown_customer_is_never_invented() -> None:
    records = company(signals=[{**SIGNAL, "customer_id": "nobody"}])
    assert records.customer("nobody") is None
    assert len(records.signals_for("nobody")) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "ending"),
    [("customer_journey", "csv"), ("imperfect", "jsonl"), ("imperfect", "csv"), ("imperfect", "parquet")],
)
def test_the_format_makes_no_difference(name: str, ending: str, tmp_path: Path) -> None:
    expected = read_folder(bundled_folder(name))
    records = read_folder(convert(bundled_folder(name), tmp_path / ending, ending))
    for dataset in DATASETS:
        assert records.objects(dataset) == expected.objects(dataset)
        assert [row[-2:] for row in table(records, dataset)] == [row[-2:] for row in table(expected, dataset)]
    assert [(row.dataset, row.row_number, row.reason) for row in records.set_aside] == [
        (row.dataset, row.row_number, row.reason) for row in expected.set_aside
    ]
    assert check(records).findings == check(expected).findings


def test_text_formats_may_be_compressed(tmp_path: Path) -> None:
    (tmp_path / "customers.json.gz").write_bytes(gzip.compress(json.dumps([CUSTOMER]).encode()))
    (tmp_path / "signals.csv.gz").write_bytes(
        gzip.compress(b"customer_id,signal_type,signal_strength,detected_at\nK1,usage_drop,0.5,2031-03-08\n")
    )
    records = read_folder(tmp_path)
    assert records.counts()["customers"] == 1
    assert records.counts()["signals"] == 1


def _frames() -> dict[str, list[dict[str, object]]]:
    return {name: list(rows) for name, rows in bundled_rows().items()}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow", "rows", "records"])
def test_frames_enter_as_files_do(kind: str) -> None:
    expected = read_folder(bundled_folder())
    make = {
        "pandas": pd.DataFrame,
        "polars": pl.DataFrame,
        "pyarrow": pa.Table.from_pylist,
        "rows": list,
        "records": list,
    }[kind]
    tables = {name: make(rows) for name, rows in _frames().items()}
    if kind == "records":
        tables = {name: expected.objects(name) for name in tables}
    records = Records.from_tables(tables)
    for dataset in DATASETS:
        assert records.objects(dataset) == expected.objects(dataset)
    assert check(records).findings == check(expected).findings


def test_frames_may_hold_real_dates() -> None:
    frame = pl.DataFrame([SIGNAL]).with_columns(detected_at=pl.lit(datetime(2031, 3, 8, 14, 30)))
    (signal,) = company(signals=frame).signals_for("K1")  # type: ignore[arg-type]
    assert signal.detected_at == datetime(2031, 3, 8, 14, 30)


def test_only_the_customers_are_always_needed(tmp_path: Path) -> None:
    records = read_folder(write_company(tmp_path))
    assert [finding.code for finding in records.findings] == ["missing-set"] * 4
    assert records.latest_date() is None
    assert check(records).as_of is None


def test_column_names_may_be_spelt_differently_and_it_is_said(tmp_path: Path) -> None:
    folder = write_company(tmp_path, customers__csv=" Customer ID ,SEGMENT,Account-Value\nK1,SMB,10\n")
    records = read_folder(folder)
    assert records.customer("K1") == Customer(customer_id="K1", segment="SMB", account_value=10)
    assert sum(finding.code == "column-renamed" for finding in records.findings) == 3


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_an_unknown_column_is_reported(tmp_path: Path, ending: str) -> None:
    content = {"csv": "customer_id,segmnt\nK1,SMB\n", "json": [{"customer_id": "K1", "segmnt": "SMB"}]}[ending]
    records = read_folder(write_company(tmp_path, **{f"customers__{ending}": content}))
    (finding,) = (finding for finding in records.findings if finding.code == "unknown-column")
    assert "'segmnt'" in finding.message
    assert "did you mean 'segment'?" in finding.message


def test_a_stage_in_capitals_is_the_stage_and_it_is_said() -> None:
    records = company(journey_state_log=[{**ENTRY, "journey_stage": "ENGAGEMENT", "previous_stage": "Onboarding"}])
    (entry,) = records.stage_entries("K1")
    assert (entry.journey_stage, entry.previous_stage) == ("engagement", "onboarding")
    assert sum(finding.code == "spelling-tidied" for finding in records.findings) == 2


def test_times_with_a_zone_become_utc_and_it_is_said() -> None:
    records = company(signals=[{**SIGNAL, "detected_at": "2031-03-08T01:30:00+02:00"}])
    (signal,) = records.signals_for("K1")
    assert signal.detected_at == datetime(2031, 3, 7, 23, 30)
    assert any(finding.code == "time-zone-converted" for finding in records.findings)


def test_record_objects_with_a_zone_become_utc() -> None:
    aware = datetime(2031, 3, 8, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    (signal,) = company(signals=[Signal(**{**SIGNAL, "detected_at": aware})]).signals_for("K1")  # type: ignore[list-item]
    assert signal.detected_at == datetime(2031, 3, 7, 23, 30)


def test_a_list_in_a_text_file_may_be_written_in_the_usual_ways() -> None:
    ways = ['["S1", "S2"]', "['S1', 'S2']", "S1;S2", "S1|S2", "S1, S2", "S1 S2"]
    rows = [
        {**INTERVENTION, "intervention_id": f"I{place}", "triggered_by_signals": way} for place, way in enumerate(ways)
    ]
    found = company(interventions=rows).interventions_for("K1")
    assert [intervention.triggered_by_signals for intervention in found] == [("S1", "S2")] * len(ways)


def test_missing_fields_get_their_default_and_are_counted() -> None:
    records = company(customers=[{"customer_id": "K1", "segment": None, "risk_tier": "low"}])
    assert records.customer("K1") == Customer(customer_id="K1", risk_tier="low")
    assert records.connection.execute("SELECT gaps FROM customers").fetchall() == [(3,)]


def test_the_latest_date_is_that_of_any_record() -> None:
    assert company().latest_date() == datetime(2031, 3, 10)


class TestDuplicates:
    def test_of_identical_rows_one_is_kept(self) -> None:
        records = company(signals=[SIGNAL, SIGNAL, SIGNAL])
        assert records.counts()["signals"] == 1
        assert [row.row_number for row in records.set_aside] == [2, 3]
        assert {(f.code, f.severity) for f in records.findings} == {("duplicate-record", FindingSeverity.NOTICE)}

    @pytest.mark.medium
    @pytest.mark.parametrize(("kind", "kept"), [("usage_drop", 0.9), ("renewal_intent", 0.2)])
    @pytest.mark.parametrize("strengths", [(0.2, 0.5, 0.9), (0.9, 0.2, 0.5)])
    def test_of_conflicting_strengths_the_worse_for_the_customer_is_kept(
        self, kind: str, kept: float, strengths: tuple[float, ...]
    ) -> None:
        rows = [{**SIGNAL, "signal_type": kind, "signal_strength": strength} for strength in strengths]
        records = company(signals=rows)
        (signal,) = records.signals_for("K1")
        assert signal.signal_strength == kept
        assert [finding.code for finding in records.findings] == ["conflicting-duplicate"] * 2

    @pytest.mark.medium
    @pytest.mark.parametrize("dataset", ["customers", "interventions", "outcomes"])
    def test_of_rows_that_contradict_the_first_is_kept_and_it_is_an_error(self, dataset: str) -> None:
        changed = {"customers": "segment", "interventions": "recommended_action", "outcomes": "outcome"}[dataset]
        first = SETS[dataset][0]
        records = company(**{dataset: [first, {**first, changed: "other"}]})
        (row,) = records.objects(dataset)
        assert getattr(row, changed) == first[changed]
        (finding,) = records.findings
        assert (finding.code, finding.severity) == ("duplicate-key", FindingSeverity.ERROR)
        assert json.loads(records.set_aside[0].content)[changed] == "other"

    def test_a_signal_key_of_two_customers_is_an_error(self) -> None:
        other = {**CUSTOMER, "customer_id": "K2"}
        records = company(customers=[CUSTOMER, other], signals=[SIGNAL, {**SIGNAL, "customer_id": "K2"}])
        assert [finding.code for finding in records.findings] == ["duplicate-key"]
        assert records.signals_for("K1")

    def test_signals_without_a_key_are_never_dropped(self) -> None:
        rows = [{**SIGNAL, "signal_id": None, "signal_strength": strength} for strength in (0.1, 0.1, 0.4)]
        assert company(signals=rows).counts()["signals"] == 3


def test_signals_are_added_once() -> None:
    records = company()
    new = Signal(customer_id="K1", signal_type="inactivity_warning", signal_strength=0.5, detected_at="2031-03-09")  # type: ignore[arg-type]
    same_day = new.model_copy(update={"signal_type": "usage_drop", "detected_at": datetime(2031, 3, 8, 9)})
    assert len(records.signals_for("K1")) == 1
    assert records.add_signals([new, new, same_day]) == 1
    assert len(records.signals_for("K1")) == 2


class TestQuarantine:
    def test_what_was_set_aside_is_written_with_its_reason(self, tmp_path: Path) -> None:
        records = company(signals=[SIGNAL, {**SIGNAL, "signal_id": "S2", "signal_strength": 7}])
        (path,) = records.write_quarantine(tmp_path / "aside")
        (line,) = path.read_text().splitlines()
        row = json.loads(line)
        assert (row["dataset"], row["row_number"], row["code"]) == ("signals", 2, "out-of-range")
        assert json.loads(row["content"])["signal_strength"] == 7
        assert [entry.name for entry in path.parent.iterdir()] == ["signals.jsonl"]

    def test_an_earlier_one_is_not_overwritten_unasked(self, tmp_path: Path) -> None:
        records = company(signals=[{**SIGNAL, "signal_strength": 7}])
        records.write_quarantine(tmp_path)
        with pytest.raises(InputError, match="already exists"):
            records.write_quarantine(tmp_path)
        assert records.write_quarantine(tmp_path, overwrite=True)

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_no_folder_of_records_gets_a_set_twice(self, tmp_path: Path, overwrite: bool) -> None:
        (tmp_path / "Signals.CSV.gz").write_text("")
        records = company(signals=[{**SIGNAL, "signal_strength": 7}])
        with pytest.raises(InputError, match=r"contains records .Signals.CSV.gz., .* give another folder"):
            records.write_quarantine(tmp_path, overwrite=overwrite)
        assert len(list(tmp_path.iterdir())) == 1

    def test_all_files_appear_or_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """As on a disk that is full after the first file."""
        records = company(signals=[{**SIGNAL, "signal_strength": 7}], customers=[CUSTOMER, {"customer_id": None}])
        dumps, calls = json.dumps, []

        def fill_disk(*args: Any, **options: Any) -> str:
            calls.append(args)
            if len(calls) > 1:
                raise OSError(errno.ENOSPC, "No space left on device")
            return dumps(*args, **options)

        monkeypatch.setattr("journey.records.tables.json.dumps", fill_disk)
        with pytest.raises(InputError, match="cannot be written: No space left on device"):
            records.write_quarantine(tmp_path / "aside")
        assert len(calls) == 2
        assert list((tmp_path / "aside").iterdir()) == []

    @pytest.mark.parametrize("umask", [0o022, 0o077])
    def test_its_files_have_the_permissions_that_the_umask_gives(self, tmp_path: Path, umask: int) -> None:
        before = os.umask(umask)
        try:
            (path,) = company(signals=[{**SIGNAL, "signal_strength": 7}]).write_quarantine(tmp_path / "aside")
        finally:
            os.umask(before)
        assert path.stat().st_mode & 0o777 == 0o666 & ~umask

    def test_nothing_set_aside_writes_nothing(self, tmp_path: Path) -> None:
        assert company().write_quarantine(tmp_path / "aside") == []

    def test_a_file_in_the_way_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(InputError, match="cannot be written"):
            company(signals=[{**SIGNAL, "signal_strength": 7}]).write_quarantine(tmp_path / "file")


_ANY_VALUE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.lists(st.integers(), max_size=2),
    st.just("2031-03-08"), st.just(0.5), st.just("K1"), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip
_FIELDS = st.sampled_from([column.name for column in get_columns("signals")])
_REQUIRED = [column.name for column in get_columns("signals") if column.required]


@pytest.mark.slow
@settings(max_examples=examples(12, otherwise=4), deadline=None)
@given(st.lists(st.dictionaries(_FIELDS, _ANY_VALUE, max_size=7), max_size=6))
def test_every_row_is_either_used_or_set_aside(rows: list[dict[str, object]]) -> None:
    missing = [name for name in _REQUIRED if any(rows) and not any(name in row for row in rows)]
    if missing:
        # A field that every row needs and none has is a mistake of the whole file.
        with pytest.raises(InputError, match=f"there is no field '({'|'.join(missing)})'"):
            company(signals=rows)
        return
    records = company(signals=rows)
    used = [values[-2] for values in table(records, "signals")]
    aside = [row.row_number for row in records.set_aside if row.dataset == "signals"]
    assert sorted(used + aside) == list(range(1, len(rows) + 1))
    for signal in records.objects("signals"):
        Signal.model_validate(signal.model_dump())


WORDS = st.sampled_from(["automated", "Manual", " manual", "manual\t", "automated ", "\r\n", "", "by hand", None])


@pytest.mark.slow
@settings(max_examples=examples(60, otherwise=15), deadline=None)
@given(words=st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=6))
def test_words_of_a_file_with_dictionaries_read_as_those_of_rows(
    words: list[tuple[str | None, str | None, str | None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """If all values of a column are clean, no row is trimmed; otherwise every row is."""
    rows = [
        SIGNAL | {"signal_id": f"S{number}", "signal_type": kind, "journey_stage": stage, "source": source}
        for number, (kind, stage, source) in enumerate(words)
    ]
    folder = tmp_path_factory.mktemp("words")
    texts_even_where_all_is_null = pa.Table.from_pylist([SIGNAL]).schema
    pq.write_table(pa.Table.from_pylist([CUSTOMER]), folder / "customers.parquet")
    pq.write_table(pa.Table.from_pylist(rows, texts_even_where_all_is_null), folder / "signals.parquet")
    from_file = read_folder(folder)
    from_rows = Records.from_tables({"customers": [CUSTOMER], "signals": rows})
    assert table(from_file, "signals") == table(from_rows, "signals")
    shown = [
        [(bad.row_number, bad.code, bad.reason) for bad in records.set_aside] for records in (from_file, from_rows)
    ]
    assert shown[0] == shown[1]
