"""Records of a world with everything in it but flaws: no error in them, decided again alike, and true to the run."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.checks import check
from journey.core.time_units import DAYS_PER_MONTH
from journey.decision.policy import read_policy
from journey.evaluation.missing_approvals import find_missing_approvals
from simulation.exports.records import POLICY_FILE
from simulation.model.reviewers_spec import Reviewers
from tests.simulation.exports.record_folders import DATES, DAYS, MID_JOURNEY, export, read, records_of, replayed
from tests.simulation.worlds import WIN_BACK, arm, win_back_journey

WORLD = {
    "calendar": {"incident": {"from_day": 30, "until_day": 60, "onsets": {"falling_usage": 4}, "moves": {"churn": 2}}},
    "renewal": {"every_days": 90, "churn": {"SMB": 0.1, "Enterprise": 0.1}},
    "payments": {"failure": {"SMB": 0.05}, "recovered": 0.3},
    "value_changes": {
        "expansion": {"per_day": {"engagement": 0.006, "retention": 0.01}, "factor": 1.9},
        "contraction": {"per_day": {"retention": 0.004, "support": 0.01}, "factor": 0.5, "in_distress": 2},
    },
    "fatigue": {"response_lost": 0.4, "churn_ratio": 1.5},
    "moves": {"churn": {"by_tenure": [[60, 0.7], [120, 0.5]]}},
}
POPULATION = {
    **MID_JOURNEY,
    "segments": {
        "SMB": {"share": 0.6, "account_value": 9000, "tenure_mean_days": 300, "do_not_contact": 0.2},
        "Enterprise": {"share": 0.4, "account_value": 45000, "tenure_mean_days": 600},
    },
    "correlations": {"value_tenure": 0.4},
    "arrivals": {"share": 0.4, "over_days": 260},
}
APPROVALS = {"thresholds": {"approve_value_severity": 0.1}}
REFUSALS = {"cooling_down", "capped"}
"""Reasons to wait after a contact or a rejection, whose dates the records do not contain."""


def full(size, **changes):
    return arm(world=WORLD, population={**POPULATION, "size": size}, policy=APPROVALS, **changes)


def actions(agreement):
    return [row for row in agreement.rows if row.recorded_action != "monitor_only"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("full") / "records"
    told = export(full(200, reviewers=Reviewers(count=2)), folder)
    return told, folder, read(folder)


@pytest.fixture(scope="module")
def won_back(tmp_path_factory):
    folder = tmp_path_factory.mktemp("won") / "records"
    return export(arm(world=WIN_BACK, journey=win_back_journey(), population={"size": 150}), folder), folder


def test_everything_happens_in_it(exported):
    told, _, _ = exported
    rows = told.run.trace.rows
    assert {"arrival", "value_change"} <= {row.kind for row in rows}
    assert {"renewal", "payment", None} <= {row.reason for row in rows if row.kind == "move"}
    assert "vetoed" in {row.reason for row in rows}


@pytest.mark.medium
def test_no_check_finds_an_error(exported):
    told, folder, _ = exported
    records = records_of(told.arm_spec, folder)
    assert not records.set_aside
    assert check(records, policy=told.arm_spec.policy).counts["error"] == 0
    assert find_missing_approvals(records, None, read_policy(folder / POLICY_FILE), told.arm_spec.journey) == []


def test_every_action_is_decided_again_with_the_same_confidence_and_approval(exported):
    told, folder, _ = exported
    rows = actions(replayed(told.arm_spec, folder))
    assert len(rows) > 100
    for row in rows:
        assert (row.action, row.approval) == (row.recorded_action, row.recorded_approval)
        # A microsecond of age is 6e-13 of a signal's weight.
        assert row.confidence == pytest.approx(row.recorded_confidence, abs=1e-11)


def test_without_the_value_at_the_decision_approvals_could_not_be_repeated(exported, monkeypatch):
    """The account value at the end does not determine earlier approvals; it does not affect anything else."""
    told, folder, _ = exported
    monkeypatch.setattr("journey.orchestrator.replay.restore_customer", lambda customer, _: customer)
    rows = actions(replayed(told.arm_spec, folder))
    assert [row.action for row in rows] == [row.recorded_action for row in rows]
    changed = {f"C{row.customer:07d}" for row in told.run.trace.rows if row.kind == "value_change"}
    differing = {row.customer_id for row in rows if row.approval != row.recorded_approval}
    assert differing
    assert differing <= changed


def test_what_is_decided_otherwise_is_watching_after_a_contact_or_a_refusal(exported):
    told, folder, _ = exported
    held = {
        (f"C{row.customer:07d}", DATES.to_record_datetime(row.time).isoformat())
        for row in told.run.trace.rows
        if row.kind == "decision" and row.reason in REFUSALS
    }
    differing = [row for row in replayed(told.arm_spec, folder).rows if row.action != row.recorded_action]
    assert {(row.customer_id, row.generated_at) for row in differing} <= held


def test_no_customer_is_on_record_before_their_arrival(exported):
    told, _, sets = exported
    came = {
        f"C{life.initial.number:07d}": DATES.to_record_datetime(life.initial.arrives_at) for life in told.histories()
    }
    assert {row["customer_id"] for row in sets["customers"]} == set(came)
    assert 120 < len(came) < 200
    arrived = {name for name, moment in came.items() if moment > DATES.start}
    dates = (("journey_state_log", "state_entered_at"), ("signals", "detected_at"), ("interventions", "generated_at"))
    for name, date in dates:
        for row in sets[name]:
            assert row["customer_id"] not in arrived or row[date] >= came[row["customer_id"]].isoformat()


def test_tenure_is_the_time_since_a_customer_came(exported):
    told, _, sets = exported
    for life, row in zip(told.histories(), sets["customers"], strict=True):
        days = max(life.initial.recorded_tenure_days, life.initial.days_in_stage) + DAYS - life.initial.arrives_at
        # Tenths of a month.
        assert row["tenure_months"] == pytest.approx(days / DAYS_PER_MONTH, abs=0.0501)


def test_the_account_value_is_that_of_the_end_and_an_intervention_keeps_that_of_its_day(exported):
    told, _, sets = exported
    changes = {}
    for row in told.run.trace.sorted_rows():
        if row.kind == "value_change":
            changes.setdefault(f"C{row.customer:07d}", []).append(
                (DATES.to_record_datetime(row.time).isoformat(), row.value)
            )
    begun = {f"C{life.initial.number:07d}": life.initial.account_value for life in told.histories()}
    for row in sets["customers"]:
        name = row["customer_id"]
        assert row["account_value"] == (changes[name][-1][1] if name in changes else begun[name])
    for row in sets["interventions"]:
        before = [value for day, value in changes.get(row["customer_id"], []) if day <= row["generated_at"]]
        assert row["account_value"] == (before[-1] if before else begun[row["customer_id"]])


def test_who_gave_no_consent_is_on_the_list_and_is_never_contacted(exported):
    told, folder, sets = exported
    refusing = [f"C{life.initial.number:07d}" for life in told.histories() if not life.initial.consents]
    assert list(read_policy(folder / POLICY_FILE).contact.do_not_contact) == refusing
    watched = [row for row in sets["interventions"] if row["customer_id"] in refusing]
    assert watched
    assert {row["recommended_action"] for row in watched} == {"monitor_only"}


@pytest.mark.medium
def test_a_customer_who_was_won_back_has_every_stay_on_record_and_no_error(won_back):
    told, folder = won_back
    entries = read(folder)["journey_state_log"]
    steps = [(row["previous_stage"], row["journey_stage"]) for row in entries]
    assert steps.count(("churned", "engagement")) == told.run.metrics["won_back"] > 0
    report = check(records_of(told.arm_spec, folder), journey=told.arm_spec.journey, policy=told.arm_spec.policy)
    assert report.counts["error"] == 0, report.findings


def test_only_interventions_in_progress_at_churn_prevent_repeating_a_decision(won_back):
    """Their outcome is never measured, so on record they are open until the wait for the outcome is over."""
    told, folder = won_back
    returned = {f"C{row.customer:07d}" for row in told.run.trace.rows if row.label == "win_back"}
    rows = actions(replayed(told.arm_spec, folder))
    differing = [row for row in rows if (row.action, row.approval) != (row.recorded_action, row.recorded_approval)]
    assert len(rows) > 50
    assert {row.reason for row in differing} == {"open_intervention"}
    assert {row.customer_id for row in differing} <= returned


@pytest.mark.slow
@settings(max_examples=6)
@given(seed=st.integers(0, 2**40), count=st.integers(0, 2), over=st.sampled_from([20.0, 400.0]))
def test_any_such_world_gives_clean_records_whose_actions_can_be_repeated(tmp_path_factory, seed, count, over):
    setup = arm(
        world=WORLD,
        population={**POPULATION, "size": 16, "arrivals": {"share": 0.5, "over_days": over}},
        policy=APPROVALS,
        reviewers=Reviewers(count=count),
    )
    folder = tmp_path_factory.mktemp("world") / "records"
    export(setup, folder, seed=seed, days=90.0)
    report = check(records_of(setup, folder))
    assert report.counts["error"] == 0, report.findings
    for row in actions(replayed(setup, folder)):
        assert (row.action, row.approval) == (row.recorded_action, row.recorded_approval)
