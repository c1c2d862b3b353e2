"""The notice period: customers leave a fixed number of days after they have decided to."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.customer import stages
from simulation.customer.state import NO_INDEX
from simulation.model.distress_spec import Distress
from simulation.model.event_types import MOVE as MOVE_EVENT
from simulation.runs.run import run_arm
from simulation.trace.events import MOVE, RENEWAL
from simulation.verification import arm_checks, judge_checks
from simulation.verification.suite import notice_checks
from tests.levels import examples
from tests.simulation.bare_worlds import bare, left_at, simulate, z_of
from tests.simulation.full_worlds import full_arm
from tests.simulation.planted_errors import replace_function
from tests.simulation.world_strategies import DISTRIBUTIONS
from tests.simulation.worlds import WIN_BACK, arm, win_back_journey

SEEDS = st.integers(0, 2**32)
NOTICES = st.floats(0.1, 80.0)
DAYS = 250.0
ROUNDING = 1e-6


def rows(arm_spec, seed, days=DAYS):
    return run_arm(arm_spec, seed=seed, replication=0, days=days, trace=True).trace.sorted_rows()


def with_notice(arm_spec, days):
    return replace(arm_spec, world=arm_spec.world.model_copy(update={"notice_days": days}))


# -- no notice -------------------------------------------------------------------------------------------------------


@pytest.mark.medium
@settings(max_examples=examples(10, otherwise=4))
@given(SEEDS)
def test_a_notice_too_short_to_change_any_date_changes_nothing(seed):
    """In the full world: each decision to leave begins a notice, and the trace is that of a world without one."""
    without = full_arm(population={"size": 40})
    assert rows(with_notice(without, 1e-300), seed) == rows(without, seed)


# -- the day of leaving ------------------------------------------------------------------------------------------------


@st.composite
def worlds_without_dates(draw):
    """Worlds in which nothing depends on the date, so that a path that begins later is the same path."""
    moves = {move: {"dwell": draw(DISTRIBUTIONS)} for move in (*arm().world.moves, "win_back")}
    moves["churn"] |= {"frailty": True, "by_segment": {"SMB": draw(st.floats(0.2, 6.0))}}
    world = {**WIN_BACK, "moves": moves, "renewal": {}, "payments": {}}
    arm_spec = arm(journey=win_back_journey(), world=world, population={"size": 40}, active=False)
    return replace(arm_spec, world=arm_spec.world.model_copy(update={"distress": Distress()}))


def moves_of_customers(arm_spec, seed):
    moves = {}
    for row in rows(arm_spec, seed):
        if row.kind == MOVE:
            moves.setdefault(row.customer, []).append((row.time, row.label, row.to_stage))
    return moves


@pytest.mark.medium
@settings(max_examples=examples(10, otherwise=4))
@given(worlds_without_dates(), NOTICES, SEEDS)
def test_each_departure_delays_this_and_all_later_moves_by_exactly_the_notice(arm_spec, notice, seed):
    """The first departure to the last bit; times after a win-back are sums in another order."""
    found = moves_of_customers(with_notice(arm_spec, notice), seed)
    for customer, moves in moves_of_customers(arm_spec, seed).items():
        expected, departures = [], 0
        for time, move, to_stage in moves:
            departures += move == "churn"
            delayed = time + notice if departures == 1 else time + departures * notice
            expected.append((delayed if departures else time, move, to_stage))
        actual = found.get(customer, [])
        assert len(actual) >= sum(time < DAYS - ROUNDING for time, _, _ in expected)
        for (time, *move), (other_time, *other_move) in zip(expected, actual, strict=False):
            assert other_move == move
            assert other_time == pytest.approx(time, rel=1e-9)
        first = next((time for time, move, _ in expected if move == "churn"), DAYS)
        assert first >= DAYS or next(time for time, move, _ in actual if move == "churn") == first


@pytest.mark.medium
@settings(max_examples=examples(10, otherwise=4))
@given(NOTICES, SEEDS)
def test_customers_stay_for_the_whole_notice_unless_a_date_ends_it(notice, seed):
    """In the full world. So no customer leaves within the first days, or soon after another move, by a hazard."""
    entered = {}
    for row in rows(full_arm(world={"notice_days": notice}, population={"size": 60}), seed):
        if row.kind == MOVE:
            if row.label == "churn" and row.reason is None:
                assert row.time - entered.get(row.customer, 0.0) >= notice - ROUNDING
            entered[row.customer] = row.time


DECIDED_ON_DAY_25 = {
    "notice_days": 10.0,
    "moves": {"leave": {"dwell": {"law": "deterministic", "mean_days": 25.0}}},
    "renewal": {"every_days": 30.0, "churn": {"all": 0.2}},
}


def test_a_renewal_during_the_notice_may_end_it_and_otherwise_does_not_change_it():
    arm_spec = bare(DECIDED_ON_DAY_25)
    run = simulate(arm_spec, seed=1, days=50.0)
    left = left_at(run)
    assert set(left.values()) == {30.0, 35.0}
    assert len(left) == arm_spec.population.size
    at_renewal = sum(row.reason == RENEWAL for row in run.trace.rows)
    assert abs(z_of(at_renewal, arm_spec.population.size, 0.2)) < 4.0


def test_customers_whose_notice_is_running_at_the_horizon_are_customers():
    run = simulate(bare({**DECIDED_ON_DAY_25, "renewal": {}}), seed=1, days=34.0)
    assert run.metrics["churn_rate"] == 0.0
    assert run.quantities["revenue"] == pytest.approx(34.0 * 10.0 * run.customers)


def test_a_customer_who_is_won_back_decides_again():
    moves = {
        "leave": {"dwell": {"law": "deterministic", "mean_days": 20.0}},
        "return": {"dwell": {"law": "deterministic", "mean_days": 5.0}},
    }
    run = simulate(bare({"notice_days": 10.0, "moves": moves}, population={"size": 3}, back=True), seed=1, days=100.0)
    times = [row.time for row in run.trace.sorted_rows() if row.customer == 0]
    assert times == [30.0, 35.0, 65.0, 70.0]


# -- verification ------------------------------------------------------------------------------------------------------

NOTICE = 60.0
SIZE = {"seed": 2, "days": 180.0, "customers": 1500}


def world_with_notice():
    world = {
        "lost": ["churned"],
        "notice_days": NOTICE,
        "frailty_spread": 0.0,
        "moves": {"churn": {"dwell": {"mean_days": 300}}},
    }
    return arm(world=world, journey=win_back_journey())


def failed(checks):
    return [check.name for check in judge_checks(checks) if not check.ok]


@pytest.mark.medium
def test_a_correct_engine_passes():
    checks = list(notice_checks(world_with_notice(), **SIZE))
    names = "\n".join(check.name for check in checks)
    for part in ("at least the notice", "occupancy", "churned by day 180", "discounted revenue", "days in distress"):
        assert part in names
    assert failed(checks) == []


def test_a_world_without_notice_has_no_checks_of_it():
    assert list(notice_checks(arm(), **SIZE)) == []


@pytest.mark.medium
def test_totals_of_a_full_world_with_notice_add_up():
    arm_spec = full_arm(world={"notice_days": 20.0}, population={"size": 200})
    assert failed(arm_checks(arm_spec, seed=1, days=180.0)) == []


def planted_half_notice(monkeypatch):
    """Customers leave after half of the notice."""
    correct = stages.take_due_move

    def wrong(arm, customer, engine):
        is_new = customer.notice_slot == NO_INDEX
        slot = correct(arm, customer, engine)
        if is_new and customer.notice_slot != NO_INDEX:
            customer.event_times[MOVE_EVENT] -= NOTICE / 2.0
        return slot

    replace_function(monkeypatch, correct, wrong)


def planted_restarted_notice(monkeypatch):
    """A change of the hazard, such as the onset of distress, starts the notice again."""
    correct = stages.update_move_clocks

    def wrong(arm, customer, engine):
        correct(arm, customer, engine)
        if customer.notice_slot != NO_INDEX:
            customer.event_times[MOVE_EVENT] = customer.now + NOTICE

    replace_function(monkeypatch, correct, wrong)


@pytest.mark.medium
@pytest.mark.parametrize(
    ("plant", "caught_by"),
    [(planted_half_notice, "at least the notice"), (planted_half_notice, "churned by"),
     (planted_restarted_notice, "churned by")],
)  # fmt: skip
def test_a_planted_error_is_caught(monkeypatch, plant, caught_by):
    plant(monkeypatch)
    names = failed(notice_checks(world_with_notice(), **SIZE))
    assert any(caught_by in name for name in names), names
