"""Where the lives that one customer leads in two arms part, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from scenarios.explain.event_text import describe_event, format_name, format_reason, is_idle_evaluation
from simulation.trace import events

if TYPE_CHECKING:
    from simulation.exports.histories import CustomerHistory
    from simulation.trace.events import Row

_CUSTOMER_EVENTS = (events.MOVE, events.DISTRESS_ON, events.DISTRESS_OFF, events.ARRIVAL, events.VALUE_CHANGE)
"""What happens to the customer, as against what is done about it."""


@dataclass(frozen=True, slots=True)
class EventDifference:
    """The first event that two arms do not share.

    Attributes:
        time: When, in days.
        before: The first arm's event at that time, or None where nothing happens in it then.
        after: The second arm's.
    """

    time: float
    before: "Row | None"
    after: "Row | None"

    def as_dict(self, names: tuple[str, str]) -> dict[str, Any]:
        """The difference as a JSON-ready mapping."""
        rows = zip(names, (self.before, self.after), strict=True)
        return {"time": self.time, "events": {name: None if row is None else event_as_dict(row) for name, row in rows}}


@dataclass(frozen=True, slots=True)
class Divergence:
    """How two arms part.

    Attributes:
        arms: The two arms.
        first: The first difference in what is done or happens; looks from which nothing follows do not count.
        history_difference: The first difference in the customer's own moves, distress and account; None where there is
            none.
        why: What led to the first difference, in words.
        effect: What came of it in the customer's life, in words.
    """

    arms: tuple[str, str]
    first: EventDifference
    history_difference: EventDifference | None
    why: str
    effect: str

    def as_dict(self) -> dict[str, Any]:
        """The parting as a JSON-ready mapping."""
        return {
            "arms": list(self.arms),
            **self.first.as_dict(self.arms),
            "why": self.why,
            "life": None if self.history_difference is None else self.history_difference.as_dict(self.arms),
            "effect": self.effect,
        }


def event_as_dict(row: "Row") -> dict[str, Any]:
    """A row of the trace as a JSON-ready mapping, without arm and customer."""
    return {name: value for name, value in row._asdict().items() if name not in ("arm", "customer")}


def first_divergence(names: tuple[str, str], before: "CustomerHistory", after: "CustomerHistory") -> Divergence | None:
    """How the lives of one customer in two arms part; None where they do not.

    Args:
        names: Names of the arms.
        before: The life in the first one.
        after: The life in the second one.
    """
    rows = [
        [row for row in history_difference.rows if not is_idle_evaluation(row)]
        for history_difference in (before, after)
    ]
    first = _first_difference(*rows)
    if first is None:
        return None
    history_difference = _first_difference(*([row for row in arm if row.kind in _CUSTOMER_EVENTS] for arm in rows))
    return Divergence(
        names,
        first,
        history_difference,
        _describe_cause(names, first, (before, after)),
        _describe_effect(names, history_difference, rows),
    )


def _first_difference(before: Sequence["Row"], after: Sequence["Row"]) -> EventDifference | None:
    for one, other in zip_longest(before, after):
        if one is None or other is None or _event_key(one) != _event_key(other):
            time = min(row.time for row in (one, other) if row is not None)
            rows = [row if row is not None and row.time == time else None for row in (one, other)]
            return EventDifference(time, *rows)
    return None


def _event_key(row: "Row") -> tuple[object, ...]:
    """What makes an event the same in two arms: money, confidence and reviewers may differ."""
    return row.time, row.kind, row.stage, row.to_stage, row.label


def _describe_cause(
    names: tuple[str, str], first: EventDifference, histories: tuple["CustomerHistory", "CustomerHistory"]
) -> str:
    rows = (first.before, first.after)
    sides = [
        f"{name}: {describe_event(row) if row is not None else _describe_absence(history, first.time)}"
        for name, row, history in zip(names, rows, histories, strict=True)
    ]
    return "; ".join(sides) + _describe_shared_cause(
        {row.kind for row in rows if row is not None}, first.time, histories[0]
    )


def _describe_shared_cause(kinds: set[str], time: float, history: "CustomerHistory") -> str:
    """What a difference between two arms rests on, where that is not in the events themselves."""
    if events.REVIEW_DECIDED in kinds:
        return " (the reviewers serve all customers, and their other work differs between the arms)"
    if events.DECISION in kinds:
        signals = [row for row in history.rows if row.kind == events.SIGNAL and row.time <= time][-1:]
        last = f", the last of it {format_name(signals[0].label)} on day {signals[0].time:.1f}" if signals else ""
        return f" (on the same evidence{last}; the arms' policies differ)"
    return ""


def _describe_absence(history: "CustomerHistory", time: float) -> str:
    """What an arm does where another one does something."""
    for row in history.rows:
        if row.time == time and is_idle_evaluation(row):
            verb = "watches" if row.label == "monitor_only" else "does nothing"
            return f"the orchestrator looks at the same moment and {verb}: {format_reason(row.reason)}"
    waiting = [row for row in history.rows if row.time < time and row.kind in _REVIEW_EVENTS][-1:]
    if waiting and waiting[0].kind == events.REVIEW_REQUESTED:
        return f"the request of day {waiting[0].time:.1f} still waits"
    return "nothing happens at that moment"


_REVIEW_EVENTS = (events.REVIEW_REQUESTED, events.REVIEW_DECIDED)


def _describe_effect(
    names: tuple[str, str], history_difference: EventDifference | None, rows: Sequence[Sequence["Row"]]
) -> str:
    if history_difference is None:
        return "the customer moves, suffers, recovers and pays alike in both"
    sides = []
    for name, row, arm in zip(names, (history_difference.before, history_difference.after), rows, strict=True):
        happens = "nothing happens to the customer then" if row is None else describe_event(row)
        done = [event for event in arm if event.kind == events.ACTION and event.time <= history_difference.time][-1:]
        last = f"last action: {format_name(done[0].label)} on day {done[0].time:.1f}" if done else "no action before"
        sides.append(f"{name}: {happens} ({last})")
    return f"the lives themselves part on day {history_difference.time:.1f}; {'; '.join(sides)}"
