"""A customer's history of events up to a time, from the customer's records.

Events are dated as follows. No record dated after the time counts.

* Stages and moves: at the entry into the stage.
* Signals: when they became known, `recorded_at` or else `detected_at`. No one can answer a signal before. Repeated
  records of a signal (same type, time and source) are one event.
* Reviews, actions and interventions: see `journey.histories.interventions`.

Events are in order of time. If an event of a day has no time of day, the order of that day is unknown. Then stages come
first, then signals, then the ends of earlier interventions, then the interventions of the day, each through its
lifecycle.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from journey.decision.as_of import DAY_IN_MICROSECONDS
from journey.decision.policy import MONITOR_ONLY
from journey.histories.event import History, HistoryEvent, is_bare
from journey.histories.interventions import (
    ACTION,
    NO_STATUS,
    STATUSES,
    list_lifecycle_events,
)
from journey.histories.stages import StageEvents
from journey.records.entry_order import sort_entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from journey.decision.as_of import AsOf
    from journey.decision.policy import Policy
    from journey.machine import Journey
    from journey.records.model import Intervention, Outcome, Signal, StageEntry

STAGES_FIRST, SIGNALS_NEXT, EARLIER_INTERVENTIONS, INTERVENTIONS_OF_DAY = range(4)
"""Order of the events of a day on which one has no time of day."""


class _Placed(NamedTuple):
    """An event with what determines its place."""

    event: HistoryEvent
    rank: int
    key: tuple[Any, ...]


class HistoryBuilder:
    """Builds the histories of customers.

    Args:
        journey: The journey that names the moves.
        policy: The policy: how long approvals wait, and which actions only monitor.
    """

    def __init__(self, journey: Journey, policy: Policy) -> None:
        self._stages = journey.stages
        self._initial = frozenset(journey.initial)
        self._terminal = frozenset(journey.terminal)
        self._stage_events = StageEvents(journey)
        self._monitoring = list_monitoring_actions(policy)
        self._expiry = get_expiry(policy)

    def build(
        self,
        entries: Iterable[StageEntry],
        signals: Iterable[Signal],
        interventions: Iterable[Intervention],
        outcomes: Iterable[Outcome],
        as_of: AsOf,
    ) -> History:
        """The history of a customer.

        Args:
            entries: The customer's stage entries, in any order.
            signals: The customer's signals.
            interventions: The customer's interventions.
            outcomes: Their outcomes. One without a date is not used, because it may be later.
            as_of: Later records are ignored.
        """
        cutoff = as_of.cutoff
        ordered = sort_entries([entry for entry in entries if entry.state_entered_at <= cutoff], self._stages)
        stage_events = list(self._stage_events.build(ordered))
        placed = [_Placed(event, STAGES_FIRST, (number,)) for number, event in enumerate(stage_events)]
        placed += _place_signals(signals, cutoff)
        placed += self._place_interventions(interventions, outcomes, as_of)
        events = tuple(_sort(placed))
        first = next((event.labels[0] for event in stage_events if event.kind == "stage"), None)
        return History(
            events,
            events[0].moment if events else None,
            first in self._initial,
            bool(ordered) and ordered[-1].journey_stage in self._terminal,
        )

    def _place_interventions(
        self, interventions: Iterable[Intervention], outcomes: Iterable[Outcome], as_of: AsOf
    ) -> Iterator[_Placed]:
        known = _group_outcomes(outcomes, as_of.cutoff)
        for intervention in interventions:
            decided = intervention.generated_at
            if decided > as_of.cutoff or intervention.recommended_action in self._monitoring:
                continue
            measured, is_overridden = _find_outcome(intervention, known)
            expires = min(decided + self._expiry, max(decided, as_of.anchor))
            dates = (decided, expires, max(decided, measured or decided))
            events = list_lifecycle_events(
                intervention.status if intervention.status in STATUSES else NO_STATUS,
                needs_approval=intervention.requires_human_approval,
                is_measured=measured is not None,
                is_overridden=is_overridden,
                is_overdue=as_of.anchor - decided > self._expiry,
            )
            for step, (kind, label, dated) in enumerate(events):
                name = intervention.recommended_action if kind == ACTION else label
                record = intervention.intervention_id
                event = HistoryEvent(kind, (name,), dates[dated], "interventions", record)
                is_later = event.moment.date() > decided.date()
                yield _Placed(
                    event, EARLIER_INTERVENTIONS if is_later else INTERVENTIONS_OF_DAY, (decided, record, step)
                )


def list_monitoring_actions(policy: Policy) -> frozenset[str]:
    """The actions of a policy that only monitor."""
    return frozenset({MONITOR_ONLY, *(name for name, action in policy.actions.items() if action.delivery == "none")})


def get_expiry(policy: Policy) -> timedelta:
    """How long requests for approval wait."""
    return timedelta(microseconds=round(policy.contact.approval_expiry_days * DAY_IN_MICROSECONDS))


def _place_signals(signals: Iterable[Signal], cutoff: datetime) -> Iterator[_Placed]:
    """The signals known at the cutoff, each once."""
    first: dict[tuple[Any, ...], Signal] = {}
    for signal in signals:
        if signal.known_at > cutoff:
            continue
        identity = (signal.signal_type, signal.detected_at, signal.source)
        other = first.get(identity)
        if other is None or (signal.known_at, signal.signal_id or "") < (other.known_at, other.signal_id or ""):
            first[identity] = signal
    for signal in first.values():
        kind, detected = signal.signal_type, signal.detected_at
        record = signal.signal_id or f"{signal.customer_id}@{detected.date().isoformat()}"
        event = HistoryEvent("signal", (kind,), signal.known_at, "signals", record)
        yield _Placed(event, SIGNALS_NEXT, (kind, detected, signal.source or ""))


_Outcomes = dict[str, list[tuple["datetime", "Outcome"]]]


def _group_outcomes(outcomes: Iterable[Outcome], cutoff: datetime) -> _Outcomes:
    """The outcomes measured up to the cutoff, by intervention, with their dates."""
    found: _Outcomes = {}
    for outcome in outcomes:
        measured = outcome.measured_at
        if measured is not None and measured <= cutoff:
            found.setdefault(outcome.intervention_id, []).append((measured, outcome))
    return found


def _find_outcome(intervention: Intervention, known: _Outcomes) -> tuple[datetime | None, bool]:
    """When the first outcome of an intervention was measured, and whether one states an override."""
    own = [
        (measured, outcome)
        for measured, outcome in known.get(intervention.intervention_id, ())
        if outcome.customer_id in (None, intervention.customer_id)
    ]
    measured = min((measured for measured, _ in own), default=None)
    return measured, any(outcome.human_override for _, outcome in own)


def _sort(placed: list[_Placed]) -> Iterator[HistoryEvent]:
    """The events in order; see the module."""
    placed.sort(key=lambda each: each.event.moment.date())
    for _, group in groupby(placed, key=lambda each: each.event.moment.date()):
        of_day = list(group)
        if any(is_bare(each.event.moment) for each in of_day):
            of_day.sort(key=lambda each: (each.rank, each.event.moment, each.key))
        else:
            of_day.sort(key=lambda each: (each.event.moment, each.rank, each.key))
        yield from (each.event for each in of_day)
