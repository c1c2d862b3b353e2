"""A journey as integer tables, which performance-critical code reads instead of the state machine.

Arrays are for cohorts; nested tuples are for single customers (reading a NumPy element costs five times as much).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from journey.machine.requests import MoveResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from journey.machine.definition import Journey
    from journey.machine.guards import FactColumns, Guard

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
_Array = TypeVar("_Array", IntArray, BoolArray)

NONE = -1
"""In tables: there is no such move. In columns of stage codes: the value is missing."""
UNKNOWN = -2
"""In columns of stage codes: the name is not a stage of the journey."""


@dataclass(frozen=True, slots=True, eq=False)
class CompiledJourney:
    """The rules of a journey in tables. Arrays are read-only. S stages, M move names, G guards.

    Attributes:
        fingerprint: The fingerprint of the journey.
        stages: Stage names; a stage's code is its index.
        moves: Move names; a move's code is its index.
        stage_index: Stage name to code.
        move_index: Move name to code.
        table: Shape (S, M): code of the destination, -1 if the move is illegal.
        rows: `table` as nested tuples: ``rows[stage][move]``.
        step_legal: Shape (S, S): whether some move leads from the first stage to the second.
        step_move: Shape (S, S): code of the first such move, -1 if there is none.
        step_rows: `step_move` as nested tuples.
        legal_moves: Per stage, the codes of the moves that exist from it.
        live: Shape (S,): stages that are not terminal.
        terminal: Shape (S,): stages that are terminal.
        initial: Codes of the initial stages, the default first.
        guards: The distinct guards of the moves.
        guard_table: Shape (S, M): index in `guards` of the move's guard, -1 for none.
        moves_within_stay: Codes of the moves, as (stage, move), that lead back to their stage without beginning a new
            stay.
    """

    fingerprint: str
    stages: tuple[str, ...]
    moves: tuple[str, ...]
    stage_index: Mapping[str, int]
    move_index: Mapping[str, int]
    table: IntArray
    rows: tuple[tuple[int, ...], ...]
    step_legal: BoolArray
    step_move: IntArray
    step_rows: tuple[tuple[int, ...], ...]
    legal_moves: tuple[tuple[int, ...], ...]
    live: BoolArray
    terminal: BoolArray
    initial: tuple[int, ...]
    guards: tuple[Guard, ...]
    guard_table: IntArray
    moves_within_stay: frozenset[tuple[int, int]]

    def request(self, stages: IntArray, moves: IntArray, facts: FactColumns | None = None) -> npt.NDArray[np.int8]:
        """The results of `Journey.request` for many customers.

        Args:
            stages: Stage codes, shape (n,); a code below 0 (no such stage) makes every move illegal.
            moves: Move codes, shape (n,); a code below 0 (no such move) is illegal.
            facts: Facts for the guards, n rows. Default: unknown, so guarded moves are blocked.

        Returns:
            `MoveResult` values, shape (n,).
        """
        known = (stages >= 0) & (moves >= 0)
        here, move = np.where(known, stages, 0), np.where(known, moves, 0)
        if not (self.stages and self.moves):
            return np.full(len(stages), MoveResult.ILLEGAL, dtype=np.int8)
        legal = known & (self.table[here, move] >= 0)
        result = np.where(legal, MoveResult.MOVED, MoveResult.ILLEGAL).astype(np.int8)
        if self.guards:
            guard = np.where(legal, self.guard_table[here, move], NONE)
            for code, condition in enumerate(self.guards):
                guarded = guard == code
                passed = condition.evaluate(facts) if facts is not None else False
                result[guarded & ~np.asarray(passed)] = MoveResult.BLOCKED
        return result

    def encode_stages(self, names: npt.ArrayLike) -> IntArray:
        """Stage names as codes; see `encode_names`."""
        return encode_names(names, self.stages)

    def encode_moves(self, names: npt.ArrayLike) -> IntArray:
        """Move names as codes; see `encode_names`."""
        return encode_names(names, self.moves)


def compile_journey(journey: Journey) -> CompiledJourney:
    """Build the tables from the journey's state machine."""
    stage_index = {stage: code for code, stage in enumerate(journey.stages)}
    move_index = {name: code for code, name in enumerate(journey.move_names)}
    table = _move_table(journey.machine, stage_index, move_index)
    step_move = _step_table(table)
    guards = tuple(dict.fromkeys(move.guard for move in journey.moves if move.guard))
    guard_table = np.full_like(table, NONE)
    for move in journey.moves:
        if move.guard:
            cell = stage_index[move.source], move_index[move.name]
            guard_table[cell] = guards.index(move.guard)
    terminal = np.array([stage in journey.terminal for stage in journey.stages], dtype=np.bool_)
    return CompiledJourney(
        fingerprint=journey.fingerprint,
        stages=journey.stages,
        moves=journey.move_names,
        stage_index=MappingProxyType(stage_index),
        move_index=MappingProxyType(move_index),
        table=_read_only(table),
        rows=_to_nested_tuples(table),
        step_legal=_read_only(step_move >= 0),
        step_move=_read_only(step_move),
        step_rows=_to_nested_tuples(step_move),
        legal_moves=tuple(tuple(np.flatnonzero(row >= 0).tolist()) for row in table),
        live=_read_only(~terminal),
        terminal=_read_only(terminal),
        initial=tuple(stage_index[stage] for stage in journey.initial),
        guards=guards,
        guard_table=_read_only(guard_table),
        moves_within_stay=frozenset(
            (stage_index[stage], move_index[move]) for stage, move in journey.moves_within_stay
        ),
    )


def _move_table(machine: Any, stage_index: Mapping[str, int], move_index: Mapping[str, int]) -> IntArray:
    table = np.full((len(stage_index), len(move_index)), NONE, dtype=np.int64)
    for name, event in machine.events.items():
        # Use .items() only: reading event.transitions[stage] would insert an empty list for that stage into the
        # library's defaultdict, after which its illegal moves return False instead of raising an error.
        for source, transitions in event.transitions.items():
            for transition in transitions:
                table[stage_index[source], move_index[name]] = stage_index[transition.dest]
    return table


def _step_table(table: IntArray) -> IntArray:
    stages, moves = table.shape
    steps = np.full((stages, stages), NONE, dtype=np.int64)
    for move in reversed(range(moves)):
        legal = table[:, move] >= 0
        steps[np.flatnonzero(legal), table[legal, move]] = move
    return steps


def encode_names(column: npt.ArrayLike, names: tuple[str, ...]) -> IntArray:
    """Names or codes, converted to codes.

    Args:
        column: Names, codes, or floating-point codes with NaN for missing values.
        names: The known names; a name's code is its index.

    Returns:
        Codes: -1 for a missing value (None, NaN, "" or -1), -2 for an unknown name.
    """
    values = np.asarray(column)
    if values.dtype.kind == "f":
        missing = np.isnan(values)
        values = np.where(missing, NONE, values).astype(np.int64)
    if values.dtype.kind in "iu":
        integers = values.astype(np.int64)
        return np.where((integers >= len(names)) | (integers < NONE), UNKNOWN, integers)
    codes = np.full(values.shape, UNKNOWN, dtype=np.int64)
    # One comparison per name: names are few, rows are many.
    for code, name in enumerate(names):
        codes[values == name] = code
    codes[values == ""] = NONE
    if values.dtype.kind == "O":
        unmatched = np.flatnonzero(codes == UNKNOWN)
        codes[[row for row in unmatched if values[row] is None or values[row] != values[row]]] = NONE
    return codes


def _to_nested_tuples(table: IntArray) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(row) for row in table.tolist())


def _read_only(array: _Array) -> _Array:
    array.setflags(write=False)
    return array
