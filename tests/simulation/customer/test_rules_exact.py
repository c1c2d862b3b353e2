"""The shares of customers for whom rules are broken or open, in a Markov journey, by matrix exponential."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from scipy.linalg import expm

from journey.rules import Rule
from simulation.runs.run import run_arm
from tests.simulation.customer.test_own_metrics_exact import (
    AT_RISK,
    CANCELLED,
    CUSTOMERS,
    DAYS,
    MOVES,
    PAYING,
    STAGES,
    TRIAL,
    build_trial_arm,
    converted,
    shares,
)

RULES = (
    Rule("paid before the end", "precedence", (PAYING,), (CANCELLED,)),
    Rule("every risk recovers", "response", (AT_RISK,), ("move:recover",)),
    Rule("trial of 30 days", "response", (TRIAL,), (PAYING,), within_days=30.0),
    Rule("pays within 40 days", "existence", ("move:convert",), within_days=40.0),
    Rule("one risk each", "absence", (AT_RISK,), count=2),
    Rule("ends in the trial", "end", (CANCELLED,)),
)


def share_without_payment():
    """The probability of having cancelled in the trial."""
    return shares(DAYS, absorbing=(PAYING,))[STAGES.index(CANCELLED)]


def share_at_risk_twice():
    """The probability of a second entry into the risk: a chain whose states count the entries."""
    states = ["trial", "paying", "at risk", "paying again", "twice", "cancelled"]
    mean = {name: days for name, (*_, days) in MOVES.items()}
    rates = np.zeros((6, 6))
    for source, destination, move in (
        ("trial", "paying", "convert"),
        ("trial", "cancelled", "give_up"),
        ("paying", "at risk", "doubt"),
        ("at risk", "paying again", "recover"),
        ("at risk", "cancelled", "cancel"),
        ("paying again", "twice", "doubt"),
    ):
        rates[states.index(source), states.index(destination)] = 1.0 / mean[move]
    np.fill_diagonal(rates, -rates.sum(axis=1))
    return expm(rates * DAYS)[0, states.index("twice")]


@pytest.fixture(scope="module")
def run():
    arm_spec = replace(build_trial_arm({"size": CUSTOMERS, "in_mid_stay": False}), metrics={}, rules=RULES)
    return run_arm(arm_spec, seed=3, replication=0, days=DAYS)


def test_the_shares_are_the_exact_probabilities(run):
    at_end = dict(zip(STAGES, shares(DAYS), strict=True))
    exact = {
        "broken:paid before the end": share_without_payment(),
        "pending:paid before the end": 0.0,
        # The demand of a customer who cancels while at risk cannot be met any more.
        "broken:every risk recovers": at_end[CANCELLED] - share_without_payment(),
        "pending:every risk recovers": at_end[AT_RISK],
        "broken:trial of 30 days": 1.0 - converted(30.0),
        "pending:trial of 30 days": 0.0,
        "broken:pays within 40 days": 1.0 - converted(40.0),
        "broken:one risk each": share_at_risk_twice(),
        "pending:one risk each": 0.0,
        "broken:ends in the trial": 0.0,
        "pending:ends in the trial": 1.0 - at_end[CANCELLED],
    }
    for name, probability in exact.items():
        error = sqrt(probability * (1.0 - probability) / CUSTOMERS)
        assert abs(run.metrics[name] - probability) <= 4.0 * error, (name, run.metrics[name], probability)


def test_every_rule_without_conditions_applies_to_all_customers(run):
    assert all(run.metrics[f"applies:{rule.name}"] == CUSTOMERS for rule in RULES)
