"""Checks: what they report, what they do not report, and independence of the order of rows."""

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.checks import CHECKS, CheckReport, check
from journey.core.findings import Finding, sort_findings
from journey.decision.policy import Policy
from journey.machine import Journey, Move, default_journey
from journey.records.folder import Records, bundled_folder, read_folder
from tests.journey.companies import (
    CUSTOMER,
    ENTRY,
    INTERVENTION,
    OUTCOME,
    SIGNAL,
    bundled_rows,
    company,
)


def codes(report: CheckReport) -> list[str]:
    return [finding.code for finding in report.findings]


def found(report: CheckReport, code: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.code == code]


def noticed(code: str, as_of: date | None = None, **sets: Any) -> list[Finding]:
    only = [one for one in CHECKS if one.code == code]
    return found(check(company(**sets), as_of=as_of, checks=only), code)


@pytest.fixture(scope="module")
def bundled() -> Records:
    return read_folder(bundled_folder())


class TestTheBundledCompany:
    @pytest.mark.medium
    def test_the_imperfections_of_the_seed_are_noticed(self, bundled: Records) -> None:
        about = {(finding.code, finding.customer_id) for finding in check(bundled).findings}
        assert about >= {
            ("illegal-move", "C009"),
            ("unknown-customer", "C999"),
            ("re-entry", "C008"),
            ("stalled-stage", "C004"),
            ("conflicting-signals", "C006"),
            ("conflicting-signals", "C004"),
            ("pending-intervention", "C006"),
            ("human-override", "C005"),
            ("empty-stage", None),
        }

    def test_the_counters_date_is_inferred_once(self, bundled: Records) -> None:
        report = check(bundled)
        (finding,) = found(report, "counter-date")
        assert "2025-01-15 (6 of 10" in finding.message
        assert [f.customer_id for f in found(report, "counter-disagrees")] == ["C004", "C007", "C009", "C010"]

    def test_counters_taken_at_as_of_are_not_reported(self, bundled: Records) -> None:
        assert not found(check(bundled, as_of=date(2025, 1, 15)), "counter-date")

    def test_later_records_are_ignored(self, bundled: Records) -> None:
        report = check(bundled, as_of=date(2025, 1, 16))
        assert len(found(report, "dated-after-as-of")) == 6
        assert not found(report, "human-override")
        assert len(found(report, "pending-intervention")) == 3

    @pytest.mark.medium
    def test_a_bare_date_includes_its_whole_day(self, bundled: Records) -> None:
        assert check(bundled, as_of=date(2025, 1, 20)).counts == check(bundled).counts
        assert not found(check(bundled, as_of=date(2025, 1, 20)), "dated-after-as-of")

    def test_the_illegal_move_names_the_legal_ones(self, bundled: Records) -> None:
        (finding,) = found(check(bundled), "illegal-move")
        assert "support -> engagement" in finding.message
        assert "resolve (to retention)" in finding.message
        assert "stays in engagement" in finding.message


def test_clean_records_have_no_errors_and_no_warnings() -> None:
    assert check(company()).counts == {"error": 0, "warning": 0, "notice": 4}  # the stages that no one is in


@pytest.mark.medium
def test_the_report_is_json_ready() -> None:
    report = check(company())
    assert report.as_dict() == {
        "as_of": "2031-03-10",
        "customers": 1,
        "counts": report.counts,
        "findings": [finding.as_dict() for finding in report.findings],
    }
    assert report.findings == sort_findings(report.findings)
    assert report.first(2) == report.findings[:2]
    assert report.counts_by_code() == {"empty-stage": 4}


def test_every_check_has_a_code_and_a_sentence() -> None:
    assert len({check.code for check in CHECKS}) == len(CHECKS)
    for one in CHECKS:
        assert one.code == one.code.lower()
        assert one.description.endswith(".")


OTHER = {**CUSTOMER, "customer_id": "K2"}


@pytest.mark.medium
@pytest.mark.parametrize(
    ("code", "sets", "record"),
    [
        ("unknown-customer", {"signals": [SIGNAL, {**SIGNAL, "signal_id": "S2", "customer_id": "X"}]}, "S2"),
        ("outcome-without-intervention", {"outcomes": [{**OUTCOME, "intervention_id": "I9"}]}, "O1"),
        ("customer-mismatch", {"customers": [CUSTOMER, OTHER], "outcomes": [{**OUTCOME, "customer_id": "K2"}]}, "O1"),
        ("unknown-signal-cited", {"interventions": [{**INTERVENTION, "triggered_by_signals": ["S9"]}]}, "I1"),
        ("foreign-signal-cited", {"signals": [{**SIGNAL, "customer_id": "K2"}]}, "I1"),
        ("conflicting-duplicate", {"signals": [SIGNAL, {**SIGNAL, "signal_id": "S2", "signal_strength": 0.4}]}, "S1"),
        ("duplicate-record", {"signals": [SIGNAL, {**SIGNAL, "signal_id": "S2"}]}, "S1"),
        ("several-outcomes", {"outcomes": [OUTCOME, {**OUTCOME, "outcome_id": "O2"}]}, "I1"),
        ("unknown-stage", {"journey_state_log": [{**ENTRY, "journey_stage": "engagment"}]}, "K1@2031-03-01"),
        ("unknown-stage", {"signals": [{**SIGNAL, "journey_stage": "trial"}]}, "S1"),
        ("no-stage", {"customers": [CUSTOMER, OTHER]}, "K2"),
        ("illegal-move", {"journey_state_log": [{**ENTRY, "previous_stage": "support"}]}, "K1@2031-03-01"),
        ("missing-previous-stage", {"journey_state_log": [{**ENTRY, "previous_stage": None}]}, "K1@2031-03-01"),
        ("repeated-stage", {"journey_state_log": [{**ENTRY, "previous_stage": "engagement"}]}, "K1@2031-03-01"),
        ("stalled-stage", {"journey_state_log": [{**ENTRY, "state_entered_at": "2030-09-01"}]}, "K1@2030-09-01"),
        ("tenure-too-short", {"journey_state_log": [{**ENTRY, "state_entered_at": "2030-06-01"}]}, "K1"),
        ("unknown-signal-type", {"signals": [{**SIGNAL, "signal_type": "usage_dorp"}]}, "S1"),
        ("unknown-source", {"signals": [{**SIGNAL, "source": "rumour"}]}, "S1"),
        ("stage-mismatch", {"signals": [{**SIGNAL, "journey_stage": "support"}]}, "S1"),
        ("stage-mismatch", {"interventions": [{**INTERVENTION, "journey_stage": "support"}]}, "I1"),
        ("late-signal", {"signals": [{**SIGNAL, "recorded_at": "2031-03-10"}]}, "S1"),
        ("recorded-before-detected", {"signals": [{**SIGNAL, "recorded_at": "2031-03-07T12:00"}]}, "S1"),
        ("unknown-action", {"interventions": [{**INTERVENTION, "recommended_action": "pray"}]}, "I1"),
        ("unknown-status", {"interventions": [{**INTERVENTION, "status": "aproved"}]}, "I1"),
        ("precedes-its-signals", {"interventions": [{**INTERVENTION, "generated_at": "2031-03-07"}]}, "I1"),
        ("same-day-as-signal", {"interventions": [{**INTERVENTION, "generated_at": "2031-03-08T12:00"}]}, "I1"),
        ("no-trigger", {"interventions": [{**INTERVENTION, "triggered_by_signals": []}]}, "I1"),
        ("low-confidence-acted-on", {"interventions": [{**INTERVENTION, "confidence": 0.2}]}, "I1"),
        ("pending-intervention", {"interventions": [{**INTERVENTION, "requires_human_approval": True}],
                                  "outcomes": []}, "I1"),
        ("awaiting-outcome", {"outcomes": []}, "I1"),
        ("outcome-of-watching", {"interventions": [{**INTERVENTION, "recommended_action": "monitor_only"}]}, "O1"),
        ("no-outcome-expected", {"interventions": [{**INTERVENTION, "recommended_action": "monitor_only"}],
                                 "outcomes": []}, "I1"),
        ("outcome-before-intervention", {"outcomes": [{**OUTCOME, "measured_at": "2031-03-01"}]}, "O1"),
        ("resolution-too-long", {"outcomes": [{**OUTCOME, "resolution_time_days": 30}]}, "O1"),
        ("human-override", {"outcomes": [{**OUTCOME, "human_override": True}]}, "O1"),
        ("unanswered-signal", {"signals": [{**SIGNAL, "signal_strength": 0.9}], "interventions": [],
                               "outcomes": []}, "S1"),
        ("unknown-segment", {"customers": [{**CUSTOMER, "segment": "Guild"}]}, None),
        ("default-used", {"customers": [{"customer_id": "K1"}]}, "K1"),
        ("lonely-latest-date", {"outcomes": [{**OUTCOME, "measured_at": "2131-03-10"}]}, None),
    ],
)  # fmt: skip
def test_each_check_notices_its_record(code: str, sets: dict[str, Any], record: str | None) -> None:
    (finding,) = noticed(code, **sets)
    assert finding.record == record
    assert finding.message.endswith((".", "?"))


def test_close_matches_are_suggested() -> None:
    (finding,) = noticed("unknown-stage", journey_state_log=[{**ENTRY, "journey_stage": "engagment"}])
    assert finding.message.endswith("did you mean 'engagement'?")


class TestHistory:
    def entries(self, *steps: tuple[str, str, str | None]) -> list[dict[str, Any]]:
        return [
            {"customer_id": "K1", "journey_stage": stage, "state_entered_at": day, "previous_stage": before}
            for stage, day, before in steps
        ]

    @pytest.mark.medium
    def test_consecutive_rows_are_moves_too(self) -> None:
        log = self.entries(("onboarding", "2031-01-01", None), ("support", "2031-02-01", "engagement"))
        assert [f.message[:21] for f in noticed("illegal-move", journey_state_log=log)] == ["onboarding -> support"]
        assert len(noticed("previous-stage-disagrees", journey_state_log=log)) == 1

    def test_coming_back_is_a_re_entry(self) -> None:
        log = self.entries(
            ("engagement", "2031-01-01", "onboarding"), ("support", "2031-01-10", "engagement"),
            ("retention", "2031-01-20", "support"), ("support", "2031-02-01", "retention"),
        )  # fmt: skip
        (finding,) = noticed("re-entry", journey_state_log=log)
        assert finding.record == "K1@2031-02-01"

    def test_entries_at_one_time_are_reported(self) -> None:
        log = self.entries(("engagement", "2031-01-01", "onboarding"), ("support", "2031-01-01", "engagement"))
        assert len(noticed("same-time-entries", journey_state_log=log)) == 1

    def test_an_entry_after_as_of_is_ignored(self) -> None:
        log = self.entries(("support", "2031-03-09", "engagement"))
        assert noticed("no-stage", as_of=date(2031, 3, 8), journey_state_log=log)

    def test_a_signal_on_the_day_of_a_move_may_name_either_stage(self) -> None:
        log = self.entries(("engagement", "2031-01-01", "onboarding"), ("support", "2031-03-08", "engagement"))
        assert not noticed("stage-mismatch", journey_state_log=log, interventions=[], outcomes=[])


@pytest.mark.slow
@pytest.mark.parametrize("recorded_at", [None, "2031-03-08", "2031-03-08T23:00", "2031-03-09"])
def test_a_signal_recorded_within_a_day_is_neither_late_nor_too_early(recorded_at: str | None) -> None:
    signals = [{**SIGNAL, "recorded_at": recorded_at}]
    assert not noticed("late-signal", signals=signals)
    assert not noticed("recorded-before-detected", signals=signals)


def test_a_signal_on_the_day_that_it_was_detected_is_not_too_early_for_a_bare_date() -> None:
    assert not noticed(
        "recorded-before-detected",
        signals=[{**SIGNAL, "detected_at": "2031-03-08T12:00", "recorded_at": "2031-03-08"}],
    )


@pytest.mark.medium
def test_a_record_after_as_of_is_ignored_and_reported_once() -> None:
    late = {**SIGNAL, "signal_strength": 0.9, "recorded_at": "2031-03-10"}
    sets = {"signals": [late], "interventions": [], "outcomes": []}
    (finding,) = noticed("dated-after-as-of", as_of=date(2031, 3, 9), **sets)
    assert "recorded_at is 2031-03-10" in finding.message
    assert not noticed("unanswered-signal", as_of=date(2031, 3, 9), **sets)
    assert noticed("unanswered-signal", as_of=date(2031, 3, 10), **sets)
    (finding,) = noticed("dated-after-as-of", as_of=date(2031, 3, 7), **sets)
    assert "detected_at is 2031-03-08" in finding.message


@pytest.mark.medium
@pytest.mark.parametrize(
    ("number", "named"), [(1, "of I1 (monitor_only)"), (3, "of I1, I2, I3 (mon"), (5, "of I1, I2, I3 and 2 more (mon")]
)
def test_decisions_to_monitor_are_one_finding(number: int, named: str) -> None:
    rows = [
        {**INTERVENTION, "intervention_id": f"I{n}", "recommended_action": "monitor_only"} for n in range(1, number + 1)
    ]
    (finding,) = noticed("no-outcome-expected", interventions=rows, outcomes=[])
    assert named in finding.message
    assert finding.customer_id == ("K1" if number == 1 else None)


def test_a_strong_signal_of_an_unknown_customer_is_noticed_if_no_one_acted_on_it() -> None:
    orphan = {**SIGNAL, "customer_id": "X", "signal_strength": 0.95}
    weaker = {**orphan, "signal_id": "S2", "signal_strength": 0.8, "detected_at": "2031-03-07"}
    other = {**orphan, "signal_id": "S3", "customer_id": "Y"}
    first, second = noticed("unanswered-signal", signals=[orphan, weaker, other], interventions=[], outcomes=[])
    assert (first.record, first.customer_id) == ("S1", "X")
    assert first.message.endswith("or on 1 more strong signal; customer X is unknown.")
    assert (second.record, second.customer_id) == ("S3", "Y")
    decision = {**INTERVENTION, "customer_id": "X", "triggered_by_signals": []}
    assert not noticed("unanswered-signal", signals=[orphan], interventions=[decision], outcomes=[])
    cited = {**decision, "generated_at": "2031-03-02", "triggered_by_signals": ["S1"]}
    assert not noticed("unanswered-signal", signals=[orphan], interventions=[cited], outcomes=[])
    assert not noticed("unanswered-signal", signals=[{**orphan, "signal_strength": 0.3}], interventions=[], outcomes=[])


def test_a_strong_signal_with_a_later_decision_is_answered() -> None:
    assert not noticed("unanswered-signal", signals=[{**SIGNAL, "signal_strength": 0.9}])


def test_the_finding_about_a_record_names_that_its_customer_was_set_aside() -> None:
    (finding, *_) = noticed("unknown-customer", customers=[{**CUSTOMER, "account_value": "much"}])
    assert "was set aside" in finding.message


@pytest.mark.medium
def test_a_faded_signal_does_not_conflict_with_others() -> None:
    positive = {**SIGNAL, "signal_id": "S2", "signal_type": "renewal_intent"}
    assert noticed("conflicting-signals", signals=[SIGNAL, positive])
    assert not noticed("conflicting-signals", signals=[{**SIGNAL, "detected_at": "2031-01-01"}, positive])


@pytest.mark.medium
def test_another_journey_has_other_rules() -> None:
    journey = Journey.build(
        name="club", stages=("Guest", "Member", "Ghost"), initial="Guest", moves=[Move("join", "Guest", "Member")]
    )
    log = [{**ENTRY, "journey_stage": "member", "previous_stage": "Guest"}]
    records = Records.from_tables({"customers": [CUSTOMER], "journey_state_log": log}, journey=journey)
    report = check(records, journey=journey)
    assert "illegal-move" not in codes(report)
    assert {finding.code for finding in journey.findings()} <= set(codes(report))
    assert "unknown-stage" in codes(check(records, journey=default_journey()))


def test_another_policy_has_other_thresholds() -> None:
    strict = Policy.model_validate({"thresholds": {"act_confidence": 0.7}})
    assert found(check(company(), policy=strict), "low-confidence-acted-on")


def test_a_moment_with_a_zone_is_understood() -> None:
    report = check(company(), as_of=datetime.fromisoformat("2031-03-10T01:00:00+02:00"))
    assert report.as_of == datetime(2031, 3, 9, 23)


_IN_ORDER: list[tuple[str, str | None, str | None]] = []


@pytest.mark.slow
@settings(max_examples=3, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_finding(random: Any) -> None:
    rows = bundled_rows("imperfect")
    # Of contradicting rows with one key the first is kept, so their order matters and they are excluded.
    contradicting = {("customers", "A-02"), ("interventions", "N07"), ("signals", "G20")}
    keys = {"customers": "customer_id", "interventions": "intervention_id", "signals": "signal_id"}
    kept = {
        name: [
            row for row in of_set if (name, row.get(keys.get(name, ""))) not in contradicting and _is_timed_apart(row)
        ]
        for name, of_set in rows.items()
    }
    if not _IN_ORDER:
        _IN_ORDER.extend(_finding_keys(kept))
    shuffled = {name: random.sample(of_set, len(of_set)) for name, of_set in kept.items()}
    assert _finding_keys(shuffled) == _IN_ORDER


def _is_timed_apart(row: dict[str, Any]) -> bool:
    return row["customer_id"] != "A-17"


def _finding_keys(rows: dict[str, list[dict[str, Any]]]) -> list[tuple[str, str | None, str | None]]:
    return sorted(
        (finding.code, finding.record and finding.record.partition("row ")[0], finding.customer_id)
        for finding in check(Records.from_tables(rows)).findings
    )


@pytest.mark.slow
def test_twenty_thousand_customers_take_a_moment() -> None:
    count = 20_000
    records = Records.from_tables({
        "customers": [{"customer_id": f"K{i}", "segment": "SMB"} for i in range(count)],
        "signals": [{**SIGNAL, "signal_id": f"S{i}", "customer_id": f"K{i}"} for i in range(count)],
    })  # fmt: skip
    report = check(records)
    assert report.customers == count
    assert report.counts_by_code()["no-stage"] == count
    assert len(report.findings) == sum(report.counts.values())


def test_an_unknown_outcome_label_is_reported_with_the_label_that_was_probably_meant() -> None:
    outcomes = [{**OUTCOME, "outcome": "resolvd"}, {**OUTCOME, "outcome_id": "O2", "outcome": "moon"}]
    found = {finding.record: finding.message for finding in noticed("unknown-outcome", outcomes=outcomes)}
    assert set(found) == {"O1", "O2"}
    assert "'resolvd' has no known meaning" in found["O1"]
    assert found["O1"].endswith("did you mean 'resolved'?")


@pytest.mark.parametrize("label", ["Resolved", "NO RESPONSE", "no-action-needed"])
def test_capitals_and_separators_of_an_outcome_label_do_not_matter(label: str) -> None:
    assert not noticed("unknown-outcome", outcomes=[{**OUTCOME, "outcome": label}])
