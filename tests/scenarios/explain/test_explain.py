"""`journey explain`: rows of the trace, the divergence and its cause, and money that adds up."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.core.errors import InputError
from scenarios.comparison.money import compute_returns
from scenarios.explain.divergence import event_as_dict
from scenarios.explain.explain import explain
from scenarios.files.loader import load
from simulation.exports.histories import initial_histories
from simulation.runs.run import run_arm

SMALL = ["population.size=60", "horizon_days=120"]
ALIKE = f"arms.treated.actions={json.dumps(load('default').arms[0].actions)}"


def runs(loaded):
    scenario = loaded.scenario
    return [
        run_arm(setup, seed=scenario.seed, replication=0, days=scenario.horizon_days, trace=True)
        for setup in loaded.arms
    ]


@pytest.fixture(scope="module")
def loaded():
    return load("onboarding_outreach", SMALL)


@pytest.fixture(scope="module")
def arm_runs(loaded):
    return runs(loaded)


@pytest.fixture(scope="module")
def explanations(loaded):
    return [explain(loaded, customer) for customer in range(0, 60, 4)]


@settings(max_examples=6)
@given(
    customer=st.integers(0, 39),
    seed=st.integers(0, 2**40),
    reviewers=st.integers(0, 2),
    name=st.sampled_from(["default", "onboarding_outreach"]),
)
def test_the_events_of_a_customer_are_the_rows_of_the_trace(customer, seed, reviewers, name):
    loaded = load(name, ["population.size=40", "horizon_days=60", f"seed={seed}", f'reviewers={{"count"={reviewers}}}'])
    found = explain(loaded, customer).as_dict()
    for run in runs(loaded):
        rows = [event_as_dict(row) for row in run.trace.sorted_rows() if row.customer == customer]
        assert found["arms"][run.arm]["events"] == rows


@pytest.mark.medium
def test_arms_are_identical_before_the_divergence_and_not_at_it(explanations):
    parted = [found for found in explanations if found.earliest_divergence is not None]
    assert parted
    for found in explanations:
        reported = [
            [r for r in event_of(arm_history) if r["label"] not in ("none", "monitor_only")]
            for arm_history in found.histories
        ]
        if found.earliest_divergence is None:
            assert alike(reported[0]) == alike(reported[1])
            continue
        time = found.earliest_divergence.first.time
        before = [alike([row for row in arm if row["time"] < time]) for arm in reported]
        at = [alike([row for row in arm if row["time"] == time]) for arm in reported]
        assert before[0] == before[1]
        assert at[0] != at[1]


def event_of(arm_history):
    return [event_as_dict(row) for row in arm_history.history.rows]


def alike(rows):
    return [(row["time"], row["kind"], row["stage"], row["to_stage"], row["label"]) for row in rows]


def test_the_divergence_has_its_reason_and_its_outcome():
    loaded = load("onboarding_outreach", ["population.size=150", "horizon_days=120"])
    said = [found for customer in range(150) if (found := explain_from(loaded, customer)) is not None]
    assert any("decides on" in parting.why and "on the same evidence" in parting.why for parting in said)
    assert any(parting.effect == "the customer's history is identical in both arms" for parting in said)
    assert any(parting.effect.startswith("the customer's histories diverge on day") for parting in said)
    for parting in said:
        assert parting.why.startswith("baseline: ")
        assert parting.history_difference is None or parting.history_difference.time >= parting.first.time


def test_an_arm_that_differs_in_nothing_does_not_part():
    found = explain(load("default", [*SMALL, ALIKE]), 3)
    assert found.earliest_divergence is None
    assert found.as_dict()["parting"] is None
    assert found.as_dict()["differences"]["treated"] == {"revenue": 0.0, "value": 0.0, "cost": 0.0, "net": 0.0}


def test_the_gate_is_a_reason_to_part():
    """With the same policy in both arms, only the wait for a reviewer can differ."""
    loaded = load(
        "default",
        ["population.size=80", "horizon_days=150", ALIKE, "arms.treated.reviewers.count=0"],
    )
    partings = [explain_from(loaded, customer) for customer in range(80)]
    known = [found for found in partings if found is not None]
    assert known
    assert all("reviewers serve all customers" in parting.why for parting in known)


def explain_from(loaded, customer, cache={}):  # noqa: B006 - the runs of one scenario are kept for all its customers
    from scenarios.explain.divergence import first_divergence
    from simulation.exports.histories import RunHistory

    if loaded.hash not in cache:
        reported = [RunHistory(*pair, loaded.scenario.seed, 0) for pair in zip(loaded.arms, runs(loaded), strict=True)]
        cache[loaded.hash] = [list(one.histories()) for one in reported]
    arm_histories = cache[loaded.hash]
    return first_divergence(("baseline", "treated"), arm_histories[0][customer], arm_histories[1][customer])


def test_the_money_of_all_customers_is_the_money_of_the_comparison(loaded, arm_runs):
    """Line by line, except infrastructure, which belongs to no single customer."""
    cohort = compute_returns(loaded.scenario, loaded.arms, [tuple(arm_runs)], loaded.scenario.horizon_days)[
        "treated"
    ].ledger
    own = [explain_lines(loaded, arm_runs, customer) for customer in range(60)]
    for line in cohort.lines:
        if line.name == "infrastructure":
            continue
        total = sum(arms["treated"].get(line.name, 0.0) - arms["baseline"].get(line.name, 0.0) for arms in own)
        assert total == pytest.approx(line.quantity, abs=1e-6)


def explain_lines(loaded, arm_runs, customer):
    from scenarios.explain.explain import _build_arm_history

    arm_histories = [
        _build_arm_history(loaded, setup, run, customer) for setup, run in zip(loaded.arms, arm_runs, strict=True)
    ]
    return {
        arm_history.name: {line.name: line.quantity for line in arm_history.ledger.lines}
        for arm_history in arm_histories
    }


def test_net_is_value_less_cost_without_infrastructure(explanations):
    for found in explanations:
        for arm_history in found.as_dict()["arms"].values():
            assert arm_history["net"] == pytest.approx(arm_history["value"] - arm_history["cost"], abs=0.005)
            assert "infrastructure" not in {line["name"] for line in arm_history["lines"]}


def test_a_history_cut_off_by_the_horizon_is_unfinished(explanations):
    for found in explanations:
        for arm_history in found.histories:
            assert arm_history.is_unfinished == (arm_history.history.end_stage != "churned")
    assert len({arm_history.is_unfinished for found in explanations for arm_history in found.histories}) == 2


def test_three_arms_are_each_compared_with_the_baseline():
    loaded = load("default", [*SMALL, "arms.idle.active=false"])
    found = explain(loaded, 5)
    assert [arm_history.name for arm_history in found.histories] == ["baseline", "treated", "idle"]
    assert set(found.divergences) == {"treated", "idle"}


def test_a_customer_who_does_not_exist_is_refused_before_anything_runs(loaded, monkeypatch):
    monkeypatch.setattr("scenarios.explain.explain.run_arm", None)
    with pytest.raises(InputError, match="the 60 customers have the numbers 0 to 59"):
        explain(loaded, 60)


def test_a_later_customer_is_explained_from_arrival_and_refused_after_the_end():
    later = ["population.arrivals={ share = 1, over_days = 200, stage = 'retention' }"]
    short = load("onboarding_outreach", [*SMALL, *later])
    days = {
        arm_history.initial.number: arm_history.initial.arrives_at
        for arm_history in initial_histories(short.arms[0], seed=1, replication=0)
    }
    late = next(customer for customer, day in days.items() if day > 120.0)
    early = next(customer for customer, day in days.items() if day < 120.0)
    message = f"customer {late} arrives on day {days[late]:.1f}, after the end of the run on day 120"
    with pytest.raises(InputError, match=message):
        explain(short, late)
    reported = explain(short, early).as_dict()
    assert reported["person"]["arrives_at"] == days[early]
    first = reported["arms"]["baseline"]["events"][0]
    assert (first["kind"], first["time"], first["to_stage"]) == ("arrival", days[early], "retention")
