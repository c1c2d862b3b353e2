"""The automaton of a rule, explored from its monitor, so that a rule has one meaning.

Without dates only two distances in time matter: at the same moment, or longer apart than the rule's limit. All other
distances lie between the two, because a longer distance never breaks a rule that forbids something, and never mends
another one. The automaton has a wait for the second distance.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from journey.rules import monitor
from journey.rules.event_names import MOVE, STAGE, split_event_name
from journey.rules.monitor import OTHER, A, B
from journey.rules.proof.history import list_move_events
from journey.rules.templates import ABSENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from journey.machine import Move
    from journey.rules.event_names import Vocabulary
    from journey.rules.rule import Rule

MACHINE_KINDS = frozenset({STAGE, MOVE})
"""Kinds of events that a journey's machine determines. Events of other kinds may happen at any time."""

BROKEN_STATE = 0
"""The state of every broken history. A broken rule stays broken."""

_LIMIT = 0.5
"""The limit in days during exploration. All times are 0, for now, or -1, for longer ago than the limit."""

_TIME_MARKS = (monitor.LAST_A, monitor.LAST_B, monitor.OPEN_A, monitor.OPEN_B)

Symbols = tuple[int, ...]
"""What a rule sees of the events of one moment: OTHER, A and B."""

_State = tuple[tuple[float, ...], float]
"""The marks of the monitor, and the time at which the history began."""


class Automaton:
    """The states of one rule's monitor, as numbers. State `BROKEN_STATE` is broken.

    Attributes:
        initial: The state before the first event.
        after: For each state the next one after OTHER, A and B.
        after_wait: For each state the next one after a wait that is longer than the limit.
        is_met: For each state whether the rule is met if the history ends.
        outside: The symbols of events that the machine does not determine; they may happen at any time.
        has_limit: Whether the rule has a limit in days.
    """

    def __init__(self, rule: Rule, vocabulary: Vocabulary | None = None) -> None:
        self.has_limit = rule.within_days is not None
        self._template, self._count = rule.definition.code, rule.count
        self._days = _LIMIT if self.has_limit else inf
        self._symbols = _list_symbols(rule)
        self._kinds = rule.kinds
        self.outside = _list_outside_symbols(rule, self._symbols, vocabulary)
        self._numbers: dict[_State | None, int] = {None: BROKEN_STATE}
        self.after: list[tuple[int, int, int]] = []
        self.after_wait: list[int] = []
        self.is_met: list[bool] = []
        self.initial = self._explore()
        self._closures: dict[int, frozenset[int]] = {}
        self._tables: dict[Symbols, list[int]] = {}
        self._symbols_of_moves: dict[tuple[str, str], Symbols] = {}

    def symbol_of(self, kind: str, label: str) -> int | None:
        """What an event is to the rule: OTHER, A or B; None if the rule does not see it."""
        return self._symbols.get((kind, label), OTHER) if kind in self._kinds else None

    def symbols_of_move(self, move: Move) -> Symbols:
        """What the rule sees of a move."""
        key = (move.source, move.name)
        if key not in self._symbols_of_moves:
            self._symbols_of_moves[key] = self._list_visible(list_move_events(move))
        return self._symbols_of_moves[key]

    def symbols_of_start(self, stage: str) -> Symbols:
        """What the rule sees of the beginning in a stage."""
        return self._list_visible([(STAGE, stage)])

    def _list_visible(self, events: Iterable[tuple[str, str]]) -> Symbols:
        symbols = (self.symbol_of(kind, label) for kind, label in events)
        return tuple(symbol for symbol in symbols if symbol is not None)

    def list_outside_events(self) -> Iterator[tuple[str, str]]:
        """The events that the machine does not determine: those that the rule names, and one other of each kind."""
        for kind, label in self._symbols:
            if kind not in MACHINE_KINDS:
                yield kind, label
        if OTHER in self.outside:
            yield from ((kind, "") for kind in self._kinds - MACHINE_KINDS)

    def table(self, symbols: Symbols) -> list[int]:
        """For each state the next one after some events at one moment."""
        if symbols not in self._tables:
            states = list(range(len(self.after)))
            for symbol in symbols:
                states = [self.after[state][symbol] for state in states]
            self._tables[symbols] = states
        return self._tables[symbols]

    def stay(self, states: Iterable[int]) -> frozenset[int]:
        """The states during a stay, with every time and every event that the machine does not determine.

        `BROKEN_STATE` is among them if some of these break the rule.
        """
        return frozenset().union(*map(self._stay_from, states))

    def _stay_from(self, start: int) -> frozenset[int]:
        if start not in self._closures:
            seen, waiting = {start}, [start]
            while waiting:
                state = waiting.pop()
                following = {self.after[state][symbol] for symbol in self.outside}
                if self.has_limit:
                    following.add(self.after_wait[state])
                waiting += following - seen
                seen |= following
            self._closures[start] = frozenset(seen)
        return self._closures[start]

    def _explore(self) -> int:
        """Number all states that can be reached, and return the initial one."""
        initial = self._normalise(monitor.initial_marks(self._template, self._count, self._days), 0.0)
        number = self._number(initial)
        self._add_row((BROKEN_STATE,) * 3, BROKEN_STATE, is_met=False)
        # `_number` appends new states at the end of the dictionary, in which they are read here.
        found = list(self._numbers)
        while len(self.after) < len(found):
            state = found[len(self.after)]
            assert state is not None
            after = tuple(self._number(self._advance(state, symbol)) for symbol in (OTHER, A, B))
            waited = self._number(self._wait(state)) if self.has_limit else len(self.after)
            self._add_row((after[0], after[1], after[2]), waited, is_met=self._judge(state, ended=True))
            found += list(self._numbers)[len(found) :]
        return number

    def _add_row(self, after: tuple[int, int, int], after_wait: int, *, is_met: bool) -> None:
        self.after.append(after)
        self.after_wait.append(after_wait)
        self.is_met.append(is_met)

    def _number(self, state: _State | None) -> int:
        return self._numbers.setdefault(state, len(self._numbers))

    def _advance(self, state: _State, symbol: int) -> _State | None:
        marks, begun = list(state[0]), state[1]
        monitor.advance_marks(self._template, self._count, self._days, marks, 0, symbol, 0.0, begun)
        return self._normalise(marks, begun)

    def _wait(self, state: _State) -> _State | None:
        """The state after a wait: all that has happened is longer ago than the limit."""
        marks = list(state[0])
        for mark in _TIME_MARKS:
            marks[mark] = min(marks[mark], -1.0)
        # A counted event that is too long ago does not count any more.
        marks[monitor.TIMES :] = [monitor.NEVER] * len(marks[monitor.TIMES :])
        return self._normalise(marks, -1.0)

    def _normalise(self, marks: list[float], begun: float) -> _State | None:
        """Equal states for equal futures; None for a broken one."""
        state = (tuple(marks), begun)
        if self._is_broken(state):
            return None
        if self._template == ABSENCE and self.has_limit:
            # The times are a ring, and the count is the place of the oldest one.
            oldest = int(marks[monitor.COUNT])
            times = marks[monitor.TIMES :]
            marks[monitor.TIMES :] = times[oldest:] + times[:oldest]
            marks[monitor.COUNT] = 0.0
        return tuple(marks), begun

    def _is_broken(self, state: _State) -> bool:
        marks, begun = state
        verdict = monitor.judge(self._template, self._count, self._days, marks, 0, 0.0, begun, False)  # noqa: FBT003
        return verdict == monitor.BROKEN

    def _judge(self, state: _State, *, ended: bool) -> bool:
        marks, begun = state
        verdict = monitor.judge(self._template, self._count, self._days, marks, 0, 0.0, begun, ended)
        return verdict == monitor.SATISFIED


def _list_symbols(rule: Rule) -> dict[tuple[str, str], int]:
    """The events that the rule names, with A or B."""
    named = {split_event_name(name): B for name in rule.b}
    return named | {split_event_name(name): A for name in rule.a}


def _list_outside_symbols(
    rule: Rule, symbols: dict[tuple[str, str], int], vocabulary: Vocabulary | None
) -> tuple[int, ...]:
    """The symbols of events of the rule's kinds that the machine does not determine."""
    outside = rule.kinds - MACHINE_KINDS
    found = {symbol for (kind, _), symbol in symbols.items() if kind in outside}
    for kind in outside:
        known = vocabulary.labels(kind) if vocabulary is not None else None
        if known is None or any((kind, label) not in symbols for label in known):
            found.add(OTHER)
    return tuple(sorted(found))
