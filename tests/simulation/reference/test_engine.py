"""The reference engine: common random numbers, legal moves, consistent totals and agreement with exact theory."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from journey.machine import default_journey
from simulation.model.reviewers_spec import Reviewers
from simulation.runs.run import run_arm
from simulation.trace.events import ACTION, DECISION, DISTRESS_OFF, DISTRESS_ON, MOVE, OUTCOME, SIGNAL
from tests.levels import examples
from tests.simulation.worlds import NO_EFFECT, WORLD, arm

SEEDS = st.integers(0, 2**32)
SHORT = settings(max_examples=examples(15, otherwise=5))


def rows(setup, *, seed=1, replication=0, days=200.0, kinds=None):
    run = run_arm(setup, seed=seed, replication=replication, days=days, trace=True)
    return [row for row in run.trace.sorted_rows() if kinds is None or row.kind in kinds]


def without_arm(found):
    return [row._replace(arm="") for row in found]


def by_customer(found):
    lives = {}
    for row in found:
        lives.setdefault(row.customer, []).append(row)
    return lives


# -- common random numbers -----------------------------------------------------------------------------


@pytest.mark.slow
@SHORT
@given(SEEDS)
def test_the_same_seed_gives_the_same_trace(seed):
    assert rows(arm(), seed=seed, days=120.0) == rows(arm(), seed=seed, days=120.0)


@pytest.mark.slow
@SHORT
@given(SEEDS)
def test_a_policy_change_that_touches_no_one_leaves_the_trace_identical(seed):
    """No customer has such a value or tier, so the two policies make the same decision in every case."""
    other = {
        "thresholds": {"approve_value": 1e12},
        "signals": {"never_sent": {"polarity": "negative", "weight": 0.9, "cause": "price"}},
    }
    same = {"thresholds": {"approve_value": 1e11}}
    assert rows(arm(policy=other), seed=seed, days=120.0) == rows(arm(policy=same), seed=seed, days=120.0)


@pytest.mark.slow
@SHORT
@given(SEEDS)
def test_actions_without_effect_leave_every_move_signal_and_episode_identical(seed):
    lived = {MOVE, SIGNAL, DISTRESS_ON, DISTRESS_OFF}
    calm_world = {"effects": NO_EFFECT}
    idle = rows(arm("baseline", world=calm_world, active=False), seed=seed, kinds=lived)
    busy = rows(arm("treated", world=calm_world), seed=seed, kinds=lived)
    assert without_arm(idle) == without_arm(busy)


def test_actions_without_response_do_not_change_satisfaction():
    deaf = {action: {"response": 0.0, "harm_ratio": 1.0} for action in NO_EFFECT}
    idle = run_arm(arm(world={"effects": deaf}, active=False), seed=1, replication=0, days=200.0)
    busy = run_arm(arm(world={"effects": deaf}), seed=1, replication=0, days=200.0)
    assert busy.metrics["interventions"] > 0
    assert busy.metrics["csat"] == idle.metrics["csat"]


def test_the_arm_without_effect_did_act():
    """Without any action, the test above would prove nothing."""
    assert any(row.kind == ACTION for row in rows(arm(world={"effects": NO_EFFECT})))


@SHORT
@given(SEEDS, st.integers(1, 30))
def test_an_additional_customer_changes_no_other_without_a_review_queue(seed, size):
    """No reviewer is ever shared: with none, every request expires."""
    alone = {"reviewers": Reviewers(count=0)}
    few = rows(arm(population={"size": size}, **alone), seed=seed, days=100.0)
    more = rows(arm(population={"size": size + 1}, **alone), seed=seed, days=100.0)
    assert few == [row for row in more if row.customer < size]


@pytest.mark.medium
@SHORT
@given(SEEDS)
def test_another_seed_or_replication_is_another_world(seed):
    here = rows(arm(), seed=seed, days=60.0)
    assert here != rows(arm(), seed=seed + 1, days=60.0)
    assert here != rows(arm(), seed=seed, replication=1, days=60.0)


@pytest.mark.slow
@SHORT
@given(SEEDS)
def test_a_longer_horizon_only_adds_rows(seed):
    short = rows(arm(), seed=seed, days=80.0)
    long = rows(arm(), seed=seed, days=140.0)
    assert short == long[: len(short)]
    assert all(row.time > 80.0 for row in long[len(short) :])


@pytest.mark.medium
@SHORT
@given(SEEDS, st.floats(1.5, 5.0))
def test_without_interventions_a_higher_churn_hazard_never_means_fewer_churned(seed, factor):
    def churned(mean_days):
        world = {"moves": {"churn": {"dwell": {"mean_days": mean_days}}}}
        run = run_arm(arm(world=world, active=False), seed=seed, replication=0, days=200.0)
        return run.metrics["churn_rate"]

    assert churned(1500.0 / factor) >= churned(1500.0)


# -- what always holds -------------------------------------------------------------------------------------


@pytest.mark.medium
@SHORT
@given(SEEDS)
def test_no_move_is_ever_illegal_and_every_life_is_one_unbroken_path(seed):
    journey = default_journey()
    legal = {(move.source, move.name): move.destination for move in journey.moves}
    for life in by_customer(rows(arm(), seed=seed, kinds={MOVE})).values():
        at = "onboarding"
        for row in life:
            assert row.stage == at
            assert legal[row.stage, row.label] == row.to_stage
            at = row.to_stage


@pytest.mark.slow
@SHORT
@given(SEEDS)
def test_nothing_happens_to_a_customer_after_churn(seed):
    for life in by_customer(rows(arm(), seed=seed)).values():
        left = [place for place, row in enumerate(life) if row.to_stage == "churned"]
        assert len(left) <= 1
        # A pending request is withdrawn in the same instant; nothing comes later.
        assert all(row.time == life[left[0]].time for row in life[left[0] :]) if left else True


@pytest.mark.medium
@SHORT
@given(SEEDS)
def test_nothing_that_needs_approval_is_done_without_a_verdict(seed):
    for life in by_customer(rows(arm(), seed=seed)).values():
        waiting = False
        for row in life:
            if row.kind == "review_requested":
                waiting = True
            if row.kind == "review_decided":
                waiting = False
            assert not (row.kind == ACTION and waiting)


def test_with_no_reviewer_nothing_is_approved_and_requests_expire():
    run = run_arm(arm(reviewers=Reviewers(count=0)), seed=1, replication=0, days=300.0, trace=True)
    verdicts = Counter(row.label for row in run.trace.rows if row.kind == "review_decided")
    assert verdicts["expired"] > 0
    assert set(verdicts) <= {"expired", "withdrawn"}
    assert run.metrics["reviews"] == 0.0


@pytest.mark.slow
@SHORT
@given(SEEDS)
def test_every_action_has_at_most_one_outcome_and_every_episode_ends_at_most_once(seed):
    for life in by_customer(rows(arm(), seed=seed)).values():
        kinds = [row.kind for row in life if row.kind in (ACTION, OUTCOME)]
        assert all(kind == (ACTION if place % 2 == 0 else OUTCOME) for place, kind in enumerate(kinds))
        episodes = [row.kind for row in life if row.kind in (DISTRESS_ON, DISTRESS_OFF)]
        assert all(kind == (DISTRESS_ON if place % 2 == 0 else DISTRESS_OFF) for place, kind in enumerate(episodes))


def test_rows_are_ordered_by_time_then_customer():
    found = rows(arm())
    keys = [(row.time, row.customer) for row in found]
    assert keys == sorted(keys)


def test_the_books_agree_with_the_trace():
    run = run_arm(arm(population={"size": 300}), seed=5, replication=0, days=365.0, trace=True)
    kinds = Counter(row.kind for row in run.trace.rows)
    assert dict(kinds) == run.events_by_kind
    assert run.events == len(run.trace.rows)
    assert run.metrics["interventions"] == kinds[ACTION]
    assert run.metrics["escalations"] == sum(row.label == "escalate" for row in run.trace.rows)
    assert sum(run.decisions_by_reason.values()) == kinds[DECISION] == run.quantities["evaluations"]
    cost = sum(row.value for row in run.trace.rows if row.kind == ACTION)
    booked = sum(value for name, value in run.quantities.items() if name.startswith("action_cost."))
    assert cost == pytest.approx(booked, rel=1e-12)
    assert all(
        sum(share for name, share in day.items() if name != "day") == pytest.approx(1.0) for day in run.occupancy
    )
    assert run.occupancy[-1]["churned"] == pytest.approx(run.metrics["churn_rate"])


def test_an_inactive_arm_evaluates_no_customer():
    run = run_arm(arm(active=False), seed=1, replication=0, days=200.0)
    assert run.quantities["evaluations"] == 0.0
    assert run.metrics["interventions"] == 0.0


def test_an_arm_takes_only_the_actions_it_may():
    run = run_arm(arm(actions=("onboarding_nudge_email",)), seed=1, replication=0, days=300.0)
    assert {name for name in run.quantities if name.startswith("actions.")} <= {"actions.onboarding_nudge_email"}


def test_the_bundled_customers_live_on_from_where_their_records_end():
    population = {"records": "bundled", "size": 10, "segments": {}}
    setup = arm(population=population)
    run = run_arm(setup, seed=1, replication=0, days=90.0)
    assert run.customers == 10
    first = run.occupancy[0]
    assert (first["onboarding"], first["engagement"], first["support"], first["retention"]) == (0.3, 0.4, 0.2, 0.1)


# -- theory ------------------------------------------------------------------------------------------------

RATES = {
    ("onboarding", "engagement"): 1 / 20,
    ("engagement", "retention"): 1 / 80,
    ("engagement", "support"): 1 / 60,
    ("retention", "support"): 1 / 60,
    ("support", "retention"): 1 / 8,
    ("support", "escalation"): 1 / 25,
    ("escalation", "support"): 1 / 10,
    ("escalation", "retention"): 1 / 15,
    **{(stage, "churned"): 1 / 500 for stage in ("onboarding", "engagement", "retention", "support", "escalation")},
}
MARKOV_WORLD = {
    "moves": {
        move: {"dwell": {"law": "exponential", "mean_days": days}, "by_segment": {}, "by_tier": {}, "in_distress": 1.0}
        for move, days in {
            "activate": 20, "mature": 80, "open_ticket": 60, "resolve": 8, "escalate": 25, "de_escalate": 10,
            "recover": 15,
        }.items()
    }
    | {"churn": {"dwell": {"mean_days": 500}, "by_segment": {"SMB": 1.0}, "by_tier": {"high": 1.0}, "frailty": False}},
    "frailty_spread": 0.0,
    "distress": {"causes": {cause: {"churn_ratio": 1.0} for cause in WORLD["distress"]["causes"]}},
}  # fmt: skip


@pytest.mark.slow
def test_with_exponential_dwells_occupancy_follows_the_matrix_exponential_of_the_generator():
    """4,000 customers, 13 days x 6 stages. Largest |z| of 78 binomial shares: below 4.5 with a false-alarm rate of
    78 x 6.8e-6 = 5e-4; the seed is fixed."""
    setup = arm(world=MARKOV_WORLD, population={"size": 4000}, active=False)
    run = run_arm(setup, seed=11, replication=0, days=240.0)
    stages = setup.journey.stages
    generator = np.zeros((len(stages), len(stages)))
    for (source, destination), rate in RATES.items():
        generator[stages.index(source), stages.index(destination)] += rate
    np.fill_diagonal(generator, -generator.sum(axis=1))
    for day in run.occupancy:
        exact = expm(generator * day["day"])[stages.index("onboarding")]
        seen = np.array([day[stage] for stage in stages])
        error = np.sqrt(np.maximum(exact * (1 - exact), 1e-12) / run.customers)
        assert np.all(np.abs(seen - exact) <= 4.5 * error)
