"""A move from a stage to itself begins a new stay, unless it restarts its own clock only."""

from dataclasses import replace
from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.machine import Guard, Journey, Move
from simulation.exports.histories import RunHistory
from simulation.model.world_spec import World
from simulation.runs.run import run_arm
from simulation.verification.event_histories import read_histories
from tests.levels import examples
from tests.simulation.bare_worlds import WORLD, bare
from tests.simulation.compiled.test_engine import assert_same
from tests.simulation.worlds import arm

SEEDS = st.integers(0, 2**32)


def looping(moves, *, restarts, guard=None, size=60):
    """Customers who touch their stage again by `touch`, and leave it by `leave`."""
    base = bare(population={"size": size})
    world = World.model_validate({**WORLD, "moves": {name: {"dwell": dwell} for name, dwell in moves.items()}})
    loop = Move("touch", "here", "here", guard, restarts_clocks=restarts)
    journey = Journey.build(
        stages=("here", "gone"), moves=(loop, Move("leave", "here", "gone")), initial="here", terminal="gone"
    )
    return replace(base, journey=journey, world=world)


def run(setup, *, seed=1, days=100.0):
    return run_arm(setup, seed=seed, replication=0, days=days, trace=True)


def times(result, label):
    return [row.time for row in result.trace.sorted_rows() if row.label == label]


EVERY_7 = {"law": "deterministic", "mean_days": 7.0}
AFTER_30 = {"law": "deterministic", "mean_days": 30.0}


def test_with_the_default_each_loop_begins_a_new_stay_so_a_longer_dwell_never_ends():
    result = run(looping({"touch": EVERY_7, "leave": AFTER_30}, restarts=True))
    assert times(result, "leave") == []
    assert sorted(set(times(result, "touch"))) == pytest.approx([7.0 * n for n in range(1, 15)])
    assert result.metrics["churn_rate"] == 0.0


def test_with_its_own_clock_only_the_other_clocks_go_on():
    result = run(looping({"touch": EVERY_7, "leave": AFTER_30}, restarts=False))
    assert set(times(result, "leave")) == {30.0}
    assert sorted(set(times(result, "touch"))) == pytest.approx([7.0, 14.0, 21.0, 28.0])


@pytest.mark.parametrize(("restarts", "longest"), [(True, 7.0), (False, 30.0)])
def test_days_in_the_stage_count_from_the_begin_of_the_stay(restarts, longest):
    setup = looping({"touch": EVERY_7, "leave": AFTER_30}, restarts=restarts)
    result = run(setup, days=60.0)
    history = next(RunHistory(setup, result, 1, 0).histories())
    first = history.stays[0]
    assert first.left_at - first.entered_at == longest
    assert len(history.stays) == (9 if restarts else 2)
    ages = [spell.age + spell.stop - spell.start for spell in read_histories(setup, result, seed=1).spells]
    assert max(ages) == pytest.approx(longest)


def test_a_guard_on_the_days_in_the_stage_sees_the_stay():
    """A move that needs 20 days is never allowed if a new stay begins every 7 days; within one stay it is."""
    guard = Guard.of(min_days_in_stage=20.0)
    for restarts, leaves in ((True, set()), (False, {27.0})):
        setup = looping({"touch": EVERY_7, "leave": {"law": "deterministic", "mean_days": 9.0}}, restarts=restarts)
        moves = tuple(replace(move, guard=guard if move.name == "leave" else None) for move in setup.journey.moves)
        result = run(replace(setup, journey=replace(setup.journey, moves=moves)))
        assert set(times(result, "leave")) == leaves


@settings(max_examples=examples(10, otherwise=3))
@given(SEEDS, st.sampled_from(["exponential", "weibull", "gamma", "log_normal"]))
def test_moves_that_restart_their_own_clock_change_no_other_move(seed, law):
    leave = {"law": law, "mean_days": 40.0, "shape": 2.0}
    with_loops = run(looping({"touch": {"mean_days": 3.0}, "leave": leave}, restarts=False), seed=seed)
    without = run(looping({"leave": leave}, restarts=False), seed=seed)
    assert times(with_loops, "leave") == times(without, "leave")


@pytest.mark.medium
@pytest.mark.parametrize("restarts", [True, False])
def test_exponential_dwells_have_no_memory_so_both_give_the_exact_numbers(restarts):
    """Loops at 1 / 5 per day while customers stay, which they leave at 1 / 40: (1 - exp(-t / 40)) * 40 / 5 loops."""
    size, days = 1000, 100.0
    dwells = {"touch": {"mean_days": 5.0}, "leave": {"mean_days": 40.0}}
    result = run(looping(dwells, restarts=restarts, size=size), seed=3, days=days)
    left = 1.0 - exp(-days / 40.0)
    assert abs(len(times(result, "leave")) - size * left) < 4.0 * (size * left * (1.0 - left)) ** 0.5
    # The number of loops of one customer has a standard deviation below 8.
    assert abs(len(times(result, "touch")) - size * left * 8.0) < 4.0 * 8.0 * size**0.5


@pytest.mark.compiled
@settings(max_examples=6)
@given(SEEDS, st.booleans(), st.booleans())
def test_both_engines_agree_with_loops_of_both_kinds(seed, restarts, guarded):
    journey = arm().journey
    guard = Guard.of(min_days_in_stage=5.0) if guarded else None
    loops = (
        Move("log_in", "engagement", "engagement", restarts_clocks=False),
        Move("reopen", "support", "support", guard, restarts_clocks=restarts),
    )
    clocks = {"log_in": {"dwell": {"mean_days": 2.0}}, "reopen": {"dwell": {"mean_days": 4.0}}}
    setup = arm(
        journey=replace(journey, moves=(*journey.moves, *loops)), world={"moves": clocks}, population={"size": 60}
    )
    result = assert_same(setup, seed=seed, days=150.0)
    assert len(times(result, "log_in")) > 50
