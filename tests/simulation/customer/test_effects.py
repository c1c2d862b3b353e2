"""Effects of actions on moves and on the price: exact sums of money, and what an effect without effect leaves alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.exports.customer_quantities import compute_customer_quantities
from simulation.exports.histories import RunHistory
from simulation.runs.run import run_arm
from simulation.trace.events import (
    ARRIVAL,
    DISTRESS_OFF,
    DISTRESS_ON,
    EFFECT_OFF,
    EFFECT_ON,
    MOVE,
    SIGNAL,
    VALUE_CHANGE,
)
from tests.levels import examples
from tests.simulation.full_worlds import full_arm
from tests.simulation.worlds import NO_EFFECT, WORLD

HISTORY = {MOVE, SIGNAL, DISTRESS_ON, DISTRESS_OFF, ARRIVAL, VALUE_CHANGE}
MOVES = tuple(WORLD["moves"])
SEEDS = st.integers(0, 2**32)


def acting(effect, **changes):
    """The full world, in which each action has this effect, apart from its effects on distress."""
    effects = {action: {**NO_EFFECT[action], **effect} for action in NO_EFFECT}
    return full_arm(world={"effects": effects, "fatigue": {"churn_ratio": 1.0}}, **changes)


def simulate(arm_spec, *, seed, days=200.0, engine="reference"):
    return run_arm(arm_spec, seed=seed, replication=0, days=days, trace=True, engine=engine)


def history_of(run):
    return [row for row in run.trace.sorted_rows() if row.kind in HISTORY]


@settings(max_examples=examples(12, otherwise=4))
@given(SEEDS, st.floats(0.0, 1.0))
def test_ratios_of_1_and_discounts_leave_every_move_signal_and_episode_as_it_is(seed, share):
    population = {"size": 30}
    idle = simulate(acting({}, population=population, active=False), seed=seed)
    effect = {"moves": dict.fromkeys(MOVES, 1.0), "discount": {"share": share, "days": 40.0}}
    assert history_of(simulate(acting(effect, population=population), seed=seed)) == history_of(idle)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_ratio_of_another_move_changes_nothing_before_the_first_effect(seed):
    population = {"size": 60}
    idle = simulate(acting({}, population=population, active=False), seed=seed)
    treated = simulate(acting({"moves": {"churn": 0.2, "activate": 3.0}}, population=population), seed=seed)
    first = {}
    for row in treated.trace.sorted_rows():
        if row.kind == EFFECT_ON:
            first.setdefault(row.customer, row.time)
    assert first

    def before(run):
        return [row for row in history_of(run) if row[0] < first.get(row[1], 200.0)]

    assert before(treated) == before(idle)
    assert history_of(treated) != history_of(idle)


@settings(max_examples=examples(8, otherwise=3))
@given(SEEDS, st.floats(0.0, 1.0), st.sampled_from([(), ("engagement",), ("retention", "onboarding")]))
def test_full_price_is_revenue_and_discounts_and_customers_add_up_to_the_run(seed, share, stages):
    effect = {"discount": {"share": share, "days": 30.0, "stages": stages}}
    arm_spec = acting(effect, population={"size": 40})
    run = simulate(arm_spec, seed=seed)
    free = simulate(acting({}, population={"size": 40}), seed=seed)
    paid, unpaid = run.quantities["revenue"], run.quantities["discounts"]
    assert paid + unpaid == pytest.approx(free.quantities["revenue"])
    assert "discounts" not in free.quantities
    histories = RunHistory(arm_spec, run, seed, 0).histories()
    each = [compute_customer_quantities(history, arm_spec, 200.0) for history in histories]
    assert sum(quantities["revenue"] for quantities in each) == pytest.approx(paid)
    assert sum(quantities["discounts"] for quantities in each) == pytest.approx(unpaid)


def test_an_effect_ends_after_its_days_or_when_the_customer_leaves():
    run = simulate(acting({"moves": {"activate": 2.0}, "lasts_days": 9.0}, population={"size": 60}), seed=5)
    began, ends = {}, 0
    for row in run.trace.sorted_rows():
        if row.kind == EFFECT_ON:
            began[row.customer] = row.time
        elif row.kind == EFFECT_OFF:
            assert row.time == pytest.approx(began.pop(row.customer) + 9.0)
            ends += 1
        elif row.kind == MOVE and row.to_stage == "churned":
            began.pop(row.customer, None)
    assert ends > 20
    assert all(time > 200.0 - 9.0 for time in began.values())
