"""Prospects, buyers and budgets: exact laws, the same luck in every arm and engine, and rules that always hold."""

from collections import Counter
from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from journey.core.errors import InputError
from journey.machine import default_journey
from journey.machine.lifecycles import budget_action_lifecycle
from journey.records.folder import read_folder
from simulation.acquisition import compiled_engine, customers, reference_engine
from simulation.acquisition.observations import Observations, Sale
from simulation.acquisition.prospects import NO_POSITION, next_position, prospect_number
from simulation.acquisition.spec import MICROS, Acquisition
from simulation.acquisition.value_prediction import predict_retained_value
from simulation.exports.histories import RunHistory
from simulation.exports.records import write_records
from simulation.exports.xes import write_xes
from simulation.population.draw import draw_frailty
from simulation.random import streams
from simulation.random.streams import customer_key
from simulation.runs.cohort import build_cohort
from simulation.runs.run import run_arm, run_together
from simulation.trace.dates import Dates
from simulation.trace.events import FUNNEL
from simulation.trace.files import trace_file
from simulation.verification.acquisition import acquisition_checks, arm_funnel_checks
from simulation.verification.conservation import check_conservation
from simulation.verification.event_histories import read_histories
from simulation.verification.evidence import judge_checks
from tests.simulation.acquisition_plans import MOVING, SPREAD, arm_with, buyers_of, plan, plans
from tests.simulation.compiled.test_engine import assert_same_books, assert_same_rows
from tests.simulation.trace.trace_files import in_small_windows, rows_in

SEEDS = st.integers(0, 2**32)


def live(acquisition, seed=1, replication=0, engine=reference_engine):
    return engine.simulate_funnel(buyers_of(acquisition), seed=seed, replication=replication)


def places(chance, impressions, key=12345):
    """Every place at which the first step is made."""
    found, place = [], NO_POSITION
    while (place := next_position(key, len(found), place, chance, impressions)) != NO_POSITION:
        found.append(place)
    return found


# -- the walk from one success to the next ---------------------------------------------------------


def test_certain_and_impossible_steps():
    assert places(1.0, 5) == [0, 1, 2, 3, 4]
    assert places(0.0, 10**9) == []
    assert places(1e-300, 10**9) == []
    assert places(0.5, 0) == []


def test_the_walk_is_a_bernoulli_trial_for_every_impression():
    """Each of ten places, over 4,000 walks: binomial; and neighbours are independent. |z| < 4 in all eleven."""
    walks, chance = 4000, 0.3
    hits = np.zeros((walks, 10))
    for walk in range(walks):
        hits[walk, places(chance, 10, key=streams.mix(walk + 1))] = 1.0
    z = (hits.sum(axis=0) - walks * chance) / sqrt(walks * chance * (1 - chance))
    assert np.abs(z).max() < 4.0
    pairs = (hits[:, :-1] * hits[:, 1:]).sum()
    expected, both = 9 * walks * chance**2, chance**2
    # Neighbouring pairs that share a place are correlated: Cov = p^3 - p^4, 16 times a walk.
    variance = walks * (9 * both * (1 - both) + 16 * (chance**3 - chance**4))
    assert abs(pairs - expected) / sqrt(variance) < 4.0


def test_a_walk_goes_through_millions_of_impressions_in_a_few_steps():
    many, chance = 5_000_000, 1e-4
    assert abs(len(places(chance, many)) - many * chance) < 4 * sqrt(many * chance)


@given(st.integers(0, 30), st.integers(0, 31), st.integers(0, 2047), st.integers(0, 2**32 - 1))
def test_numbers_of_prospects_are_told_back_and_fit_a_float(campaign, channel, period, place):
    number = prospect_number(campaign, channel, period, place)
    assert number < 2**53
    assert (number >> 48) - 1 == campaign
    assert ((number >> 43) & 31, (number >> 32) & 2047, number & (2**32 - 1)) == (channel, period, place)


# -- exact answers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", [reference_engine, compiled_engine])
def test_a_funnel_is_a_product_of_binomials_as_verify_checks_it(engine):
    found = judge_checks(acquisition_checks(arm_with(plan()), seed=3, engine=engine.simulate_funnel))
    assert [check.name for check in found if not check.ok] == []
    assert max(abs(check.z) for check in found if check.z is not None) < 4.0
    assert len(found) == 12


def test_verify_notices_a_funnel_that_converts_otherwise():
    def one_step_better(population, *, seed, replication):
        campaign = population.acquisition.campaigns["launch"]
        channel = campaign.channels["search"]
        better = channel.model_copy(update={"conversion": {**channel.conversion, "signup": 0.3}})
        changed = campaign.model_copy(update={"channels": {**campaign.channels, "search": better}})
        acquisition = population.acquisition.model_copy(update={"campaigns": {"launch": changed}})
        lived = reference_engine.simulate_funnel(
            population.model_copy(update={"acquisition": acquisition}), seed=seed, replication=0
        )
        # Theory looks at the campaign that was stated.
        stated = reference_engine.simulate_funnel(population, seed=seed, replication=replication).lines
        return type(lived)(**{**vars(lived), "lines": stated})

    found = judge_checks(acquisition_checks(arm_with(plan()), seed=3, engine=one_step_better))
    assert any("signups" in check.name for check in found if not check.ok)


def test_purchases_over_many_funnels_have_the_mean_and_the_variance_of_a_binomial():
    """300 funnels of 2,400 impressions that buy with p = 0.02; z of mean and of variance below 4."""
    path = ("impression", "click", "purchase")
    conversion = {"click": 0.1, "purchase": 0.2}
    channel = {"cost_per_1000": 100, "budget": 240, "segments": {"SMB": 1.0}, "conversion": conversion}
    acquisition = Acquisition.model_validate(
        {"campaigns": {"launch": {"path": path, "days": 21, "channels": {"search": channel}}}}
    )
    counts = [len(live(acquisition, replication=r, engine=compiled_engine).purchases) for r in range(300)]
    law = stats.binom(2400, 0.02)
    assert abs(np.mean(counts) - law.mean()) < 4 * law.std() / sqrt(300)
    kurtosis = float(law.stats(moments="k"))
    error = law.var() * sqrt((kurtosis + 2) / 300)
    assert abs(np.var(counts, ddof=1) - law.var()) < 4 * error


def test_a_larger_budget_brings_less_than_in_proportion():
    """The second thousand dollars meets people who have been reached: exactly as the geometric series says."""
    small, large = (live(plan({"channels": {"search": {"budget": b, "audience": 2000}}})) for b in (3000, 6000))
    clicks = [sum(map(sum, (found.bulk_counts[0][segment][1] for segment in range(2)))) for found in (small, large)]
    for found, seen in zip((small, large), clicks, strict=True):
        n = found.impressions[0][0]
        # Twelve periods of n impressions at q = 0.1 exp(-k / A).
        mean = 12 * 0.1 * (1 - exp(-n / 2000)) / (1 - exp(-1 / 2000))
        assert abs(seen - mean) < 4 * sqrt(mean)
    assert clicks[1] < 1.5 * clicks[0]


@given(st.floats(100.0, 1e6), st.floats(0.0, 3.0), st.floats(0.1, 20.0))
def test_predicted_value_is_the_integral_of_survival(value, hazard, years):
    exact, _ = integrate.quad(lambda t: value * exp(-hazard * t), 0.0, years)
    assert predict_retained_value(value, hazard, years) == pytest.approx(exact, rel=1e-7)


# -- the same luck ---------------------------------------------------------------------------------


@settings(max_examples=40)
@given(plans(), SEEDS, st.integers(0, 3))
def test_both_engines_live_the_same_funnel(acquisition, seed, replication):
    one, other = (live(acquisition, seed, replication, engine) for engine in (reference_engine, compiled_engine))
    assert one == other


@pytest.mark.parametrize("rule", ["none", "by_conversion", "by_retained_value"])
@pytest.mark.parametrize("days", [30.0, 200.0])
def test_a_whole_run_is_the_same_in_both_engines_with_its_trace_and_without(rule, days, tmp_path, monkeypatch):
    setup = arm_with(plan(reallocation={**MOVING, "rule": rule}))
    asked = {"seed": 5, "replication": 0, "days": days}
    runs = []
    for engine in ("reference", "compiled"):
        customers.clear_cache()
        runs.append(run_arm(setup, trace=True, engine=engine, **asked))
    theirs, ours = runs
    assert theirs.customers > 10
    assert_same_rows(theirs, ours)
    assert_same_books(theirs, ours)
    assert theirs.acquisition == ours.acquisition
    lean = run_arm(setup, engine="compiled", **asked)
    assert_same_books(theirs, lean)
    path = in_small_windows(monkeypatch, tmp_path)
    with trace_file(path) as folder:
        run_arm(setup, engine="compiled", trace_folder=folder, **asked)
    assert rows_in(path) == theirs.trace.sorted_rows()


def test_a_rule_that_never_moves_anything_leaves_the_trace_as_it_is():
    still = arm_with(plan())
    reviews = arm_with(plan(reallocation={**MOVING, "lag_days": 1000.0}))
    rows = [run_arm(s, seed=2, replication=0, days=150.0, trace=True).trace.sorted_rows() for s in (still, reviews)]
    assert rows[0] == rows[1]
    assert len(rows[0]) > 500


@settings(max_examples=12)
@given(plans(), st.floats(1.0, 3.0), SEEDS)
def test_a_larger_budget_touches_the_same_prospects_and_more(acquisition, factor, seed):
    """Who is touched does the same on the same day."""
    still = acquisition.model_copy(update={"reallocation": plan().reallocation})
    larger = {
        name: campaign.model_copy(
            update={
                "channels": {
                    key: channel.model_copy(update={"budget": channel.budget * factor})
                    for key, channel in campaign.channels.items()
                }
            }
        )
        for name, campaign in still.campaigns.items()
    }
    before, after = live(still, seed), live(still.model_copy(update={"campaigns": larger}), seed)
    assert set(before.steps) <= set(after.steps)


def test_whoever_is_touched_in_two_arms_does_the_same_in_both_and_lives_the_same_life():
    """Until the arms' reviewers have different queues, which here they have not: nobody is active."""
    rules = ("by_conversion", "none")
    arms = [arm_with(plan(reallocation={**MOVING, "rule": rule}), active=False) for rule in rules]
    runs = [run_arm(setup, seed=4, replication=0, days=250.0, trace=True) for setup in arms]
    lives = []
    for run in runs:
        by_number = {}
        for row in run.trace.sorted_rows():
            by_number.setdefault(row.customer, []).append(row)
        lives.append(by_number)
    shared = lives[0].keys() & lives[1].keys()
    assert len(shared) > 100
    assert lives[0].keys() != lives[1].keys()
    assert all(lives[0][number] == lives[1][number] for number in shared)


# -- buyers ----------------------------------------------------------------------------------------


def test_buyers_come_new_on_the_day_of_their_purchase_and_differ_as_their_channel_says():
    acquisition, machine = plan(), default_journey().compile()
    plainer = plan({"channels": {"deals": {"quality": {"account_value": 1.0, "churn": 1.0}}}})
    found, plain = (
        {p.number: p for p in build_cohort(buyers_of(each), machine, seed=1, replication=0).customers}
        for each in (acquisition, plainer)
    )
    bought = {step.number: step for step in live(acquisition).purchases}
    assert found.keys() == plain.keys() == bought.keys()
    assert list(found) == sorted(found)
    for number, person in found.items():
        deals = bought[number].line == 1
        key = customer_key(1, 0, number)
        hazard = draw_frailty(SPREAD, key, person.frailty_draw) / draw_frailty(SPREAD, key, plain[number].frailty_draw)
        assert (person.arrives_at, person.tenure_days, person.stage) == (bought[number].time, 0.0, machine.initial[0])
        assert person.account_value == pytest.approx(plain[number].account_value * (0.6 if deals else 1.0))
        assert hazard == pytest.approx(2.0 if deals else 1.0)
        assert not deals or person.tier == 2


@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_who_buys_after_the_end_is_no_customer(engine):
    setup = arm_with(plan())
    run = run_arm(setup, seed=1, replication=0, days=20.0, trace=True, engine=engine)
    steps = [row for row in run.trace.rows if row.kind == FUNNEL]
    bought = [row for row in steps if row.to_stage == "purchase"]
    assert run.customers == len(bought) == run.metrics["purchases"] > 0
    assert max(row.time for row in run.trace.rows) < 20.0
    assert {row.customer for row in steps} > {row.customer for row in bought}
    assert run.events == len(run.trace.rows) == sum(run.events_by_kind.values())
    # Media of three periods, bought on days 0, 7 and 14.
    assert [len(line["spend"]) for line in run.acquisition["lines"]] == [3, 3]


@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_a_funnel_that_nobody_leaves_as_a_buyer_gives_a_run_without_customers(engine):
    nobody = {"conversion": {"purchase": 0.0}, "by_segment": {"Enterprise": {"purchase": 0.0}}}
    setup = arm_with(plan({"channels": {"search": nobody, "deals": {"conversion": {"purchase": 0.0}}}}))
    run = run_arm(setup, seed=1, replication=0, days=60.0, trace=True, engine=engine)
    assert run.customers == run.metrics["purchases"] == run.metrics["retained_margin"] == 0
    assert run.metrics["cost_per_acquisition"] is None
    assert run.metrics["signups"] > 0


def test_arms_with_campaigns_cannot_share_a_run():
    setup = arm_with(plan())
    with pytest.raises(InputError, match=r"--mode counterfactual"):
        run_together([setup, setup], seed=1, replication=0, days=10.0)


# -- budgets ---------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(plans(rules=("by_conversion", "by_retained_value")), SEEDS)
def test_no_money_is_made_lost_or_moved_against_the_rules(acquisition, seed):
    found = live(acquisition, seed, engine=compiled_engine)
    assert [
        check.name
        for check in judge_checks(
            arm_funnel_checks(arm_with(acquisition), seed=seed, engine=compiled_engine.simulate_funnel)
        )
        if not check.ok
    ] == []
    assert min(found.balances) >= 0
    openings = {line.key: line.budget for line in found.lines}
    machine = budget_action_lifecycle()
    stages, clerks = {}, {}
    for event in found.log:
        assert event.from_status is None or machine.is_legal_step(event.from_status, event.to_status)
        assert stages.get(event.entity_id) == event.from_status
        stages[event.entity_id] = event.to_status
        clerks.setdefault(event.entity_id, {})[event.to_status] = event.actor_kind
    given_away = Counter()
    for move in found.moves:
        name, threshold = move["budget_action_id"], acquisition.reallocation.budget.approval_from
        assert move["from_channel_id"] != move["to_channel_id"]
        assert move["amount"] > 0.0
        assert move["status"] == stages[name]
        assert move["decided_on"] >= move["proposed_on"]
        if move["amount"] >= threshold:
            assert clerks[name].get("approved", "human") == "human"
        if move["status"] == "executed":
            given_away[move["campaign_id"], move["from_channel_id"]] += round(move["amount"] * MICROS)
            given_away[move["campaign_id"], move["to_channel_id"]] -= round(move["amount"] * MICROS)
    for line, spent, left in zip(found.lines, found.spent, found.balances, strict=True):
        # A line has what it began with and was given, and no more.
        assert sum(spent) + left == openings[line.key] - given_away[line.key]


def test_the_properties_above_are_about_moves_of_every_end():
    """What they quantify over is not empty: executed with and without a person, and rejected."""
    ends = Counter()
    for seed in range(6):
        rule = {**MOVING, "rejected": 0.4, "budget": {**MOVING["budget"], "approval_from": 300}}
        for move in live(plan(reallocation=rule), seed, engine=compiled_engine).moves:
            ends[move["status"], move["requires_human_approval"]] += 1
    assert {("executed", True), ("executed", False), ("rejected", True)} <= set(ends)


def test_money_that_was_spent_meanwhile_is_not_moved():
    """Who answers after weeks may find less than was asked for: then it is rejected, with the reason."""
    rule = {**MOVING, "approval_mean_days": 40.0, "rejected": 0.0}
    moves = [move for seed in range(12) for move in live(plan(reallocation=rule), seed, engine=compiled_engine).moves]
    refused = [move["reason"] for move in moves if move["status"] == "rejected"]
    assert refused
    assert all("to give" in reason for reason in refused)


# -- no look-ahead ---------------------------------------------------------------------------------


def test_a_review_knows_of_no_sale_of_its_own_day_or_later_and_of_no_media_that_is_too_young():
    books = Observations(
        [[MICROS] * 3], [[10, 20, 30]], [Sale(5.0, 0, 0, 100), Sale(9.0, 0, 0, 250), Sale(9.5, 0, 1, 1)]
    )
    assert books.counts(0, range(1), 9.0, by_value=True) == (10.0, 1.0, 1.0, 1.0, 1.0)
    assert books.counts(0, range(2), 9.6, by_value=True) == (30.0, 3.0, 2.0, 3.51, 3.0)
    assert books.counts(0, range(2), 9.6, by_value=False).revenue == 3.0


@pytest.mark.parametrize("engine", [reference_engine, compiled_engine])
def test_nothing_is_moved_on_the_strength_of_sales_to_come(engine):
    """Every purchase comes after the last review: then there is nothing to go by, whatever the channels are worth."""
    late = {"delays": {"purchase": {"law": "deterministic", "mean_days": 100.0}}}
    found = live(plan(late, reallocation=MOVING), engine=engine)
    assert len(found.purchases) > 20
    assert found.moves == ()


@settings(max_examples=8)
@given(SEEDS, st.integers(4, 10))
def test_moves_do_not_depend_on_what_happens_after_them(seed, period):
    """A campaign whose prospects of later periods never buy makes the same moves up to then."""
    acquisition = plan(reallocation=MOVING)
    full = live(acquisition, seed, engine=compiled_engine)
    end = full.lines[0].periods[period][0]

    class Cut(compiled_engine.FunnelState):
        def record_step(self, step):
            if step.period < period:
                super().record_step(step)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled_engine, "FunnelState", Cut)
        cut = live(acquisition, seed, engine=compiled_engine)

    def until(found):
        return [move for move in found.moves if move["proposed_on"] <= end]

    assert until(cut) == until(full)


# -- what is told of a run -------------------------------------------------------------------------


def test_lives_are_told_from_the_first_step_that_is_followed_and_of_buyers_only():
    setup = arm_with(plan())
    run = run_arm(setup, seed=1, replication=0, days=60.0, trace=True)
    lives = list(RunHistory(setup, run, 1, 0).histories())
    assert len(lives) == run.customers
    for life in lives:
        steps = [row.to_stage for row in life.rows if row.kind == FUNNEL]
        assert steps == ["signup", "demo_request", "purchase"]
        assert [row.kind for row in life.rows[3:4]] == ["arrival"]
        assert life.rows[2].time == life.rows[3].time == life.initial.arrives_at
        assert life.stays[0].entered_at == life.initial.arrives_at


def test_records_and_logs_of_a_run_hold_its_buyers_and_nobody_else(tmp_path):
    setup = arm_with(plan())
    run = run_arm(setup, seed=1, replication=0, days=60.0, trace=True)
    told, dates = RunHistory(setup, run, 1, 0), Dates.starting_on(None, 60.0)
    write_records(told, tmp_path / "records", dates)
    records = read_folder(tmp_path / "records")
    assert len(list(records.customer_ids())) == run.customers
    write_xes(told, tmp_path / "log.xes", dates)
    text = (tmp_path / "log.xes").read_text()
    assert text.count("<trace>") == run.customers
    assert text.count('<string key="concept:name" value="purchase"/>') == run.customers


def test_lives_in_the_arm_as_it_is_are_held_to_their_books():
    """Numbers with gaps do not mislead the checks of `journey verify`."""
    setup = arm_with(plan())
    run = run_arm(setup, seed=1, replication=0, days=90.0, trace=True)
    lives = read_histories(setup, run, seed=1)
    assert [check.name for check in judge_checks(check_conservation("arm", lives, run)) if not check.ok] == []
    assert lives.has_churned().sum() > 0
