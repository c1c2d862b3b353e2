"""Running detectors over the events of known customers."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import cast

from journey.core.errors import InputError
from journey.decision.as_of import resolve_moment
from journey.detectors.entry_points import load_detectors
from journey.detectors.protocol import Detector
from journey.machine import Journey, default_journey
from journey.records.entry_order import sort_entries
from journey.records.model import Event, Signal, StageEntry
from journey.records.store import Records

SOURCE = "automated"


def detect(
    records: Records,
    detectors: Sequence[Detector] | None = None,
    as_of: date | datetime | None = None,
    *,
    journey: Journey | None = None,
) -> list[Signal]:
    """The signals that detectors derive from the events, ordered by customer, date and type.

    Each has a key of detector, customer and moment, so that repeated detection gives the same keys, and the source
    ``automated``. `Records.add_signals` adds the signals that are not recorded yet.

    Args:
        records: The records; events of unknown customers are ignored.
        detectors: The detectors to run. Default: built-in detectors and installed plug-ins.
        as_of: Later events are ignored; a bare date includes its whole day. Default: the latest date.
        journey: The journey; its order of stages is used for stage entries at the same time. Default: the default
            journey.

    Raises:
        InputError: Two detectors have the same name, or a detector returned an invalid signal.
    """
    active = list(load_detectors() if detectors is None else detectors)
    _refuse_duplicate_names(active)
    moment = resolve_moment(as_of, records)
    if moment is None:
        return []
    known = set(records.customer_ids())
    events = [event for event in cast("tuple[Event, ...]", records.objects(Event.dataset)) if event.timestamp <= moment]
    stages = (default_journey() if journey is None else journey).stages
    found: list[Signal] = []
    for customer_id, group in groupby(events, key=lambda event: event.customer_id):
        if customer_id not in known:
            continue
        customer_events = list(group)
        entries = sort_entries(records.stage_entries(customer_id), stages)
        for detector in active:
            signals = list(detector.detect(customer_id, customer_events, moment))
            _refuse_impossible(detector, customer_id, signals, moment)
            found += _complete_signals(detector, signals, entries)
    return sorted(found, key=lambda s: (s.customer_id, s.detected_at, s.signal_type, s.signal_id or ""))


def _complete_signals(detector: Detector, signals: Iterable[Signal], entries: Sequence[StageEntry]) -> Iterator[Signal]:
    """The signals of one customer with key, stage and source; `entries` are the customer's stage entries, in order."""
    for signal in signals:
        when = signal.detected_at
        key = signal.signal_id or f"{detector.name}:{signal.customer_id}:{when.isoformat()}"
        stage = signal.journey_stage or _find_stage_at(entries, when)
        yield signal.model_copy(update={"signal_id": key, "journey_stage": stage, "source": signal.source or SOURCE})


def _find_stage_at(entries: Sequence[StageEntry], when: datetime) -> str | None:
    stages = [entry.journey_stage for entry in entries if entry.state_entered_at <= when]
    return stages[-1] if stages else None


def _refuse_duplicate_names(detectors: Sequence[Detector]) -> None:
    names = [detector.name for detector in detectors]
    duplicates = sorted({name for name in names if names.count(name) > 1})
    if duplicates:
        raise InputError(f"several detectors are called {', '.join(duplicates)}; give each a unique name")


def _refuse_impossible(detector: Detector, customer_id: str, signals: Iterable[Signal], as_of: datetime) -> None:
    for signal in signals:
        problem = _describe_problem(customer_id, signal, as_of)
        if problem:
            raise InputError(f"detector {detector.name!r} returned a signal {problem}; correct the detector")


def _describe_problem(customer_id: str, signal: Signal, as_of: datetime) -> str | None:
    if signal.customer_id != customer_id:
        return f"of customer {signal.customer_id!r} in the events of customer {customer_id!r}"
    if not 0.0 <= signal.signal_strength <= 1.0:
        return f"of strength {signal.signal_strength}, outside 0 to 1"
    if signal.detected_at > as_of:
        return f"dated {signal.detected_at.isoformat()}, after {as_of.isoformat()}"
    return None
