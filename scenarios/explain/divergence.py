"""Where the lives that one customer leads in two arms part, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from scenarios.explain.event_text import described, is_quiet, plain, reason_words
from simulation.trace import events

if TYPE_CHECKING:
    from simulation.exports.histories import CustomerHistory
    from simulation.trace.events import Row

_OWN_LIFE = (events.MOVE, events.DISTRESS_ON, events.DISTRESS_OFF, events.ARRIVAL, events.VALUE_CHANGE)
"""What happens to the customer, as against what is done about it."""


@dataclass(frozen=True, slots=True)
class Difference:
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
        return {"time": self.time, "events": {name: None if row is None else event_dict(row) for name, row in rows}}


@dataclass(frozen=True, slots=True)
class Parting:
    """How two arms part.

    Attributes:
        arms: The two arms.
        first: The first difference in what is done or happens; looks from which nothing follows do not count.
        life: The first difference in the customer's own moves, distress and account; None where there is none.
        why: What led to the first difference, in words.
        effect: What came of it in the customer's life, in words.
    """

    arms: tuple[str, str]
    first: Difference
    life: Difference | None
    why: str
    effect: str

    def as_dict(self) -> dict[str, Any]:
        """The parting as a JSON-ready mapping."""
        return {
            "arms": list(self.arms),
            **self.first.as_dict(self.arms),
            "why": self.why,
            "life": None if self.life is None else self.life.as_dict(self.arms),
            "effect": self.effect,
        }


def event_dict(row: "Row") -> dict[str, Any]:
    """A row of the trace as a JSON-ready mapping, without arm and customer."""
    return {name: value for name, value in row._asdict().items() if name not in ("arm", "customer")}


def part(names: tuple[str, str], before: "CustomerHistory", after: "CustomerHistory") -> Parting | None:
    """How the lives of one customer in two arms part; None where they do not.

    Args:
        names: Names of the arms.
        before: The life in the first one.
        after: The life in the second one.
    """
    rows = [[row for row in life.rows if not is_quiet(row)] for life in (before, after)]
    first = _first_difference(*rows)
    if first is None:
        return None
    life = _first_difference(*([row for row in arm if row.kind in _OWN_LIFE] for arm in rows))
    return Parting(names, first, life, _why(names, first, (before, after)), _effect(names, life, rows))


def _first_difference(before: Sequence["Row"], after: Sequence["Row"]) -> Difference | None:
    for one, other in zip_longest(before, after):
        if one is None or other is None or _happening(one) != _happening(other):
            time = min(row.time for row in (one, other) if row is not None)
            shown = [row if row is not None and row.time == time else None for row in (one, other)]
            return Difference(time, *shown)
    return None


def _happening(row: "Row") -> tuple[object, ...]:
    """What makes an event the same in two arms: money, confidence and reviewers may differ."""
    return row.time, row.kind, row.stage, row.to_stage, row.label


def _why(names: tuple[str, str], first: Difference, lives: tuple["CustomerHistory", "CustomerHistory"]) -> str:
    rows = (first.before, first.after)
    sides = [
        f"{name}: {described(row) if row is not None else _instead(life, first.time)}"
        for name, row, life in zip(names, rows, lives, strict=True)
    ]
    return "; ".join(sides) + _behind({row.kind for row in rows if row is not None}, first.time, lives[0])


def _behind(kinds: set[str], time: float, life: "CustomerHistory") -> str:
    """What a difference between two arms rests on, where that is not in the events themselves."""
    if events.REVIEW_DECIDED in kinds:
        return " (the reviewers serve all customers, and their other work differs between the arms)"
    if events.DECISION in kinds:
        heard = [row for row in life.rows if row.kind == events.SIGNAL and row.time <= time][-1:]
        last = f", the last of it {plain(heard[0].label)} on day {heard[0].time:.1f}" if heard else ""
        return f" (on the same evidence{last}; the arms' policies differ)"
    return ""


def _instead(life: "CustomerHistory", time: float) -> str:
    """What an arm does where another one does something."""
    for row in life.rows:
        if row.time == time and is_quiet(row):
            verb = "watches" if row.label == "monitor_only" else "does nothing"
            return f"the orchestrator looks at the same moment and {verb}: {reason_words(row.reason)}"
    waiting = [row for row in life.rows if row.time < time and row.kind in _REVIEWING][-1:]
    if waiting and waiting[0].kind == events.REVIEW_REQUESTED:
        return f"the request of day {waiting[0].time:.1f} still waits"
    return "nothing happens at that moment"


_REVIEWING = (events.REVIEW_REQUESTED, events.REVIEW_DECIDED)


def _effect(names: tuple[str, str], life: Difference | None, rows: Sequence[Sequence["Row"]]) -> str:
    if life is None:
        return "the customer moves, suffers, recovers and pays alike in both"
    sides = []
    for name, row, arm in zip(names, (life.before, life.after), rows, strict=True):
        happens = "nothing happens to the customer then" if row is None else described(row)
        done = [event for event in arm if event.kind == events.ACTION and event.time <= life.time][-1:]
        last = f"last action: {plain(done[0].label)} on day {done[0].time:.1f}" if done else "no action before"
        sides.append(f"{name}: {happens} ({last})")
    return f"the lives themselves part on day {life.time:.1f}; {'; '.join(sides)}"
