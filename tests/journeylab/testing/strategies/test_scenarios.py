"""Drawn scenarios run in both engines, and shrink to a world in which one thing is special."""

import pytest
from hypothesis import HealthCheck, given, settings

import journeylab as jl
from journey.core.errors import InputError
from journey.machine import Journey
from journeylab.testing import dwells, scenarios, worlds
from tests.journeylab.testing.shrinking import smallest
from tests.levels import examples


@pytest.mark.medium
@given(scenarios(max_days=40))
@settings(max_examples=examples(15, otherwise=3), suppress_health_check=[HealthCheck.too_slow])
def test_every_drawn_scenario_is_simulated(scenario):
    result = jl.simulate(scenario, arm="treated", engine="reference")
    assert 0.0 <= result.metrics["churn_rate"] <= 1.0


@pytest.mark.slow
def test_scenarios_of_ones_own_journey_and_policy_are_simulated():
    own = jl.load_scenario("trial_to_paid").arms[1]

    @given(scenarios(journey=own.journey, policy=own.policy, max_days=40))
    @settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
    def check(scenario):
        assert scenario.arms[1].journey == own.journey
        jl.simulate(scenario, arm="treated", engine="reference")

    check()


@pytest.mark.slow
def test_a_world_shrinks_to_the_key_that_matters():
    world = smallest(worlds(), lambda drawn: drawn.get("notice_days", 0.0) > 3.0)
    assert {key: value for key, value in world.items() if key != "moves"} == {"notice_days": 4.0}
    assert {str(move) for move in world["moves"].values()} == {
        str({"dwell": {"law": "exponential", "mean_days": 30.0}})
    }


@pytest.mark.slow
def test_a_scenario_shrinks_to_a_line_that_can_be_read():
    found = smallest(scenarios(), lambda scenario: "shape" in str(scenario.layers[0].data["world"]["moves"]["churn"]))
    assert repr(found) == (
        "<scenario: horizon_days = 1, seed = 0, population.size = 1, reviewers.count = 1, "
        'world.moves.churn = { dwell = { law = "weibull", mean_days = 1.0, shape = 1.0 } }>'
    )


def test_dwell_times_shrink_to_an_exponential_one():
    assert smallest(dwells()) == {"law": "exponential", "mean_days": 1.0}


def test_a_journey_without_live_stages_cannot_be_simulated():
    ended = Journey.build(stages=("a",), initial="a", terminal="a", moves=())
    with pytest.raises(InputError, match="it has no stage in which customers stay"):
        smallest(scenarios(journey=ended))
