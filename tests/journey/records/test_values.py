"""What the values of a field may look like, and what is reported about them."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.checks import check
from journey.core.findings import FindingSeverity
from journey.marketing.records.store import MarketingRecords
from journey.records.folder import Records, read_folder
from journey.records.model import Customer
from journey.records.text_forms import MISSING_WORDS
from tests.journey.companies import CUSTOMER, ENTRY, INTERVENTION, OUTCOME, SIGNAL, company, write_company
from tests.levels import examples


def _messages(records: Records, code: str) -> list[str]:
    return [finding.message for finding in records.findings if finding.code == code]


def _values(tmp_path: Path, *values: str) -> Records:
    rows = "".join(f'K{place};"{value}"\n' for place, value in enumerate(values))
    return read_folder(write_company(tmp_path, customers__csv="customer_id;account_value\n" + rows))


def _account_values(records: Records) -> dict[str, float]:
    return {customer.customer_id: customer.account_value for customer in records.objects("customers")}  # type: ignore[attr-defined]


class TestNumberStyle:
    """A point or a comma has one meaning in a column."""

    def test_one_value_with_a_decimal_comma_decides_for_the_column(self, tmp_path: Path) -> None:
        records = _values(tmp_path, "4.000", "17.250,75", "0,5", "-1.000.000", "80")
        assert _account_values(records) == {"K0": 4000, "K1": 17250.75, "K2": 0.5, "K3": 0, "K4": 80}
        assert _messages(records, "number-style") == [
            (
                "account_value of customers has decimal commas (such as -1.000.000); points were read as separators of "
                "thousands."
            )
        ]

    def test_commas_between_thousands_are_removed(self, tmp_path: Path) -> None:
        records = _values(tmp_path, "4,000", "17,250.75", "0.5")
        assert _account_values(records) == {"K0": 4000, "K1": 17250.75, "K2": 0.5}
        assert "commas between thousands (such as 17,250.75)" in _messages(records, "number-style")[0]

    def test_of_a_column_with_both_styles_no_value_is_guessed(self, tmp_path: Path) -> None:
        records = _values(tmp_path, "4.000", "17.250,75", "0.5", "80")
        assert _account_values(records) == {"K2": 0.5, "K3": 80}
        (message,) = _messages(records, "mixed-number-styles")
        assert "1 values such as 4.000 could be either and are set aside" in message

    def test_a_count_with_a_point_has_thousands(self) -> None:
        row = {
            "asset_id": "X",
            "experiment_id": "E",
            "timestamp": "2031-03-08",
            "clicks": 0,
            "conversions": 0,
            "cost": 0,
        }
        rows = [{**row, "impressions": text} for text in ("3.000", "1.250")]
        records = MarketingRecords.from_tables({"performance_metrics": rows})
        assert sorted(r.impressions for r in records.objects("performance_metrics")) == [1250, 3000]  # type: ignore[attr-defined]

    @pytest.mark.parametrize("rows", [1, 400])
    def test_a_column_of_which_every_number_is_ambiguous_has_a_warning(self, rows: int, tmp_path: Path) -> None:
        records = _values(tmp_path, *["9.000", "7.125"] * rows)
        assert set(_account_values(records).values()) == {9, 7.125}
        (message,) = _messages(records, "ambiguous-numbers")
        assert message.startswith("Every number in account_value of customers could be a fraction or a number of thou")
        assert "(such as 7.125); the points were read as decimal points" in message
        assert not _messages(_values(tmp_path, *["9.000", "7.125"] * rows, "0.5"), "ambiguous-numbers")

    def test_a_column_of_whole_numbers_with_fractions_says_that_it_was_read_as_thousands(self) -> None:
        row = {"asset_id": "X", "experiment_id": "E", "timestamp": "2031-03-08", "clicks": 0, "conversions": 0}
        records = MarketingRecords.from_tables({"performance_metrics": [{**row, "cost": 0, "impressions": "1.125"}]})
        assert [r.impressions for r in records.objects("performance_metrics")] == [1125]  # type: ignore[attr-defined]
        (message,) = _messages(records, "ambiguous-numbers")
        assert "(such as 1.125); the points were read as separators of thousands" in message

    def test_a_number_that_is_too_large_in_thousands_is_certain(self) -> None:
        rows = [{**SIGNAL, "signal_strength": "1.000"}]
        assert not _messages(company(signals=rows), "ambiguous-numbers")

    def test_without_a_certain_comma_a_point_is_decimal(self, tmp_path: Path) -> None:
        assert _account_values(_values(tmp_path, "4.000", "0.125")) == {"K0": 4, "K1": 0.125}

    def test_a_number_of_json_is_never_restyled(self) -> None:
        records = company(
            customers=[{"customer_id": "A", "account_value": 12.345}, {"customer_id": "B", "account_value": "1,5"}]
        )
        assert _account_values(records) == {"A": 12.345}


class TestMissingWords:
    @pytest.mark.parametrize("word", MISSING_WORDS)
    def test_a_word_for_missing_is_a_missing_value_of_an_optional_field(self, word: str) -> None:
        records = company(
            customers=[
                {**CUSTOMER, "segment": word, "account_value": word, "risk_tier": word, "tenure_months": f" {word} "}
            ],
            journey_state_log=[{**ENTRY, "previous_stage": word, "days_in_state": word}],
            interventions=[{**INTERVENTION, "triggered_by_signals": word, "requires_human_approval": word}],
            outcomes=[{**OUTCOME, "measured_at": word, "human_override": word}],
        )
        assert records.set_aside == ()
        assert records.customer("K1") == Customer(customer_id="K1")
        assert records.stage_entries("K1")[0].previous_stage is None
        assert records.interventions_for("K1")[0].triggered_by_signals == ()
        assert records.outcomes_for("K1")[0].measured_at is None
        assert len(_messages(records, "missing-word")) == 10

    def test_it_is_reported_with_the_number_of_rows(self) -> None:
        rows = [{**CUSTOMER, "customer_id": f"K{n}", "tenure_months": "NA" if n else 3} for n in range(3)]
        assert _messages(company(customers=rows), "missing-word") == [
            (
                "tenure_months of customers is a word for a missing value, such as NA or NULL, in 2 rows; it was read "
                "as missing."
            )
        ]

    def test_a_required_field_is_not_missing_by_a_word(self) -> None:
        records = company(customers=[{"customer_id": "NA"}], signals=[{**SIGNAL, "signal_strength": "NA"}])
        assert records.customer_ids() == ("NA",)
        assert [row.code for row in records.set_aside] == ["wrong-type"]

    def test_not_a_number_is_a_missing_value_in_a_file_with_types(self) -> None:
        frame = pl.DataFrame([{**CUSTOMER, "tenure_months": float("nan")}, {**CUSTOMER, "customer_id": "K2"}])
        records = company(customers=frame)  # type: ignore[arg-type]
        assert records.customer("K1") == Customer(customer_id="K1", segment="SMB", account_value=900, risk_tier="low")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("{}", ()),
        ("{S1}", ("S1",)),
        ('{S1,"S 2"}', ("S1", "S 2")),
        (r'{"a \"quoted\" one","back\\slash",NULL,S2}', ('a "quoted" one', r"back\slash", "S2")),
        ('{"comma, and {brace}"}', ("comma, and {brace}",)),
    ],
)
def test_an_array_of_postgresql_is_a_list(text: str, ids: tuple[str, ...]) -> None:
    records = company(interventions=[{**INTERVENTION, "triggered_by_signals": text}])
    assert [intervention.triggered_by_signals for intervention in records.interventions_for("K1")] == [ids]


@pytest.mark.parametrize("text", ['{"a": 1}', "{{S1},{S2}}", "{S1", '{S1,"S2}'])
def test_an_object_is_no_list(text: str) -> None:
    assert company(interventions=[{**INTERVENTION, "triggered_by_signals": text}]).interventions_for("K1") == ()


class TestOptionalOutOfRange:
    """A value outside its range does not take the other values of its row away, if the field is optional."""

    @pytest.mark.parametrize(
        ("field", "value", "shown"),
        [
            ("churn_risk_delta", -1.5, "churn_risk_delta is -1.5, which is outside -1 to 1"),
            ("resolution_time_days", -2.0, "resolution_time_days is -2, which is outside the allowed range"),
            ("measured_at", "9999-12-31", "measured_at is 9999-12-31, which is outside 1900-01-01 to 2199-12-31"),
        ],
    )
    def test_the_row_is_used_without_it(self, field: str, value: object, shown: str) -> None:
        records = company(outcomes=[OUTCOME, {**OUTCOME, "outcome_id": "O2", field: value}])
        (outcome,) = (outcome for outcome in records.outcomes_for("K1") if outcome.outcome_id == "O2")
        assert getattr(outcome, field) is None
        assert outcome.outcome == "resolved"
        (finding,) = (finding for finding in records.findings if finding.code == "out-of-range")
        assert (finding.severity, finding.record, finding.customer_id) == (FindingSeverity.WARNING, "O2", "K1")
        assert finding.message.startswith(f"Row 2 of outcomes: {shown}")

    def test_a_field_with_a_default_has_it_and_counts_as_a_gap(self) -> None:
        records = company(customers=[{**CUSTOMER, "account_value": -1}])
        assert records.connection.execute("SELECT account_value, gaps FROM customers").fetchall() == [(0.0, 1)]

    def test_a_required_field_takes_its_row_away(self) -> None:
        assert company(signals=[{**SIGNAL, "signal_strength": 2}]).set_aside[0].code == "out-of-range"


class TestMixedTimeZones:
    @staticmethod
    def _illegal_moves(*times: str) -> tuple[Records, list[str]]:
        stages = ("support", "engagement", "onboarding")
        rows = [
            {"customer_id": "K1", "journey_stage": stage, "state_entered_at": at}
            for stage, at in zip(stages, times, strict=False)
        ]
        records = company(journey_state_log=rows, signals=[], interventions=[], outcomes=[])
        return records, [f.message for f in check(records).findings if f.code == "illegal-move"]

    @pytest.mark.parametrize("times", [("2031-03-01T10:00", "2031-03-01T22:00Z"), ("2031-03-01T10:00Z", "2031-03-02")])
    def test_no_move_is_illegal_if_the_order_is_unknown(self, times: Sequence[str]) -> None:
        records, illegal = self._illegal_moves(*times)
        assert illegal == []
        (finding,) = (finding for finding in records.findings if finding.code == "mixed-time-zones")
        assert finding.severity == FindingSeverity.WARNING
        assert "state_entered_at of journey_state_log has a time zone in 1 rows and none in 1" in finding.message

    @pytest.mark.parametrize(
        "times", [("2031-03-01T10:00", "2031-03-01T22:00"), ("2031-03-01T10:00Z", "2031-03-01T22:00+01:00"),
                  ("2031-03-01T10:00", "2031-03-02T00:01Z")],
    )  # fmt: skip
    def test_a_known_order_is_judged(self, times: Sequence[str]) -> None:
        assert len(self._illegal_moves(*times)[1]) == 1

    def test_a_column_in_which_all_times_have_a_zone_is_not_mixed(self) -> None:
        rows = [{**SIGNAL, "signal_id": f"S{n}", "detected_at": f"2031-03-0{n}T10:00Z"} for n in (1, 2)]
        assert not _messages(company(signals=[*rows, {**SIGNAL, "detected_at": "soon"}]), "mixed-time-zones")


_NULLABLE: Any = st.recursive(
    st.none() | st.integers(-9, 9) | st.sampled_from(["", "null", ":null", '","a":null']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value


@pytest.mark.slow
@settings(max_examples=examples(25, otherwise=6), deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), _NULLABLE, max_size=3))
def test_a_field_without_a_value_is_absent(metadata: dict[str, Any]) -> None:
    event = {"customer_id": "K1", "event_type": "x", "timestamp": "2031-03-08", "metadata": metadata}
    (read,) = company(events=[event]).events_for("K1")
    assert read.metadata == _without_nulls(metadata)
    assert read.timestamp == datetime(2031, 3, 8)


def test_identifiers_that_a_spreadsheet_has_shortened_are_reported() -> None:
    ids = ("1.23457E+11", "1.23457E+11", "2E+15", "123457000000", "E+11", "K1.5E+1")
    records = company(customers=[{**CUSTOMER, "customer_id": id_} for id_ in ids], journey_state_log=[], signals=[])
    (finding,) = (finding for finding in records.findings if finding.code == "flattened-identifier")
    assert finding.severity == FindingSeverity.WARNING
    assert "customer_id of customers" in finding.message
    assert "in 3 rows (such as 1.23457E+11)" in finding.message
