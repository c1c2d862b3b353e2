"""Money by hand: every line a quantity times a price, every dollar once."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from scenarios.comparison.compare import compare, summarise
from scenarios.comparison.money import MIN_CUSTOMERS, beyond_horizon_factor, weakest_provenance
from scenarios.comparison.replications import Replications
from scenarios.files.loader import load
from scenarios.files.model import Amount, Money
from tests.scenarios.fakes import run

BASE = {
    "revenue": 1000.0,
    "live_value_end": 2000.0,
    "escalations": 10.0,
    "support_days": 50.0,
    "reviews": 0.0,
    "review_minutes": 0.0,
    "evaluations": 0.0,
    "actions.support_manager_followup": 4.0,
    "action_cost.support_manager_followup": 320.0,
}
TREATED = {
    "revenue": 5000.0,
    "live_value_end": 12000.0,
    "escalations": 7.0,
    "support_days": 40.0,
    "reviews": 5.0,
    "review_minutes": 150.0,
    "evaluations": 3000.0,
    "actions.support_manager_followup": 1.0,
    "action_cost.support_manager_followup": 80.0,
    "actions.proactive_outreach": 20.0,
    "action_cost.proactive_outreach": 1200.0,
}


def money(pairs=((BASE, TREATED),), overrides=(), days=365.0):
    loaded = load("default", ["money.discount_per_year=0", *overrides])
    runs = tuple(
        (run("baseline", days, 0.2, quantities=before), run("treated", days, 0.2, quantities=after))
        for before, after in pairs
    )
    return summarise(loaded, Replications(runs, len(runs))).roi["treated"]


def lines(found):
    return {line.name: (line.quantity, line.unit_price, line.amount) for line in found.ledger.lines}


def test_every_line_by_hand():
    found = money()
    assert lines(found) == {
        "margin_retained": (4000.0, 0.75, 3000.0),
        "value_beyond_horizon": (10000.0, 0.75, 7500.0),
        "escalations_avoided": (3.0, 270.0, 810.0),
        "support_days_avoided": (10.0, 40.0, 400.0),
        "actions.support_manager_followup": (-3.0, 80.0, -240.0),
        "actions.proactive_outreach": (20.0, 60.0, 1200.0),
        "review_time": (2.5, 60.0, 150.0),
        "evaluations": (3000.0, 0.002, 6.0),
    }
    assert found.ledger.value == 11710.0
    assert found.ledger.cost == 1116.0
    assert found.ledger.net == 10594.0
    assert found.roi == pytest.approx(10594.0 / 1116.0)
    assert found.net.mean == pytest.approx(10594.0)


def without(quantities, name):
    return {key: value for key, value in quantities.items() if key != name}


def unknown(quantities, name):
    return {**quantities, name: None}


@pytest.mark.parametrize("drop", [without, unknown])
@pytest.mark.parametrize("side", [0, 1])
def test_an_unknown_quantity_is_unknown_and_not_zero(drop, side):
    """In one arm or one replication: 10 escalations against an unknown number are not 10 escalations avoided."""
    pair = [BASE, TREATED]
    pair[side] = drop(pair[side], "escalations")
    found = money([(BASE, TREATED), tuple(pair)])
    assert lines(found)["escalations_avoided"] == (None, 270.0, None)
    assert found.ledger.not_counted == ("escalations_avoided",)
    # 3,000 + 7,500 + 400 of the lines that are known, in both replications.
    assert found.ledger.value == 10900.0
    assert found.net.mean == pytest.approx(found.ledger.net) == 10900.0 - 1116.0
    assert found.net.sd == 0.0


def test_an_action_that_one_arm_never_took_is_zero_and_not_unknown():
    assert lines(money())["actions.proactive_outreach"][0] == 20.0


def test_the_roi_has_the_interval_of_a_ratio_of_means():
    """Fieller's interval: at its ends SciPy's t test of "net = ROI x cost" has p = 0.05."""
    gains = [900.0, 1100.0, 1000.0, 1250.0, 950.0]
    pairs = [(BASE, {**TREATED, "revenue": 1000.0 + 5 * gain, "evaluations": gain}) for gain in gains]
    found = money(pairs)
    nets, costs = [], []
    for gain in gains:
        costs.append(1110.0 + 0.002 * gain)
        nets.append(0.75 * 5 * gain + 7500.0 + 810.0 + 400.0 - costs[-1])
    assert found.net.mean == pytest.approx(sum(nets) / 5)
    low, high = found.roi_interval
    assert low < found.roi < high
    for end in (low, high):
        assert stats.ttest_1samp(np.array(nets) - end * np.array(costs), 0.0).pvalue == pytest.approx(0.05, abs=1e-6)


def test_one_replication_gives_no_interval_of_the_roi():
    assert money().roi_interval is None


def test_the_kinds_add_up_to_the_totals_and_the_net():
    found = money().ledger
    value = sum(line.amount for line in found.lines if line.kind == "value")
    cost = sum(line.amount for line in found.lines if line.kind == "cost")
    assert (found.value, found.cost, found.net) == (
        pytest.approx(value),
        pytest.approx(cost),
        pytest.approx(value - cost),
    )


def test_infrastructure_is_charged_where_the_orchestrator_is_new(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text('extends = "default"\n[arms.baseline]\nactive = false\nactions = []\n')
    loaded = load(path)
    pair = (run("baseline", 365.0, 0.2), run("treated", 365.0, 0.2))
    found = summarise(loaded, Replications((pair,), 1)).roi["treated"]
    assert lines(found)["infrastructure"] == (12.0, 200.0, 2400.0)
    # With an orchestrator in both arms it makes no difference.
    assert "infrastructure" not in lines(money())


def test_arms_that_pay_different_prices_pay_on_lines_of_their_own():
    found = lines(money(overrides=["arms.treated.policy.actions.support_manager_followup.cost=100"]))
    assert found["actions.support_manager_followup (treated)"] == (1.0, 100.0, 100.0)
    assert found["actions.support_manager_followup (baseline)"] == (-4.0, 80.0, -320.0)


def test_an_action_that_is_free_in_one_arm_is_still_paid_for_in_the_other():
    found = money(overrides=["arms.treated.policy.actions.support_manager_followup.cost=0"])
    assert lines(found)["actions.support_manager_followup (baseline)"] == (-4.0, 80.0, -320.0)
    assert found.net.mean == pytest.approx(found.ledger.net)


def test_without_additional_cost_there_is_no_roi_but_a_reason():
    found = money(pairs=[(TREATED, BASE)])
    assert found.ledger.cost < 0.0
    assert found.roi is None
    assert "no more than the baseline" in found.roi_reason


def test_a_loss_is_a_negative_value_and_a_negative_roi():
    worse = {**TREATED, "revenue": 900.0, "live_value_end": 1900.0, "escalations": 11.0, "support_days": 60.0}
    found = money(pairs=[(BASE, worse)])
    assert found.ledger.value < 0.0
    assert found.roi == pytest.approx(found.ledger.net / found.ledger.cost)
    assert found.roi < -1.0
    assert found.probability_positive is None  # one cohort gives no share of cohorts with a gain


def test_the_probability_is_the_share_of_cohorts_with_a_gain():
    worse = {**TREATED, "revenue": 0.0, "live_value_end": 0.0}
    assert money(pairs=[(BASE, TREATED), (BASE, worse), (BASE, TREATED), (BASE, TREATED)]).probability_positive == 0.75


def test_an_action_taken_in_some_cohorts_only_is_averaged_over_all():
    without = {name: value for name, value in TREATED.items() if "proactive" not in name}
    found = money(pairs=[(BASE, TREATED), (BASE, without)])
    assert lines(found)["actions.proactive_outreach"] == (10.0, 60.0, 600.0)
    assert found.net.mean == pytest.approx(found.ledger.net)


@pytest.mark.parametrize(("rate", "years", "days"), [(0.08, 1.0, 365.0), (0.2, 3.0, 90.0), (0.0, 2.0, 365.0)])
def test_value_beyond_the_horizon_is_a_discounted_integral(rate, years, days):
    assumed = Money(
        discount_per_year=Amount(amount=rate, provenance="assumed"),
        beyond_horizon_years=Amount(amount=years, provenance="assumed"),
    )
    start = days / 365.0
    exact, _ = quad(lambda year: (1.0 + rate) ** -year, start, start + years)
    assert beyond_horizon_factor(assumed, days) == pytest.approx(exact, rel=1e-9)


def test_nothing_is_credited_beyond_the_horizon_when_no_years_are():
    assert lines(money(overrides=["money.beyond_horizon_years=0"]))["value_beyond_horizon"][2] == 0.0


def test_a_product_is_known_no_better_than_its_weakest_factor():
    assert weakest_provenance("measured", "measured") == "measured"
    assert weakest_provenance("measured", "calibrated", "assumed") == "assumed"
    assert weakest_provenance("default", "measured") == "default"


def test_provenance_follows_what_the_scenario_states():
    def provenance(*overrides):
        return {line.name: line.provenance for line in money(overrides=overrides).ledger.lines}

    assert provenance()["margin_retained"] == "default"
    assert provenance("policy.economics.margin_rate=0.6")["margin_retained"] == "assumed"
    assert provenance("policy.actions.proactive_outreach.cost=50")["actions.proactive_outreach"] == "assumed"
    measured = provenance('policy.economics.reviewer_hour={ amount = 70, provenance = "measured" }')
    assert measured["review_time"] == "measured"


def skewed(setup, *, seed, replication, days, trace=False, engine="reference", customers=30):
    """A cohort whose net a few large accounts decide: the treatment keeps one customer in 150, of log-normal value."""
    rng = np.random.default_rng([seed, replication])
    kept = rng.lognormal(10.0, 1.0, rng.binomial(customers, 1 / 150)).sum() if setup.name == "treated" else 0.0
    return run(setup.name, days, 0.2, quantities={**BASE, "revenue": 1e6 + kept}, customers=customers)


def share_covered(customers, replications, trials):
    base = load("default", [f"replications={replications}", "money.discount_per_year=0"])
    truth = 0.75 * customers / 150 * math.exp(10.5)
    hits, notes = 0, set()
    for seed in range(trials):
        loaded = replace(base, scenario=base.scenario.model_copy(update={"seed": seed}))
        found = compare(loaded, run_arm=partial(skewed, customers=customers)).roi["treated"]
        hits += found.net.low <= truth <= found.net.high
        notes.add(found.note)
    (note,) = notes
    return hits / trials, note


@pytest.mark.medium
def test_the_interval_of_a_net_that_few_accounts_decide_comes_with_a_warning():
    """Eight cohorts of 30: the nominal 95 % interval covers far less often, and a note reports it."""
    covered, note = share_covered(customers=30, replications=8, trials=150)
    assert covered < 0.85
    assert note.startswith("Only 240 customers were simulated in an arm")
    # 95 % less what skewness still costs, and three standard errors.
    enough, silence = share_covered(customers=MIN_CUSTOMERS, replications=8, trials=150)
    assert enough > 0.93 - 3 * math.sqrt(0.07 * 0.93 / 150)
    assert silence == ""


def test_the_warning_is_in_the_verdict_and_in_the_json():
    few = compare(load("default", ["replications=4"]), run_arm=partial(skewed, customers=30))
    assert few.roi["treated"].note in few.verdict.text
    assert few.to_dict()["roi"]["treated"]["net_ci_note"] == few.roi["treated"].note
    one = compare(load("default", ["replications=1"]), run_arm=partial(skewed, customers=30))
    assert one.roi["treated"].note == ""


@pytest.mark.parametrize(("customers", "warned"), [(3999, True), (4000, False), (4994, False)])
def test_almost_as_many_customers_as_recommended_are_no_reason_for_a_warning(customers, warned):
    loaded = load("default")
    pairs = tuple(
        (run("baseline", 365.0, 0.2, customers=n), run("treated", 365.0, 0.2, customers=n))
        for n in (customers - 1000, 1000)
    )
    assert bool(summarise(loaded, Replications(pairs, 2)).roi["treated"].note) == warned
