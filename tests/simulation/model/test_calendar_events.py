"""The full world validated against theory: dates, charges, seasons, tenure, win-back, changes of value and arrivals.

Seeds are fixed. Asking for a z below 4 would fail a sound engine in 6 of 100,000 cases, asking for a
Kolmogorov-Smirnov p-value above 1e-4 in one of 10,000.
"""

from itertools import pairwise
from math import exp, floor

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.linalg import expm

from simulation.exact.scipy_distributions import cumulative_hazard
from simulation.model.calendar_effects import build_calendar_effects, interval_index
from simulation.model.dwell_spec import Dwell
from simulation.model.world_spec import World
from simulation.runs.cohort import build_cohort
from tests.levels import examples
from tests.simulation.bare_worlds import ALL_IN_DISTRESS, bare, left_at, simulate, simulate_histories, z_of

N = 4000
KS_LEVEL = 1e-4


# -- renewals ----------------------------------------------------------------------------------------------


def test_at_the_kth_renewal_a_share_of_1_minus_p_to_the_k_is_left():
    setup = bare({"renewal": {"every_days": 30.0, "churn": {"all": 0.2}}})
    left = left_at(simulate(setup, seed=1, days=151.0))
    for k in range(1, 6):
        gone = sum(day <= 30.0 * k + 1e-9 for day in left.values())
        assert abs(z_of(gone, N, 1.0 - 0.8**k)) < 4.0
    assert all(day / 30.0 == pytest.approx(round(day / 30.0), abs=1e-9) for day in left.values())


@pytest.mark.medium
def test_contracts_end_by_the_tenure_that_a_customer_brings():
    segment = {"tenure_mean_days": 100.0}
    setup = bare({"renewal": {"every_days": 30.0, "churn": {"all": 0.5}}}, population={"segments": {"all": segment}})
    crowd = list(build_cohort(setup.population, setup.journey.compile(), seed=2, replication=0).customers)
    left = left_at(simulate(setup, seed=2, days=100.0))
    assert len(left) > 3000
    for customer, day in left.items():
        contracts = (day + crowd[customer].tenure_days) / 30.0
        assert contracts == pytest.approx(round(contracts), abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("world", "tier", "ratio"),
    [
        ({}, "medium", 1.0),
        ({"moves": {"leave": {"by_tier": {"high": 1.6}}}}, "high", 1.6),
        ({"distress": ALL_IN_DISTRESS, "moves": {"leave": {"in_distress": 1.5}}}, "medium", 4.5),
        ({"calendar": {"may": {"from_day": 25.0, "until_day": 35.0, "moves": {"leave": 2.0}}}}, "medium", 2.0),
        ({"calendar": {"may": {"from_day": 5.0, "until_day": 29.0, "moves": {"leave": 2.0}}}}, "medium", 1.0),
        ({"moves": {"leave": {"by_tenure": [[10.0, 0.5]]}}}, "medium", 0.5),
        ({"moves": {"leave": {"by_segment": {"all": 9.0}}}}, "medium", 1.0),
    ],
)
def test_what_multiplies_a_hazard_multiplies_the_mass_of_the_date(world, tier, ratio):
    """``P(leaves) = 1 - (1 - p)^ratio``; the chance is given by segment, so the move's ratio by segment has no part."""
    setup = bare(
        {**world, "renewal": {"every_days": 30.0, "churn": {"all": 0.1}}},
        population={"segments": {"all": {"tiers": {"medium": float(tier == "medium"), "high": float(tier == "high")}}}},
    )
    left = left_at(simulate(setup, seed=3, days=31.0))
    assert abs(z_of(len(left), N, 1.0 - 0.9**ratio)) < 4.0


# -- charges -----------------------------------------------------------------------------------------------


def involuntary(day, *, every, failure, recovered, grace):
    """Chance of having left by a day: charges at ``every (U + k)``, the first that is lost and not made good."""
    chance, charges = failure * (1.0 - recovered), max(0.0, (day - grace) / every)
    whole = floor(charges)
    return 1.0 - (1.0 - chance) ** whole * (1.0 - chance * (charges - whole))


@pytest.mark.slow
@pytest.mark.parametrize("recovered", [0.0, 0.6])
@pytest.mark.parametrize("day", [20.0, 47.0, 155.0, 300.0])
def test_involuntary_churn_has_its_closed_form(recovered, day):
    law = {"every_days": 30.0, "recovered": recovered, "grace_days": 10.0}
    run = simulate(bare({"payments": {**law, "failure": {"all": 0.1}}}), seed=4, days=day)
    chance = involuntary(day, every=30.0, failure=0.1, recovered=recovered, grace=10.0)
    assert abs(z_of(len(left_at(run)), N, chance)) < 4.0
    assert {row.reason for row in run.trace.rows} == {"payment"}


@pytest.mark.medium
def test_the_number_of_charges_until_one_fails_is_geometric_and_the_first_is_any_day_of_the_period():
    setup = bare({"payments": {"every_days": 30.0, "failure": {"all": 0.3}, "recovered": 0.0, "grace_days": 5.0}})
    left = left_at(simulate(setup, seed=5, days=5000.0))
    assert len(left) == N
    charges = (np.array(list(left.values())) - 5.0) / 30.0
    assert stats.kstest(charges % 1.0, "uniform").pvalue > KS_LEVEL
    number = np.floor(charges) + 1.0
    counts = [int((number == k).sum()) for k in range(1, 12)]
    expected = [N * stats.geom.pmf(k, 0.3) for k in range(1, 12)]
    rest = stats.chisquare([*counts, N - sum(counts)], [*expected, N - sum(expected)])
    assert rest.pvalue > KS_LEVEL


# -- seasons and tenure ------------------------------------------------------------------------------------


@st.composite
def phases(draw):
    start, length = draw(st.floats(0.0, 80.0)), draw(st.floats(0.1, 40.0))
    again = draw(st.none() | st.floats(5.0, 60.0))
    return {
        "from_day": start,
        "until_day": start + length,
        "every_days": None if again is None else length + again,
        "moves": draw(st.dictionaries(st.sampled_from(["leave", "return"]), st.floats(0.0, 9.0))),
        "onsets": draw(st.dictionaries(st.just("trouble"), st.floats(0.0, 9.0))),
    }


def naive_ratio(calendar, key, name, day):
    """Whether each phase is active, computed phase by phase from its repetitions."""
    ratio = 1.0
    for phase in calendar.values():
        begin, length = phase["from_day"], phase["until_day"] - phase["from_day"]
        while begin <= day:
            if day < begin + length:
                ratio *= phase[key].get(name, 1.0)
            if phase["every_days"] is None:
                break
            begin += phase["every_days"]
    return ratio


@given(st.dictionaries(st.sampled_from("abcd"), phases(), max_size=4), st.lists(st.floats(0.0, 500.0), max_size=30))
def test_on_any_day_the_ratio_is_the_product_over_the_phases_that_are_on(calendar, days):
    plan = {"calendar": calendar, "distress": ALL_IN_DISTRESS, "moves": {"leave": {"dwell": {"mean_days": 9}}}}
    seasons = build_calendar_effects(World.model_validate(plan), ("here", "gone"), ("leave", "return"))
    assert all(one < two for one, two in pairwise(seasons.starts))
    for day in days:
        # On the very edge the last bits of a sum decide which side a day is on.
        assume(all(abs(day - edge) > 1e-6 for edge in seasons.starts[1:]))
        state = seasons.state[interval_index(seasons.starts, day)]
        for code, move in enumerate(("leave", "return")):
            expected = naive_ratio(calendar, "moves", move, day)
            assert seasons.move_ratios[state][code] == pytest.approx(expected, rel=1e-12)
        onset = 100.0 * naive_ratio(calendar, "onsets", "trouble", day)
        assert seasons.onset_rates[state][0] == pytest.approx(onset, rel=1e-12)


@given(
    st.lists(st.tuples(st.integers(1, 300).map(float), st.floats(0.0, 9.0)), unique_by=lambda band: band[0]).map(
        sorted
    ),
    st.lists(st.tuples(st.integers(1, 300).map(float), st.floats(0.0, 9.0)), unique_by=lambda band: band[0]).map(
        sorted
    ),
    st.lists(st.floats(0.0, 400.0), min_size=1, max_size=30),
)
def test_at_any_tenure_the_ratio_is_that_of_the_last_band_begun(leave, back, tenures):
    moves = {"leave": (leave, {"by_tenure": leave}), "return": (back, {"by_tenure": back})}
    world = World.model_validate(
        {"moves": {name: {"dwell": {"mean_days": 9}, **clock} for name, (_, clock) in moves.items()}}
    )
    seasons = build_calendar_effects(world, ("here", "gone"), tuple(moves))
    for tenure in tenures:
        for code, (bands, _) in enumerate(moves.values()):
            expected = [1.0, *(ratio for begin, ratio in bands if begin <= tenure)][-1]
            assert seasons.tenure_ratios[interval_index(seasons.tenures, tenure)][code] == expected


def integrated(dwell, until, ratio_on):
    """The integral of hazard times ratio, in steps of one day: exact where ratios change at midnight only."""
    days = np.arange(0.0, 3001.0)
    hazard = np.diff(cumulative_hazard(dwell, days))
    total = np.concatenate([[0.0], np.cumsum(hazard * [ratio_on(day) for day in days[:-1]])])
    whole = np.floor(until).astype(int)
    rest = cumulative_hazard(dwell, until) - cumulative_hazard(dwell, whole.astype(float))
    return total[whole] + rest * np.array([ratio_on(day) for day in whole])


@pytest.mark.slow
@pytest.mark.parametrize(
    "dwell",
    [{"mean_days": 100.0}, {"law": "weibull", "mean_days": 100.0, "shape": 1.7}],
    ids=["exponential", "weibull"],
)
@pytest.mark.parametrize("by", ["calendar", "tenure"])
def test_survival_is_the_exponential_of_the_integrated_hazard(dwell, by):
    """So the integrated hazard at the day of leaving is unit exponential."""
    calendar = {
        "spring": {"from_day": 10.0, "until_day": 40.0, "every_days": 90.0, "moves": {"leave": 3.0}},
        "strike": {"from_day": 30.0, "until_day": 75.0, "moves": {"leave": 0.25}},
    }
    plain = {name: {"every_days": None, "onsets": {}, **phase} for name, phase in calendar.items()}
    bands = [[20.0, 0.3], [60.0, 4.0], [61.0, 1.5]]
    clock = {"dwell": dwell, "by_tenure": bands if by == "tenure" else []}
    run = simulate(
        bare({"moves": {"leave": clock}, "calendar": calendar if by == "calendar" else {}}), seed=6, days=3000.0
    )
    days = np.array(list(left_at(run).values()))
    assert len(days) == N

    def ratio_on(day):
        if by == "calendar":
            return naive_ratio(plain, "moves", "leave", day)
        return [1.0, *(ratio for begin, ratio in bands if begin <= day)][-1]

    assert stats.kstest(integrated(Dwell.model_validate(dwell), days, ratio_on), "expon").pvalue > KS_LEVEL


# -- win-back ----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("day", [15.0, 60.0, 240.0])
def test_leaving_and_coming_back_is_a_markov_chain_of_two_states(day):
    clocks = {"leave": {"dwell": {"mean_days": 80.0}}, "return": {"dwell": {"mean_days": 40.0}}}
    run = simulate(bare({"moves": clocks}, back=True), seed=7, days=day)
    generator = np.array([[-1 / 80, 1 / 80], [1 / 40, -1 / 40]])
    for row in run.occupancy[1:]:
        gone = expm(generator * row["day"])[0, 1]
        assert abs(z_of(row["gone"] * N, N, gone)) < 4.0
    assert run.metrics["churn_rate"] == run.occupancy[-1]["gone"]
    returns = sum(row.label == "return" for row in run.trace.rows)
    assert run.metrics["won_back"] == returns
    assert run.quantities["live_value_end"] == pytest.approx(3650.0 * N * (1.0 - run.metrics["churn_rate"]))


# -- changes of value --------------------------------------------------------------------------------------

CHANGES = {
    "expansion": {"per_day": {"here": 0.010}, "factor": 1.2},
    "contraction": {"per_day": {"here": 0.006}, "factor": 0.7, "in_distress": 4.0},
}


@pytest.mark.slow
@pytest.mark.parametrize(("distress", "growth"), [({}, 0.0020 - 0.0018), (ALL_IN_DISTRESS, 0.0020 - 0.0072)])
def test_value_grows_by_the_rates_times_what_each_change_adds(distress, growth):
    """``E v(t) = v exp(sum of rate (factor - 1) t)``, and revenue is its integral; in distress from the first hours."""
    setup = bare({"value_changes": CHANGES, "distress": distress})
    histories = simulate_histories(setup, seed=8, days=150.0)
    for got, expected in (
        (histories.retained_value(), 3650.0 * exp(150.0 * growth)),
        (histories.revenue(0.0), 10.0 * (exp(150.0 * growth) - 1.0) / growth),
    ):
        error = got.std() / N**0.5
        assert abs(got.mean() - expected) < 4.0 * error


@pytest.mark.slow
def test_every_change_multiplies_the_value_by_its_factor():
    factors = {"expansion": 1.2, "contraction": 0.7}
    value = {}
    run = simulate(bare({"value_changes": CHANGES}), seed=8, days=150.0)
    for row in run.trace.sorted_rows():
        assert row.value == value.get(row.customer, 3650.0) * factors[row.label]
        value[row.customer] = row.value
    assert sum(value.values()) + 3650.0 * (N - len(value)) == pytest.approx(run.quantities["live_value_end"])


# -- arrivals ----------------------------------------------------------------------------------------------


def test_arrivals_are_uniform_over_their_days_and_as_many_as_their_share():
    run = simulate(bare(population={"arrivals": {"share": 0.4, "over_days": 200.0}}), seed=9, days=300.0)
    days = np.array([row.time for row in run.trace.rows if row.kind == "arrival"])
    assert abs(z_of(len(days), N, 0.4)) < 4.0
    assert stats.kstest(days / 200.0, "uniform").pvalue > KS_LEVEL
    assert run.customers == N


@pytest.mark.slow
def test_who_has_not_come_by_the_end_is_not_counted_and_who_has_lives_from_then_on():
    mean = 50.0
    setup = bare(
        {"moves": {"leave": {"dwell": {"mean_days": mean}}}},
        population={"arrivals": {"share": 0.7, "over_days": 200.0}},
    )
    run = simulate(setup, seed=10, days=120.0)
    came = [person.arrives_at for person in simulate_histories(setup, seed=10, days=120.0).customers]
    assert run.customers == sum(day < 120.0 for day in came)
    for row in run.occupancy[1:]:
        chances = np.array([1.0 - exp(-(row["day"] - day) / mean) for day in came if day <= row["day"]])
        error = (chances * (1.0 - chances)).sum() ** 0.5
        assert abs(row["gone"] * len(chances) - chances.sum()) < 4.0 * error


@settings(max_examples=examples(20, otherwise=7))
@given(st.integers(0, 2**32), st.floats(0.0, 1.0), st.floats(1.0, 400.0))
def test_nothing_happens_to_a_customer_before_the_arrival(seed, share, over):
    population = {"size": 30, "arrivals": {"share": share, "over_days": over}}
    setup = bare({"moves": {"leave": {"dwell": {"mean_days": 30.0}}}}, population=population)
    first = {}
    for row in simulate(setup, seed=seed, days=100.0).trace.sorted_rows():
        first.setdefault(row.customer, row)
    for person in simulate_histories(setup, seed=seed, days=100.0).customers:
        row = first.get(person.number)
        if 0.0 < person.arrives_at < 100.0:
            assert (row.kind, row.time, row.to_stage) == ("arrival", person.arrives_at, "here")
        else:
            assert row is None or (row.kind == "move" and person.arrives_at == 0.0)
