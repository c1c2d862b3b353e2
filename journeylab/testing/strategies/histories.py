"""Strategies for histories of one customer: legal moves with times, and histories that end in an illegal step."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.machine import Facts, Journey, Move

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST_DAY = datetime(2030, 6, 1)  # noqa: DTZ001 - records have no time zone
"""The day on which drawn histories begin."""

_RECORD_TIERS = frozenset({"low", "medium", "high"})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a history.

    Attributes:
        day: Days since the history began.
        source: The stage that the customer leaves.
        move: Name of the move.
        destination: The stage that the customer enters.
        facts: The facts for the guard of the move.
        begins_stay: Whether it begins a new stay; only a move with ``restarts_clocks = false`` does not.
    """

    day: float
    source: str
    move: str
    destination: str
    facts: Facts = field(default=Facts(), repr=False)
    begins_stay: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class History:
    """The stages of one customer in time.

    Attributes:
        start: The first stage, entered on day 0.
        steps: The moves, in order.
        segment: The customer's segment; None if unknown.
        tier: The customer's risk tier; None if unknown.
    """

    start: str
    steps: tuple[Step, ...] = ()
    segment: str | None = None
    tier: str | None = None

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages in order, the first one included."""
        return (self.start, *(step.destination for step in self.steps))

    @property
    def moves(self) -> tuple[str, ...]:
        """The names of the moves in order."""
        return tuple(step.move for step in self.steps)

    def to_records(
        self, customer_id: str = "A", *, begins: datetime = FIRST_DAY, account_value: float = 1000.0
    ) -> dict[str, list[dict[str, Any]]]:
        """The history as rows by record set, which `journeylab.check` and `journeylab.evaluate` accept.

        Args:
            customer_id: ID of the customer.
            begins: Date of day 0.
            account_value: Revenue of the customer per year, in dollars.
        """
        customer: dict[str, Any] = {"customer_id": customer_id, "account_value": account_value, "tenure_months": 1.0}
        if self.segment is not None:
            customer["segment"] = self.segment
        if self.tier in _RECORD_TIERS:
            customer["risk_tier"] = self.tier
        stays = [(0.0, self.start, None), *((s.day, s.destination, s.source) for s in self.steps if s.begins_stay)]
        entries = [
            {
                "customer_id": customer_id,
                "journey_stage": stage,
                "state_entered_at": (begins + timedelta(days=day)).isoformat(),
                "previous_stage": previous,
            }
            for day, stage, previous in stays
        ]
        return {"customers": [customer], "journey_state_log": entries}

    def __str__(self) -> str:
        steps = "".join(f", day {step.day:g} -{step.move}-> {step.destination}" for step in self.steps)
        return f"day 0 {self.start}{steps}"

    def __repr__(self) -> str:
        known = {"segment": self.segment, "tier": self.tier}
        return f"<History: {self}{''.join(f', {name} {value}' for name, value in known.items() if value is not None)}>"


@st.composite
def legal_histories(
    draw: st.DrawFn,
    journey: Journey,
    *,
    min_moves: int = 0,
    max_moves: int = 8,
    segments: Sequence[str] = (),
    tiers: Sequence[str] = (),
) -> History:
    """Histories in which every move is legal and meets its guard.

    The smallest history stays in the initial stage. Waiting times are whole and quarter days; a guard with a least
    number of days gets exactly this number, or more.

    Args:
        draw: Provided by Hypothesis.
        journey: The journey.
        min_moves: Smallest number of moves. A history is shorter only where no move is possible.
        max_moves: Largest number of moves.
        segments: Segments of the customers. Default: those that the guards of the journey name, and none.
        tiers: Risk tiers of the customers. Default: those that the guards of the journey name, and none.
    """
    history = History(
        draw(st.sampled_from(journey.initial)),
        segment=draw(_names(segments, journey, "segment")),
        tier=draw(_names(tiers, journey, "risk_tier")),
    )
    for number in range(max_moves):
        # Each move has its own decision to go on, so that deleting a move is one step of shrinking.
        if number >= min_moves and not draw(st.booleans()):
            break
        wait = draw(_WAITS)
        steps = _possible_steps(history, journey, wait)
        if not steps:
            break
        # The name of the move is drawn, not its place among the legal ones: so the rest stays when a step is deleted.
        name = draw(st.sampled_from(journey.move_names).filter(steps.__contains__))
        history = replace(history, steps=(*history.steps, steps[name]))
    return history


@st.composite
def illegal_histories(
    draw: st.DrawFn,
    journey: Journey,
    *,
    max_moves: int = 4,
    segments: Sequence[str] = (),
    tiers: Sequence[str] = (),
) -> History:
    """Legal histories with one more step that the journey does not have.

    The last step has a move that its stage does not have, and leads to another stage, to which no move of its stage
    leads. So both a request of the move and a check of the records find it.

    Args:
        draw: Provided by Hypothesis.
        journey: The journey.
        max_moves: Largest number of legal moves before the illegal step.
        segments: Segments of the customers, as in `legal_histories`.
        tiers: Risk tiers of the customers, as in `legal_histories`.

    Raises:
        InputError: The journey has no illegal step, because each reachable stage leads to every other one.
    """
    _refuse_complete(journey)
    history = draw(
        legal_histories(journey, max_moves=max_moves, segments=segments, tiers=tiers).filter(
            lambda known: bool(_illegal_steps(journey, known.stages[-1]))
        )
    )
    move, destination = draw(st.sampled_from(_illegal_steps(journey, history.stages[-1])))
    days = draw(_WAITS) + _stay(history).waited
    step = Step(_stay(history).begins + days, history.stages[-1], move, destination, _facts(history, days))
    return replace(history, steps=(*history.steps, step))


def illegal_requests(journey: Journey) -> st.SearchStrategy[tuple[str, str]]:
    """Pairs of stage and move name that the journey does not have.

    Raises:
        InputError: Every stage has every move.
    """
    pairs = [(s, m) for s in journey.stages for m in journey.move_names if not journey.is_legal(s, m)]
    if not pairs:
        raise InputError(f"{journey.name}: every stage has every move, so no request is illegal")
    return st.sampled_from(pairs)


_WAITS = st.integers(0, 30).map(float) | st.integers(0, 120).map(lambda quarters: quarters / 4)
"""Days before a move."""


def _names(given: Sequence[str], journey: Journey, condition: str) -> st.SearchStrategy[str | None]:
    """The names given; or else None, and those that the guards of the journey name."""
    if given:
        return st.sampled_from(given)
    stated = {
        name
        for move in journey.moves
        for kind, value in (move.guard.conditions if move.guard else ())
        if kind == condition and isinstance(value, tuple)
        for name in value
    }
    return st.sampled_from([None, *sorted(stated)])


class _Stay(NamedTuple):
    """The current stay: the day on which it began, the days until the last step, and the stage before it."""

    begins: float
    waited: float
    previous: str | None


def _stay(history: History) -> _Stay:
    last = history.steps[-1].day if history.steps else 0.0
    entry = next((step for step in reversed(history.steps) if step.begins_stay), None)
    return _Stay(0.0, last, None) if entry is None else _Stay(entry.day, last - entry.day, entry.source)


def _facts(history: History, days: float) -> Facts:
    """The facts for guards, after `days` in the last stage."""
    return Facts(days, _stay(history).previous, history.segment, history.tier)


def _step(history: History, move: Move, wait: float) -> Step | None:
    """The step that makes a move after `wait` days, or later if its guard needs it; None if the guard blocks it."""
    least = dict(move.guard.conditions).get("min_days_in_stage", 0.0) if move.guard else 0.0
    stay = _stay(history)
    days = stay.waited + wait
    if isinstance(least, float) and days < least:
        days = least + wait
    facts = _facts(history, days)
    if move.guard is not None and not move.guard.allows(facts):
        return None
    return Step(stay.begins + days, move.source, move.name, move.destination, facts, move.restarts_clocks)


def _possible_steps(history: History, journey: Journey, wait: float) -> dict[str, Step]:
    """The steps that the customer can make, by the name of the move."""
    steps = {move.name: _step(history, move, wait) for move in journey.legal_moves(history.stages[-1])}
    return {name: step for name, step in steps.items() if step is not None}


def _illegal_steps(journey: Journey, stage: str) -> list[tuple[str, str]]:
    """The moves that a stage does not have, each with the stages to which no move of the stage leads."""
    moves = [name for name in journey.move_names if not journey.is_legal(stage, name)] or ["undefined_move"]
    ends = [end for end in journey.stages if end != stage and not journey.is_legal_step(stage, end)]
    return [(move, end) for end in ends for move in moves]


def _refuse_complete(journey: Journey) -> None:
    reached = set(journey.stages) - set(journey.unreachable_stages())
    if not any(_illegal_steps(journey, stage) for stage in reached):
        raise InputError(f"{journey.name}: each reachable stage leads to every other one, so no step is illegal")
