"""The compiled engine gives the reference engine's trace, event by event and bit by bit."""

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.machine import Guard, GuardKind, Journey, default_journey, register_guard, unregister_guard
from journey.machine.guards import parse_days
from simulation.compiled import row_retention, state
from simulation.compiled.engine import simulate_compiled
from simulation.model.reviewers_spec import Reviewers
from simulation.model.run_options import RunOptions
from simulation.runs.cohort import build_cohort
from simulation.runs.engine_choice import COMPILED, REFERENCE
from simulation.runs.run import collect_runs, run_arm, run_together
from simulation.trace.columns import columns_to_rows
from simulation.trace.events import ACTION, FUNNEL, PAYMENT, RENEWAL
from simulation.verification.trace_diff import compare_runs
from tests.levels import examples
from tests.simulation.full_worlds import full_arm
from tests.simulation.world_strategies import POLICIES, REVIEWERS, TIMED_POLICIES, populations, worlds
from tests.simulation.worlds import WIN_BACK, WORLD, arm, win_back_journey

# One engine adds up totals in order of time and the other in order of customers, so rounding may differ.
SUMS = pytest.approx


def assert_same(arm_spec, *, seed, days, replication=0):
    """Both engines give equal rows, counts and totals for the same seed; a failure reports the first difference.

    Without a trace the compiled engine uses few rows (`simulation.compiled.two_pass`). It gives the same totals,
    whether customers with later requests keep their rows or are replayed.
    """
    run_args = {"seed": seed, "replication": replication, "days": days}
    reference, compiled = (run_arm(arm_spec, **run_args, trace=True, engine=engine) for engine in (REFERENCE, COMPILED))
    assert_same_rows(reference, compiled)
    assert_same_totals(reference, compiled)
    for kept in (row_retention.RETAINED_ROWS, 0):
        with rows_kept(kept):
            assert_same_totals(reference, run_arm(arm_spec, **run_args, engine=COMPILED))
    assert_same_in_windows(reference, arm_spec, **run_args)
    return reference


@contextmanager
def rows_kept(count):
    """Limit the number of customers that keep a row between the two passes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_retention, "RETAINED_ROWS", count)
        yield


def assert_same_in_windows(reference, arm_spec, **run_args):
    """The rows passed on window by window are those of the whole trace, in the same order."""
    blocks = []
    options = RunOptions(**run_args, engine=COMPILED)
    row_options = {"take_rows": blocks.append, "rows_per_batch": 1 + reference.events // 7}
    run_key = {name: run_args[name] for name in ("seed", "replication")}
    population = build_cohort(arm_spec.population, arm_spec.journey.compile(), **run_key)
    totals = simulate_compiled([arm_spec], population, options, **row_options)
    (in_windows,) = collect_runs([arm_spec], [totals], options)
    # A funnel adds rows of its own, before any customer is simulated.
    customer_rows = [row for row in reference.trace.sorted_rows() if row.kind != FUNNEL]
    assert [row for block in blocks for row in columns_to_rows(block)] == customer_rows
    assert_same_totals(reference, in_windows)


def assert_same_rows(reference, compiled):
    """Compare row by row; a failure reports the first difference, the customer's rows before it, and its state."""
    difference = compare_runs(reference, compiled)
    assert difference is None, difference.report


def assert_same_totals(reference, compiled):
    assert compiled.customers == reference.customers
    assert compiled.events_by_kind == reference.events_by_kind
    assert compiled.decisions_by_reason == reference.decisions_by_reason
    assert compiled.occupancy == reference.occupancy
    assert compiled.csat == reference.csat
    assert compiled.reviews_by_verdict == reference.reviews_by_verdict
    assert compiled.outcomes == reference.outcomes
    assert compiled.unhelped == reference.unhelped
    assert compiled.denominators == {name: _about(value) for name, value in reference.denominators.items()}
    for row, other in zip(compiled.gate, reference.gate, strict=True):
        assert row == {name: _about(value) for name, value in other.items()}
    assert compiled.metrics == {name: _about(value) for name, value in reference.metrics.items()}
    assert compiled.quantities == {name: _about(value) for name, value in reference.quantities.items()}


def _about(value):
    return None if value is None else SUMS(value, rel=1e-12, abs=1e-9)


@pytest.mark.compiled
@settings(max_examples=examples(40, otherwise=12))
@given(worlds(), REVIEWERS, POLICIES, TIMED_POLICIES, st.integers(0, 2**32), st.integers(1, 40), st.floats(10.0, 200.0))
def test_traces_are_equal_for_any_world_policy_reviewers_and_seed(world, reviewers, policy, timed, seed, size, days):
    arm_spec = arm(world=world, reviewers=reviewers, policy={**policy, **timed}, population={"size": size})
    assert_same(arm_spec, seed=seed, days=days)


@pytest.mark.slow
def test_traces_are_equal_with_a_long_queue_and_every_end_of_a_request():
    reviewers = Reviewers(count=2, minutes_per_day=15.0, service_minutes=30.0, days_per_week=3)
    run = assert_same(arm(population={"size": 400}, reviewers=reviewers), seed=3, days=300.0)
    ends = {row.label for row in run.trace.rows if row.kind == "review_decided"}
    assert ends == {"approved", "rejected", "overridden", "expired", "withdrawn"}


@pytest.mark.compiled
@pytest.mark.parametrize("changes", [{"active": False}, {"actions": ("onboarding_nudge_email",)}])
def test_traces_are_equal_for_an_arm_with_fewer_actions(changes):
    assert_same(arm(population={"size": 100}, **changes), seed=4, days=200.0)


@pytest.mark.compiled
@settings(max_examples=examples(15, otherwise=5))
@given(populations(), worlds(), st.integers(0, 2**32))
def test_traces_are_equal_for_any_population(population, world, seed):
    assert_same(arm(population=population, world=world), seed=seed, days=90.0)


@pytest.mark.compiled
def test_traces_are_equal_with_guards():
    default = default_journey()
    guards = {
        "activate": Guard.of(min_days_in_stage=6.0),
        "mature": Guard.of(segment=["SMB"], min_days_in_stage=20.0),
        "open_ticket": Guard.of(risk_tier=["medium", "high"]),
        "escalate": Guard.of(came_from=["retention"]),
    }
    moves = tuple(replace(move, guard=guards.get(move.name)) for move in default.moves)
    journey = Journey(default.stages, moves, default.initial, default.terminal, default.name)
    free = assert_same(arm(population={"size": 150}), seed=9, days=250.0)
    run = assert_same(arm(journey=journey, population={"size": 150}), seed=9, days=250.0)
    assert run.events_by_kind["move"] < free.events_by_kind["move"]


def test_a_user_defined_guard_is_refused_with_a_remedy():
    odd = GuardKind("odd_days", lambda facts, _: facts.days_in_stage % 2 >= 1, parse_days, "an odd day")
    register_guard(odd)
    try:
        default = default_journey()
        moves = tuple(
            replace(move, guard=Guard.of(odd_days=1) if move.name == "mature" else None) for move in default.moves
        )
        journey = Journey(default.stages, moves, default.initial, default.terminal, default.name)
        with pytest.raises(InputError, match=r"does not support the guard 'odd_days'.*--engine reference"):
            run_arm(arm(journey=journey), seed=1, replication=0, days=10.0, engine=COMPILED)
    finally:
        unregister_guard("odd_days")


@pytest.mark.compiled
def test_traces_are_equal_with_win_backs():
    run = assert_same(arm(journey=win_back_journey(), world=WIN_BACK, population={"size": 150}), seed=8, days=300.0)
    assert run.metrics["won_back"] > 20.0


@pytest.mark.compiled
def test_traces_are_equal_with_a_notice_that_renewals_and_failed_charges_cut_short():
    run = assert_same(full_arm(world={"notice_days": 25.0}, population={"size": 150}), seed=8, days=300.0)
    assert {row.reason for row in run.trace.rows if row.label == "churn"} == {None, RENEWAL, PAYMENT}


@pytest.mark.compiled
def test_traces_are_equal_for_customers_in_mid_journey():
    start = {"onboarding": 0.2, "retention": 0.5, "support": 0.2, "escalation": 0.1}
    population = {"size": 200, "start": start, "in_mid_stay": True, "in_distress": True}
    assert_same(arm(population=population), seed=5, days=120.0)


@pytest.mark.compiled
def test_traces_are_equal_for_the_bundled_customers():
    assert_same(arm(population={"records": "bundled", "size": 40, "segments": {}}), seed=6, days=180.0)


@pytest.mark.compiled
def test_traces_are_equal_for_a_population_of_repeated_records():
    assert_same(arm(population={"records": "bundled", "size": 333, "segments": {}}), seed=6, days=90.0)


@pytest.mark.slow
def test_trace_rows_grow_for_many_events_on_day_0():
    population = {"size": 6000, "in_distress": True, "in_mid_stay": True, "start": {"support": 1.0}}
    onsets = {cause: {"onset_per_day": {"support": 0.5}} for cause in WORLD["distress"]["causes"]}
    world = {"distress": {"causes": onsets}}
    run = assert_same(arm(population=population, world=world), seed=2, days=2.0)
    assert sum(row.time == 0.0 for row in run.trace.rows) > 4096


@pytest.mark.compiled
def test_the_signal_pool_grows_for_thousands_of_pending_signals():
    world = {"signals": {"false_per_day": {"usage_drop": 2.0}, "delay_mean_days": 60.0}}
    assert_same(arm(world=world, population={"size": 30}), seed=7, days=60.0)


@pytest.mark.compiled
@pytest.mark.parametrize("kept", [0, 1, 40, 150])
def test_the_number_of_retained_rows_does_not_change_totals(kept, monkeypatch):
    monkeypatch.setattr(row_retention, "RETAINED_SHARE", 0.0)
    monkeypatch.setattr(state, "_FIRST_REQUEST_CAPACITY", 4)
    arm_spec = arm(population={"size": 400}, reviewers=Reviewers(count=2, service_minutes=60.0))
    run_args = {"seed": 5, "replication": 0, "days": 200.0, "engine": COMPILED}
    all_kept = run_arm(arm_spec, **run_args)
    assert all_kept.events_by_kind["review_requested"] > 150
    states = []
    monkeypatch.setattr(
        row_retention,
        "release_shared_row",
        lambda engine, end=row_retention.release_shared_row: (states.append(engine), end(engine)),
    )
    with rows_kept(kept):
        some_kept = run_arm(arm_spec, **run_args)
    # Totals are completed at the horizon in the order of rows, so sums may differ in the last digit.
    assert_same_totals(all_kept, some_kept)
    (engine,) = states
    # Customers with the latest requests have the rows, and almost all rows are used.
    run = engine.run[0]
    requested_at = engine.first_times[: run["first_requests"]]
    has_row = engine.first_customers[: run["first_requests"]] < 0
    assert has_row.sum() == kept - run["rows_to_retain"] >= 0.9 * kept
    # Unused rows were never written, so they take no memory.
    assert not engine.memory[run["rows_used"] :].any()
    assert engine.memory[run["rows_used"] - 1].any()
    if kept > 0:
        assert requested_at[has_row].mean() > requested_at.mean()


@pytest.mark.slow
def test_rows_events_and_queue_grow_for_hundreds_of_waiting_requests(monkeypatch):
    monkeypatch.setattr(row_retention, "GATE_ROWS", 1)
    monkeypatch.setattr(row_retention, "RETAINED_ROWS", 0)
    distress = {"failed_onboarding": {"onset_per_day": {"onboarding": 0.1}, "symptoms": {"failed_onboarding_step": 1}}}
    arm_spec = arm(
        world={"distress": {"causes": distress}, "signals": {"delay_mean_days": 20.0}},
        population={"size": 600, "start": {"onboarding": 1.0}},
        policy={"thresholds": {"approve_human_severity": 0.0}},
        reviewers=Reviewers(count=1, service_minutes=240),
    )
    run = assert_same(arm_spec, seed=8, days=120.0)
    # More than the initial room of the rows, the event list and the queue.
    assert max(row["backlog"] for row in run.gate) > 200


@pytest.mark.slow
@settings(max_examples=examples(15, otherwise=5))
@given(POLICIES, POLICIES, REVIEWERS, st.integers(0, 2**32), st.floats(0.1, 3.0), st.floats(0.0, 2.0))
def test_traces_are_equal_for_arms_that_share_the_reviewers(first, second, reviewers, seed, share, smb_share):
    arm_specs = [
        arm("baseline", policy=first, reviewers=reviewers),
        arm("treated", policy=second, reviewers=reviewers, share=share, share_by_segment={"SMB": smb_share}),
        arm("idle", active=False, reviewers=reviewers, share=0.5),
    ]
    run_args = {"seed": seed, "replication": 0, "days": 120.0}
    reference, compiled = (
        run_together(arm_specs, **run_args, trace=True, engine=engine) for engine in (REFERENCE, COMPILED)
    )
    assert_same_rows(reference[0], compiled[0])
    two_pass_runs = run_together(arm_specs, **run_args, engine=COMPILED)
    for expected, traced, two_pass in zip(reference, compiled, two_pass_runs, strict=True):
        assert_same_totals(expected, traced)
        assert_same_totals(expected, two_pass)


@pytest.mark.compiled
def test_more_contacts_than_the_first_ring_has_slots_for_change_nothing():
    """Many contacts within the window, under a cap that is reached, and one that never is."""
    signals = {"false_per_day": {"usage_drop": 1.0}, "delay_mean_days": 0.0}
    for cap in (20, 1_000_000):
        arm_spec = arm(
            world={"signals": signals, "decisions": {"outcome_window_days": 0.5}},
            population={"size": 12},
            policy={
                "contact": {"cool_down_days": 0.0, "max_contacts": cap, "window_days": 300.0},
                "thresholds": {"act_severity": 0.01, "act_confidence": 0.01},
            },
            reviewers=Reviewers(count=5, service_minutes=1.0),
        )
        reference = assert_same(arm_spec, seed=3, days=300.0)
        contacts = Counter(row.customer for row in reference.trace.rows if row.kind == ACTION)
        assert max(contacts.values()) == 20 if cap == 20 else max(contacts.values()) > 40
