"""Customers on day 0: ages as in renewal theory, distress as onset rates and episode lengths imply."""

import numpy as np
import pytest
from scipy import stats

from journey.machine import default_journey
from simulation.model.arm import compile_arm, map_policy_segments
from simulation.population.initial_state import draw_initial_state, survival
from simulation.random import streams
from simulation.runs.cohort import build_cohort
from simulation.runs.run import run_arm
from tests.simulation.worlds import arm

CALM_MOVES = {
    "resolve": {"dwell": {"law": "weibull", "mean_days": 8, "shape": 2.0}, "in_distress": 1.0},
    "escalate": {"dwell": {"law": "gamma", "mean_days": 40, "shape": 3.0}, "in_distress": 1.0},
    "churn": {"dwell": {"mean_days": 300}, "by_segment": {"SMB": 1.0}, "by_tier": {"high": 1.0}, "frailty": False},
}


def met(setup, *, seed=1):
    """The customers of an arm in their initial state, and the compiled arm."""
    machine = setup.journey.compile()
    crowd = build_cohort(setup.population, machine, seed=seed, replication=0)
    table = compile_arm(setup, crowd.segments)
    numbering = map_policy_segments(table, crowd.segments)
    return [
        draw_initial_state(
            person, streams.customer_key(seed, 0, person.number), setup.population, table, numbering[person.segment]
        )
        for person in crowd.customers
    ], table


def test_the_age_of_a_stay_met_at_random_has_the_density_of_its_survival():
    """Against numerical integration; Kolmogorov-Smirnov at a false-alarm rate of 1e-4, seed fixed."""
    population = {"size": 5000, "start": {"support": 1.0}, "in_mid_stay": True}
    persons, table = met(arm(world={"moves": CALM_MOVES}, population=population))
    stage = default_journey().stages.index("support")
    grid = np.linspace(0.0, 80.0, 40_001)
    numbers = table.parameters
    alive = np.array([survival(numbers.moves[stage], numbers.move_ratios[0][0], numbers.knots, t) for t in grid])
    below = np.concatenate([[0.0], np.cumsum((alive[1:] + alive[:-1]) / 2)])
    ages = [person.days_in_stage for person in persons if person.segment == 0 and person.tier == 0]
    assert stats.kstest(ages, lambda t: np.interp(t, grid, below / below[-1])).pvalue > 1e-4


def test_a_stage_with_exponential_moves_is_met_at_exponential_ages():
    """Memoryless: what has passed has the law of what is to come."""
    moves = {"mature": {"dwell": {"law": "exponential", "mean_days": 50}}, "open_ticket": {"dwell": {"mean_days": 1e6}}}
    churn = {"churn": {"dwell": {"mean_days": 1e6}}}
    population = {"size": 5000, "start": {"engagement": 1.0}, "in_mid_stay": True}
    persons, _ = met(arm(world={"moves": {**moves, **churn}}, population=population))
    assert stats.kstest([person.days_in_stage for person in persons], stats.expon(scale=50).cdf).pvalue > 1e-4


def test_a_fixed_stay_is_met_at_uniform_ages():
    moves = {
        "mature": {"dwell": {"law": "deterministic", "mean_days": 30}},
        "open_ticket": {"dwell": {"mean_days": 1e6}},
        "churn": {"dwell": {"mean_days": 1e6}},
    }
    population = {"size": 5000, "start": {"engagement": 1.0}, "in_mid_stay": True}
    persons, _ = met(arm(world={"moves": moves}, population=population))
    # The grid's last cell, of 1/2000 of the range, reaches beyond the fixed stay.
    assert stats.kstest([person.days_in_stage for person in persons], stats.uniform(0, 30).cdf).pvalue > 1e-4


@pytest.mark.medium
def test_after_a_long_stay_as_many_are_in_distress_as_stay_in_it_for_ever():
    """4 standard errors, seed fixed."""
    still = {move: {"dwell": {"mean_days": 1e6}} for move in ("mature", "open_ticket", "churn")}
    population = {"size": 20_000, "start": {"engagement": 1.0}, "in_mid_stay": True, "in_distress": True}
    persons, _ = met(arm(world={"moves": still}, population=population))
    onset, length = 0.006, 40.0
    exact = onset * length / (1.0 + onset * length)
    share = np.mean([person.cause >= 0 for person in persons])
    assert share == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / len(persons)))


@pytest.mark.slow
def test_met_at_an_age_the_share_in_distress_is_that_of_the_engine_at_that_age():
    """The engine simulates customers who enter the stage calm; 4 standard errors of the difference, fixed seed."""
    fixed = {
        "mature": {"dwell": {"law": "deterministic", "mean_days": 1e4}},
        "open_ticket": {"dwell": {"mean_days": 1e6}},
        "churn": {"dwell": {"mean_days": 1e6}},
    }
    size, age = 8000, 25.0
    start = {"size": size, "start": {"engagement": 1.0}}
    run = run_arm(
        arm(world={"moves": fixed}, population=start, active=False), seed=2, replication=0, days=age, trace=True
    )
    counts = {kind: sum(row.kind == kind for row in run.trace.rows) for kind in ("distress_on", "distress_off")}
    lived = (counts["distress_on"] - counts["distress_off"]) / size
    persons, _ = met(arm(world={"moves": fixed}, population={**start, "in_mid_stay": True, "in_distress": True}))
    rate = 0.006 + 1 / 40
    expected = np.mean([1 - np.exp(-rate * person.days_in_stage) for person in persons])
    share = np.mean([person.cause >= 0 for person in persons])
    limit = 0.006 / rate
    error = np.sqrt(limit * (1 - limit) / size)
    assert lived == pytest.approx(limit * (1 - np.exp(-rate * age)), abs=4 * error)
    assert share == pytest.approx(limit * expected, abs=4 * error)


def test_a_customer_who_has_just_arrived_is_calm():
    persons, _ = met(arm(population={"size": 300, "start": {"engagement": 1.0}, "in_distress": True}))
    assert not any(person.cause >= 0 for person in persons)


def test_distress_that_is_on_at_the_start_shows_in_the_first_rows():
    population = {"size": 300, "start": {"engagement": 1.0}, "in_mid_stay": True, "in_distress": True}
    run = run_arm(arm(population=population), seed=1, replication=0, days=10.0, trace=True)
    begun = [row for row in run.trace.rows if row.kind == "distress_on" and row.time == 0.0]
    assert 10 < len(begun) < 120


def test_recorded_customers_are_in_distress_with_the_severity_of_their_evidence():
    """C001 has the strongest evidence of the ten (severity about 0.75), C003 none at all."""
    population = {"records": "bundled", "size": 4000, "segments": {}}
    persons, _ = met(arm(population=population))
    first = [person.cause >= 0 for person in persons if person.number % 10 == 0]
    third = [person.cause >= 0 for person in persons if person.number % 10 == 2]
    assert 0.6 < np.mean(first) < 0.9
    assert not any(third)
