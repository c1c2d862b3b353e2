"""Broken files and rows: a clear message, nothing lost, no traceback."""

import codecs
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from journey.checks import check
from journey.core.errors import InputError
from journey.records.folder import Records, bundled_folder, read_folder
from tests.journey.companies import CUSTOMER, ENTRY, INTERVENTION, SIGNAL, company, table, write_company

SIGNAL_HEADER = "signal_id,customer_id,signal_type,signal_strength,detected_at,journey_stage,source\n"
GOOD = "S1,K1,usage_drop,0.5,2031-03-08,engagement,automated\n"


class TestFolders:
    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no such folder"):
            read_folder(tmp_path / "nowhere")

    def test_a_file_in_place_of_a_folder(self, tmp_path: Path) -> None:
        write_company(tmp_path)
        with pytest.raises(InputError, match="is a file; give the folder"):
            read_folder(tmp_path / "customers.json")

    def test_a_folder_without_records_says_what_is_expected(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("hello")
        with pytest.raises(InputError, match=r"no records found; expected a file for each of customers, .*events"):
            read_folder(tmp_path)

    def test_missing_customers_say_how_to_mend_it(self, tmp_path: Path) -> None:
        (tmp_path / "signals.csv").write_text(SIGNAL_HEADER)
        (tmp_path / "customer.csv").write_text("customer_id\n")
        with pytest.raises(InputError, match=r"customers are missing; add one of .*rename customer\.csv"):
            read_folder(tmp_path)

    def test_one_set_in_two_files(self, tmp_path: Path) -> None:
        write_company(tmp_path, signals__csv=SIGNAL_HEADER, signals__jsonl="")
        with pytest.raises(InputError, match=r"signals is there more than once \(signals.csv and signals.jsonl\)"):
            read_folder(tmp_path)

    def test_a_misspelt_file_is_reported(self, tmp_path: Path) -> None:
        records = read_folder(write_company(tmp_path, signal__csv=SIGNAL_HEADER))
        assert any(f.code == "unknown-file" and "did you mean 'signals'" in f.message for f in records.findings)

    def test_wildcards_in_a_folder_name_are_only_characters(self, tmp_path: Path) -> None:
        folder = tmp_path / "what[1]*?"
        folder.mkdir()
        assert read_folder(write_company(folder)).customer_ids() == ("K1",)

    def test_an_unknown_bundled_dataset_names_the_known(self) -> None:
        with pytest.raises(InputError, match="did you mean 'imperfect'"):
            bundled_folder("imperfct")

    def test_an_unknown_table_names_the_known(self) -> None:
        with pytest.raises(InputError, match="did you mean 'signals'"):
            Records.from_tables({"signal": []})


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["json", "jsonl", "csv", "parquet"])
@pytest.mark.parametrize("content", [b"", b"  \n\n", codecs.BOM_UTF8])
def test_an_empty_file_is_an_empty_set_and_it_is_said(tmp_path: Path, ending: str, content: bytes) -> None:
    if ending == "parquet" and content:
        pytest.skip("white space is no Parquet")
    records = read_folder(write_company(tmp_path, **{f"signals__{ending}": content}))
    assert any(finding.code == "empty-set" for finding in records.findings)
    check(records)


def test_a_company_without_customers_can_be_checked(tmp_path: Path) -> None:
    report = check(read_folder(write_company(tmp_path, customers__json="[]")))
    assert report.customers == 0
    assert report.counts["warning"] == 1


MALFORMED = {
    "a comma too many": ("json", '[{"customer_id": "K1"},\n]', "line 2, column 1"),
    "cut short": ("json", '[{"customer_id": "K1"},\n {"customer_id": "K', "line 2, column 18"),
    "no value": ("json", '[\n{"customer_id": }]', "line 2, column 17"),
    "an object": ("json", '{"customers": [\n{"customer_id": "K1"}]}', "expected a JSON array of objects"),
    "a text": ("json", "hello", "expected a JSON array of objects"),
    "two arrays": ("json", '[{"customer_id": "K1"}][]', "line 1, column 24"),
    "half a character": ("json", '[{"customer_id": "\\ud800"}]', "is not valid JSON"),
    "Latin-1": ("csv", "customer_id,segment\nK1,Caf\xe9\n".encode("latin-1"), "line 2, byte 7: is not UTF-8"),
    "UTF-16": ("csv", "customer_id\nK1\n".encode("utf-16"), "is UTF-16, not UTF-8"),
    "a null byte": ("csv", b"customer_id\nK1\nK\x002\n", "line 3, byte 2: is a null byte"),
    "an open quotation mark": ("csv", 'customer_id,segment\nK1,"SMB\nK2,SMB\n', "line 2: a quotation mark opens here"),
    "no such column": ("csv", "customer,segment\nK1,SMB\n", "no column 'customer_id'.*did you mean 'customer'"),
    "no Parquet": ("parquet", b"customer_id\nK1\n", "cannot be read as Parquet"),
    "Parquet cut short": ("parquet", b"PAR1xxxxxxPAR1", "cannot be read as Parquet"),
    "Parquet by another name": ("csv", b"PAR1\x15\x04\x15", "is Parquet, not UTF-8 text"),
    "a false gzip": ("csv.gz", b"customer_id\nK1\n", "cannot be read"),
}  # fmt: skip


def test_a_deeply_nested_row_is_set_aside(tmp_path: Path) -> None:
    records = read_folder(write_company(tmp_path, customers__json="[" * 100_000 + "]" * 100_000))
    assert [row.reason for row in records.set_aside] == ["the row is not an object with fields"]


@pytest.mark.medium
@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_file_is_an_error_with_file_and_place(tmp_path: Path, what: str) -> None:
    ending, content, message = MALFORMED[what]
    folder = write_company(tmp_path, **{f"customers__{ending.replace('.', '__')}": content})
    with pytest.raises(InputError, match=rf"(?s)customers.{ending}.*{message}|{message}.*customers.{ending}"):
        read_folder(folder)


class TestRowsOfText:
    def test_a_line_that_is_no_json_is_set_aside_and_the_rest_is_used(self, tmp_path: Path) -> None:
        lines = '\ufeff{"customer_id": "K1"}\r\n\r\n{"customer_id": "K2"\n["K3"]\n7\n{"customer_id": "K4"}\n'
        records = read_folder(write_company(tmp_path, customers__jsonl=lines))
        assert records.customer_ids() == ("K1", "K4")
        assert [(row.row_number, row.content) for row in records.set_aside] == [
            (2, '{"customer_id": "K2"'),
            (3, '["K3"]'),
            (4, "7"),
        ]

    def test_a_csv_line_of_another_width_is_set_aside(self, tmp_path: Path) -> None:
        text = "\ufeff" + SIGNAL_HEADER + GOOD + "S2,K1\n" + GOOD.replace("S1", "S3").replace("auto", "1,auto") + "\n"
        records = read_folder(write_company(tmp_path, signals__csv=text + GOOD.replace("S1", "S4")))
        assert [signal.signal_id for signal in records.signals_for("K1")] == ["S1", "S4"]
        assert [row.reason for row in records.set_aside] == [
            "line 3 has 2 values for 7 columns",
            "line 4 has 8 values for 7 columns",
        ]
        assert '"S2"' in records.set_aside[0].content

    def test_a_csv_line_with_a_stray_quotation_mark_is_set_aside(self, tmp_path: Path) -> None:
        text = SIGNAL_HEADER + GOOD + 'S2,"K1"x,usage_drop,0.5,2031-03-08,engagement,automated\n'
        records = read_folder(write_company(tmp_path, signals__csv=text + GOOD.replace("S1", "S3")))
        assert records.counts()["signals"] == 2
        assert 'S2,"K1"x' in records.set_aside[0].content

    @pytest.mark.medium
    @pytest.mark.parametrize(("separator", "newline"), [(";", "\n"), ("\t", "\r\n"), ("|", "\r")])
    def test_csv_comes_in_many_dialects(self, tmp_path: Path, newline: str, separator: str) -> None:
        text = (SIGNAL_HEADER + GOOD).replace(",", separator).replace("\n", newline)
        assert len(read_folder(write_company(tmp_path, signals__csv=text)).signals_for("K1")) == 1

    def test_line_breaks_may_be_mixed_and_lines_empty(self, tmp_path: Path) -> None:
        text = "\n\n" + SIGNAL_HEADER + "\r\n" + GOOD + "\r\n\n" + GOOD.replace("S1", "S2")
        assert read_folder(write_company(tmp_path, signals__csv=text)).counts()["signals"] == 2

    def test_quoted_values_may_hold_anything(self, tmp_path: Path) -> None:
        text = 'customer_id,segment\nK1,"a ""quoted"", one\nwith a line"\n'
        customer = read_folder(write_company(tmp_path, customers__csv=text)).customer("K1")
        assert customer is not None
        assert customer.segment == 'a "quoted", one\nwith a line'

    def test_a_json_field_given_twice_is_set_aside(self, tmp_path: Path) -> None:
        text = '[{"customer_id": "K1", "customer_id": "K2"}, {"customer_id": "K3"}]'
        records = read_folder(write_company(tmp_path, customers__json=text))
        assert records.customer_ids() == ("K3",)
        assert records.set_aside[0].reason == "a field is given twice"

    def test_a_field_with_two_values_in_two_spellings_is_set_aside(self) -> None:
        rows = [
            {"customer_id": "A", "Customer_ID": "B"},
            {"Customer_ID": "C"},
            {"customer_id": "D", "customer-id": "D"},
            {"customer_id": "E", "CUSTOMER ID": None},
            {"customer_id": "F", "segment": "SMB", "Segment": "Enterprise"},
        ]
        records = Records.from_tables({"customers": rows})
        assert set(records.customer_ids()) == {"C", "D", "E"}
        assert [row.reason.split(" (")[0] for row in records.set_aside] == [
            "the field customer_id is given twice with different values",
            "the field segment is given twice with different values",
        ]
        assert "'Customer_ID'" in records.set_aside[0].reason
        assert '"B"' in records.set_aside[0].content


BAD_VALUES = [
    ("signal_strength", "high", "wrong-type"),
    ("signal_strength", True, "wrong-type"),
    ("signal_strength", "0,5", "wrong-type"),
    ("signal_strength", {"value": 0.5}, "wrong-type"),
    ("signal_strength", float("nan"), "wrong-type"),
    ("signal_strength", float("inf"), "wrong-type"),
    ("signal_strength", 10**400, "wrong-type"),
    ("signal_strength", -0.001, "out-of-range"),
    ("signal_strength", 1.001, "out-of-range"),
    ("signal_strength", None, "missing-value"),
    ("signal_strength", "  ", "missing-value"),
    ("customer_id", None, "missing-value"),
    ("customer_id", {"id": "K1"}, "wrong-type"),
    ("customer_id", ["K1"], "wrong-type"),
    ("detected_at", "03/08/2031", "not-a-date"),
    ("detected_at", "2031/03/08", "not-a-date"),
    ("detected_at", "20310230", "not-a-date"),
    ("detected_at", "2031030", "not-a-date"),
    ("detected_at", "2031-03-08T10:00:00+99:00", "not-a-date"),
    ("detected_at", "2031-03-08T10:00:00+05:99", "not-a-date"),
    ("detected_at", "2031-03-08T10:00:00-14:01", "not-a-date"),
    ("detected_at", "2031-03-08 UTC", "not-a-date"),
    ("detected_at", "9999-12-31", "out-of-range"),
    ("detected_at", "1899-12-31", "out-of-range"),
    ("detected_at", "2031-02-30", "not-a-date"),
    ("detected_at", "2031-3-8", "not-a-date"),
    ("detected_at", "infinity", "not-a-date"),
    ("detected_at", "epoch", "not-a-date"),
    ("detected_at", "12031-03-08", "not-a-date"),
    ("detected_at", "0000-01-01", "not-a-date"),
    ("detected_at", "2031-03-08T10:00:00 Europe/Berlin", "not-a-date"),
    ("detected_at", 1_900_000_000, "not-a-date"),
    ("detected_at", "yesterday", "not-a-date"),
]


def test_a_value_that_does_not_fit_sets_its_row_aside() -> None:
    rows = [{**SIGNAL, "signal_id": f"S{place}", field: value} for place, (field, value, _) in enumerate(BAD_VALUES)]
    records = company(signals=[*rows, {**SIGNAL, "signal_id": "good"}])
    assert [signal.signal_id for signal in records.signals_for("K1")] == ["good"]
    assert [row.code for row in records.set_aside] == [code for _, _, code in BAD_VALUES]
    for row, (field, _, _) in zip(records.set_aside, BAD_VALUES, strict=True):
        assert field in row.reason


def test_numbers_may_be_written_as_text() -> None:
    rows = [{**SIGNAL, "signal_id": None, "signal_strength": value} for value in ("0.5", " 0.5\t", "5e-1", 0.5)]
    assert {signal.signal_strength for signal in company(signals=rows).signals_for("K1")} == {0.5}


def test_dates_are_iso_8601() -> None:
    written = ["", " 00:00", "T00:00", "T00:00:00", "T00:00:00.000", "T00:00:00Z", "T02:00:00+02:00", "T02:00+02"]
    rows = [{**SIGNAL, "signal_id": None, "detected_at": f"2031-03-08{clock}"} for clock in written]
    signals = company(signals=rows).signals_for("K1")
    assert [signal.detected_at.isoformat() for signal in signals] == ["2031-03-08T00:00:00"] * len(written)


def test_all_that_is_wrong_with_a_row_is_said_at_once() -> None:
    records = company(signals=[{**SIGNAL, "signal_strength": 2, "detected_at": "soon"}])
    assert records.set_aside[0].reason.startswith(
        "signal_strength is 2, which is outside 0 to 1; detected_at is 'soon'"
    )


def test_other_sets_have_the_same_rules() -> None:
    records = company(
        customers=[CUSTOMER, {**CUSTOMER, "customer_id": "K2", "risk_tier": "huge"}],
        journey_state_log=[{**ENTRY, "days_in_state": "long"}],
        interventions=[{**INTERVENTION, "requires_human_approval": "perhaps"}],
        outcomes=[{"intervention_id": "I1", "outcome": None}],
        events=[{"customer_id": "K1", "event_type": "x", "timestamp": "2031-03-08", "metadata": "[1]"}],
    )
    assert {(row.dataset, row.code) for row in records.set_aside} == {
        ("customers", "unknown-value"), ("journey_state_log", "wrong-type"), ("interventions", "wrong-type"),
        ("outcomes", "missing-value"), ("events", "wrong-type"),
    }  # fmt: skip


def test_a_number_that_is_none_is_set_aside_in_columnar_files_too() -> None:
    frame = pl.DataFrame([{**SIGNAL, "signal_strength": float("nan")}, {**SIGNAL, "signal_id": "S2"}])
    records = company(signals=frame)  # type: ignore[arg-type]
    assert [signal.signal_id for signal in records.signals_for("K1")] == ["S2"]


def test_a_frame_without_a_column_is_an_error() -> None:
    with pytest.raises(InputError, match="no column 'detected_at'"):
        company(signals=pl.DataFrame([SIGNAL]).drop("detected_at"))  # type: ignore[arg-type]


@pytest.mark.parametrize("rows", [[1, 2], ["K1"], "K1"])
def test_rows_that_are_no_mappings_are_an_error(rows: Any) -> None:
    with pytest.raises(InputError, match=r"row 1 is .*; expected a mapping"):
        company(signals=rows)


_TEXTS = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=60).map(str.encode),
    st.text(alphabet='{}[]",:\n\r;ab1 \\', max_size=60).map(str.encode),
    st.text(alphabet='{}[]",:\n\r;ab1 \\', max_size=60).map(lambda text: b"customer_id,segment\n" + text.encode()),
    st.text(alphabet='{}[]",:\n\r;ab1 \\', max_size=60).map(lambda text: b'{"customer_id": "K1"}\n' + text.encode()),
)


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=_TEXTS, ending=st.sampled_from(["json", "jsonl", "csv", "parquet", "csv.gz"]))
@example(content=b'customer_id,segment\n"', ending="csv")
@example(content=b'customer_id\n\n""\n', ending="csv")
def test_any_bytes_are_read_or_refused_in_words(tmp_path: Path, content: bytes, ending: str) -> None:
    for path in tmp_path.iterdir():
        path.unlink()
    (tmp_path / f"customers.{ending}").write_bytes(content)
    try:
        records = read_folder(tmp_path)
    except InputError:
        return
    used = [row[-2] for row in table(records, "customers")]
    numbers = sorted(used + [row.row_number for row in records.set_aside])
    assert numbers == list(range(1, len(numbers) + 1))
    check(records)
