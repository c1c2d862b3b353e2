"""Where and why one customer's histories in two arms diverge."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scenarios.explain.event_text import describe_event, format_reason, is_idle_evaluation
from scenarios.text.phrases import format_name
from simulation.trace import events
from simulation.trace.differences import find_first_difference

if TYPE_CHECKING:
    from simulation.exports.histories import CustomerHistory
    from simulation.trace.events import Row

_CUSTOMER_EVENTS = (events.MOVE, events.DISTRESS_ON, events.DISTRESS_OFF, events.ARRIVAL, events.VALUE_CHANGE)
"""Events of the customer, as opposed to those of the orchestrator."""
_REVIEW_EVENTS = (events.REVIEW_REQUESTED, events.REVIEW_DECIDED)


@dataclass(frozen=True, slots=True)
class EventDifference:
    """The first event that two arms do not have in common.

    Attributes:
        time: Its time in days.
        before: The first arm's event at that time; None if it has none then.
        after: The second arm's event at that time; None if it has none then.
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
    """How a customer's histories in two arms diverge.

    Attributes:
        arms: Names of the two arms.
        first: The first difference in any event, apart from evaluations without an action.
        history_difference: The first difference in the customer's own moves, distress and account; None if there is
            none.
        why: A description of what led to the first difference.
        effect: A description of its effect on the customer's history.
    """

    arms: tuple[str, str]
    first: EventDifference
    history_difference: EventDifference | None
    why: str
    effect: str

    def as_dict(self) -> dict[str, Any]:
        """The divergence as a JSON-ready mapping."""
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
    """How one customer's histories in two arms diverge; None if they do not.

    Args:
        names: Names of the arms.
        before: The history in the first arm.
        after: The history in the second arm.
    """
    rows = [[row for row in history.rows if not is_idle_evaluation(row)] for history in (before, after)]
    first = _first_event_difference(*rows)
    if first is None:
        return None
    history_difference = _first_event_difference(
        *([row for row in arm_rows if row.kind in _CUSTOMER_EVENTS] for arm_rows in rows)
    )
    return Divergence(
        names,
        first,
        history_difference,
        _describe_cause(names, first, (before, after)),
        _describe_effect(names, history_difference, rows),
    )


def _first_event_difference(before: Sequence["Row"], after: Sequence["Row"]) -> EventDifference | None:
    difference = find_first_difference(before, after, lambda first, second: _event_key(first) == _event_key(second))
    if difference is None:
        return None
    rows = [row if row is not None and row.time == difference.time else None for row in difference.rows]
    return EventDifference(difference.time, *rows)


def _event_key(row: "Row") -> tuple[object, ...]:
    """The columns that identify the same event in two arms; money, confidence and reviewers may differ."""
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
    """The shared circumstances that explain a difference and that the two events do not show."""
    if events.REVIEW_DECIDED in kinds:
        return " (the reviewers serve all customers, and their other work differs between the arms)"
    if events.DECISION in kinds:
        signals = [row for row in history.rows if row.kind == events.SIGNAL and row.time <= time][-1:]
        last = f" (last signal: {format_name(signals[0].label)} on day {signals[0].time:.1f})" if signals else ""
        return f" (on the same evidence{last}; the arms' policies differ)"
    return ""


def _describe_absence(history: "CustomerHistory", time: float) -> str:
    """What an arm without an event at this time does instead."""
    for row in history.rows:
        if row.time == time and is_idle_evaluation(row):
            outcome = "monitoring only" if row.label == "monitor_only" else "no action"
            return f"evaluated at the same time: {outcome} ({format_reason(row.reason)})"
    waiting = [row for row in history.rows if row.time < time and row.kind in _REVIEW_EVENTS][-1:]
    if waiting and waiting[0].kind == events.REVIEW_REQUESTED:
        return f"the review request of day {waiting[0].time:.1f} is still in the queue"
    return "no event at that time"


def _describe_effect(
    names: tuple[str, str], history_difference: EventDifference | None, rows: Sequence[Sequence["Row"]]
) -> str:
    if history_difference is None:
        return "the customer's history is identical in both arms"
    sides = []
    for name, row, arm in zip(names, (history_difference.before, history_difference.after), rows, strict=True):
        happens = "no event for the customer then" if row is None else describe_event(row)
        done = [event for event in arm if event.kind == events.ACTION and event.time <= history_difference.time][-1:]
        last = f"last action: {format_name(done[0].label)} on day {done[0].time:.1f}" if done else "no action before"
        sides.append(f"{name}: {happens} ({last})")
    return f"the customer's histories diverge on day {history_difference.time:.1f}; {'; '.join(sides)}"
