"""The probability of leaving with and without an effect: a chain, a grid, closed forms, and both against the engine."""

from math import exp

import numpy as np
import pytest

from journey.decision.policy import MONITOR_ONLY, Policy
from journey.machine import Journey, Move
from simulation.exact.averted import leaving_probabilities
from simulation.model.arm import ArmSpec
from simulation.model.effect_spec import Effect
from simulation.model.population_spec import Population
from simulation.model.reviewers_spec import Reviewers
from simulation.model.world_spec import World
from simulation.runs.run import run_arm

JOURNEY = Journey.build(
    stages=("lead", "trial", "paying", "gone"),
    moves=(
        Move("start", "lead", "trial"),
        Move("convert", "trial", "paying"),
        Move("give_up", "trial", "gone"),
        Move("cancel", "paying", "gone"),
    ),
    initial="lead",
    terminal="gone",
)
EFFECT = Effect(moves={"convert": 2.0, "give_up": 0.5}, lasts_days=20.0, delay_days=0.0, response=1.0)
NONE = Effect()
EXPONENTIAL = {"law": "exponential"}


def world(convert, give_up=None):
    return World.model_validate(
        {
            "moves": {
                "start": {"dwell": {"law": "deterministic", "mean_days": 1.0}},
                "convert": {"dwell": {"mean_days": 30.0, **convert}},
                "give_up": {"dwell": {"mean_days": 40.0, **(give_up or EXPONENTIAL)}},
                "cancel": {"dwell": {"mean_days": 200.0}},
            },
            "effects": {"nudge": EFFECT.model_dump()},
            "decisions": {"cadence_days": 0.0, "on_signal": False, "on_stage_entry": True},
        }
    )


def probability(given, effect, *, stage="trial", days=0.0, horizon=90.0):
    start = [(stage, days)]
    return float(leaving_probabilities(JOURNEY, given, effect, starts=start, horizon=horizon, segment="all")[0])


def test_one_stage_is_in_closed_form():
    """The lead's deterministic dwell makes the grid necessary; the paying stage is exponential."""
    given = world(EXPONENTIAL)
    assert probability(given, NONE, stage="paying") == pytest.approx(1.0 - exp(-90.0 / 200.0), rel=1e-3)
    halved = Effect(moves={"cancel": 0.5}, lasts_days=30.0)
    expected = 1.0 - exp(-(0.5 * 30.0 + 60.0) / 200.0)
    assert probability(given, halved, stage="paying") == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("effect", [NONE, EFFECT])
def test_the_grid_agrees_with_the_chain(effect):
    chained = world(EXPONENTIAL)
    chained = chained.model_copy(update={"moves": {n: c for n, c in chained.moves.items() if n != "start"}})
    assert probability(world(EXPONENTIAL), effect) == pytest.approx(probability(chained, effect), abs=1e-3)


def test_a_stay_that_has_lasted_is_conditional_on_it():
    rising = world({"law": "deterministic"})
    assert probability(rising, NONE, days=29.0) < probability(rising, NONE)


@pytest.mark.slow
@pytest.mark.compiled
@pytest.mark.parametrize(
    "convert", [{"law": "weibull", "shape": 2.0}, {"law": "deterministic"}, {"law": "log_normal", "shape": 0.8}]
)
def test_the_engine_has_the_same_share_of_departures(convert):
    size, shares = 20_000, {}
    for active in (False, True):
        policy = Policy.model_validate(
            {
                "actions": {
                    "nudge": {"delivery": "automated", "cost": 0.0, "averts": 0.1},
                    MONITOR_ONLY: {"delivery": "none", "cost": 0.0, "averts": 0.0},
                },
                "plays": [{"stages": ["trial"], "action": "nudge", "after_days": 0.0}],
                "contact": {"max_contacts": 1, "window_days": 1000.0},
            }
        )
        segment = {"share": 1.0, "account_value": 100.0, "tiers": {"medium": 1.0}}
        arm_spec = ArmSpec(
            name="any",
            journey=JOURNEY,
            world=world(convert),
            policy=policy,
            population=Population.model_validate({"size": size, "segments": {"all": segment}}),
            reviewers=Reviewers(count=0),
            active=active,
        )
        run = run_arm(arm_spec, seed=3, replication=0, days=91.0, engine="compiled")
        shares[active] = run.metrics["churn_rate"]
    for active, effect in ((False, NONE), (True, EFFECT)):
        expected = probability(world(convert), effect)
        error = np.sqrt(expected * (1.0 - expected) / size)
        assert abs(shares[active] - expected) < 4.0 * error + 2e-3
