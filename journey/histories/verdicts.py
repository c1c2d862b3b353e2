"""The verdict of a rule about one history: whether it is broken, by which event, and what the event's partner is.

A rule judges what the records show, and does not accuse a customer of what they cannot show:

* A log that begins later than the journey lacks stages and moves. Then a rule about stages or moves is broken only if
  no earlier stages or moves would keep it; otherwise its verdict is unknown.
* The verdict is unknown if the records do not determine which of two moves was made, and the rule names one of them.
* An inferred entry happened at its moment or earlier, so it counts in no rule that forbids events within some days.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import floor, inf
from typing import TYPE_CHECKING, NamedTuple

from journey.histories.event import is_bare, on_clock
from journey.rules.event_names import STAGE, split_event_name
from journey.rules.monitor import (
    BROKEN,
    BROKEN_MARK,
    NEVER,
    OPEN_A,
    OPEN_B,
    OTHER,
    A,
    B,
    advance,
    due_time,
    initial_marks,
    judge,
)
from journey.rules.templates import (
    ABSENCE,
    ALTERNATE_RESPONSE,
    ALTERNATE_SUCCESSION,
    CHAIN_RESPONSE,
    CHAIN_SUCCESSION,
    CHOICE,
    END,
    EXACTLY,
    EXCLUSIVE_CHOICE,
    EXISTENCE,
    INIT,
    Days,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from journey.decision.as_of import AsOf
    from journey.histories.event import History, HistoryEvent
    from journey.rules.rule import Rule

_SECONDS_PER_DAY = 86_400

UNKNOWN = BROKEN + 1
"""The verdict where the records do not show whether a rule is broken."""

HIDDEN, AMBIGUOUS = -1, -2
"""What an event is to a rule besides A, B and OTHER: not visible; one of several, which differ to the rule."""


class RuleVerdict(NamedTuple):
    """A rule's verdict about a history.

    Attributes:
        verdict: SATISFIED, PENDING, BROKEN or UNKNOWN.
        event: The event that broke the rule; None if a demand was not met in time.
        partner: The earlier event to which it relates; None if there is none.
        due: The last moment at which an unmet demand could have been met; None if it had no limit, or it was met late.
    """

    verdict: int
    event: HistoryEvent | None = None
    partner: HistoryEvent | None = None
    due: datetime | None = None


class RuleJudge:
    """Judges histories by one rule.

    Args:
        rule: The rule.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._template = rule.definition.code
        self._days = inf if rule.within_days is None else rule.within_days
        self._a = frozenset(map(split_event_name, rule.a))
        self._b = frozenset(map(split_event_name, rule.b))
        self._kinds = rule.kinds
        self._pasts = tuple(list_pasts(rule))

    def judge(self, history: History, as_of: AsOf) -> RuleVerdict:
        """The verdict about a history up to a time."""
        seen = [(event, symbol) for event in history.events if (symbol := self._find_symbol(event)) != HIDDEN]
        if any(symbol == AMBIGUOUS for _, symbol in seen):
            return RuleVerdict(UNKNOWN)
        in_days = self._counts_calendar_days(history, seen)
        now = on_clock(as_of.cutoff, calendar_days=in_days)
        begun = now if history.begun is None else on_clock(history.begun, calendar_days=in_days)
        timed = [(on_clock(event.moment, calendar_days=in_days), symbol) for event, symbol in seen]
        run = _Run(self._template, self.rule.count, self._days, begun)
        for time, symbol in timed:
            run.see(time, symbol)
        verdict = run.judge(now, ended=history.has_ended)
        if verdict != BROKEN:
            return RuleVerdict(verdict)
        if not history.is_complete and self._may_be_kept(timed, begun, now, ended=history.has_ended):
            return RuleVerdict(UNKNOWN)
        due = None if run.broken_at is not None or run.due == inf else _to_moment(run.due)
        events = [event for event, _ in seen]
        return RuleVerdict(BROKEN, _get(events, run.broken_at), _get(events, run.partner), due)

    def _counts_calendar_days(self, history: History, seen: Sequence[tuple[HistoryEvent, int]]) -> bool:
        """Whether a date from which the rule counts has no time of day."""
        if any(symbol != OTHER and is_bare(event.moment) for event, symbol in seen):
            return True
        is_from_start = self.rule.definition.days is Days.FROM_START
        return is_from_start and history.begun is not None and is_bare(history.begun)

    @property
    def hides_inferred(self) -> bool:
        """Whether inferred events do not count."""
        return self.rule.definition.forbids and self.rule.within_days is not None

    def find_symbol(self, kind: str, labels: Sequence[str]) -> int:
        """What an event that is not inferred is to the rule.

        Args:
            kind: Its kind.
            labels: Its label, or all that it may have.
        """
        if kind not in self._kinds:
            return HIDDEN
        found = {self._find_label(kind, label) for label in labels}
        return found.pop() if len(found) == 1 else AMBIGUOUS

    def _find_symbol(self, event: HistoryEvent) -> int:
        if event.is_inferred and self.hides_inferred:
            return HIDDEN
        return self.find_symbol(event.kind, event.labels)

    def _find_label(self, kind: str, label: str) -> int:
        if (kind, label) in self._a:
            return A
        return B if (kind, label) in self._b else OTHER

    def _may_be_kept(self, timed: Sequence[tuple[float, int]], begun: float, now: float, *, ended: bool) -> bool:
        """Whether the rule is kept if stages or moves that the log lacks came before the history."""
        for past in self._pasts:
            run = _Run(self._template, self.rule.count, self._days, begun)
            for time, symbol in [*((begun, symbol) for symbol in past), *timed]:
                run.see(time, symbol)
            if run.judge(now, ended=ended) != BROKEN:
                return True
        return False


def list_pasts(rule: Rule) -> Iterator[tuple[int, ...]]:
    """The events before the log that can keep a rule, as A and B; only those of stages and moves are unknown.

    One of these keeps a rule if any past does: a past before the log is only needed to answer, precede or count the
    events of the log.
    """
    has_a, has_b = (any(split_event_name(name)[0] in (STAGE, "move") for name in names) for names in (rule.a, rule.b))
    if has_a:
        yield from ((A,) * number for number in range(1, rule.count + 1))
    if has_b:
        yield (B,)
    if has_a and has_b:
        yield from ((A, B), (B, A))


class _Run:
    """The monitor of one rule along a history, with the events that break it."""

    def __init__(self, template: int, count: int, days: float, begun: float) -> None:
        self._rule = (template, count, days)
        self._marks = initial_marks(template, count, days)
        self._begun = begun
        self._seen: list[tuple[float, int]] = []
        self.broken_at: int | None = None
        self.partner: int | None = None
        self.due = inf

    def see(self, time: float, symbol: int) -> None:
        """Advance by one event."""
        if self._marks[BROKEN_MARK]:
            return
        open_since = (self._marks[OPEN_A], self._marks[OPEN_B])
        advance(*self._rule, self._marks, 0, symbol, time, self._begun)
        if self._marks[BROKEN_MARK]:
            self.broken_at = len(self._seen)
            self.partner = self._find_partner(symbol, open_since)
        self._seen.append((time, symbol))

    def judge(self, now: float, *, ended: bool) -> int:
        """The verdict after the last event."""
        template, count, days = self._rule
        verdict = judge(template, count, days, self._marks, 0, now, self._begun, ended)
        if verdict == BROKEN and self.broken_at is None:
            due = due_time(template, days, self._marks, 0, self._begun)
            self.due = due if now > due else inf
            if template == END:
                self.broken_at = len(self._seen) - 1 if self._seen else None
            elif template > EXCLUSIVE_CHOICE:
                open_a, open_b = self._marks[OPEN_A], self._marks[OPEN_B]
                is_a = open_a != NEVER and (open_b == NEVER or open_a <= open_b)
                self.partner = self._find_open(A, open_a) if is_a else self._find_open(B, open_b)
        return verdict

    def _find_partner(self, symbol: int, open_since: tuple[float, float]) -> int | None:
        """The earlier event to which the event that has just broken the rule relates."""
        template, count, _ = self._rule
        if template in (ABSENCE, EXACTLY):
            return self._find_last(A, count - 1 if template == ABSENCE else 1)
        if template in (EXISTENCE, INIT, CHOICE):
            return None
        if CHAIN_RESPONSE <= template <= CHAIN_SUCCESSION:
            return len(self._seen) - 1 if self._seen and self._seen[-1][1] == A else None
        other, since = (B, open_since[1]) if symbol == A else (A, open_since[0])
        if symbol == A and template in (ALTERNATE_RESPONSE, ALTERNATE_SUCCESSION):
            return self._find_last(A, 1)
        return self._find_last(other, 1) if since == NEVER else self._find_open(other, since)

    def _find_last(self, symbol: int, number: int) -> int | None:
        """The last event that is this symbol, or the one `number` - 1 before it; None without one."""
        indices = [index for index, (_, seen) in enumerate(self._seen) if seen == symbol]
        return indices[-number] if 0 < number <= len(indices) else None

    def _find_open(self, symbol: int, since: float) -> int | None:
        """The event that has asked for another one since a time."""
        other = self._find_last(B if symbol == A else A, 1)
        found = [index for index, seen in enumerate(self._seen) if seen == (since, symbol)]
        unanswered = [index for index in found if other is None or index > other]
        return next(iter(unanswered or found), None)


def _get(events: Sequence[HistoryEvent], index: int | None) -> HistoryEvent | None:
    return None if index is None else events[index]


def _to_moment(time: float) -> datetime:
    """The moment of a time, to the second."""
    day = floor(time)
    return datetime.fromordinal(day) + timedelta(seconds=round((time - day) * _SECONDS_PER_DAY))
