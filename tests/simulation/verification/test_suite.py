"""Verification of the engine: a correct engine passes, every planted error is caught, and Little's law always holds."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.core.merging import deep_merge
from journey.machine import Journey, Move, StageDetails
from journey.machine.guards import Guard
from simulation.customer import account, distress, moves, price, stages
from simulation.distributions import dwell_times
from simulation.model.reviewers_spec import Reviewers
from simulation.population.draw import draw_frailty
from simulation.random import streams
from simulation.reference import review_queue
from simulation.runs.engine_choice import COMPILED
from simulation.runs.run import run_arm
from simulation.trace import events as tr
from simulation.verification import (
    arm_checks,
    evidence,
    hazard_checks,
    judge_checks,
    markov_checks,
    measure_queue_time,
    queueing,
    random_streams,
    renewal_checks,
    run_checks,
    stream_checks,
    theory_checks,
)
from simulation.verification.conservation import compare_traces
from simulation.verification.derived_models import derive_theory_arm
from simulation.verification.event_histories import read_histories
from simulation.verification.runners import run_reference
from simulation.verification.trace_diff import compare_runs
from tests.levels import examples
from tests.simulation.full_worlds import full_arm
from tests.simulation.planted_errors import replace_function
from tests.simulation.worlds import WIN_BACK, WORLD, arm, win_back_journey

CUSTOMERS = 1500
DAYS = 180.0


def world_of_one_kind(**changes):
    """The small world without frailty and with more distress.

    One solution of the renewal equations then suffices for a kind of customer, and effects of distress show with few
    customers.
    """
    plain = {
        "frailty_spread": 0.0,
        "moves": {"activate": {"in_distress": 0.2}},
        "distress": {"causes": {"failed_onboarding": {"onset_per_day": {"onboarding": 0.06}}}},
    }
    return arm(**{**changes, "world": deep_merge(plain, changes.get("world", {}))})


def run_theory(arm_spec=None, seed=2, customers=CUSTOMERS, section=theory_checks):
    return judge_checks(section(arm_spec or world_of_one_kind(), seed=seed, days=DAYS, customers=customers))


def failed(checks):
    return [check.name for check in checks if not check.ok]


# -- a correct engine --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def correct_engine_checks():
    return run_checks(arm(population={"size": 300}), seed=2, days=DAYS, customers=CUSTOMERS)


@pytest.mark.medium
def test_a_correct_engine_passes(correct_engine_checks):
    assert failed(correct_engine_checks) == []


def test_every_kind_of_theory_has_its_check(correct_engine_checks):
    names = "\n".join(check.name for check in correct_engine_checks)
    for part in (
        "keyed streams", "each move as the only one", "matrix exponential: occupancy", "churned by day 180",
        "discounted revenue", "retained value", "distress episodes", "days in distress", "renewal equations",
        "churn against its hazard", "symptoms against", "false alarms against", "Little's law",
        "exactly one stage", "Erlang C", "conservation", "legal moves",
    ):  # fmt: skip
        assert part in names


def test_check_names_begin_with_the_changes_to_the_scenario(correct_engine_checks):
    assert all(": " in check.name for check in correct_engine_checks)


def test_z_is_the_difference_in_standard_errors(correct_engine_checks):
    for check in correct_engine_checks:
        if check.standard_error:
            assert check.z == pytest.approx((check.observed - check.expected) / check.standard_error)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_checks():
    small = {"seed": 3, "days": 40.0, "customers": 200}
    assert run_checks(world_of_one_kind(), **small) == run_checks(world_of_one_kind(), **small)


SHAPES = {
    "activate": {"law": "gamma", "mean_days": 20, "shape": 2},
    "mature": {"law": "log_normal", "mean_days": 60, "shape": 0.8},
    "open_ticket": {"law": "empirical", "points": [[10, 0.2], [60, 0.7], [200, 0.95]]},
    "resolve": {"law": "deterministic", "mean_days": 5},
}


@pytest.mark.slow
def test_every_dwell_distribution_can_be_verified():
    world = {"moves": {move: {**WORLD["moves"][move], "dwell": dwell} for move, dwell in SHAPES.items()}}
    plain = world_of_one_kind()
    whole = {**WORLD, "frailty_spread": 0.0, "moves": {**WORLD["moves"], **world["moves"]}}
    assert failed(run_theory(replace(plain, world=type(plain.world).model_validate(whole)), customers=800)) == []


@pytest.mark.slow
def test_customers_from_records_and_guarded_moves_are_verified_too():
    recorded = world_of_one_kind(population={"records": "bundled", "size": 10, "segments": {}})
    assert failed(run_theory(recorded, customers=600)) == []
    plain = world_of_one_kind()
    guarded = Journey(
        plain.journey.stages,
        tuple(replace(move, guard=Guard.of(min_days_in_stage=9)) for move in plain.journey.moves),
        plain.journey.initial,
        plain.journey.terminal,
    )
    assert failed(run_theory(replace(plain, journey=guarded), customers=600)) == []


def test_a_world_without_events_passes():
    still = Journey.build(
        stages=("here", "gone"), moves=(Move("leave", "here", "gone"),), initial="here", terminal="gone"
    )
    world = {"moves": {"leave": {"dwell": {"mean_days": 1e6}}}, "distress": {"causes": {}}}
    arm_spec = arm()
    arm_spec = replace(arm_spec, journey=still, world=type(arm_spec.world).model_validate(world))
    assert failed(run_checks(arm_spec, seed=1, days=30.0, customers=200)) == []


@cache
def failed_without(section):
    """The checks of a section that fail without a planted error: none, computed once per section."""
    return tuple(failed(run_theory(section=section)))


@pytest.mark.slow
def test_a_very_large_population_is_reduced():
    checks = judge_checks(arm_checks(world_of_one_kind(population={"size": 10**6}), seed=1, days=3000.0))
    assert failed(checks) == []
    assert checks[0].name.startswith("treated as it is, 666 of 1,000,000 customers: ")


# -- the world in full ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def full_world_checks():
    return run_checks(full_arm(population={"size": 300}), seed=3, days=200.0, customers=CUSTOMERS)


@pytest.mark.slow
def test_a_correct_engine_passes_in_the_full_world(full_world_checks):
    assert failed(full_world_checks) == []


@pytest.mark.slow
def test_every_part_of_the_full_world_has_its_check(full_world_checks):
    names = "\n".join(check.name for check in full_world_checks)
    for part in (
        "departures at a renewal against", "expansion of accounts against", "contraction of accounts against",
        "win_back against its hazard", "customers that have arrived", "churned customers in trace and totals",
        "customers won back in trace", "seasons and contracts",
    ):  # fmt: skip
        assert part in names


@pytest.mark.slow
def test_win_backs_are_a_markov_chain():
    checks = run_theory(arm(journey=win_back_journey(), world=PLAIN_WIN_BACK), section=markov_checks)
    assert failed(checks) == []
    assert failed(run_theory(arm(journey=win_back_journey(), world=PLAIN_WIN_BACK), section=renewal_checks)) == []


PLAIN_WIN_BACK = {**WIN_BACK, "frailty_spread": 0.0, "renewal": {}, "payments": {}}


def planted_no_season(monkeypatch):
    """The beginning of a season is not noticed."""
    replace_function(monkeypatch, moves.schedule_calendar_change, lambda _arm, _customer: None)


def planted_fixed_renewal_hazard(monkeypatch):
    """Distress and season do not affect contract ends."""
    correct = stages.effective_ratio

    def wrong(arm, customer, ratio, slot):
        return min(ratio, correct(arm, customer, ratio, slot))

    replace_function(monkeypatch, correct, wrong)


def planted_fixed_value_rate(monkeypatch):
    """Value changes keep their initial rate."""
    replace_function(monkeypatch, account.update_value_clock, lambda _arm, _customer: None)


def planted_distress_after_win_back(monkeypatch):
    """Customers that are won back are still in distress."""
    correct = moves.win_back

    def wrong(arm, customer, engine):
        correct(arm, customer, engine)
        distress.begin_episode(arm, customer, engine, 0)

    replace_function(monkeypatch, correct, wrong)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plant", "caught_by"),
    [
        (planted_no_season, "against its hazard"),
        (planted_fixed_renewal_hazard, "at a renewal"),
        (planted_fixed_value_rate, "of accounts against its rate"),
        (planted_distress_after_win_back, "episodes of failed_onboarding"),
    ],
)
def test_a_planted_error_in_the_full_world_is_caught(monkeypatch, plant, caught_by):
    """The same section passes without it: see `test_a_correct_engine_passes_in_the_full_world`."""
    plant(monkeypatch)
    names = failed(judge_checks(hazard_checks(full_arm(), seed=3, days=200.0, customers=CUSTOMERS)))
    assert any(caught_by in name for name in names), names


@pytest.mark.medium
def test_full_revenue_in_a_stage_that_pays_a_part_is_caught(monkeypatch):
    """Without the planted error the section passes."""
    whole = full_arm(population={"size": 100})
    journey = whole.journey.with_details({"onboarding": StageDetails(pays=0.0), "support": StageDetails(pays=0.5)})
    in_part = replace(whole, journey=journey)
    assert failed(judge_checks(arm_checks(in_part, seed=1, days=DAYS))) == []
    replace_function(monkeypatch, price.full_price, lambda _arm, customer: customer.account_value)
    names = failed(judge_checks(arm_checks(in_part, seed=1, days=DAYS)))
    for part in ("discounted revenue", "value retained"):
        assert any(part in name for name in names), names


@pytest.mark.medium
def test_wrong_totals_in_the_full_world_are_caught():
    def run_with_wrong_totals(*args, **kwargs):
        run = run_reference(*args, **kwargs)
        quantities = {**run.quantities, "revenue": run.quantities["revenue"] * 1.001}
        metrics = {**run.metrics, "won_back": run.metrics["won_back"] + 1.0}
        return replace(run, quantities=quantities, metrics=metrics, customers=run.customers + 1)

    names = failed(
        judge_checks(arm_checks(full_arm(population={"size": 200}), seed=1, days=DAYS, run=run_with_wrong_totals))
    )
    for part in ("revenue", "won back", "have arrived"):
        assert any(part in name for name in names), part


# -- the first difference of two traces ---------------------------------------------------------------------


def _changed(run, index, **change):
    rows = run.trace.sorted_rows()
    rows[index] = rows[index]._replace(**change)
    return replace(run, engine="other", trace=tr.Trace(rows))


@pytest.fixture(scope="module")
def reference_run():
    return run_reference(arm(), seed=5, days=90.0)


def test_equal_traces_have_no_difference(reference_run):
    assert compare_runs(reference_run, replace(reference_run, engine="other")) is None


def test_the_first_difference_is_reported_with_its_columns_and_context(reference_run):
    rows = reference_run.trace.sorted_rows()
    index = next(index for index in range(len(rows) - 1, 0, -1) if rows[index].kind == "decision")
    difference = compare_runs(reference_run, _changed(reference_run, index, value=0.25))
    row = rows[index]
    assert difference.index == index
    assert str(difference) == (
        f"first difference at row {index} (day {row.time:.6g}, customer {row.customer}, decision): "
        f"value {row.value!r} and 0.25"
    )
    assert difference.before == tuple(earlier for earlier in rows[:index] if earlier.customer == row.customer)[-5:]
    for part in ("reference", "other", "common", "state before it: in "):
        assert part in difference.report


def test_a_trace_that_ends_early_is_reported(reference_run):
    short = replace(reference_run, engine="other", trace=tr.Trace(reference_run.trace.sorted_rows()[:-1]))
    difference = compare_runs(reference_run, short)
    assert str(difference).endswith("the other trace has ended")
    assert "no row" in difference.report


def test_the_name_of_the_check_contains_the_first_difference(reference_run):
    rows = reference_run.trace.sorted_rows()
    check = compare_traces("here", reference_run, _changed(reference_run, 3, reason="no"))
    assert check.name.startswith("here: other engine = reference engine, equal rows; first difference at row 3 (day ")
    assert (check.expected, check.observed) == (len(rows), len(rows) - 1)


# -- planted errors ----------------------------------------------------------------------------------------


def planted_dwell(monkeypatch):
    """Every wait of a Weibull clock is a fifth too long."""
    correct = dwell_times.due_in

    def wrong(distribution, *rest):
        return correct(distribution, *rest) * (1.2 if distribution == dwell_times.WEIBULL else 1.0)

    replace_function(monkeypatch, correct, wrong)


def planted_rate(monkeypatch):
    """Exponential rates are a fifth too high."""
    correct = dwell_times.scale_for_mean

    def wrong(distribution, mean_days, shape):
        a, b = correct(distribution, mean_days, shape)
        return (1.2 * a if distribution == dwell_times.EXPONENTIAL else a), b

    replace_function(monkeypatch, correct, wrong)


def planted_redraw(monkeypatch):
    """A change of hazard restarts the clock instead of keeping the remaining amount."""

    def wrong(clock, now, law, a, b, ratio, knots):
        if ratio != clock.ratio:
            dwell_times.start_clock(clock, now, law, a, b, clock.amount, 0.0, ratio, knots)

    replace_function(monkeypatch, dwell_times.set_hazard_ratio, wrong)


def planted_no_distress_effect(monkeypatch):
    """Distress changes no hazard."""
    replace_function(monkeypatch, stages.update_move_clocks, lambda _arm, _customer, _engine: None)


def planted_onset(monkeypatch):
    """Episodes begin a third too often."""
    correct = stages.onset_rate
    replace_function(monkeypatch, correct, lambda arm, customer: correct(arm, customer) * 1.33)


def planted_frailty(monkeypatch):
    """All frailties are 1."""
    replace_function(monkeypatch, draw_frailty, lambda *_: 1.0)


def planted_stream(monkeypatch):
    """Draws avoid the lowest tenth."""
    correct = streams.uniform
    replace_function(monkeypatch, correct, lambda *identity: 0.1 + 0.9 * correct(*identity))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plant", "section", "caught_by"),
    [
        (planted_stream, stream_checks, "keyed streams"),
        (planted_rate, markov_checks, "occupancy"),
        (planted_onset, markov_checks, "distress episodes per customer"),
        (planted_dwell, renewal_checks, "occupancy"),
        (planted_redraw, hazard_checks, "activate against its hazard"),
        (planted_no_distress_effect, hazard_checks, "activate against its hazard"),
        (planted_onset, hazard_checks, "episodes of failed_onboarding"),
    ],
)
def test_a_planted_error_is_caught(monkeypatch, plant, section, caught_by):
    """The section for this error catches it, and passes without it."""
    assert not failed_without(section)
    plant(monkeypatch)
    names = failed(run_theory(section=section))
    assert any(caught_by in name for name in names), names


@pytest.mark.slow
def test_a_wrong_dwell_is_caught_by_its_distribution(monkeypatch):
    planted_dwell(monkeypatch)
    names = failed(run_theory(section=stream_checks, customers=10_000))
    assert [name.split(": ")[1].split(",")[0] for name in names] == ["activate"]


@pytest.mark.slow
def test_missing_frailty_is_caught(monkeypatch):
    planted_frailty(monkeypatch)
    frail = arm(world={"frailty_spread": 1.5, "moves": {"churn": {"dwell": {"mean_days": 150}}}})
    names = failed(run_theory(frail, section=markov_checks))
    assert any("churned by day" in name for name in names), names


@pytest.mark.slow
def test_a_reviewer_without_requests_is_caught(monkeypatch):
    """One of two reviewers never gets a request."""
    correct = review_queue.ReviewQueue.__init__

    def wrong(self, env, count, reviewers, statistics):
        correct(self, env, count - 1, reviewers, statistics)

    monkeypatch.setattr(review_queue.ReviewQueue, "__init__", wrong)
    arm_spec = arm(reviewers=Reviewers(count=2), population={"size": 300})
    assert any("Erlang C" in name for name in failed(judge_checks(arm_checks(arm_spec, seed=1, days=DAYS))))


@pytest.mark.medium
def test_totals_that_do_not_add_up_are_caught():
    arm_spec = arm(population={"size": 200})

    def run_with_wrong_totals(*args, **kwargs):
        run = run_reference(*args, **kwargs)
        quantities = {**run.quantities, "revenue": run.quantities["revenue"] * 1.001}
        occupancy = [*run.occupancy[:-1], {**run.occupancy[-1], "churned": 0.9}]
        rows = [row if row.label != "resolve" else row._replace(to_stage="engagement") for row in run.trace.rows]
        return replace(run, quantities=quantities, occupancy=occupancy, trace=tr.Trace(rows))

    names = failed(judge_checks(arm_checks(arm_spec, seed=1, days=DAYS, run=run_with_wrong_totals)))
    for part in ("revenue", "exactly one stage", "legal"):
        assert any(part in name for name in names)


@pytest.mark.slow
def test_an_engine_with_another_trace_is_caught():
    def run_other(arm_spec, *, seed, days):
        run = run_reference(arm_spec, seed=seed, days=days)
        rows = [*run.trace.rows[:-1], run.trace.rows[-1]._replace(time=0.25)]
        return replace(run, engine="other", trace=tr.Trace(rows))

    names = failed(judge_checks(arm_checks(arm(), seed=1, days=DAYS, other=run_other)))
    assert [name.split(": ")[1].split(";")[0] for name in names] == ["other engine = reference engine, equal rows"]


@pytest.mark.slow
def test_both_engines_pass_on_one_trace():
    def run_compiled(arm_spec, *, seed, days):
        return run_arm(arm_spec, seed=seed, replication=0, days=days, trace=True, engine=COMPILED)

    checks = run_checks(
        arm(population={"size": 300}), seed=2, days=DAYS, customers=CUSTOMERS, run=run_compiled, other=run_reference
    )
    assert failed(checks) == []


@pytest.mark.slow
def test_a_correct_engine_fails_no_more_often_than_stated_in_the_full_world():
    """20 verifications at a family-wise rate of 1e-3: the probability of one failure or more is 0.02."""
    arm_spec = full_arm(population={"size": 100})
    bad = [
        seed for seed in range(20) if failed(judge_checks(hazard_checks(arm_spec, seed=seed, days=DAYS, customers=600)))
    ]
    assert not bad


@pytest.mark.slow
def test_a_correct_engine_fails_no_more_often_than_stated():
    """60 verifications at a family-wise rate of 1e-3: the probability of two failures or more is 0.0017."""
    bad = [seed for seed in range(60) if failed(run_theory(seed=seed, customers=500))]
    assert len(bad) <= 1, bad


# -- evidence ----------------------------------------------------------------------------------------------


def test_the_false_alarm_rate_is_shared_by_the_statistical_checks():
    """Five checks at a family-wise 0.05 are each judged at 0.01; exact checks do not count."""
    borderline = [evidence.Evidence(f"w: {p}", 0.0, 1.0, 0.4, p) for p in (0.2, 0.02, 0.011, 0.009, 0.5)]
    exact = [evidence.Evidence("w: equal", 1e6, 1e6 + 1e-5), evidence.Evidence("w: not", 1.0, 1.001)]
    checks = judge_checks([*borderline, *exact], false_alarm_rate=0.05)
    assert [check.ok for check in checks] == [True, True, True, False, True, True, False]


def test_a_share_is_judged_by_the_binomial_distribution():
    """`scipy.stats.binomtest(k=31, n=200, p=0.1)` gives 0.0124; doubling the upper tail gives 0.0171."""
    result = evidence.compare_share("w: x", np.full(200, 0.1), 31)
    assert (result.expected, result.observed) == (pytest.approx(0.1), pytest.approx(0.155))
    assert result.standard_error == pytest.approx(np.sqrt(0.09 / 200))
    assert 0.01 < result.p_value < 0.03


def test_an_impossible_share_has_p_value_0():
    assert evidence.compare_share("w: x", np.zeros(50), 1).p_value == 0.0
    assert evidence.compare_share("w: x", np.zeros(50), 0).p_value == 1.0


@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=30))
def test_of_several_the_largest_deviation_is_corrected_for_their_number(p_values):
    comparisons = [(str(index), evidence.Evidence("", 0.0, 1.0, 1.0, p)) for index, p in enumerate(p_values)]
    assert evidence.largest_deviation("w: x", comparisons).p_value == pytest.approx(
        min(1.0, min(p_values) * len(p_values))
    )


# -- Little's law ------------------------------------------------------------------------------------------

REVIEWERS = st.builds(
    lambda count, minutes, days, service: Reviewers(
        count=count, minutes_per_day=minutes, days_per_week=days, service_minutes=service
    ),
    st.integers(0, 4),
    st.floats(5.0, 600.0),
    st.integers(1, 7),
    st.floats(1.0, 900.0),
)
ACTIVE_POLICIES = st.builds(
    lambda act, approve, expiry: {
        "thresholds": {"act_severity": act, "approve_human_severity": approve},
        "contact": {"approval_expiry_days": expiry, "cool_down_days": 1.0},
    },
    st.floats(0.0, 0.3),
    st.floats(0.0, 0.4),
    st.floats(0.1, 30.0),
)


@settings(max_examples=examples(25, otherwise=6))
@given(REVIEWERS, ACTIVE_POLICIES, st.integers(0, 2**32), st.integers(1, 60), st.floats(10.0, 150.0))
def test_littles_law_holds_within_rounding_for_any_policy_and_reviewers(reviewers, policy, seed, size, days):
    arm_spec = arm(reviewers=reviewers, policy=policy, population={"size": size})
    run = run_arm(arm_spec, seed=seed, replication=0, days=days, trace=True)
    queue_time = measure_queue_time(run.trace.sorted_rows(), days)
    assert queue_time.area == pytest.approx(queue_time.waits, rel=1e-12, abs=1e-12)
    assert queue_time.requests == run.events_by_kind.get("review_requested", 0)
    assert queue_time.requests - queue_time.open_at_end == run.events_by_kind.get("review_decided", 0)


def test_a_long_queue_has_censored_requests():
    """The previous test would prove little if every request had been decided."""
    policy = {"thresholds": {"act_severity": 0.05, "approve_human_severity": 0.0}}
    arm_spec = arm(reviewers=Reviewers(count=0), policy=policy, population={"size": 200})
    run = run_arm(arm_spec, seed=1, replication=0, days=100.0, trace=True)
    assert measure_queue_time(run.trace.sorted_rows(), 100.0).open_at_end > 5


def _row(time, customer, kind):
    return tr.Row(time, customer, "a", kind, "here", None, "x", None, None, None)


def test_queue_time_of_a_small_queue_by_hand():
    """One request is open on days 1 to 4, a second from day 2 to the end on day 10: 3 + 8 days."""
    rows = [_row(1.0, 0, tr.REVIEW_REQUESTED), _row(2.0, 1, tr.REVIEW_REQUESTED), _row(4.0, 0, tr.REVIEW_DECIDED)]
    assert measure_queue_time(rows, 10.0) == queueing.QueueTime(area=11.0, waits=11.0, requests=2, open_at_end=1)


@pytest.mark.parametrize(
    ("kinds", "message"),
    [((tr.REVIEW_DECIDED,), "not made"), ((tr.REVIEW_REQUESTED, tr.REVIEW_REQUESTED), "still open")],
)
def test_a_request_decided_or_made_twice_is_refused(kinds, message):
    with pytest.raises(ValueError, match=message):
        measure_queue_time([_row(float(day), 0, kind) for day, kind in enumerate(kinds)], 10.0)


# -- derived models and histories --------------------------------------------------------------------------


def test_the_exponential_model_keeps_means_ratios_and_distress_but_no_signals():
    arm_spec = arm()
    derived = derive_theory_arm(arm_spec, customers=50, exponential=True, distress="silent")
    assert (derived.active, derived.population.size) == (False, 50)
    for move, clock in arm_spec.world.moves.items():
        derived_clock = derived.world.moves[move]
        assert (derived_clock.dwell.law, derived_clock.dwell.mean_days) == ("exponential", clock.dwell.mean_days)
        assert (derived_clock.by_segment, derived_clock.in_distress) == (clock.by_segment, clock.in_distress)
    assert list(derived.world.distress.causes) == list(arm_spec.world.distress.causes)
    assert run_arm(derived, seed=1, replication=0, days=90.0).events_by_kind.keys() <= {
        "move",
        "distress_on",
        "distress_off",
    }


def test_spells_cover_every_history():
    arm_spec = derive_theory_arm(arm(), customers=80, exponential=False, distress="silent", aged=True)
    histories = read_histories(arm_spec, run_reference(arm_spec, seed=4, days=120.0), seed=4)
    for person in histories.customers:
        spells = [spell for spell in histories.spells if spell.customer == person.number]
        assert spells[0].start == 0.0
        assert all(first.stop == second.start for first, second in pairwise(spells))
        assert (spells[-1].stop == 120.0) == (spells[-1].move is None)


def test_models_have_seeds_of_their_own():
    seeds = {random_streams.derive_seed(seed, index) for seed in range(50) for index in range(50)}
    assert len(seeds) == 2500
    assert all(0 <= seed < 2**63 for seed in seeds)
