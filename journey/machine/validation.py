"""Validation of a journey's definition. It reports every mistake, not only the first."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from journey.core.suggestions import did_you_mean
from journey.machine.errors import JourneyDefinitionError
from journey.machine.moves import EVERY_LIVE_STAGE, Move
from journey.machine.stages import bad_details

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from journey.machine.stages import StageDetails

_NAME = re.compile(r"[^\W\d_](?:[\w -]*\w)?")
_MAX_NAME_LENGTH = 60
# The machine sets the attribute `stage`; a trigger of that name would hide it.
_RESERVED = {EVERY_LIVE_STAGE, "stage"}


def refuse_mistakes(
    stages: Sequence[str],
    moves: Sequence[Move],
    initial: Sequence[str],
    terminal: Sequence[str],
    details: Sequence[StageDetails],
) -> None:
    """Raise `JourneyDefinitionError` with all mistakes of the definition, if there are any."""
    problems = [
        *_bad_stages(stages),
        *_bad_initial_or_terminal("initial", initial, stages),
        *_bad_initial_or_terminal("terminal", terminal, stages),
        *_bad_moves(moves, stages, terminal),
        *_shadowed_moves(moves),
        *_bad_details(stages, terminal, details),
    ]
    if problems:
        raise JourneyDefinitionError(*problems)


@contextmanager
def refusing_unknown_stages(details: Iterable[str], stages: Sequence[str]) -> Iterator[None]:
    """Raise `JourneyDefinitionError` with every stage that has details and is not in the journey, if there is one.

    Problems that the block finds come first.
    """
    unknown = [f"stage.{name}: {_describe_unknown_stage(name, stages)}" for name in details if name not in stages]
    try:
        yield
    except JourneyDefinitionError as error:
        raise JourneyDefinitionError(*error.problems, *unknown) from None
    if unknown:
        raise JourneyDefinitionError(*unknown)


def _bad_details(stages: Sequence[str], terminal: Sequence[str], details: Sequence[StageDetails]) -> Iterable[str]:
    if len(details) != len(stages):
        yield f"there are details of {len(details)} stages; give those of all {len(stages)}, or none"
        return
    yield from bad_details(dict(zip(stages, details, strict=True)), tuple(terminal))


def _bad_name(role: str, name: object) -> str | None:
    if not isinstance(name, str):
        return f"{role} {name!r} must be text"
    if name.casefold() in _RESERVED:
        return f"{role} {name!r} is a reserved word; choose another name"
    if len(name) > _MAX_NAME_LENGTH or not _NAME.fullmatch(name):
        return (
            f"{role} {name!r} is not a usable name: it must begin with a letter, followed by letters, digits, '_', '-' "
            f"or spaces, at most {_MAX_NAME_LENGTH} characters"
        )
    return None


def _bad_names(role: str, names: Iterable[object]) -> Iterable[str]:
    """Problems of names: invalid names, and names that differ in capitals only."""
    first: dict[str, str] = {}
    for name in dict.fromkeys(names):
        problem = _bad_name(role, name)
        if problem:
            yield problem
        elif first.setdefault(str(name).casefold(), str(name)) != name:
            yield (
                f"{role} {name!r} differs from {first[str(name).casefold()]!r} in capitals only; "
                "use one spelling, or two names"
            )


def _bad_stages(stages: Sequence[str]) -> Iterable[str]:
    if not stages:
        yield "the journey has no stages; list at least one in `stages`"
    for stage in dict.fromkeys(stages):
        if stages.count(stage) > 1:
            yield f"stage {stage!r} is listed {stages.count(stage)} times in `stages`; list it once"
    yield from _bad_names("stage", stages)


def _bad_initial_or_terminal(role: str, given: Sequence[str], stages: Sequence[str]) -> Iterable[str]:
    if role == "initial" and not given:
        yield "the journey has no initial stage; list in `initial` where customers start"
    for stage in dict.fromkeys(given):
        if stage not in stages:
            yield f"{role} stage {_describe_unknown_stage(stage, stages)}"
        if given.count(stage) > 1:
            yield f"{role} stage {stage!r} is listed {given.count(stage)} times; list it once"


def _bad_moves(moves: Sequence[Move], stages: Sequence[str], terminal: Sequence[str]) -> Iterable[str]:
    yield from _bad_names("move", (move.name for move in moves))
    for move in moves:
        if move.source not in stages:
            yield f"move {move.name!r}: its source {_describe_unknown_stage(move.source, stages)}"
        if move.destination not in stages:
            yield f"move {move.name!r}: its destination {_describe_unknown_stage(move.destination, stages)}"
        if move.source in terminal:
            yield (
                f"move {move.name!r} leaves {move.source!r}, which is terminal; remove the move, "
                f"or take {move.source!r} out of `terminal`"
            )
        if not move.restarts_clocks and move.source != move.destination:
            yield (
                f"move {move.name!r}: `restarts_clocks = false` is for a move from a stage to itself; this one leads "
                f"from {move.source!r} to {move.destination!r}"
            )
        for stage in move.guard.named_stages() if move.guard else ():
            if stage not in stages:
                yield f"move {move.name!r}: in its guard, {_describe_unknown_stage(stage, stages)}"


def _shadowed_moves(moves: Sequence[Move]) -> Iterable[str]:
    """A second rule for the same stage and move would never be used; it is rejected with the name of the first."""
    first: dict[tuple[str, str], Move] = {}
    for move in moves:
        existing = first.setdefault((move.source, move.name), move)
        if existing is not move:
            yield (
                f"move {move.name!r} from {move.source!r} to {move.destination!r} is shadowed by the "
                f"existing rule {existing}; remove one of them, or give it another name"
            )


def _describe_unknown_stage(stage: object, stages: Sequence[str]) -> str:
    return f"{stage!r} is not a stage{did_you_mean(str(stage), [str(known) for known in stages])}"
