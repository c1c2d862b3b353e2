"""Conversion between a journey and its form in a scenario file.

    [journey]
    stages = ["trial", "active", "gone"]
    initial = "trial"
    terminal = "gone"

    [[journey.moves]]
    name = "convert"
    source = "trial"
    destination = "active"
    guard = { min_days_in_stage = 7 }

    [[journey.moves]]
    name = "leave"
    source = "every_live_stage"
    destination = "gone"

    [journey.stage.trial]
    pays = 0
    roles = ["evaluation"]
    typical_days = 14

A move has one ``source``, or several ``sources``. The source ``every_live_stage`` stands for every stage that is not
terminal, except the destination. All conditions of a guard must be met.

A move from a stage to itself begins a new stay, unless ``restarts_clocks = false``; see `journey.machine.moves.Move`.

A journey that states only ``stage`` (and ``name``) is the default journey with other details of these stages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from journey.core.merging import deep_merge
from journey.core.suggestions import did_you_mean
from journey.machine.errors import JourneyDefinitionError
from journey.machine.guards import Guard
from journey.machine.moves import EVERY_LIVE_STAGE, Move, MoveRule
from journey.machine.stages import NO_DETAILS, StageDetails

if TYPE_CHECKING:
    from journey.machine.definition import Journey

_JOURNEY_KEYS = ("name", "stages", "initial", "terminal", "moves", "stage")
_RULES = ("stages", "initial", "terminal", "moves")
_STAGE_KEYS = ("pays", "roles", "typical_days")
_MOVE_KEYS = ("name", "source", "sources", "destination", "guard", "restarts_clocks")


def parse_journey(data: Mapping[str, Any], default_journey: Callable[[], Journey]) -> dict[str, Any]:
    """The arguments of `Journey.build` in this data.

    Args:
        data: The journey's keys.
        default_journey: Builds the journey whose rules are used if the data states details of stages but no rules.

    Raises:
        JourneyDefinitionError: Keys are unknown, missing or of the wrong type; the error lists every mistake.
    """
    _require_mapping("the journey", data)
    problems = _Problems()
    problems.collect(_refuse_unknown_keys, "the journey", data, _JOURNEY_KEYS)
    if "stage" in data and not any(key in data for key in _RULES):
        if isinstance(data["stage"], list):
            raise JourneyDefinitionError("`stage` must be a table for each stage; list the names of stages in `stages`")
        _require_mapping("`stage`", data["stage"])
        data = deep_merge(serialise_journey(default_journey()), data)
    problems.collect(_require_keys, "the journey", data, ("stages", "initial", "moves"))
    moves = data.get("moves", ())
    if not isinstance(moves, list | tuple):
        problems.add(f"`moves` must be a list of moves, got {moves!r}")
        moves = ()
    parsed = {
        "name": problems.collect(_parse_text, "`name`", data.get("name", "journey")),
        "stages": problems.collect(_parse_names, "`stages`", data.get("stages", ())),
        "initial": problems.collect(_parse_names, "`initial`", data.get("initial", ())),
        "terminal": problems.collect(_parse_names, "`terminal`", data.get("terminal", ())),
        "moves": [problems.collect(_parse_move, number, move) for number, move in enumerate(moves, start=1)],
        "details": problems.collect(_parse_details, data.get("stage", {})),
    }
    problems.raise_if_any()
    return parsed


class _Problems:
    """Collects the problems of several parts, so that they are reported together."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, problem: str) -> None:
        self._found.append(problem)

    def collect(self, parse: Callable[..., Any], *arguments: Any) -> Any:
        """The result of `parse`, or None if it raises an error; the problems of the error are collected."""
        try:
            return parse(*arguments)
        except JourneyDefinitionError as error:
            self._found += error.problems
            return None

    def raise_if_any(self) -> None:
        if self._found:
            raise JourneyDefinitionError(*self._found)


def _parse_details(data: Any) -> dict[str, StageDetails]:
    _require_mapping("`stage`", data)
    return {stage: _parse_stage(f"stage.{stage}", given) for stage, given in data.items()}


def _parse_stage(context: str, data: Any) -> StageDetails:
    _require_mapping(context, data)
    _refuse_unknown_keys(context, data, _STAGE_KEYS)
    return StageDetails(
        _parse_number(f"{context}.pays", data.get("pays")),
        _parse_names(f"{context}.roles", data.get("roles", ())),
        _parse_number(f"{context}.typical_days", data.get("typical_days")),
    )


def _parse_move(number: int, data: Any) -> MoveRule:
    context = f"move {number}"
    _require_mapping(context, data)
    if isinstance(data.get("name"), str):
        context = f"move {number} ({data['name']!r})"
    problems = _Problems()
    problems.collect(_refuse_unknown_keys, context, data, _MOVE_KEYS)
    problems.collect(_require_keys, context, data, ("name", "destination"))
    problems.raise_if_any()
    if ("source" in data) == ("sources" in data):
        raise JourneyDefinitionError(
            f"{context}: give either `source` (one stage, or {EVERY_LIVE_STAGE!r}) or `sources` (a list)"
        )
    if "source" in data:
        sources: str | tuple[str, ...] = _parse_text(f"{context}: `source`", data["source"])
    else:
        sources = _parse_names(f"{context}: `sources`", data["sources"])
    destination = _parse_text(f"{context}: `destination`", data["destination"])
    restarts = data.get("restarts_clocks", True)
    if not isinstance(restarts, bool):
        raise JourneyDefinitionError(f"{context}: `restarts_clocks` must be true or false, got {restarts!r}")
    if not restarts and destination not in ((sources,) if isinstance(sources, str) else sources):
        raise JourneyDefinitionError(
            f"{context}: `restarts_clocks = false` is for a move from a stage to itself; no source is {destination!r}"
        )
    name = _parse_text(f"{context}: `name`", data["name"])
    return MoveRule(name, sources, destination, _parse_guard(context, data.get("guard")), restarts)


def _parse_guard(context: str, data: Any) -> Guard | None:
    if data is None:
        return None
    _require_mapping(f"{context}: `guard`", data)
    try:
        return Guard.from_dict(data)
    except JourneyDefinitionError as error:
        raise JourneyDefinitionError(*(f"{context}: {problem}" for problem in error.problems)) from None


def serialise_journey(journey: Journey) -> dict[str, Any]:
    """The journey as plain data; moves with the same name, destination and guard become one rule."""
    groups: dict[tuple[str, str, Guard | None], list[Move]] = {}
    for move in journey.moves:
        groups.setdefault((move.name, move.destination, move.guard), []).append(move)
    return {
        "name": journey.name,
        "stages": list(journey.stages),
        "initial": list(journey.initial),
        "terminal": list(journey.terminal),
        "moves": [_serialise_rule(journey, moves) for moves in groups.values()],
        **({"stage": stage} if (stage := _serialise_details(journey)) else {}),
    }


def _serialise_details(journey: Journey) -> dict[str, dict[str, Any]]:
    stated = journey.details_by_stage.items()
    return {stage: _serialise_stage(details) for stage, details in stated if details != NO_DETAILS}


def _serialise_stage(details: StageDetails) -> dict[str, Any]:
    return {
        **({} if details.pays is None else {"pays": details.pays}),
        **({"roles": list(details.roles)} if details.roles else {}),
        **({} if details.typical_days is None else {"typical_days": details.typical_days}),
    }


def _serialise_rule(journey: Journey, moves: list[Move]) -> dict[str, Any]:
    name, destination, guard = moves[0].name, moves[0].destination, moves[0].guard
    sources = [move.source for move in moves]
    if len(sources) > 1 and sources == [stage for stage in journey.live if stage != destination]:
        source: dict[str, Any] = {"source": EVERY_LIVE_STAGE}
    else:
        source = {"source": sources[0]} if len(sources) == 1 else {"sources": sources}
    rule: dict[str, Any] = {"name": name, **source, "destination": destination}
    if not all(move.restarts_clocks for move in moves):
        rule["restarts_clocks"] = False
    return {**rule, "guard": guard.to_dict()} if guard else rule


def _require_mapping(context: str, data: object) -> None:
    if not isinstance(data, Mapping):
        raise JourneyDefinitionError(f"{context} must be a table of keys and values, got {data!r}")


def _refuse_unknown_keys(context: str, data: Mapping[str, Any], known: Sequence[str]) -> None:
    problems = [f"{context}: unknown key `{key}`{did_you_mean(str(key), known)}" for key in data if key not in known]
    if problems:
        raise JourneyDefinitionError(*problems)


def _require_keys(context: str, data: Mapping[str, Any], needed: Iterable[str]) -> None:
    missing = [key for key in needed if key not in data]
    if missing:
        raise JourneyDefinitionError(*(f"{context}: the key `{key}` is missing" for key in missing))


def _parse_text(context: str, given: Any) -> str:
    if not isinstance(given, str):
        raise JourneyDefinitionError(f"{context} must be text, got {given!r}")
    return given


def _parse_number(context: str, given: Any) -> float | None:
    if given is not None and (not isinstance(given, int | float) or isinstance(given, bool)):
        raise JourneyDefinitionError(f"{context} must be a number, got {given!r}")
    return given


def _parse_names(context: str, given: Any) -> tuple[str, ...]:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise JourneyDefinitionError(f"{context} must be a name or a list of names, got {given!r}")
    return tuple(names)
