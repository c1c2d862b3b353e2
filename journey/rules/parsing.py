"""Rules from the data of a file.

[[rules]]
name = "approved first"
template = "precedence"
a = "review:approved"
b = "action:checkin_call"
where = { segment = "team" }
message = "Ask the team lead before a call."
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from journey.core.findings import FindingSeverity
from journey.core.suggestions import did_you_mean
from journey.rules.rule import Rule, RuleError, Where

_KEYS = ("name", "template", "a", "b", "within_days", "count", "where", "severity", "message")
_WHERE_KEYS = ("segment", "tier", "min_value", "max_value", "consent")
_LARGEST = 1e15
_TIERS = ("low", "medium", "high")


def parse_rules(data: object) -> tuple[Rule, ...]:
    """The rules of a file.

    Args:
        data: The value of the key ``rules``: a list of tables.

    Raises:
        RuleError: Rules are invalid; the error lists every mistake.
    """
    if not isinstance(data, list | tuple):
        raise RuleError(f"rules: must be a list of tables; begin each rule with a line [[rules]], got {data!r}")
    problems: list[str] = []
    rules: list[Rule] = []
    for number, given in enumerate(data, start=1):
        try:
            rules.append(_parse_rule(number, given))
        except RuleError as error:
            problems += error.problems
    problems += _list_repeated(rules)
    if problems:
        raise RuleError(*problems)
    return tuple(rules)


def _list_repeated(rules: list[Rule]) -> list[str]:
    names = [rule.name for rule in rules]
    return [
        f"rule {name!r}: {names.count(name)} rules have this name; give each its own"
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]


def _parse_rule(number: int, data: object) -> Rule:
    at = f"rule {number}"
    if not isinstance(data, Mapping):
        raise RuleError(f"{at}: must be a table of keys and values, got {data!r}")
    if isinstance(data.get("name"), str) and data["name"].strip():
        at = f"rule {data['name']!r}"
    problems = [f"{at}: unknown key `{key}`{did_you_mean(str(key), _KEYS)}" for key in data if key not in _KEYS]
    problems += [f"{at}: the key `{key}` is missing" for key in ("name", "template") if key not in data]
    read = _Reader(at, data, problems)
    values: dict[str, Any] = {
        "name": read.text("name"),
        "template": read.text("template"),
        "a": read.names("a"),
        "b": read.names("b"),
        "within_days": read.number("within_days"),
        "count": read.whole_number("count", 1),
        "where": _parse_where(at, data.get("where", {}), problems),
        "severity": read.choice("severity", tuple(FindingSeverity), FindingSeverity.ERROR),
        "message": read.text("message"),
    }
    if problems:
        raise RuleError(*problems)
    return Rule(**values)


def _parse_where(at: str, data: object, problems: list[str]) -> Where:
    at = f"{at}: where"
    if not isinstance(data, Mapping):
        problems.append(f'{at}: must be a table such as {{ segment = "team" }}, got {data!r}')
        return Where()
    problems += [
        f"{at}: unknown key `{key}`{did_you_mean(str(key), _WHERE_KEYS)}" for key in data if key not in _WHERE_KEYS
    ]
    read = _Reader(at, data, problems)
    tiers = read.names("tier")
    problems += [f"{at}: unknown tier {tier!r}{did_you_mean(tier, _TIERS)}" for tier in tiers if tier not in _TIERS]
    return Where(read.names("segment"), tiers, read.number("min_value"), read.number("max_value"), read.flag("consent"))


class _Reader:
    """Reads the values of a table and collects what is wrong with them."""

    def __init__(self, at: str, data: Mapping[Any, Any], problems: list[str]) -> None:
        self._at = at
        self._data = data
        self._problems = problems

    def _refuse(self, key: str, wanted: str) -> None:
        self._problems.append(f"{self._at}: `{key}` must be {wanted}, got {self._data[key]!r}")

    def text(self, key: str) -> str:
        given = self._data.get(key, "")
        if isinstance(given, str):
            return given
        self._refuse(key, "text")
        return ""

    def names(self, key: str) -> tuple[str, ...]:
        given = self._data.get(key, ())
        names = [given] if isinstance(given, str) else given
        if isinstance(names, list | tuple) and all(isinstance(name, str) and name.strip() for name in names):
            return tuple(names)
        self._refuse(key, "a name or a list of names")
        return ()

    def number(self, key: str) -> float | None:
        given = self._data.get(key)
        if given is None:
            return None
        if isinstance(given, int | float) and not isinstance(given, bool) and -_LARGEST <= given <= _LARGEST:
            return float(given)
        self._refuse(key, "a finite number")
        return None

    def whole_number(self, key: str, default: int) -> int:
        given = self._data.get(key, default)
        if isinstance(given, int) and not isinstance(given, bool):
            return given
        self._refuse(key, "a whole number")
        return default

    def flag(self, key: str) -> bool | None:
        given = self._data.get(key)
        if given is None or isinstance(given, bool):
            return given
        self._refuse(key, "true or false")
        return None

    def choice(self, key: str, choices: tuple[FindingSeverity, ...], default: FindingSeverity) -> FindingSeverity:
        given = self._data.get(key, default)
        if given in choices:
            return FindingSeverity(given)
        self._refuse(key, f"one of {', '.join(choices)}")
        return default
