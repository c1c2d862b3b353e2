"""The full world validated against theory: correlated traits, fatigue, consent, record errors, noise, queue statistics.

Seeds are fixed. Asking for a z below 4 would fail a sound engine in 6 of 100,000 cases, asking for a
Kolmogorov-Smirnov p-value above 1e-4 in one of 10,000.
"""

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise
from math import asin, pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from simulation.model import record_errors
from simulation.model.population_spec import Population
from simulation.model.reviewers_spec import Reviewers
from simulation.population.draw import draw_frailty
from simulation.random import streams
from simulation.runs.cohort import build_cohort
from simulation.runs.run import run_arm
from tests.levels import examples
from tests.simulation.bare_worlds import bare, z_of
from tests.simulation.full_worlds import full_arm
from tests.simulation.worlds import NO_EFFECT, arm

SEEDS = st.integers(0, 2**32)
KS_LEVEL = 1e-4


def simulate(setup, *, seed=1, days=120.0):
    return run_arm(setup, seed=seed, replication=0, days=days, trace=True)


# -- traits that go together -------------------------------------------------------------------------------

CROWD = 20_000


def crowd(correlations, *, seed=3, size=CROWD):
    """Customers with value, tier (low or high, as many of each), tenure and frailty of a Gaussian copula."""
    segment = {
        "share": 1.0, "account_value": 1000.0, "value_spread": 0.7, "tiers": {"low": 1.0, "high": 1.0},
        "tenure_mean_days": 300.0,
    }  # fmt: skip
    population = Population.model_validate({"size": size, "segments": {"all": segment}, "correlations": correlations})
    persons = list(build_cohort(population, bare().journey.compile(), seed=seed, replication=0).customers)
    keys = [streams.customer_key(seed, 0, person.number) for person in persons]
    return {
        "value": np.array([person.account_value for person in persons]),
        "tier": np.array([person.tier for person in persons]),
        "tenure": np.array([person.recorded_tenure_days for person in persons]),
        "frailty": np.array([draw_frailty(0.8, key, p.frailty_draw) for p, key in zip(persons, keys, strict=True)]),
    }


PAIRS = ["value_tier", "value_tenure", "value_frailty", "tier_tenure", "tier_frailty", "tenure_frailty"]


def spearman_of(pair, rho):
    """Of two continuous traits ``6/pi asin(rho/2)`` (Kruskal 1958); with one cut at its median, by the same orthant
    probabilities, ``sqrt(12)/pi asin(rho/sqrt(2))``."""
    return sqrt(12.0) / pi * asin(rho / sqrt(2.0)) if "tier" in pair.split("_") else 6.0 / pi * asin(rho / 2.0)


@pytest.mark.slow
@pytest.mark.parametrize("rho", [-0.6, 0.3, 0.9])
@pytest.mark.parametrize("pair", PAIRS)
def test_two_traits_have_the_rank_correlation_of_the_gaussian_copula(pair, rho):
    """The standard error of a rank correlation is below 1 / sqrt(n) at any of these."""
    traits = crowd({pair: rho})
    one, other = pair.split("_")
    found = stats.spearmanr(traits[one], traits[other]).statistic
    assert abs(found - spearman_of(pair, rho)) < 4.0 / sqrt(CROWD)
    for unrelated in PAIRS:
        if unrelated != pair:
            first, second = unrelated.split("_")
            assert abs(stats.spearmanr(traits[first], traits[second]).statistic) < 4.0 / sqrt(CROWD)


@pytest.mark.medium
def test_correlations_leave_each_trait_its_own_distribution():
    together, alone = crowd({"value_tier": 0.5, "value_tenure": -0.4, "tier_frailty": 0.3}), crowd({})
    for name in ("value", "tenure", "frailty"):
        assert stats.ks_2samp(together[name], alone[name]).pvalue > KS_LEVEL
    assert abs(z_of(int((together["tier"] == together["tier"].max()).sum()), CROWD, 0.5)) < 4.0
    assert stats.kstest(together["tenure"], "expon", args=(0.0, 300.0)).pvalue > KS_LEVEL
    assert stats.kstest(np.log(together["value"] / 1000.0) / 0.7, "norm").pvalue > KS_LEVEL


@given(SEEDS)
@settings(max_examples=examples(10, otherwise=3))
def test_zero_correlations_leave_everything_as_it_is_to_the_bit(seed):
    zero = full_arm(population={"size": 20, "correlations": dict.fromkeys(PAIRS, 0.0)})
    kept = zero.population.model_dump(exclude={"correlations"})
    none = replace(zero, population=Population.model_validate(kept))
    assert simulate(zero, seed=seed).trace.sorted_rows() == simulate(none, seed=seed).trace.sorted_rows()


def test_a_vanishing_correlation_moves_no_trait_visibly():
    """The correlated path with almost nothing in it gives what the independent path gives."""
    almost, none = crowd({"value_frailty": 1e-13}, size=300), crowd({}, size=300)
    for name, values in none.items():
        assert almost[name] == pytest.approx(values, rel=1e-10)


# -- fatigue and consent -----------------------------------------------------------------------------------


def weary(fatigue):
    """All customers are in distress for good and contacted all the time, so only their response shows."""
    effect = {"response": 0.8, "recovery_ratio": 1.0, "by_cause": {}, "harm_ratio": 1.0, "delay_days": 0.2}
    return arm(
        world={
            "moves": {"churn": {"dwell": {"mean_days": 1e5}}},
            "distress": {
                "causes": {
                    "falling_usage": {
                        "onset_per_day": dict.fromkeys(("onboarding", "engagement", "retention"), 50.0),
                        "mean_days": 1e6,
                        "churn_ratio": 1.0,
                        "symptoms": {"usage_drop": 0.5},
                    }
                }
            },
            "effects": dict.fromkeys(NO_EFFECT, effect),
            "fatigue": fatigue,
            "decisions": {"outcome_window_days": 2.0},
        },
        policy={
            "thresholds": {"act_severity": 0.0, "act_confidence": 0.0, "approve_human_severity": 1.0,
                           "approve_high_tier_severity": 1.0, "approve_value_severity": 1.0},
            "contact": {"cool_down_days": 3.0, "max_contacts": 1000},
        },
        population={"size": 60},
    )  # fmt: skip


@pytest.mark.medium
def test_the_response_falls_by_the_share_lost_to_the_power_of_the_faded_level():
    """``response (1 - lost)^level``, where every contact adds 1 to a level that halves in the half-life."""
    lost, half_life = 0.3, 10.0
    run = simulate(weary({"half_life_days": half_life, "response_lost": lost}), seed=4, days=150.0)
    chances, responded = [], []
    level, since, chance, troubled = Counter(), Counter(), {}, set()
    for row in run.trace.sorted_rows():
        who = row.customer
        if row.kind == "distress_on":
            troubled.add(who)
        elif row.kind == "action":
            before = level[who] * 2.0 ** (-(row.time - since[who]) / half_life)
            chance[who] = 0.8 * (1.0 - lost) ** before if who in troubled else None
            level[who], since[who] = before + 1.0, row.time
        elif row.kind == "outcome" and chance[who] is not None:
            chances.append(chance[who])
            responded.append(row.label == "partial_improvement")
    chances, responded = np.array(chances), np.array(responded)
    assert len(chances) > 1000
    for part in (chances > np.median(chances), chances <= np.median(chances)):
        error = np.sqrt((chances[part] * (1.0 - chances[part])).sum())
        assert abs(responded[part].sum() - chances[part].sum()) < 4.0 * error
    assert chances.min() < 0.5 < 0.79 < chances.max()


@settings(max_examples=examples(15, otherwise=5))
@given(SEEDS, st.floats(0.0, 1.0), st.booleans())
def test_customers_without_consent_are_never_contacted_or_reviewed(seed, share, full):
    setup = (full_arm if full else arm)(population={"size": 40, "segments": without_consent(share)})
    silent = {person.number for person in people_of(setup, seed) if not person.consents}
    asked = {
        row.customer for row in simulate(setup, seed=seed).trace.rows if row.kind in ("action", "review_requested")
    }
    assert not asked & silent


def without_consent(share):
    return {segment: {"do_not_contact": share} for segment in ("SMB", "Enterprise")}


def people_of(setup, seed):
    return list(build_cohort(setup.population, setup.journey.compile(), seed=seed, replication=0).customers)


def test_consent_is_refused_by_the_share_that_is_given():
    segment = {"share": 1.0, "account_value": 1.0, "do_not_contact": 0.3}
    population = Population.model_validate({"size": CROWD, "segments": {"all": segment}})
    persons = build_cohort(population, bare().journey.compile(), seed=5, replication=0).customers
    assert abs(z_of(sum(not person.consents for person in persons), CROWD, 0.3)) < 4.0


def test_with_consent_some_of_them_would_have_been_contacted():
    """The statement on consent would be empty otherwise."""
    setup = full_arm(population={"segments": without_consent(0.0)})
    assert any(row.kind == "action" for row in simulate(setup).trace.rows)


# -- imperfect records -------------------------------------------------------------------------------------

NOISY = {"signals": {"false_per_day": {"usage_drop": 0.2}, "delay_mean_days": 0.0}}


def recorded(**shares):
    """The rows of all signals in a world without orchestrator, and how many there would be in perfect records."""
    setups = [arm(active=False, world={**NOISY, "imperfections": made}) for made in ({}, shares)]
    perfect, found = (
        [row for row in simulate(setup, seed=6, days=250.0).trace.rows if row.kind == "signal"] for setup in setups
    )
    return len(perfect), found


def test_signals_are_missing_orphaned_and_duplicated_at_their_rates():
    n, found = recorded(signals_missing=0.2, signals_orphaned=0.1, signals_duplicated=0.3)
    by_record = Counter(row.reason if row.reason in ("orphaned", "duplicate") else "sound" for row in found)
    known = by_record["sound"] + by_record["orphaned"]
    assert n > 2000
    assert abs(z_of(n - known, n, 0.2)) < 4.0
    assert abs(z_of(by_record["orphaned"], n, 0.1)) < 4.0
    assert abs(z_of(by_record["duplicate"], known, 0.3)) < 4.0


def test_signals_are_late_at_their_rate_by_an_exponential_delay():
    """The delay is short beside the run, so hardly any late signal is known only after its end."""
    _, found = recorded(signals_late=0.4, late_mean_days=0.05)
    late = np.array([row.time - row.dated for row in found if row.dated is not None])
    assert abs(z_of(len(late), len(found), 0.4)) < 4.0
    assert stats.kstest(late, "expon", args=(0.0, 0.05)).pvalue > KS_LEVEL


@pytest.mark.medium
def test_first_entries_are_wrongly_recorded_at_their_rates():
    """At the first move the stage on record before it is right, so a missing entry shows as well as a wrong one."""
    setup = arm(
        world={
            "imperfections": {"stages_missing": 0.2, "stages_wrong": 0.15},
            "decisions": {"cadence_days": 0.0, "on_signal": False},
        },
        population={"size": 1500},
    )
    first = {}
    for row in simulate(setup, seed=7, days=100.0).trace.sorted_rows():
        if row.kind == "decision":
            first.setdefault(row.customer, row)
    missing = sum(row.to_stage == "onboarding" and row.stage != "onboarding" for row in first.values())
    wrong = sum(row.to_stage is not None for row in first.values())
    assert len(first) > 1000
    # One wrong entry in four of five stages besides names onboarding too.
    assert abs(z_of(wrong, len(first), 0.35)) < 4.0
    assert abs(z_of(missing, len(first), 0.2 + 0.15 / 4.0)) < 4.0


def test_a_wrong_entry_names_each_other_live_stage_as_often():
    live = (True, True, False, True, True)
    named = Counter(
        record_errors.recorded_stage(streams.customer_key(8, 0, n), 1, 1, live, 0.1, 0.6) for n in range(CROWD)
    )
    assert set(named) == {record_errors.UNRECORDED, 0, 1, 3, 4}
    assert abs(z_of(named[record_errors.UNRECORDED], CROWD, 0.1)) < 4.0
    for other in (0, 3, 4):
        assert abs(z_of(named[other], CROWD, 0.2)) < 4.0


@settings(max_examples=examples(10, otherwise=3))
@given(SEEDS, st.floats(0.0, 60.0))
def test_imperfections_at_rate_0_leave_the_trace_as_it_is_to_the_bit(seed, late):
    names = ("signals_missing", "signals_orphaned", "signals_duplicated", "signals_late", "stages_missing")
    none = {**dict.fromkeys(names, 0.0), "stages_wrong": 0.0, "late_mean_days": late}
    perfect = simulate(arm(population={"size": 25}), seed=seed).trace.sorted_rows()
    assert (
        simulate(arm(population={"size": 25}, world={"imperfections": none}), seed=seed).trace.sorted_rows() == perfect
    )


@pytest.mark.medium
@settings(max_examples=examples(10, otherwise=3))
@given(SEEDS)
def test_bad_records_change_what_is_known_and_never_how_anybody_lives(seed):
    def life(world):
        rows = simulate(full_arm(active=False, world=world, population={"size": 25}), seed=seed).trace.sorted_rows()
        return [row for row in rows if row.kind != "signal"]

    assert life({}) == life({"imperfections": {"signals_missing": 0.5, "stages_wrong": 0.5, "signals_late": 0.0}})


# -- signals -----------------------------------------------------------------------------------------------


def test_false_alarms_come_at_exponential_gaps_with_strengths_that_are_uniform():
    """Of every customer the first 20, so that the end of the run cuts none off (a 21st is hardly ever missing)."""
    setup = bare({"signals": {"false_per_day": {"usage_drop": 0.5}, "delay_mean_days": 0.0}}, population={"size": 200})
    times, strengths = defaultdict(list), []
    for row in simulate(setup, seed=9, days=150.0).trace.sorted_rows():
        times[row.customer].append(row.time)
        strengths.append(row.value)
    assert min(map(len, times.values())) > 20
    gaps = [after - before for own in times.values() for before, after in pairwise([0.0, *own[:20]])]
    assert stats.kstest(gaps, "expon", args=(0.0, 2.0)).pvalue > KS_LEVEL
    assert stats.kstest(strengths, "uniform", args=(0.2, 0.4)).pvalue > KS_LEVEL


# -- the gate's book ---------------------------------------------------------------------------------------


@settings(max_examples=examples(10, otherwise=3))
@given(SEEDS, st.integers(0, 2))
def test_the_book_over_time_adds_up_to_the_means_of_the_run(seed, count):
    gate = Reviewers(count=count, minutes_per_day=60.0)
    run = simulate(full_arm(reviewers=gate, policy={"contact": {"approval_expiry_days": 5.0}}), seed=seed)
    decided = [row for row in run.trace.rows if row.kind == "review_decided"]
    asked = run.events_by_kind.get("review_requested", 0)
    # Requests open on the last day have no decision; some of them may be in review.
    assert run.gate[-1]["backlog"] <= asked - len(decided)
    assert run.gate[0]["backlog"] == 0
    edges = [row["day"] for row in run.gate]
    for row, start, stop in zip(run.gate[1:], edges, edges[1:], strict=False):
        reviewed = [one for one in decided if one.reviewer is not None and start <= one.time < stop]
        assert (row["wait_days_mean"] is None) == (not reviewed)
    if count == 0:
        assert all(row["utilisation"] is None for row in run.gate)


def test_without_reviewers_the_backlog_is_what_is_open_in_the_trace():
    policy = {"thresholds": {"act_severity": 0.05, "approve_human_severity": 0.0}}
    run = simulate(full_arm(reviewers=Reviewers(count=0), policy=policy, population={"size": 150}), seed=2)
    for row in run.gate[:-1]:
        events = Counter(one.kind for one in run.trace.rows if one.time <= row["day"])
        assert row["backlog"] == events["review_requested"] - events["review_decided"]
    assert max(row["backlog"] for row in run.gate) > 5
