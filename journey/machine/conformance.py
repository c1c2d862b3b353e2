"""Conformance checking: compares a log of moves with a journey, and reports the first violation of each case."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from journey.core.errors import InputError
from journey.machine.compiled import NONE, UNKNOWN, BoolArray, IntArray, encode_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journey.machine.compiled import CompiledJourney


class ViolationKind(IntEnum):
    """The violation of a row of a log; of several violations the first in this order is reported."""

    UNKNOWN_STAGE = 1
    """A stage or the move is not in the journey."""
    DISCONTINUOUS = 2
    """It starts from another stage than the previous row of the case entered."""
    ILLEGAL_MOVE = 3
    """No move leads from the one stage to the other, or the named move does not."""


@dataclass(frozen=True, slots=True)
class Violation:
    """The first violation of one case.

    Attributes:
        case: The case's identifier.
        position: Index of the row among the case's rows, from 0.
        row: Index of the row in the log, from 0.
        kind: The kind of violation.
        from_stage: The stage left; None if the log does not contain it.
        to_stage: The stage entered; None if the log does not contain it.
        move: The move in the log; None if the log has no moves.
        previous_stage: The stage that the previous row of the case entered; None for its first row.
        legal_moves: The names of the moves that were legal from `from_stage`.
    """

    case: Any
    position: int
    row: int
    kind: ViolationKind
    from_stage: str | None
    to_stage: str | None
    move: str | None
    previous_stage: str | None
    legal_moves: tuple[str, ...]

    def __str__(self) -> str:
        where = f"case {self.case}, move {self.position + 1}: "
        step = f"{self.from_stage!r} -> {self.to_stage!r}"
        if self.move is not None:
            step = f"{self.move!r} ({step})"
        if self.kind is ViolationKind.DISCONTINUOUS:
            return f"{where}{step} leaves {self.from_stage!r}, but the move before it entered {self.previous_stage!r}"
        if self.kind is ViolationKind.UNKNOWN_STAGE:
            return f"{where}{step} names a stage or move that the journey does not have"
        return f"{where}{step} is illegal; legal from there: {', '.join(self.legal_moves) or 'nothing'}"


@dataclass(frozen=True, slots=True, eq=False)
class ConformanceResult:
    """The result of comparing a log with a journey. Iterate over it for the first violation of each case.

    Attributes:
        rows: Rows in the log.
        cases: Distinct cases in it.
        kinds: Shape (rows,), in the order of the log: 0 for a valid row, otherwise its `ViolationKind`.
        first_rows: The row of the first violation of each case that has one, in the order of the case identifiers.
    """

    rows: int
    cases: int
    kinds: npt.NDArray[np.int8]
    first_rows: IntArray
    _first: IntArray
    _log: _Log

    def count(self, kind: ViolationKind) -> int:
        """Number of rows with this kind of violation."""
        return int(np.count_nonzero(self.kinds == kind))

    @property
    def violations(self) -> int:
        """Number of rows with a violation."""
        return int(np.count_nonzero(self.kinds))

    def __len__(self) -> int:
        return len(self.first_rows)

    def __iter__(self) -> Iterator[Violation]:
        kinds = self.kinds[self.first_rows].tolist()
        return (
            self._log.violation(index, ViolationKind(kind))
            for index, kind in zip(self._first.tolist(), kinds, strict=True)
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Log:
    """The data to build a `Violation` on request; `index` counts rows grouped by case."""

    compiled: CompiledJourney
    cases: npt.NDArray[Any]
    given: tuple[npt.NDArray[Any] | None, ...]
    order: IntArray
    begins: BoolArray
    steps: _Steps

    def violation(self, index: int, kind: ViolationKind) -> Violation:
        row = int(self.order[index])
        position = 0
        while not self.begins[index - position]:
            position += 1
        start, move = int(self.steps.start[index]), self.steps.move
        given_start, given_end, given_move = self.given
        stages, moves = self.compiled.stages, self.compiled.moves
        legal = self.compiled.legal_moves[start] if start >= 0 else ()
        return Violation(
            case=self.cases[row : row + 1].tolist()[0],
            position=position,
            row=row,
            kind=kind,
            from_stage=_stage_or_move_name(start, stages, given_start, row),
            to_stage=_stage_or_move_name(int(self.steps.end[index]), stages, given_end, row),
            move=None if move is None else _stage_or_move_name(int(move[index]), moves, given_move, row),
            previous_stage=_stage_or_move_name(int(self.steps.previous[index]), stages, None, row),
            legal_moves=tuple(moves[code] for code in legal),
        )


def check_conformance(
    compiled: CompiledJourney,
    case_ids: npt.ArrayLike,
    from_stages: npt.ArrayLike,
    to_stages: npt.ArrayLike | None = None,
    moves: npt.ArrayLike | None = None,
) -> ConformanceResult:
    """Compare a log of moves with a journey.

    Columns have one entry per move, with each case's moves in chronological order; cases may be interleaved. Stages and
    moves are names or codes. A log contains the stage entered, the move, or both, which must then agree. If the first
    row of a case has no stage left, it is a valid entry. If a later row has none, it leaves the current stage of the
    case.

    Args:
        compiled: The journey's tables.
        case_ids: The customer (or campaign, or intervention) of each row.
        from_stages: Stage left; None, NaN, "" or -1 if missing.
        to_stages: Stage entered. Default: the destination of the move.
        moves: Name or code of the move. Default: any move that leads from the one stage to the other.

    Returns:
        The kind of violation of each row, and the first violation of each case.

    Raises:
        InputError: Neither `to_stages` nor `moves` is given, or the columns differ in length.
    """
    if to_stages is None and moves is None:
        raise InputError("checking a log needs the stages entered, or the moves; give `to_stages` or `moves`")
    cases = np.asarray(case_ids)
    given = tuple(None if column is None else np.asarray(column) for column in (from_stages, to_stages, moves))
    lengths = {len(column) for column in (cases, *given) if column is not None}
    if len(lengths) > 1:
        raise InputError(f"the columns of a log must have the same length, got {sorted(lengths)}")

    # From here on rows are grouped by case, in chronological order.
    order = _case_order(cases)
    grouped = cases[order]
    begins = np.ones(len(cases), dtype=np.bool_)
    begins[1:] = grouped[1:] != grouped[:-1]
    steps = _resolve_steps(compiled, begins, *_encode_columns(compiled, given, order))
    kinds = _classify_rows(compiled, begins, steps)
    violating = np.flatnonzero(kinds)
    repeats = np.zeros(len(violating), dtype=np.bool_)
    repeats[1:] = grouped[violating[1:]] == grouped[violating[:-1]]
    first = violating[~repeats]
    log = _Log(compiled, cases, given, order, begins, steps)
    as_given = np.empty_like(kinds)
    as_given[order] = kinds
    return ConformanceResult(len(cases), int(np.count_nonzero(begins)), as_given, order[first], first, log)


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """The log's rows as codes, grouped by case. `previous` is the stage of the case before the row."""

    start: IntArray
    end: IntArray
    move: IntArray | None
    previous: IntArray


def _case_order(cases: npt.NDArray[Any]) -> IntArray:
    """The order that groups rows by case and keeps their chronological order."""
    if len(cases) < 2 or bool(np.all(cases[1:] >= cases[:-1])):
        return np.arange(len(cases))
    return np.argsort(cases, kind="stable")


def _encode_columns(
    compiled: CompiledJourney, given: tuple[npt.NDArray[Any] | None, ...], order: IntArray
) -> tuple[IntArray, IntArray | None, IntArray | None]:
    names = (compiled.stages, compiled.stages, compiled.moves)
    start, end, move = (
        None if column is None else encode_names(column, known)[order]
        for column, known in zip(given, names, strict=True)
    )
    assert start is not None
    return start, end, move


def _resolve_steps(
    compiled: CompiledJourney, begins: BoolArray, start: IntArray, end: IntArray | None, move: IntArray | None
) -> _Steps:
    """Fill in values missing from the log, from the rules and the previous rows."""
    if move is not None:
        leads_to = _lookup(compiled.table, start, move)
        end = leads_to if end is None else np.where(end == NONE, leads_to, end)
    assert end is not None
    # Without a move, or with an unknown move, the stage stays the same.
    previous = _previous_stages(begins, np.where(end == NONE, start, end))
    missing_start = (start == NONE) & ~begins
    if (missing_start if move is not None else missing_start & (end == NONE)).any():
        return _resolve_row_by_row(compiled, begins, start, end, move)
    return _Steps(np.where(missing_start, previous, start), end, move, previous)


def _resolve_row_by_row(
    compiled: CompiledJourney, begins: BoolArray, start: IntArray, end: IntArray, move: IntArray | None
) -> _Steps:
    """Resolve rows one by one, because the start of a row depends on the previous rows."""
    starts, ends = start.tolist(), end.tolist()
    moves = [NONE] * len(starts) if move is None else move.tolist()
    previous = [NONE] * len(starts)
    stage = NONE
    for row, is_first in enumerate(begins.tolist()):
        if is_first:
            stage = NONE
        previous[row] = stage
        if starts[row] == NONE:
            starts[row] = stage
        if ends[row] == NONE and starts[row] >= 0 and moves[row] >= 0:
            ends[row] = compiled.rows[starts[row]][moves[row]]
        stage = starts[row] if ends[row] == NONE else ends[row]
    return _Steps(
        np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64), move, np.array(previous, dtype=np.int64)
    )


def _previous_stages(begins: BoolArray, after: IntArray) -> IntArray:
    previous = np.full(len(after), NONE, dtype=np.int64)
    previous[1:] = np.where(begins[1:], NONE, after[:-1])
    return previous


def _lookup(table: IntArray, rows: IntArray, columns: IntArray) -> IntArray:
    """``table[rows, columns]``, and -1 if one of the codes is -1 or -2."""
    # Two extra rows and columns, to which the negative indices -1 and -2 point.
    padded = np.pad(table, ((0, 2), (0, 2)), constant_values=NONE)
    found: IntArray = padded[rows, columns]
    return found


def _classify_rows(compiled: CompiledJourney, begins: BoolArray, steps: _Steps) -> npt.NDArray[np.int8]:
    """The violation of each row; 0 for a valid row."""
    start, end, move = steps.start, steps.end, steps.move
    if move is None:
        legal: BoolArray = _lookup(compiled.step_move, start, end) >= 0
        known = (start >= 0) & (end >= 0)
    else:
        leads_to = _lookup(compiled.table, start, move)
        legal = (leads_to >= 0) & (leads_to == end)
        known = (start >= 0) & (move >= 0) & (end != UNKNOWN)
    entry = begins & (start == NONE) & (end >= 0)
    kinds = np.where(legal | entry, 0, ViolationKind.ILLEGAL_MOVE).astype(np.int8)
    kinds[(steps.previous >= 0) & (start != steps.previous)] = ViolationKind.DISCONTINUOUS
    kinds[~known & ~entry] = ViolationKind.UNKNOWN_STAGE
    return kinds


def _stage_or_move_name(code: int, names: tuple[str, ...], given: npt.NDArray[Any] | None, row: int) -> str | None:
    """The name of a code; for an unknown name the value in the log, for a missing value None."""
    if code >= 0:
        return names[code]
    return str(given[row]) if code == UNKNOWN and given is not None else None
