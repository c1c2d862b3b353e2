"""Questions about the structure of a journey, compared with brute force."""

from __future__ import annotations

import heapq
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings

from journey.machine import Journey, Move, UnknownStageError, default_journey, format_path
from journey.machine.lifecycles import intervention_lifecycle, risk_signal_lifecycle
from journeylab.testing import journeys
from tests.levels import examples


def ways(journey: Journey) -> np.ndarray:
    """Which stage leads to which by any number of moves, none included: powers of the adjacency matrix."""
    place = {stage: code for code, stage in enumerate(journey.stages)}
    steps = np.eye(len(journey.stages), dtype=np.int64)
    for move in journey.moves:
        steps[place[move.source], place[move.destination]] = 1
    return np.linalg.matrix_power(steps, len(journey.stages)) > 0


@given(journeys())
def test_unreachable_stages_agree_with_matrix_powers(journey: Journey):
    reach = ways(journey)
    starts = [journey.stages.index(stage) for stage in journey.initial]
    expected = [s for code, s in enumerate(journey.stages) if not any(reach[start, code] for start in starts)]
    assert list(journey.unreachable_stages()) == expected


@given(journeys())
def test_stages_that_cannot_finish_agree_with_matrix_powers(journey: Journey):
    reach = ways(journey)
    ends = [journey.stages.index(stage) for stage in journey.terminal]
    expected = [s for code, s in enumerate(journey.stages) if not any(reach[code, end] for end in ends)]
    assert list(journey.cannot_finish()) == expected


@given(journeys(guarded=False))
def test_dead_ends_agree_with_trying_every_move(journey: Journey):
    def can_leave(stage: str) -> bool:
        return any(journey.move(stage, move.name) != stage for move in journey.legal_moves(stage))

    assert list(journey.dead_ends()) == [stage for stage in journey.live if not can_leave(stage)]


@given(journeys())
def test_the_shortest_way_is_legal_and_no_way_is_shorter(journey: Journey):
    place = {stage: code for code, stage in enumerate(journey.stages)}
    far = np.full((len(place), len(place)), np.inf)
    np.fill_diagonal(far, 0)
    for move in journey.moves:
        if move.source != move.destination:
            far[place[move.source], place[move.destination]] = 1
    for via in range(len(place)):  # Floyd & Warshall
        far = np.minimum(far, far[:, [via]] + far[[via], :])
    for start in journey.stages:
        for end in journey.stages:
            path = journey.shortest_path(start, end)
            if path is None:
                assert far[place[start], place[end]] == np.inf
                continue
            assert len(path) == far[place[start], place[end]]
            assert_is_walk(journey, path, start)
            assert (path[-1].destination if path else start) == end


def assert_is_walk(journey: Journey, path: tuple[Move, ...], start: str) -> None:
    here = start
    for move in path:
        assert move in journey.moves
        assert move.source == here
        here = move.destination


def test_the_shortest_way_in_the_default_journey():
    path = default_journey().shortest_path("onboarding", "escalation")
    assert path is not None
    assert format_path(path) == ("onboarding -activate-> engagement -open_ticket-> support -escalate-> escalation")
    assert default_journey().shortest_path("churned", "onboarding") is None
    assert default_journey().shortest_path("support", "support") == ()
    assert format_path(()) == ""


def test_a_way_to_a_stage_that_does_not_exist_is_an_error_that_lists_the_stages():
    with pytest.raises(UnknownStageError, match="there is no stage 'limbo'; the stages are onboarding, engagement"):
        default_journey().shortest_path("onboarding", "limbo")


def test_odd_shapes_are_legal_and_become_findings():
    journey = Journey.build(
        stages=("a", "b", "loop", "island", "end"),
        initial="a",
        terminal="end",
        moves=(
            Move("go", "a", "end"),
            Move("stray", "a", "loop"),
            Move("turn", "loop", "b"),
            Move("turn", "b", "loop"),
            Move("stay", "island", "island"),
        ),
    )
    assert [(f.code, f.record) for f in journey.findings()] == [
        ("unreachable-stage", "island"),
        ("dead-end-stage", "island"),
        ("cannot-finish", "b"),
        ("cannot-finish", "loop"),
    ]
    assert journey.findings()[0].message == "Stage 'island': no path from an initial stage leads to it."


@given(journeys(max_stages=5))
def test_covering_paths_are_legal_and_make_every_reachable_move(journey: Journey):
    paths = journey.covering_paths()
    for path in paths:
        assert path
        assert path[0].source in journey.initial
        assert_is_walk(journey, path, path[0].source)
    unreachable = journey.unreachable_stages()
    assert {move for path in paths for move in path} == {m for m in journey.moves if m.source not in unreachable}


@pytest.mark.medium
@given(journeys(guarded=False, max_stages=5, max_moves=8))
@settings(max_examples=examples(200, otherwise=40), deadline=None)
def test_no_smaller_set_of_paths_makes_every_move(journey: Journey):
    """First the number of paths is the least, then the number of moves: by search through all sets of paths."""
    paths = journey.covering_paths()
    assert (len(paths), sum(map(len, paths))) == fewest_paths_and_moves(journey)


def fewest_paths_and_moves(journey: Journey) -> tuple[int, int]:
    """Dijkstra over (moves made, present stage), each step costing a path or a move."""
    unreachable = journey.unreachable_stages()
    moves = [move for move in journey.moves if move.source not in unreachable]
    everything = (1 << len(moves)) - 1
    order = count()
    queue: list[tuple[tuple[int, int], int, int, str | None]] = [((0, 0), next(order), 0, None)]
    done = set()
    while queue:
        (paths, steps), _, made, here = heapq.heappop(queue)
        if made == everything:
            return paths, steps
        if (made, here) in done:
            continue
        done.add((made, here))
        for stage in journey.initial:
            heapq.heappush(queue, ((paths + 1, steps), next(order), made, stage))
        for number, move in enumerate(moves):
            if move.source == here:
                state = (made | 1 << number, move.destination)
                heapq.heappush(queue, ((paths, steps + 1), next(order), *state))
    raise AssertionError("every reachable move can be made")


def test_the_covering_paths_of_the_default_journey_can_be_read(capsys: pytest.CaptureFixture[str]):
    journey = default_journey()
    paths = journey.covering_paths()
    with capsys.disabled():
        print("\n  the fewest customers who together make every move of the default journey:")
        for number, path in enumerate(paths, start=1):
            print(f"    {number}. {format_path(path)}")
    # Every churn ends a path and nothing leads out of it, so that five paths are the least there can be.
    assert len(paths) == 5
    assert {(m.source, m.name) for path in paths for m in path} == set(journey.arcs)
    stages = {stage for path in paths for move in path for stage in (move.source, move.destination)}
    assert stages == set(journey.stages)


def test_walking_the_covering_paths_through_the_machine_covers_every_stage_and_every_edge():
    for journey in (default_journey(), intervention_lifecycle(), risk_signal_lifecycle()):
        stages, edges = set(), set()
        for path in journey.covering_paths():
            here = path[0].source
            for move in path:
                stages.add(here)
                edges.add((here, move.name))
                here = journey.move(here, move.name)
            stages.add(here)
        assert stages == set(journey.stages)
        assert edges == set(journey.arcs)


def test_a_journey_without_moves_needs_no_paths():
    assert Journey.build(stages=["only"], initial="only", moves=[]).covering_paths() == ()
