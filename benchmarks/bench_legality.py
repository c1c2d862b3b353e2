"""Time to determine whether a move is legal: by state machine, by tuple, by array, and for a million moves.

The best of several rounds; where a loop in Python is needed to repeat something short, the empty loop is taken off.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from journey.machine import Position, check_conformance, default_journey

if TYPE_CHECKING:
    from collections.abc import Callable

MOVES = 1_000_000
_JOURNEY = default_journey()


def run() -> list[dict[str, object]]:
    """All figures, the best of several rounds each."""
    compiled = _JOURNEY.compile()
    support, resolve = compiled.stage_index["support"], compiled.move_index["resolve"]
    return [
        _row(
            "move through the machine", _each(_machine_moves, 20_000), "us", "Journey.request, a legal move, no guard"
        ),
        _row("legality by nested tuple", _each(_tuple_lookups, 1_000_000), "ns", "rows[stage][move] of the tables"),
        _row("legality by array element", _each(_array_lookups, 200_000), "ns", "table[stage, move], one at a time"),
        _row("legality by array, cohort", _cohort(support, resolve), "ns", "CompiledJourney.request, per customer"),
        _row("replay of a million moves, by code", _replay(by_name=False), "s", "100,000 cases, grouped"),
        _row("replay of a million moves, by name", _replay(by_name=True), "s", "100,000 cases, grouped"),
    ]


def _row(name: str, seconds: float, unit: str, note: str) -> dict[str, object]:
    return {"name": name, "value": seconds * {"s": 1, "us": 1e6, "ns": 1e9}[unit], "unit": unit, "note": note}


def _best(work: Callable[[], object], rounds: int = 5) -> float:
    spent = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begun)
    return min(spent)


def _each(work: Callable[[int], object], times: int) -> float:
    """Seconds per repetition, minus the empty loop."""
    empty = _best(lambda: _empty(times))
    return max(_best(lambda: work(times)) - empty, 0.0) / times


def _empty(times: int) -> None:
    for _ in range(times):
        pass


def _machine_moves(times: int) -> None:
    journey, position = _JOURNEY, Position("support")
    for _ in range(times):
        position.stage = "support"
        journey.request(position, "resolve")


def _tuple_lookups(times: int) -> None:
    rows = _JOURNEY.compile().rows
    stage, move = 3, 3
    for _ in range(times):
        rows[stage][move]


def _array_lookups(times: int) -> None:
    table = _JOURNEY.compile().table
    stage, move = 3, 3
    for _ in range(times):
        table[stage, move]


def _cohort(stage: int, move: int) -> float:
    compiled = _JOURNEY.compile()
    stages, moves = np.full(MOVES, stage), np.full(MOVES, move)
    return _best(lambda: compiled.request(stages, moves)) / MOVES


def _replay(*, by_name: bool) -> float:
    compiled = _JOURNEY.compile()
    walk = np.array([0, 1, 3, 2, 3, 4, 2, 3, 4, 5])
    cases, end = np.repeat(np.arange(MOVES // 10), 10), np.tile(walk, MOVES // 10)
    start = np.where(np.arange(MOVES) % 10 == 0, -1, np.roll(end, 1))
    if by_name:
        names = np.array([*compiled.stages, ""])
        return _best(lambda: check_conformance(compiled, cases, names[start], names[end]), rounds=3)
    return _best(lambda: check_conformance(compiled, cases, start, end), rounds=3)
