"""The grammar of questions, as a recursive descent over tokens.

    question    = ( "P" "(" probability ")" | "E" "(" expectation ")" | "share" "(" NAME [ within ] ")" ) { clause }
    probability = "reach" NAME [ "before" NAME ] [ within ]  |  "stay" "in" NAME ">" DAYS [ "days" ]
    expectation = "time" "to" NAME [ within | "if" "reached" ]  |  "visits" "to" NAME [ within ]
    within      = "within" DAYS [ "days" ]
    clause      = "from" NAME | "for" "segment" NAME | "for" "tier" NAME | "by" "segment" | "by" "tier"

A name is in quotes; a name that is one word needs none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from journey.core.errors import InputError
from journey.core.suggestions import did_you_mean
from journey.decision.policy import TIERS
from simulation.questions.question import Question

if TYPE_CHECKING:
    from collections.abc import Sequence

MIN_DAYS = 1e-3
MAX_DAYS = 36_525.0
"""Smallest and largest number of days in a question; the largest is a hundred years, as for runs."""

_FORMS = ("P", "E", "share")
"""How a question begins."""

_MOST_SHOWN = 200
"""Longest part of a question in an error message, in characters."""

_TOKEN = re.compile(
    r"""\s*(?: (?P<quoted>"[^"]*"|'[^']*') | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?) | (?P<word>[^\W\d][\w-]*)
    | (?P<symbol>[()>]) )""",
    re.VERBOSE,
)


class Names(NamedTuple):
    """The names that a question may contain.

    Attributes:
        stages: The stages of the journey.
        segments: The segments of the population.
        terminal: The stages that are never left.
    """

    stages: Sequence[str]
    segments: Sequence[str]
    terminal: Sequence[str] = ()


class _Token(NamedTuple):
    kind: Literal["quoted", "number", "word", "symbol", "end"]
    text: str
    position: int

    def __str__(self) -> str:
        return "the end of the question" if self.kind == "end" else repr(_shorten(self.text))


def _describe_unexpected(character: str) -> str:
    if character in "\"'":
        return "this quotation mark is not closed"
    if character in "“”„‟«»‘’‚‛":  # noqa: RUF001 - what editors and web pages put in place of straight ones
        return f"unexpected {character!r}; write straight quotation marks, \" or '"
    return f"unexpected {character!r}"


def _shorten(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def parse_question(text: str, names: Names) -> Question:
    """Read a question.

    Args:
        text: The question, for instance ``P(reach "paying" within 30) by segment``.
        names: The names that it may contain.

    Raises:
        InputError: The text is not a question; the message marks the position and says what was expected there.
    """
    return _Parser(text, names).parse()


class _Parser:
    """Reads tokens from left to right. A method per production; each reads what it stands for."""

    def __init__(self, text: str, names: Names) -> None:
        self._text, self._names = text, names
        self._tokens = self._split(text)
        self._next = 0

    def _split(self, text: str) -> list[_Token]:
        tokens, position, length = list[_Token](), 0, len(text.rstrip())
        while position < length:
            match = _TOKEN.match(text, position)
            if match is None:
                position += len(text[position:]) - len(text[position:].lstrip())
                if tokens and tokens[0].text not in _FORMS:  # A sentence: its first word is the mistake, not its comma.
                    break
                raise self._error(position, _describe_unexpected(text[position]))
            kind: Any = match.lastgroup
            tokens.append(_Token(kind, match[kind], match.start(kind)))
            position = match.end()
        return [*tokens, _Token("end", "", length)]

    def _error(self, position: int, problem: str) -> InputError:
        """An error that marks a position in the question, or in the part of a long question around it."""
        first = max(0, min(position - _MOST_SHOWN // 2, len(self._text) - _MOST_SHOWN))
        part = self._text[first : first + _MOST_SHOWN]
        shown = "".join(character if character.isprintable() else " " for character in part)
        before, after = "..." * (first > 0), "..." * (first + len(part) < len(self._text))
        return InputError(f"{problem}\n  {before}{shown}{after}\n  {' ' * (len(before) + position - first)}^")

    # -- tokens ------------------------------------------------------------------------------------

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _accept(self, *words: str) -> str | None:
        """Read the next token if it is one of these words or symbols."""
        token = self._token
        if token.kind in ("word", "symbol") and token.text in words:
            self._next += 1
            return token.text
        return None

    def _expect(self, *words: str) -> str:
        found = self._accept(*words)
        if found is None:
            quoted = [repr(word) for word in words]
            raise self._unexpected(" or ".join(quoted), words)
        return found

    def _unexpected(self, expected: str, words: Sequence[str] = ()) -> InputError:
        token = self._token
        hint = did_you_mean(token.text, words) if token.kind == "word" else ""
        # With the words that are expected, a list of known words would say the same again.
        hint = "" if hint.startswith("; known") else hint
        return self._error(token.position, f"expected {expected}, found {token}{hint}")

    def _read_name(self, what: str, known: Sequence[str]) -> str:
        token = self._token
        if token.kind not in ("quoted", "word"):
            raise self._unexpected(f"the name of a {what}")
        name = token.text[1:-1] if token.kind == "quoted" else token.text
        if name not in known:
            raise self._error(token.position, f"unknown {what} {_shorten(name)!r}{did_you_mean(name, known)}")
        self._next += 1
        return name

    def _read_stage(self) -> str:
        return self._read_name("stage", self._names.stages)

    def _read_days(self) -> float:
        token = self._token
        if token.kind != "number":
            raise self._unexpected("a number of days")
        days = float(token.text)
        if not MIN_DAYS <= days <= MAX_DAYS:
            given = _shorten(token.text)
            raise self._error(token.position, f"{given} days; give a number above 0 and at most {MAX_DAYS:,.0f}")
        self._next += 1
        self._accept("days", "day")
        return days

    # -- productions -------------------------------------------------------------------------------

    def parse(self) -> Question:
        about = dict(zip(_FORMS, (self._probability, self._expectation, self._share), strict=True))
        kind = self._expect(*about)
        self._expect("(")
        parts = about[kind]()
        self._close(parts)
        while self._token.kind != "end":
            self._clause(parts)
        return Question(text=self._text.strip(), **parts)

    def _close(self, parts: dict[str, Any]) -> None:
        """Read the closing bracket; what could stand before it is part of the message."""
        if self._accept(")") is None:
            possible = {"reach": ("before", "within"), "time": ("within", "if"), "visits": ("within",)}
            possible["share"] = ("within",)
            given = "before" if parts.get("before") else ""
            more = () if "days" in parts or "if_reached" in parts else possible.get(parts["kind"], ())
            self._expect(*(word for word in more if word != given), ")")

    def _probability(self) -> dict[str, Any]:
        if self._expect("reach", "stay") == "stay":
            self._expect("in")
            position, stage = self._token.position, self._read_stage()
            if stage in self._names.terminal:
                raise self._error(position, f"customers never leave {stage!r}, which is terminal")
            self._expect(">")
            return {"kind": "stay", "stage": stage, "days": self._read_days()}
        parts: dict[str, Any] = {"kind": "reach", "stage": self._read_stage()}
        if self._accept("before"):
            parts["before"] = self._read_other_stage("before", parts["stage"])
        return self._within(parts)

    def _expectation(self) -> dict[str, Any]:
        kind = self._expect("time", "visits")
        self._expect("to")
        parts: dict[str, Any] = {"kind": kind, "stage": self._read_stage()}
        if kind == "time" and self._accept("if"):
            self._expect("reached")
            parts["if_reached"] = True
            return parts
        return self._within(parts)

    def _share(self) -> dict[str, Any]:
        return self._within({"kind": "share", "stage": self._read_stage()})

    def _within(self, parts: dict[str, Any]) -> dict[str, Any]:
        if self._accept("within"):
            parts["days"] = self._read_days()
        return parts

    def _read_other_stage(self, word: str, *others: str) -> str:
        position = self._token.position
        stage = self._read_stage()
        if stage in others:
            raise self._error(position, f"{stage!r} stands on both sides of {word!r}; name two different stages")
        return stage

    def _clause(self, parts: dict[str, Any]) -> None:
        position = self._token.position
        word = self._expect("from", "for", "by")
        if word == "from":
            self._set_once(parts, position, "start", self._read_origin(parts))
            return
        part = self._expect("segment", "tier")
        if word == "by":
            self._set_once(parts, position, f"by_{part}", value=True)
        else:
            known = self._names.segments if part == "segment" else TIERS
            name = self._read_name("segment" if part == "segment" else "risk tier", known)
            self._set_once(parts, position, part, name)
        if part in parts and f"by_{part}" in parts:
            raise self._error(position, f"'for {part}' and 'by {part}' exclude each other; give one of them")

    def _read_origin(self, parts: dict[str, Any]) -> str:
        position = self._token.position
        stage = self._read_stage()
        if stage in self._names.terminal:
            raise self._error(position, f"nothing happens after {stage!r}, which is terminal; name a stage before it")
        if parts["kind"] in ("reach", "time") and stage in (parts["stage"], parts.get("before")):
            raise self._error(position, f"customers that begin in {stage!r} are already there; name another stage")
        return stage

    def _set_once(self, parts: dict[str, Any], position: int, key: str, value: object) -> None:
        if key in parts:
            raise self._error(position, "this is given twice; give it once")
        parts[key] = value
