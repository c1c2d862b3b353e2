"""The verdict of a rule about one history: whether it is broken, by which event, and what the event's partner is.

A rule judges what the records show, and does not accuse a customer of what they cannot show:

* A log that begins later than the journey lacks stages and moves. Then a rule about stages or moves is broken only if
  no earlier stages or moves would keep it; otherwise its verdict is unknown. They may lie between the signals and
  actions that were recorded before the log begins.
* The verdict is unknown if the records do not determine which of two moves was made, and the rule names one of them.
* An inferred entry happened at its moment or earlier, so it counts in no rule that forbids events within some days.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile
from math import floor, inf
from typing import TYPE_CHECKING, NamedTuple

from journey.histories.event import is_bare, on_clock
from journey.rules.breach import NO_EVENT, find_breach
from journey.rules.event_names import STAGE, split_event_name
from journey.rules.monitor import BROKEN, OTHER, A, B, initial_marks
from journey.rules.templates import EXCLUSIVE_CHOICE, NOT_CO_EXISTENCE, Days

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
        verdict, broken_at, partner, due = self._find_breach(timed, begun, now, ended=history.has_ended)
        if verdict != BROKEN:
            return RuleVerdict(verdict)
        if not history.is_complete and self._pasts:
            first_entry = next((event.moment for event in history.events if event.kind == STAGE), None)
            until = now if first_entry is None else on_clock(first_entry, calendar_days=in_days)
            earlier = sum(1 for _ in takewhile(lambda each: first_entry is None or each[0].moment < first_entry, seen))
            if self._may_be_kept(timed, earlier, until, begun, now, ended=history.has_ended):
                return RuleVerdict(UNKNOWN)
        events = [event for event, _ in seen]
        return RuleVerdict(BROKEN, _get(events, broken_at), _get(events, partner), to_due_moment(due))

    def _find_breach(
        self, timed: Sequence[tuple[float, int]], begun: float, now: float, *, ended: bool
    ) -> tuple[int, int, int, float]:
        template, count, days = self._template, self.rule.count, self._days
        times, symbols = [time for time, _ in timed], [symbol for _, symbol in timed]
        marks = initial_marks(template, count, days)
        return find_breach(template, count, days, marks, symbols, times, len(timed), begun, now, ended)

    def _counts_calendar_days(self, history: History, seen: Sequence[tuple[HistoryEvent, int]]) -> bool:
        """Whether an event that the rule names, or the start from which it counts, has no time of day."""
        if any(symbol != OTHER and is_bare(event.moment) for event, symbol in seen):
            return True
        is_from_start = self.rule.definition.days is Days.FROM_START
        return is_from_start and history.begun is not None and is_bare(history.begun)

    @property
    def needs_partner(self) -> bool:
        """Whether an event needs another one before or after it, which may be among those that a log lacks."""
        return EXCLUSIVE_CHOICE < self._template < NOT_CO_EXISTENCE

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

    def _may_be_kept(
        self, timed: Sequence[tuple[float, int]], earlier: int, until: float, begun: float, now: float, *, ended: bool
    ) -> bool:
        """Whether the rule can be kept by stages or moves that the log lacks.

        Args:
            timed: The events that the rule sees.
            earlier: How many of the first ones are from before the log.
            until: Time at which the log begins.
            begun: Time at which the history began.
            now: Time up to which it is known.
            ended: Whether no further event can happen.
        """
        pasts = [[*((begun, symbol) for symbol in past), *timed] for past in self._pasts]
        if self.needs_partner:
            # The past may have met all demands of the events before it, so the last event of each symbol matters most.
            last_places = {symbol: place for place, (_, symbol) in enumerate(timed[:earlier])}
            for place in {*last_places.values(), earlier}:
                # A later past is as good as an earlier one, or better.
                left = timed[place:]
                at = min(until, left[0][0]) if left else until
                pasts += [[*((at, symbol) for symbol in past), *left] for past in ((), *self._pasts)]
        return any(self._find_breach(events, begun, now, ended=ended)[0] != BROKEN for events in pasts)


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


def _get(events: Sequence[HistoryEvent], index: int) -> HistoryEvent | None:
    return None if index == NO_EVENT else events[index]


def to_due_moment(time: float) -> datetime | None:
    """The moment up to which a demand could be met, to the second; None if the time is infinite."""
    if time == inf:
        return None
    day = floor(time)
    return datetime.fromordinal(day) + timedelta(seconds=round((time - day) * _SECONDS_PER_DAY))
