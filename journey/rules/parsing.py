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
from journey.core.messages import KeyProblem
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
    rules, problems = examine_rules(data)
    if problems:
        raise RuleError(*problems)
    return tuple(rules.values())


def examine_rules(data: object) -> tuple[dict[int, Rule], list[KeyProblem]]:
    """The valid rules of a file, and what is wrong with the others.

    Args:
        data: The value of the key ``rules``: a list of tables.

    Returns:
        The rules by their position in the list; and the mistakes, whose paths begin with this position.
    """
    if not isinstance(data, list | tuple):
        return {}, [KeyProblem((), f"must be a list of tables; begin each rule with a line [[rules]], got {data!r}")]
    problems: list[KeyProblem] = []
    rules: dict[int, Rule] = {}
    for index, given in enumerate(data):
        try:
            rule = _parse_rule(index, given)
        except RuleError as error:
            problems += [KeyProblem((index, *each.path), each.message) for each in error.problems]
            continue
        if any(rule.name == other.name for other in rules.values()):
            problems.append(KeyProblem((index, "name"), f"another rule has the name {rule.name!r}; choose a new one"))
        else:
            rules[index] = rule
    return rules, problems


def _parse_rule(index: int, data: object) -> Rule:
    if not isinstance(data, Mapping):
        raise RuleError(KeyProblem((), f"a rule must be a table of keys and values, got {data!r}"))
    name = data.get("name")
    at = f"rule {name!r}" if isinstance(name, str) and name.strip() else f"rule {index + 1}"
    read = _Reader(at, data)
    read.refuse_unknown_keys(_KEYS)
    for key in ("name", "template"):
        if key not in data:
            read.refuse(key, f"the key `{key}` is missing")
    values: dict[str, Any] = {
        "name": read.text("name"),
        "template": read.text("template"),
        "a": read.names("a"),
        "b": read.names("b"),
        "within_days": read.number("within_days"),
        "count": read.whole_number("count", 1),
        "where": _parse_where(at, data.get("where", {}), read.problems),
        "severity": read.choice("severity", tuple(FindingSeverity), FindingSeverity.ERROR),
        "message": read.text("message"),
    }
    if read.problems:
        raise RuleError(*read.problems)
    return Rule(**values)


def _parse_where(at: str, data: object, problems: list[KeyProblem]) -> Where:
    if not isinstance(data, Mapping):
        text = f'{at}: `where` must be a table such as {{ segment = "team" }}, got {data!r}'
        problems.append(KeyProblem(("where",), text))
        return Where()
    read = _Reader(at, data, ("where",), problems)
    read.refuse_unknown_keys(_WHERE_KEYS)
    tiers = read.names("tier")
    for tier in tiers:
        if tier not in _TIERS:
            read.refuse("tier", f"unknown tier {tier!r}{did_you_mean(tier, _TIERS)}")
    return Where(read.names("segment"), tiers, read.number("min_value"), read.number("max_value"), read.flag("consent"))


class _Reader:
    """Reads the values of a table and collects what is wrong with them.

    Attributes:
        problems: What is wrong so far.
    """

    def __init__(
        self,
        at: str,
        data: Mapping[Any, Any],
        path: tuple[str, ...] = (),
        problems: list[KeyProblem] | None = None,
    ) -> None:
        self.problems = [] if problems is None else problems
        self._at = at
        self._data = data
        self._path = path

    def refuse(self, key: str, problem: str) -> None:
        """Add what is wrong with a key."""
        self.problems.append(KeyProblem((*self._path, key), f"{self._at}: {problem}"))

    def refuse_unknown_keys(self, known: tuple[str, ...]) -> None:
        """Add the keys that do not exist."""
        for key in self._data:
            if key not in known:
                self.refuse(str(key), f"unknown key `{key}`{did_you_mean(str(key), known)}")

    def _refuse_type(self, key: str, wanted: str) -> None:
        self.refuse(key, f"`{key}` must be {wanted}, got {self._data[key]!r}")

    def text(self, key: str) -> str:
        given = self._data.get(key, "")
        if isinstance(given, str):
            return given
        self._refuse_type(key, "text")
        return ""

    def names(self, key: str) -> tuple[str, ...]:
        given = self._data.get(key, ())
        names = [given] if isinstance(given, str) else given
        if isinstance(names, list | tuple) and all(isinstance(name, str) and name.strip() for name in names):
            return tuple(names)
        self._refuse_type(key, "a name or a list of names")
        return ()

    def number(self, key: str) -> float | None:
        given = self._data.get(key)
        if given is None:
            return None
        if isinstance(given, int | float) and not isinstance(given, bool) and -_LARGEST <= given <= _LARGEST:
            return float(given)
        self._refuse_type(key, "a finite number")
        return None

    def whole_number(self, key: str, default: int) -> int:
        given = self._data.get(key, default)
        if isinstance(given, int) and not isinstance(given, bool):
            return given
        self._refuse_type(key, "a whole number")
        return default

    def flag(self, key: str) -> bool | None:
        given = self._data.get(key)
        if given is None or isinstance(given, bool):
            return given
        self._refuse_type(key, "true or false")
        return None

    def choice(self, key: str, choices: tuple[FindingSeverity, ...], default: FindingSeverity) -> FindingSeverity:
        given = self._data.get(key, default)
        if given in choices:
            return FindingSeverity(given)
        self._refuse_type(key, f"one of {', '.join(choices)}")
        return default
