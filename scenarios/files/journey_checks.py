"""The journey of a scenario: every mistake with the key that it is in, and a journey without the mistaken parts."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from journey.core.messages import KeyProblem
from journey.machine import Journey, default_journey
from journey.machine.errors import JourneyDefinitionError

Path = tuple[int | str, ...]

_MAX_ROUNDS = 20
_NUMBERED_MOVE = re.compile(r"move (\d+)\b")
_NAMED_MOVE = re.compile(r"move '([^']*)'")
_UNKNOWN_KEY = re.compile(r"unknown key `([^`]*)`")
_KEY_OF_MOVE = {"its source": "source", "its destination": "destination", "in its guard": "guard"}
_QUOTED_KEY = re.compile(r"`(name|source|sources|destination|guard)`")
_RULES = "rules"
"""Key of the declared rules of a journey, which are examined elsewhere."""
_TOP_KEYS = ("stages", "initial", "terminal", "moves", "name")


class ExaminedJourney(NamedTuple):
    """A journey, and what is wrong with it.

    Attributes:
        journey: The journey without the mistaken parts; None if too little is left of it.
        problems: The mistakes, with paths from the table of the journey.
        left_out: Names of the moves that were left out.
    """

    journey: Journey | None
    problems: tuple[KeyProblem, ...] = ()
    left_out: tuple[str, ...] = ()


def examine_journey(table: Mapping[str, Any]) -> ExaminedJourney:
    """Build the journey of a table; parts with mistakes are reported and left out, so that the rest is checked too.

    Rules without a journey are about the default journey.
    """
    if set(table) == {_RULES}:
        return ExaminedJourney(default_journey())
    draft = _Draft({key: value for key, value in table.items() if key != _RULES})
    problems: dict[str, KeyProblem] = {}
    for _ in range(_MAX_ROUNDS):
        try:
            journey = Journey.from_dict(draft.build())
            return ExaminedJourney(journey, tuple(problems.values()), tuple(draft.left_out))
        except JourneyDefinitionError as error:
            located = {text: _build_problem(draft.locate(text), text) for text in error.problems}
            problems |= {text: each for text, each in located.items() if text not in problems}
            corrected = [draft.leave_out(each.path) for each in located.values()]
            if not all(corrected):
                break
    return ExaminedJourney(None, tuple(problems.values()))


def _build_problem(path: Path, problem: str) -> KeyProblem:
    """A problem whose message does not repeat the key, or a table that contains it."""
    for depth in range(len(path), 0, -1):
        problem = problem.removeprefix(f"{'.'.join(map(str, path[:depth]))}: ")
    return KeyProblem(path, problem)


class _Draft:
    """A table of a journey from which parts are left out; moves keep their original positions."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = dict(table)
        moves = table.get("moves")
        self.left_out: list[str] = []
        self._positions: dict[str, list[int]] = {}
        self._moves: dict[int, Any] = dict(enumerate(moves)) if isinstance(moves, list | tuple) else {}

    def build(self) -> dict[str, Any]:
        if not self._moves and not isinstance(self._table.get("moves"), list | tuple):
            return dict(self._table)
        return {**self._table, "moves": list(self._moves.values())}

    def locate(self, problem: str) -> Path:
        """The path of the key that a sentence about a mistake is about."""
        unknown = _UNKNOWN_KEY.search(problem)
        stage = self._find_stage(problem)
        if stage is not None:
            return ("stage", stage, *([unknown[1]] if unknown else []))
        numbered = _NUMBERED_MOVE.match(problem)
        if numbered:
            index = list(self._moves)[int(numbered[1]) - 1]
            return ("moves", index, *([unknown[1]] if unknown else self._find_key(index, problem)))
        if unknown:
            return (unknown[1],)
        named = _NAMED_MOVE.match(problem)
        if named:
            found = self._find_move(named[1], problem)
            return ("moves",) if found is None else ("moves", found, *self._find_key(found, problem))
        roles = {"stage ": "stages", "initial ": "initial", "terminal ": "terminal"}
        for role, key in roles.items():
            if problem.startswith(role) or f"no {role.strip()}" in problem:
                return (key,)
        return next(((key,) for key in _TOP_KEYS if f"`{key}`" in problem), ())

    def _find_stage(self, problem: str) -> str | None:
        """The stage whose details a sentence is about, which begins with ``stage.NAME``."""
        details = self._table.get("stage")
        named = (
            [name for name in details if problem.startswith(f"stage.{name}")] if isinstance(details, Mapping) else []
        )
        return max(named, key=len, default=None)

    def _find_move(self, name: str, problem: str) -> int | None:
        """The position of the move with a name; of several, the last one that contains a word that is quoted."""
        same = self._list_positions().get(name, [])
        quoted = set(re.findall(r"'([^']*)'", problem)) - {name}
        naming = [index for index in same if quoted & set(_names_in(self._moves[index]))]
        return next(iter(reversed(naming or same)), None)

    def _list_positions(self) -> dict[str, list[int]]:
        """The positions of the moves by name, until a move is left out."""
        if not self._positions:
            for index, move in self._moves.items():
                if isinstance(move, Mapping) and isinstance(move.get("name"), str):
                    self._positions.setdefault(move["name"], []).append(index)
        return self._positions

    def _find_key(self, index: int, problem: str) -> list[str]:
        move = self._moves[index]
        quoted = _QUOTED_KEY.search(problem)
        if quoted and isinstance(move, Mapping) and quoted[1] in move:
            return [quoted[1]]
        for words, key in _KEY_OF_MOVE.items():
            if words in problem and isinstance(move, Mapping):
                return [key if key in move else f"{key}s"] if key in move or f"{key}s" in move else []
        return []

    def leave_out(self, path: Path) -> bool:
        """Leave out the part with a mistake; False if nothing can be left out."""
        self._positions = {}
        match path:
            case ("moves", int(index), key) if key not in ("name", "source", "sources", "destination", "guard"):
                move = self._moves[index]
                self._moves[index] = {name: value for name, value in move.items() if name != key}
            case ("moves", int(index), *_):
                move = self._moves.pop(index, None)
                if isinstance(move, Mapping) and isinstance(move.get("name"), str):
                    self.left_out.append(move["name"])
            case ("stage", str(name), *_):
                details = self._table["stage"]
                self._table["stage"] = {stage: value for stage, value in details.items() if stage != name}
            case ("stages",) if isinstance(self._table.get("stages"), list | tuple):
                first: dict[str, str] = {}
                for stage in self._table["stages"]:
                    first.setdefault(str(stage).casefold(), stage)
                unchanged = len(first) == len(self._table["stages"])
                self._table["stages"] = list(first.values())
                return not unchanged
            case ("initial",) if self._list_stages():
                self._table["initial"] = self._list_stages()[:1]
            case ("terminal",):
                terminal = self._table.get("terminal", ())
                names = [terminal] if isinstance(terminal, str) else terminal
                given = names if isinstance(names, list | tuple) else ()
                known = [name for name in given if isinstance(name, str) and name in self._list_stages()]
                self._table["terminal"] = list(dict.fromkeys(known))
            case (str(key),) if key not in _TOP_KEYS or key == "name":
                self._table.pop(key, None)
            case _:
                return False
        return True

    def _list_stages(self) -> Sequence[str]:
        stages = self._table.get("stages")
        return stages if isinstance(stages, list | tuple) else ()


def _names_in(value: Any) -> list[str]:
    """All texts in a move."""
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return [name for item in items for name in _names_in(item)]
