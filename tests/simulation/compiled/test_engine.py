"""Two engines, one trace: the compiled engine gives the reference engine's trace, event for event, bit for bit."""

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
from simulation.model.run_options import RunOptions
from simulation.model.spec import Reviewers
from simulation.runs.cohort import build_cohort
from simulation.runs.engine_choice import COMPILED, REFERENCE
from simulation.runs.run import collect_runs, run_arm, run_together
from simulation.trace.columns import columns_to_rows
from simulation.trace.events import FUNNEL
from simulation.verification.trace_diff import compare_runs
from tests.simulation.worlds import WIN_BACK, WORLD, arm, win_back_journey

# Sums over a cohort are taken in the order of time by one engine and in the order of customers by the other.
SUMS = pytest.approx


def assert_same(setup, *, seed, days, replication=0):
    """Both engines on the same luck: equal rows, equal counts, equal books; a difference names the first row.

    Without a trace the compiled engine lives customers in few rows (`simulation.compiled.two_pass`): the same books
    again, whether those who will ask keep theirs or live twice.
    """
    asked = {"seed": seed, "replication": replication, "days": days}
    theirs, ours = (run_arm(setup, **asked, trace=True, engine=engine) for engine in (REFERENCE, COMPILED))
    assert_same_rows(theirs, ours)
    assert_same_books(theirs, ours)
    for kept in (row_retention.RETAINED_ROWS, 0):
        with rows_kept(kept):
            assert_same_books(theirs, run_arm(setup, **asked, engine=COMPILED))
    assert_same_in_windows(theirs, setup, **asked)
    return theirs


@contextmanager
def rows_kept(count):
    """No more customers keep a row from their first life to their first request."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_retention, "RETAINED_ROWS", count)
        yield


def assert_same_in_windows(theirs, setup, **asked):
    """The rows handed on window by window are those of the whole trace, in the same order."""
    blocks = []
    options = RunOptions(**asked, engine=COMPILED)
    handed_on = {"take_rows": blocks.append, "rows_per_batch": 1 + theirs.events // 7}
    drawn = {name: asked[name] for name in ("seed", "replication")}
    population = build_cohort(setup.population, setup.journey.compile(), **drawn)
    books = simulate_compiled([setup], population, options, **handed_on)
    (in_windows,) = collect_runs([setup], [books], options)
    # A funnel that customers come through writes rows of its own, before anybody lives.
    of_customers = [row for row in theirs.trace.sorted_rows() if row.kind != FUNNEL]
    assert [row for block in blocks for row in columns_to_rows(block)] == of_customers
    assert_same_books(theirs, in_windows)


def assert_same_rows(theirs, ours):
    """Row by row; a difference names the first row, those of the same customer before it, and what they tell."""
    parted = compare_runs(theirs, ours)
    assert parted is None, parted.report


def assert_same_books(theirs, ours):
    assert ours.customers == theirs.customers
    assert ours.events_by_kind == theirs.events_by_kind
    assert ours.decisions_by_reason == theirs.decisions_by_reason
    assert ours.occupancy == theirs.occupancy
    assert ours.reviews_by_verdict == theirs.reviews_by_verdict
    assert ours.outcomes == theirs.outcomes
    assert ours.unhelped == theirs.unhelped
    assert ours.denominators == {name: _about(value) for name, value in theirs.denominators.items()}
    for row, other in zip(ours.gate, theirs.gate, strict=True):
        assert row == {name: _about(value) for name, value in other.items()}
    assert ours.metrics == {name: _about(value) for name, value in theirs.metrics.items()}
    assert ours.quantities == {name: _about(value) for name, value in theirs.quantities.items()}
    assert ours.denominators == {name: _about(value) for name, value in theirs.denominators.items()}


def _about(value):
    return None if value is None else SUMS(value, rel=1e-12, abs=1e-9)


LAWS = st.one_of(
    st.builds(lambda days: {"law": "exponential", "mean_days": days}, st.floats(1.0, 300.0)),
    st.builds(lambda d, k: {"law": "weibull", "mean_days": d, "shape": k}, st.floats(1.0, 300.0), st.floats(0.5, 4.0)),
    st.builds(
        lambda d, k: {"law": "log_logistic", "mean_days": d, "shape": k}, st.floats(1.0, 300.0), st.floats(1.2, 5.0)
    ),
    st.builds(
        lambda d, k: {"law": "log_normal", "mean_days": d, "shape": k}, st.floats(1.0, 300.0), st.floats(0.2, 2.0)
    ),
    st.builds(lambda d, k: {"law": "gamma", "mean_days": d, "shape": k}, st.floats(1.0, 300.0), st.floats(0.3, 6.0)),
    st.builds(
        lambda first, more: {"law": "empirical", "points": [[first, 0.3], [first + more, 0.8]]},
        st.floats(1.0, 60.0),
        st.floats(1.0, 90.0),
    ),
    st.builds(lambda days: {"law": "deterministic", "mean_days": days}, st.integers(5, 90).map(float)),
)
RATIOS = st.floats(0.2, 6.0)


SHARES = st.floats(0.0, 0.4)
BELOW_1 = st.floats(0.0, 0.9)


@st.composite
def phases(draw):
    """A season that comes again, or an incident that comes once."""
    start, length = draw(st.floats(0.0, 60.0)), draw(st.floats(0.5, 30.0))
    return {
        "from_day": start,
        "until_day": start + length,
        "every_days": draw(st.none() | st.floats(31.0, 90.0)),
        "moves": {"churn": draw(RATIOS), "open_ticket": draw(RATIOS)},
        "onsets": {"support_pain": draw(RATIOS)},
    }


FLAWS = (
    "signals_missing", "signals_orphaned", "signals_duplicated", "signals_late", "stages_missing", "stages_wrong",
)  # fmt: skip
PARTS_OF_A_FULL_WORLD = st.fixed_dictionaries(
    {},
    optional={
        "calendar": st.dictionaries(st.sampled_from(["summer", "outage"]), phases()),
        "renewal": st.fixed_dictionaries(
            {
                "every_days": st.floats(5.0, 100.0),
                "churn": st.dictionaries(st.sampled_from(["SMB", "Enterprise"]), BELOW_1),
            }
        ),
        "payments": st.fixed_dictionaries(
            {
                "every_days": st.floats(5.0, 40.0),
                "failure": st.dictionaries(st.sampled_from(["SMB", "Enterprise"]), BELOW_1),
                "recovered": SHARES,
                "grace_days": st.floats(1.0, 20.0),
            }
        ),
        "value_changes": st.fixed_dictionaries(
            {
                "expansion": st.fixed_dictionaries(
                    {"per_day": st.fixed_dictionaries({"retention": SHARES, "engagement": SHARES}), "factor": RATIOS}
                ),
                "contraction": st.fixed_dictionaries(
                    {
                        "per_day": st.fixed_dictionaries({"retention": SHARES}),
                        "factor": st.floats(0.2, 1.0),
                        "in_distress": RATIOS,
                    }
                ),
            }
        ),
        "fatigue": st.fixed_dictionaries(
            {"half_life_days": st.floats(1.0, 60.0), "response_lost": BELOW_1, "churn_ratio": RATIOS}
        ),
        "imperfections": st.fixed_dictionaries(dict.fromkeys(FLAWS, SHARES)),
    },
)


@st.composite
def worlds(draw):
    """Worlds with every law, every multiplier and every kind of effect."""
    return {
        "moves": {
            move: {
                "dwell": draw(LAWS),
                "in_distress": draw(RATIOS),
                "by_segment": {"SMB": draw(RATIOS)},
                "by_tenure": [[20.0, draw(RATIOS)], [70.0, draw(RATIOS)]] if draw(st.booleans()) else [],
            }
            for move in WORLD["moves"]
        },
        "frailty_spread": draw(st.floats(0.0, 1.0)),
        "distress": {"causes": {cause: {"churn_ratio": draw(RATIOS)} for cause in WORLD["distress"]["causes"]}},
        "signals": {
            "false_per_day": {"usage_drop": draw(st.floats(0.0, 0.05))},
            "delay_mean_days": draw(st.floats(0.0, 20.0)),
            "recovery_probability": draw(st.floats(0.0, 1.0)),
        },
        "effects": {
            action: {
                "response": draw(st.floats(0.0, 1.0)),
                "recovery_ratio": draw(RATIOS),
                "harm_ratio": draw(RATIOS),
                "delay_days": draw(st.floats(0.0, 10.0)),
                "lasts_days": draw(st.floats(0.5, 40.0)),
                "by_segment": {"SMB": draw(RATIOS)},
            }
            for action in ("usage_review_checkin", "support_manager_followup", "onboarding_specialist_call")
        },
        "decisions": {
            "cadence_days": draw(st.sampled_from([0.0, 1.0, 7.0])),
            "on_signal": draw(st.booleans()),
            "on_stage_entry": draw(st.booleans()),
            "outcome_window_days": draw(st.floats(1.0, 40.0)),
        },
        **draw(PARTS_OF_A_FULL_WORLD),
    }


REVIEWERS = st.builds(
    lambda count, minutes, opens, days, service: Reviewers(
        count=count, minutes_per_day=minutes, opens_at_hour=opens, days_per_week=days, service_minutes=service
    ),
    st.integers(0, 3),
    st.floats(5.0, 600.0),
    st.floats(0.0, 14.0),
    st.integers(1, 7),
    st.floats(1.0, 400.0),
)
POLICIES = st.builds(
    lambda act, approve, cool, cap, expiry: {
        "thresholds": {"act_severity": act, "approve_human_severity": approve},
        "contact": {"cool_down_days": cool, "max_contacts": cap, "approval_expiry_days": expiry},
    },
    st.floats(0.0, 0.6),
    st.floats(0.0, 1.0),
    st.floats(0.0, 30.0),
    st.integers(0, 5),
    st.floats(0.1, 30.0),
)


@settings(max_examples=40)
@given(worlds(), REVIEWERS, POLICIES, st.integers(0, 2**32), st.integers(1, 40), st.floats(10.0, 200.0))
def test_any_world_policy_gate_and_seed_gives_one_trace(world, reviewers, policy, seed, size, days):
    setup = arm(world=world, reviewers=reviewers, policy=policy, population={"size": size})
    assert_same(setup, seed=seed, days=days)


def test_a_crowded_gate_gives_one_trace_with_every_way_a_request_can_end():
    gate = Reviewers(count=2, minutes_per_day=15.0, service_minutes=30.0, days_per_week=3)
    run = assert_same(arm(population={"size": 400}, reviewers=gate), seed=3, days=300.0)
    ends = {row.label for row in run.trace.rows if row.kind == "review_decided"}
    assert ends == {"approved", "rejected", "overridden", "expired", "withdrawn"}


@pytest.mark.parametrize("changes", [{"active": False}, {"actions": ("onboarding_nudge_email",)}])
def test_an_arm_with_less_to_do_gives_one_trace(changes):
    assert_same(arm(population={"size": 100}, **changes), seed=4, days=200.0)


@st.composite
def populations(draw):
    """Cohorts with tenures, traits that go together, no consent, and customers who come later."""
    segment = {"tenure_mean_days": draw(st.floats(0.0, 500.0)), "do_not_contact": draw(SHARES)}
    return {
        "size": draw(st.integers(1, 40)),
        "segments": {"SMB": segment, "Enterprise": segment},
        "correlations": {"value_tier": draw(st.floats(-0.4, 0.4)), "tenure_frailty": draw(st.floats(-0.4, 0.4))},
        "arrivals": {"share": draw(SHARES), "over_days": draw(st.floats(1.0, 300.0))} if draw(st.booleans()) else None,
    }


@settings(max_examples=15)
@given(populations(), worlds(), st.integers(0, 2**32))
def test_any_population_gives_one_trace(population, world, seed):
    assert_same(arm(population=population, world=world), seed=seed, days=90.0)


def test_guarded_moves_give_one_trace():
    given = default_journey()
    guards = {
        "activate": Guard.of(min_days_in_stage=6.0),
        "mature": Guard.of(segment=["SMB"], min_days_in_stage=20.0),
        "open_ticket": Guard.of(risk_tier=["medium", "high"]),
        "escalate": Guard.of(came_from=["retention"]),
    }
    moves = tuple(replace(move, guard=guards.get(move.name)) for move in given.moves)
    journey = Journey(given.stages, moves, given.initial, given.terminal, given.name)
    free = assert_same(arm(population={"size": 150}), seed=9, days=250.0)
    run = assert_same(arm(journey=journey, population={"size": 150}), seed=9, days=250.0)
    assert run.events_by_kind["move"] < free.events_by_kind["move"]


def test_a_guard_of_ones_own_is_refused_with_the_way_out():
    odd = GuardKind("odd_days", lambda facts, _: facts.days_in_stage % 2 >= 1, parse_days, "an odd day")
    register_guard(odd)
    try:
        given = default_journey()
        moves = tuple(
            replace(move, guard=Guard.of(odd_days=1) if move.name == "mature" else None) for move in given.moves
        )
        journey = Journey(given.stages, moves, given.initial, given.terminal, given.name)
        with pytest.raises(InputError, match=r"does not know the guard 'odd_days'.*--engine reference"):
            run_arm(arm(journey=journey), seed=1, replication=0, days=10.0, engine=COMPILED)
    finally:
        unregister_guard("odd_days")


def test_customers_who_are_won_back_give_one_trace():
    run = assert_same(arm(journey=win_back_journey(), world=WIN_BACK, population={"size": 150}), seed=8, days=300.0)
    assert run.metrics["won_back"] > 20.0


def test_customers_met_in_mid_journey_give_one_trace():
    start = {"onboarding": 0.2, "retention": 0.5, "support": 0.2, "escalation": 0.1}
    population = {"size": 200, "start": start, "in_mid_stay": True, "in_distress": True}
    assert_same(arm(population=population), seed=5, days=120.0)


def test_the_bundled_customers_give_one_trace():
    assert_same(arm(population={"records": "bundled", "size": 40, "segments": {}}), seed=6, days=180.0)


def test_recorded_customers_taken_again_and_again_give_one_trace():
    assert_same(arm(population={"records": "bundled", "size": 333, "segments": {}}), seed=6, days=90.0)


def test_more_arrivals_and_distress_on_day_0_than_rows_at_first_find_room():
    population = {"size": 6000, "in_distress": True, "in_mid_stay": True, "start": {"support": 1.0}}
    onsets = {cause: {"onset_per_day": {"support": 0.5}} for cause in WORLD["distress"]["causes"]}
    world = {"distress": {"causes": onsets}}
    run = assert_same(arm(population=population, world=world), seed=2, days=2.0)
    assert sum(row.time == 0.0 for row in run.trace.rows) > 4096


def test_thousands_of_signals_under_way_at_once_find_room():
    world = {"signals": {"false_per_day": {"usage_drop": 2.0}, "delay_mean_days": 60.0}}
    assert_same(arm(world=world, population={"size": 30}), seed=7, days=60.0)


@pytest.mark.parametrize("kept", [0, 1, 40, 150])
def test_how_many_keep_a_row_changes_nothing_that_is_counted(kept, monkeypatch):
    monkeypatch.setattr(row_retention, "RETAINED_SHARE", 0.0)
    monkeypatch.setattr(state, "_FIRST_REQUEST_CAPACITY", 4)
    setup = arm(population={"size": 400}, reviewers=Reviewers(count=2, service_minutes=60.0))
    asked = {"seed": 5, "replication": 0, "days": 200.0, "engine": COMPILED}
    all_kept = run_arm(setup, **asked)
    assert all_kept.events_by_kind["review_requested"] > 150
    left = []
    monkeypatch.setattr(
        row_retention,
        "release_shared_row",
        lambda lived, end=row_retention.release_shared_row: (left.append(lived), end(lived)),
    )
    with rows_kept(kept):
        some = run_arm(setup, **asked)
    # Rows are closed at the horizon in the order in which they stand, so sums may differ in the last digit.
    assert_same_books(all_kept, some)
    (lived,) = left
    # Those who ask last have the rows, and no rows are left idle that somebody could have had.
    asked_at, who = (
        lived.first_times[: lived.counters[state.FIRST_REQUESTS]],
        lived.first_who[: lived.counters[state.FIRST_REQUESTS]],
    )
    assert (who < 0).sum() == kept - lived.counters[state.ROWS_TO_RETAIN] >= 0.9 * kept
    # What nobody needed was never written, so it takes no memory.
    assert not lived.ints[lived.counters[state.ROWS_USED] :].any()
    assert lived.ints[lived.counters[state.ROWS_USED] - 1].any()
    if kept > 0:
        assert asked_at[who < 0].mean() > asked_at.mean()


def test_a_gate_with_hundreds_in_line_finds_room_from_a_single_row(monkeypatch):
    monkeypatch.setattr(row_retention, "GATE_ROWS", 1)
    monkeypatch.setattr(row_retention, "RETAINED_ROWS", 0)
    distress = {"failed_onboarding": {"onset_per_day": {"onboarding": 0.1}, "symptoms": {"failed_onboarding_step": 1}}}
    setup = arm(
        world={"distress": {"causes": distress}, "signals": {"delay_mean_days": 20.0}},
        population={"size": 600, "start": {"onboarding": 1.0}},
        policy={"thresholds": {"approve_human_severity": 0.0}},
        reviewers=Reviewers(count=1, service_minutes=240),
    )
    run = assert_same(setup, seed=8, days=120.0)
    # More than the rows, the diary and the queue are made for at first.
    assert max(row["backlog"] for row in run.gate) > 200


@settings(max_examples=15)
@given(POLICIES, POLICIES, REVIEWERS, st.integers(0, 2**32), st.floats(0.1, 3.0), st.floats(0.0, 2.0))
def test_arms_that_share_one_gate_give_one_trace(first, second, reviewers, seed, share, of_smb):
    setups = [
        arm("baseline", policy=first, reviewers=reviewers),
        arm("treated", policy=second, reviewers=reviewers, share=share, share_by_segment={"SMB": of_smb}),
        arm("idle", active=False, reviewers=reviewers, share=0.5),
    ]
    asked = {"seed": seed, "replication": 0, "days": 120.0}
    theirs, ours = (run_together(setups, **asked, trace=True, engine=engine) for engine in (REFERENCE, COMPILED))
    assert_same_rows(theirs[0], ours[0])
    in_few_rows = run_together(setups, **asked, engine=COMPILED)
    for one, other, lean in zip(theirs, ours, in_few_rows, strict=True):
        assert_same_books(one, other)
        assert_same_books(one, lean)
