"""Prospects, buyers and budgets: exact distributions, common random numbers in arms and engines, and rules of
budgets.
"""

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
from tests.levels import examples
from tests.simulation.acquisition_plans import MOVING, SPREAD, arm_with, buyers_of, plan, plans
from tests.simulation.compiled.test_engine import assert_same_rows, assert_same_totals
from tests.simulation.trace.trace_files import in_small_windows, rows_in

SEEDS = st.integers(0, 2**32)


def simulate(acquisition, seed=1, replication=0, engine=reference_engine):
    return engine.simulate_funnel(buyers_of(acquisition), seed=seed, replication=replication)


def success_positions(chance, impressions, key=12345):
    """All positions at which the first step is made."""
    positions, position = [], NO_POSITION
    while (position := next_position(key, len(positions), position, chance, impressions)) != NO_POSITION:
        positions.append(position)
    return positions


# -- skipping from one success to the next ---------------------------------------------------------


def test_certain_and_impossible_steps():
    assert success_positions(1.0, 5) == [0, 1, 2, 3, 4]
    assert success_positions(0.0, 10**9) == []
    assert success_positions(1e-300, 10**9) == []
    assert success_positions(0.5, 0) == []


def test_skipping_equals_a_bernoulli_trial_for_every_impression():
    """Ten positions over 4,000 periods: counts are binomial, and neighbours independent; all eleven |z| < 4."""
    periods, chance = 4000, 0.3
    hits = np.zeros((periods, 10))
    for period in range(periods):
        hits[period, success_positions(chance, 10, key=streams.mix(period + 1))] = 1.0
    z = (hits.sum(axis=0) - periods * chance) / sqrt(periods * chance * (1 - chance))
    assert np.abs(z).max() < 4.0
    pairs = (hits[:, :-1] * hits[:, 1:]).sum()
    expected, both = 9 * periods * chance**2, chance**2
    # Neighbouring pairs that share a position are correlated: Cov = p^3 - p^4, 16 times per period.
    variance = periods * (9 * both * (1 - both) + 16 * (chance**3 - chance**4))
    assert abs(pairs - expected) / sqrt(variance) < 4.0


def test_millions_of_impressions_take_a_few_hundred_steps():
    impressions, chance = 5_000_000, 1e-4
    successes = len(success_positions(chance, impressions))
    assert abs(successes - impressions * chance) < 4 * sqrt(impressions * chance)


@given(st.integers(0, 30), st.integers(0, 31), st.integers(0, 2047), st.integers(0, 2**32 - 1))
def test_prospect_numbers_are_unique_and_fit_a_float(campaign, channel, period, position):
    number = prospect_number(campaign, channel, period, position)
    assert number < 2**53
    assert (number >> 48) - 1 == campaign
    assert ((number >> 43) & 31, (number >> 32) & 2047, number & (2**32 - 1)) == (channel, period, position)


# -- exact answers ---------------------------------------------------------------------------------


@pytest.mark.compiled
@pytest.mark.parametrize("engine", [reference_engine, compiled_engine])
def test_a_funnel_is_a_product_of_binomials_by_the_checks_of_verify(engine):
    checks = judge_checks(acquisition_checks(arm_with(plan()), seed=3, engine=engine.simulate_funnel))
    assert [check.name for check in checks if not check.ok] == []
    assert max(abs(check.z) for check in checks if check.z is not None) < 4.0
    assert len(checks) == 12


def test_verify_detects_a_wrong_conversion_rate():
    def with_better_signups(population, *, seed, replication):
        campaign = population.acquisition.campaigns["launch"]
        channel = campaign.channels["search"]
        better = channel.model_copy(update={"conversion": {**channel.conversion, "signup": 0.3}})
        changed = campaign.model_copy(update={"channels": {**campaign.channels, "search": better}})
        acquisition = population.acquisition.model_copy(update={"campaigns": {"launch": changed}})
        result = reference_engine.simulate_funnel(
            population.model_copy(update={"acquisition": acquisition}), seed=seed, replication=0
        )
        # The theory uses the campaign as specified.
        lines = reference_engine.simulate_funnel(population, seed=seed, replication=replication).lines
        return type(result)(**{**vars(result), "lines": lines})

    checks = judge_checks(acquisition_checks(arm_with(plan()), seed=3, engine=with_better_signups))
    assert any("signups" in check.name for check in checks if not check.ok)


@pytest.mark.compiled
def test_purchases_over_many_funnels_have_the_mean_and_the_variance_of_a_binomial():
    """300 funnels of 2,400 impressions that buy with p = 0.02; z of mean and of variance below 4."""
    path = ("impression", "click", "purchase")
    conversion = {"click": 0.1, "purchase": 0.2}
    channel = {"cost_per_1000": 100, "budget": 240, "segments": {"SMB": 1.0}, "conversion": conversion}
    acquisition = Acquisition.model_validate(
        {"campaigns": {"launch": {"path": path, "days": 21, "channels": {"search": channel}}}}
    )
    counts = [len(simulate(acquisition, replication=r, engine=compiled_engine).purchases) for r in range(300)]
    binomial = stats.binom(2400, 0.02)
    assert abs(np.mean(counts) - binomial.mean()) < 4 * binomial.std() / sqrt(300)
    kurtosis = float(binomial.stats(moments="k"))
    error = binomial.var() * sqrt((kurtosis + 2) / 300)
    assert abs(np.var(counts, ddof=1) - binomial.var()) < 4 * error


def test_a_larger_budget_has_diminishing_returns():
    """The second thousand dollars reaches people already reached, exactly as the geometric series predicts."""
    small, large = (simulate(plan({"channels": {"search": {"budget": b, "audience": 2000}}})) for b in (3000, 6000))
    clicks = [sum(map(sum, (result.bulk_counts[0][segment][1] for segment in range(2)))) for result in (small, large)]
    for result, observed in zip((small, large), clicks, strict=True):
        n = result.impressions[0][0]
        # Twelve periods of n impressions at q = 0.1 exp(-k / A).
        mean = 12 * 0.1 * (1 - exp(-n / 2000)) / (1 - exp(-1 / 2000))
        assert abs(observed - mean) < 4 * sqrt(mean)
    assert clicks[1] < 1.5 * clicks[0]


@given(st.floats(100.0, 1e6), st.floats(0.0, 3.0), st.floats(0.1, 20.0))
def test_predicted_value_is_the_integral_of_survival(value, hazard, years):
    exact, _ = integrate.quad(lambda t: value * exp(-hazard * t), 0.0, years)
    assert predict_retained_value(value, hazard, years) == pytest.approx(exact, rel=1e-7)


# -- common random numbers -------------------------------------------------------------------------


@pytest.mark.slow
@settings(max_examples=examples(40, otherwise=12))
@given(plans(), SEEDS, st.integers(0, 3))
def test_both_engines_simulate_the_same_funnel(acquisition, seed, replication):
    reference, compiled = (
        simulate(acquisition, seed, replication, engine) for engine in (reference_engine, compiled_engine)
    )
    assert reference == compiled


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["none", "by_conversion", "by_retained_value"])
@pytest.mark.parametrize("days", [30.0, 200.0])
def test_a_run_is_the_same_in_both_engines_with_and_without_a_trace(rule, days, tmp_path, monkeypatch):
    arm_spec = arm_with(plan(reallocation={**MOVING, "rule": rule}))
    run_options = {"seed": 5, "replication": 0, "days": days}
    runs = []
    for engine in ("reference", "compiled"):
        customers.clear_cache()
        runs.append(run_arm(arm_spec, trace=True, engine=engine, **run_options))
    reference, compiled = runs
    assert reference.customers > 10
    assert_same_rows(reference, compiled)
    assert_same_totals(reference, compiled)
    assert reference.acquisition == compiled.acquisition
    without_trace = run_arm(arm_spec, engine="compiled", **run_options)
    assert_same_totals(reference, without_trace)
    path = in_small_windows(monkeypatch, tmp_path)
    with trace_file(path) as folder:
        run_arm(arm_spec, engine="compiled", trace_folder=folder, **run_options)
    assert rows_in(path) == reference.trace.sorted_rows()


def test_a_rule_without_transfers_does_not_change_the_trace():
    without_reviews = arm_with(plan())
    reviews = arm_with(plan(reallocation={**MOVING, "lag_days": 1000.0}))
    rows = [
        run_arm(s, seed=2, replication=0, days=150.0, trace=True).trace.sorted_rows()
        for s in (without_reviews, reviews)
    ]
    assert rows[0] == rows[1]
    assert len(rows[0]) > 500


@settings(max_examples=examples(12, otherwise=4))
@given(plans(), st.floats(1.0, 3.0), SEEDS)
def test_a_larger_budget_reaches_the_same_prospects_and_more(acquisition, factor, seed):
    """Prospects reached with both budgets make the same steps on the same days."""
    fixed = acquisition.model_copy(update={"reallocation": plan().reallocation})
    larger = {
        name: campaign.model_copy(
            update={
                "channels": {
                    key: channel.model_copy(update={"budget": channel.budget * factor})
                    for key, channel in campaign.channels.items()
                }
            }
        )
        for name, campaign in fixed.campaigns.items()
    }
    before, after = simulate(fixed, seed), simulate(fixed.model_copy(update={"campaigns": larger}), seed)
    assert set(before.steps) <= set(after.steps)


def test_prospects_reached_in_two_arms_have_the_same_history_in_both():
    """This holds as long as the arms' review queues do not differ; here no arm is active."""
    rules = ("by_conversion", "none")
    arm_specs = [arm_with(plan(reallocation={**MOVING, "rule": rule}), active=False) for rule in rules]
    runs = [run_arm(arm_spec, seed=4, replication=0, days=250.0, trace=True) for arm_spec in arm_specs]
    histories = []
    for run in runs:
        by_number = {}
        for row in run.trace.sorted_rows():
            by_number.setdefault(row.customer, []).append(row)
        histories.append(by_number)
    shared = histories[0].keys() & histories[1].keys()
    assert len(shared) > 100
    assert histories[0].keys() != histories[1].keys()
    assert all(histories[0][number] == histories[1][number] for number in shared)


# -- buyers ----------------------------------------------------------------------------------------


def test_buyers_start_on_the_day_of_purchase_and_have_the_quality_of_their_channel():
    acquisition, machine = plan(), default_journey().compile()
    without_quality = plan({"channels": {"deals": {"quality": {"account_value": 1.0, "churn": 1.0}}}})
    persons, plain = (
        {p.number: p for p in build_cohort(buyers_of(funnel), machine, seed=1, replication=0).customers}
        for funnel in (acquisition, without_quality)
    )
    bought = {step.number: step for step in simulate(acquisition).purchases}
    assert persons.keys() == plain.keys() == bought.keys()
    assert list(persons) == sorted(persons)
    for number, person in persons.items():
        deals = bought[number].line == 1
        key = customer_key(1, 0, number)
        hazard = draw_frailty(SPREAD, key, person.frailty_draw) / draw_frailty(SPREAD, key, plain[number].frailty_draw)
        assert (person.arrives_at, person.tenure_days, person.stage) == (bought[number].time, 0.0, machine.initial[0])
        assert person.account_value == pytest.approx(plain[number].account_value * (0.6 if deals else 1.0))
        assert hazard == pytest.approx(2.0 if deals else 1.0)
        assert not deals or person.tier == 2


@pytest.mark.compiled
@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_a_buyer_after_the_horizon_is_not_a_customer(engine):
    arm_spec = arm_with(plan())
    run = run_arm(arm_spec, seed=1, replication=0, days=20.0, trace=True, engine=engine)
    steps = [row for row in run.trace.rows if row.kind == FUNNEL]
    bought = [row for row in steps if row.to_stage == "purchase"]
    assert run.customers == len(bought) == run.metrics["purchases"] > 0
    assert max(row.time for row in run.trace.rows) < 20.0
    assert {row.customer for row in steps} > {row.customer for row in bought}
    assert run.events == len(run.trace.rows) == sum(run.events_by_kind.values())
    # Media of three periods, bought on days 0, 7 and 14.
    assert [len(line["spend"]) for line in run.acquisition["lines"]] == [3, 3]


@pytest.mark.compiled
@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_a_funnel_without_buyers_gives_a_run_without_customers(engine):
    no_purchases = {"conversion": {"purchase": 0.0}, "by_segment": {"Enterprise": {"purchase": 0.0}}}
    arm_spec = arm_with(plan({"channels": {"search": no_purchases, "deals": {"conversion": {"purchase": 0.0}}}}))
    run = run_arm(arm_spec, seed=1, replication=0, days=60.0, trace=True, engine=engine)
    assert run.customers == run.metrics["purchases"] == run.metrics["retained_margin"] == 0
    assert run.metrics["cost_per_acquisition"] is None
    assert run.metrics["signups"] > 0


def test_arms_with_campaigns_cannot_share_a_run():
    arm_spec = arm_with(plan())
    with pytest.raises(InputError, match=r"--mode counterfactual"):
        run_together([arm_spec, arm_spec], seed=1, replication=0, days=10.0)


# -- budgets ---------------------------------------------------------------------------------------


@pytest.mark.slow
@settings(max_examples=examples(20, otherwise=7))
@given(plans(rules=("by_conversion", "by_retained_value")), SEEDS)
def test_transfers_conserve_money_and_keep_the_rules(acquisition, seed):
    result = simulate(acquisition, seed, engine=compiled_engine)
    assert [
        check.name
        for check in judge_checks(
            arm_funnel_checks(arm_with(acquisition), seed=seed, engine=compiled_engine.simulate_funnel)
        )
        if not check.ok
    ] == []
    assert min(result.balances) >= 0
    openings = {line.key: line.budget for line in result.lines}
    machine = budget_action_lifecycle()
    statuses, actors = {}, {}
    for event in result.log:
        assert event.from_status is None or machine.is_legal_step(event.from_status, event.to_status)
        assert statuses.get(event.entity_id) == event.from_status
        statuses[event.entity_id] = event.to_status
        actors.setdefault(event.entity_id, {})[event.to_status] = event.actor_kind
    transferred = Counter()
    for move in result.moves:
        name, threshold = move["budget_action_id"], acquisition.reallocation.budget.approval_from
        assert move["from_channel_id"] != move["to_channel_id"]
        assert move["amount"] > 0.0
        assert move["status"] == statuses[name]
        assert move["decided_on"] >= move["proposed_on"]
        if move["amount"] >= threshold:
            assert actors[name].get("approved", "human") == "human"
        if move["status"] == "executed":
            transferred[move["campaign_id"], move["from_channel_id"]] += round(move["amount"] * MICROS)
            transferred[move["campaign_id"], move["to_channel_id"]] -= round(move["amount"] * MICROS)
    for line, spent, left in zip(result.lines, result.spent, result.balances, strict=True):
        # Spending and balance add up to the opening budget and the transfers.
        assert sum(spent) + left == openings[line.key] - transferred[line.key]


@pytest.mark.compiled
def test_the_cases_above_include_transfers_with_every_outcome():
    """Their cases are not empty: executed with and without approval, and rejected."""
    outcomes = Counter()
    for seed in range(6):
        rule = {**MOVING, "rejected": 0.4, "budget": {**MOVING["budget"], "approval_from": 300}}
        for move in simulate(plan(reallocation=rule), seed, engine=compiled_engine).moves:
            outcomes[move["status"], move["requires_human_approval"]] += 1
    assert {("executed", True), ("executed", False), ("rejected", True)} <= set(outcomes)


@pytest.mark.compiled
def test_money_spent_before_the_approval_is_not_transferred():
    """A transfer approved after weeks may exceed the balance; it is then rejected with a reason."""
    rule = {**MOVING, "approval_mean_days": 40.0, "rejected": 0.0}
    moves = [
        move for seed in range(12) for move in simulate(plan(reallocation=rule), seed, engine=compiled_engine).moves
    ]
    refused = [move["reason"] for move in moves if move["status"] == "rejected"]
    assert refused
    assert all("to give" in reason for reason in refused)


# -- no look-ahead ---------------------------------------------------------------------------------


def test_a_review_ignores_later_sales_and_recent_media():
    observations = Observations(
        [[MICROS] * 3], [[10, 20, 30]], [Sale(5.0, 0, 0, 100), Sale(9.0, 0, 0, 250), Sale(9.5, 0, 1, 1)]
    )
    assert observations.counts(0, range(1), 9.0, by_value=True) == (10.0, 1.0, 1.0, 1.0, 1.0)
    assert observations.counts(0, range(2), 9.6, by_value=True) == (30.0, 3.0, 2.0, 3.51, 3.0)
    assert observations.counts(0, range(2), 9.6, by_value=False).revenue == 3.0


@pytest.mark.compiled
@pytest.mark.parametrize("engine", [reference_engine, compiled_engine])
def test_no_transfer_is_based_on_later_sales(engine):
    """Every purchase comes after the last review, so no review has data, whatever the channels are worth."""
    late = {"delays": {"purchase": {"law": "deterministic", "mean_days": 100.0}}}
    result = simulate(plan(late, reallocation=MOVING), engine=engine)
    assert len(result.purchases) > 20
    assert result.moves == ()


@pytest.mark.compiled
@settings(max_examples=examples(8, otherwise=3))
@given(SEEDS, st.integers(4, 10))
def test_transfers_do_not_depend_on_later_events(seed, period):
    """A campaign whose later prospects never buy makes the same transfers up to then."""
    acquisition = plan(reallocation=MOVING)
    full = simulate(acquisition, seed, engine=compiled_engine)
    end = full.lines[0].periods[period][0]

    class Cut(compiled_engine.FunnelState):
        def record_step(self, step):
            if step.period < period:
                super().record_step(step)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled_engine, "FunnelState", Cut)
        cut = simulate(acquisition, seed, engine=compiled_engine)

    def early_moves(result):
        return [move for move in result.moves if move["proposed_on"] <= end]

    assert early_moves(cut) == early_moves(full)


# -- histories and exports -------------------------------------------------------------------------


def test_histories_start_with_the_first_tracked_step_and_are_those_of_buyers():
    arm_spec = arm_with(plan())
    run = run_arm(arm_spec, seed=1, replication=0, days=60.0, trace=True)
    histories = list(RunHistory(arm_spec, run, 1, 0).histories())
    assert len(histories) == run.customers
    for history in histories:
        steps = [row.to_stage for row in history.rows if row.kind == FUNNEL]
        assert steps == ["signup", "demo_request", "purchase"]
        assert [row.kind for row in history.rows[3:4]] == ["arrival"]
        assert history.rows[2].time == history.rows[3].time == history.initial.arrives_at
        assert history.stays[0].entered_at == history.initial.arrives_at


def test_exported_records_and_logs_contain_exactly_the_buyers(tmp_path):
    arm_spec = arm_with(plan())
    run = run_arm(arm_spec, seed=1, replication=0, days=60.0, trace=True)
    run_history, dates = RunHistory(arm_spec, run, 1, 0), Dates.starting_on(None, 60.0)
    write_records(run_history, tmp_path / "records", dates)
    records = read_folder(tmp_path / "records")
    assert len(list(records.customer_ids())) == run.customers
    write_xes(run_history, tmp_path / "log.xes", dates)
    text = (tmp_path / "log.xes").read_text()
    assert text.count("<trace>") == run.customers
    assert text.count('<string key="concept:name" value="purchase"/>') == run.customers


def test_histories_of_buyers_pass_the_conservation_checks():
    """Customer numbers with gaps do not mislead the checks of `journey verify`."""
    arm_spec = arm_with(plan())
    run = run_arm(arm_spec, seed=1, replication=0, days=90.0, trace=True)
    histories = read_histories(arm_spec, run, seed=1)
    assert [check.name for check in judge_checks(check_conservation("arm", histories, run)) if not check.ok] == []
    assert histories.has_churned().sum() > 0
