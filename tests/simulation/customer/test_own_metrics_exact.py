"""The metrics of a scenario in journeys with exponential dwells, compared with the matrix exponential."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import expm
from scipy.optimize import brentq

from journey.machine import Journey, Move
from simulation.model.metric_spec import MetricSpec
from simulation.model.world_spec import World
from simulation.runs.run import run_arm
from tests.simulation.bare_worlds import bare

TRIAL, PAYING, AT_RISK, CANCELLED = "trial", "paying", "at_risk", "cancelled"
STAGES = (TRIAL, PAYING, AT_RISK, CANCELLED)
MOVES = {
    "convert": (TRIAL, PAYING, 20.0),
    "give_up": (TRIAL, CANCELLED, 35.0),
    "doubt": (PAYING, AT_RISK, 50.0),
    "recover": (AT_RISK, PAYING, 15.0),
    "cancel": (AT_RISK, CANCELLED, 40.0),
}
"""Moves with their source, destination and mean number of days."""
DAYS, CUSTOMERS, VALUE = 100.0, 3000, 3650.0


def generator(*, absorbing=()):
    """The rates between the stages, without the moves out of some."""
    rates = np.zeros((4, 4))
    for source, destination, mean in MOVES.values():
        if source not in absorbing:
            rates[STAGES.index(source), STAGES.index(destination)] = 1.0 / mean
    np.fill_diagonal(rates, -rates.sum(axis=1))
    return rates


def shares(time, *, absorbing=()):
    """The probability of each stage at a time, for a customer that starts in the trial."""
    return expm(generator(absorbing=absorbing) * time)[0]


def converted(time):
    """The probability of having paid by a time."""
    return shares(time, absorbing=(PAYING,))[STAGES.index(PAYING)]


def days_in(stage):
    """Expected days in a stage."""
    return quad(lambda time: shares(time)[STAGES.index(stage)], 0.0, DAYS)[0]


METRICS = {
    "converted_30": MetricSpec(reached=PAYING, within_days=30.0),
    "mean": MetricSpec(time_to=PAYING, within_days=60.0),
    "quartile": MetricSpec(time_to=PAYING, statistic="lower_quartile"),
    "days_paying": MetricSpec(time_in=PAYING),
    "at_risk_at_end": MetricSpec(share_of={"stage_at_end": AT_RISK}),
    "revenue": MetricSpec(revenue=PAYING),
    "value": MetricSpec(value_of=PAYING),
    "entries": MetricSpec(count_of="move:recover"),
    "per_customer": MetricSpec(ratio=("revenue", "value")),
}


def build_trial_arm(population):
    """The trial journey, without an orchestrator."""
    arm_spec = bare(population=population)
    moves = tuple(Move(name, source, destination) for name, (source, destination, _) in MOVES.items())
    dwells = {name: {"dwell": {"mean_days": mean}} for name, (*_, mean) in MOVES.items()}
    return replace(
        arm_spec,
        journey=Journey.build(stages=STAGES, moves=moves, initial=TRIAL, terminal=CANCELLED),
        world=World.model_validate({"moves": dwells, "decisions": arm_spec.world.decisions.model_dump()}),
        metrics=METRICS,
    )


def simulate(population):
    """A run of the trial journey."""
    return run_arm(build_trial_arm(population), seed=11, replication=0, days=DAYS)


@pytest.fixture(scope="module")
def run():
    return simulate({"size": CUSTOMERS})


def about(value, spread, customers=CUSTOMERS):
    """Within 4.5 standard errors: one false alarm in 150,000."""
    return pytest.approx(value, abs=4.5 * spread / sqrt(customers))


def share_about(value, customers=CUSTOMERS):
    return about(value, sqrt(value * (1.0 - value)), customers)


def test_the_share_that_reaches_a_stage_is_the_matrix_exponential(run):
    assert run.metrics["converted_30"] == share_about(converted(30.0))
    # A share of two competing exponential clocks, by hand.
    rate = 1 / 20 + 1 / 35
    assert converted(30.0) == pytest.approx((1 / 20) / rate * (1.0 - np.exp(-rate * 30.0)))


def test_the_restricted_mean_is_the_area_above_the_incidence(run):
    exact = quad(lambda time: 1.0 - converted(time), 0.0, 60.0)[0]
    assert run.metrics["mean"] == about(exact, 30.0)


def test_the_quartile_is_where_the_incidence_reaches_a_quarter(run):
    exact = brentq(lambda time: converted(time) - 0.25, 0.1, 90.0)
    density = (converted(exact + 0.01) - converted(exact - 0.01)) / 0.02
    assert run.metrics["quartile"] == about(exact, sqrt(0.25 * 0.75) / density)


def test_days_shares_revenue_and_values_follow_the_occupancy(run):
    days, at_end = days_in(PAYING), shares(DAYS)
    # The days in a stage are between 0 and the length of the run.
    assert run.metrics["days_paying"] == about(days, DAYS / 2)
    assert run.metrics["at_risk_at_end"] == share_about(at_end[STAGES.index(AT_RISK)])
    assert run.metrics["revenue"] / CUSTOMERS == about(days * VALUE / 365.0, DAYS / 2 * VALUE / 365.0)
    assert run.metrics["value"] / CUSTOMERS / VALUE == share_about(at_end[STAGES.index(PAYING)])
    assert run.metrics["per_customer"] == pytest.approx(run.metrics["revenue"] / run.metrics["value"])


def test_the_number_of_moves_is_the_rate_times_the_days_in_the_stage(run):
    exact = days_in(AT_RISK) / 15.0
    assert run.metrics["entries"] / CUSTOMERS == about(exact, 1.0)


def test_late_arrivals_are_censored_and_do_not_lower_the_share():
    late = simulate({"size": CUSTOMERS, "arrivals": {"share": 0.9, "over_days": DAYS}})
    # About 70 % of the customers are observed for 30 days.
    assert late.metrics["converted_30"] == share_about(converted(30.0), 0.7 * CUSTOMERS)
