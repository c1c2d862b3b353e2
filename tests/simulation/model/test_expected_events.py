"""Expected numbers of events, compared with the events of runs and with exact values."""

from math import expm1

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.machine import Journey, Move
from simulation.model.dwell_spec import Dwell
from simulation.model.expected_events import expected_moves, mean_stay
from simulation.model.world_spec import World
from tests.simulation.bare_worlds import simulate
from tests.simulation.worlds import arm

ORDER_OF_MAGNITUDE = 4.0


@given(st.floats(0.01, 1000.0), st.floats(0.01, 100.0), st.floats(1.0, 1000.0))
def test_a_mean_stay_is_the_mean_of_an_exponential_dwell_cut_off_at_the_end(mean, ratio, days):
    exact = -expm1(-days * ratio / mean) * mean / ratio
    assert mean_stay(Dwell(mean_days=mean), ratio, days) == pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize(
    "dwell",
    [
        Dwell(law="weibull", mean_days=20.0, shape=0.5),
        Dwell(law="gamma", mean_days=20.0, shape=3.0),
        Dwell(law="log_normal", mean_days=20.0, shape=1.0),
        Dwell(law="log_logistic", mean_days=20.0, shape=3.0),
        Dwell(law="deterministic", mean_days=20.0),
    ],
)
def test_a_mean_stay_is_the_mean_where_the_run_is_long(dwell):
    assert mean_stay(dwell, 1.0, 20_000.0) == pytest.approx(20.0, rel=0.1)


def test_a_move_that_cannot_happen_lasts_for_the_whole_run():
    assert mean_stay(Dwell(mean_days=1.0), 0.0, 50.0) == 50.0


def test_the_moves_of_a_cycle_are_the_days_by_the_length_of_a_stay():
    journey = Journey.build(
        stages=("a", "b", "end"),
        moves=[Move("there", "a", "b"), Move("back", "b", "a"), Move("leave", "b", "end")],
        initial="a",
        terminal="end",
    )
    moves = {"there": {"dwell": {"mean_days": 0.01}}, "back": {"dwell": {"mean_days": 0.01}}}
    slow_exit = World.model_validate({"moves": moves | {"leave": {"dwell": {"mean_days": 1e6}}}})
    numbers = expected_moves(slow_exit, journey, 100.0)
    # The chain also ends at the rate of one in 100 days: 100 / 0.02 of each, half of them before the end on average.
    assert 5_000 / ORDER_OF_MAGNITUDE < numbers["there"] < 5_000 * ORDER_OF_MAGNITUDE
    fast_exit = World.model_validate({"moves": moves | {"leave": {"dwell": {"mean_days": 0.01}}}})
    assert expected_moves(fast_exit, journey, 100.0)["there"] == pytest.approx(2.0, rel=0.01)


def test_the_moves_of_a_run_have_the_expected_order_of_magnitude():
    spec = arm(population={"size": 300})
    run = simulate(spec, seed=1, days=400.0)
    made = sum(row.kind == "move" for row in run.trace.rows) / 300
    expected = sum(expected_moves(spec.world, spec.journey, 400.0).values())
    assert made / ORDER_OF_MAGNITUDE < expected < made * 2 * ORDER_OF_MAGNITUDE
