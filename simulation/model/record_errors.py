"""Errors in records: missing, orphaned, duplicated and late signals, and missing or wrong stage entries.

Record errors have their own random streams, keyed by the signal or the stage visit. So all arms have the same errors,
and they do not change any other draw.
"""

from collections.abc import Sequence
from typing import NamedTuple

from simulation.model.world_spec import Imperfections
from simulation.random import streams
from simulation.random.streams import exponential, uniform

SYMPTOM, FALSE_ALARM, RELIEF = 0, 1, 2
"""Origin of a signal; with the numbers of its event, it identifies the signal."""

RECORDED, LOST, ORPHANED = 0, 1, 2
"""Outcome of recording a signal."""

_CHANNEL_SHIFT = 21
UNRECORDED = -1
"""Code of a stage entry that is not recorded."""

VALID_RECORD, ORPHAN_RECORD, DUPLICATE_RECORD = 0, 1, 2
"""Kinds of signal records: valid, for an unknown customer, or a copy of another record."""


class RecordErrorRates(NamedTuple):
    """Shares between 0 and 1; see `simulation.model.world_spec.Imperfections`."""

    missing: float
    orphaned: float
    duplicated: float
    late: float
    late_mean: float
    stages_missing: float
    stages_wrong: float


def build_record_error_rates(spec: Imperfections) -> RecordErrorRates:
    """The record error rates of a world."""
    return RecordErrorRates(
        missing=spec.signals_missing,
        orphaned=spec.signals_orphaned,
        duplicated=spec.signals_duplicated,
        late=spec.signals_late,
        late_mean=spec.late_mean_days,
        stages_missing=spec.stages_missing,
        stages_wrong=spec.stages_wrong,
    )


def signal_identity(channel: int, context: int) -> int:
    """One number for a signal's channel and episode, the context of its draws."""
    return (channel << _CHANNEL_SHIFT) | context


def signal_fate(key: int, channel: int, context: int, occurrence: int, missing: float, orphaned: float) -> int:
    """Outcome of recording a signal: RECORDED, LOST or ORPHANED."""
    if missing + orphaned <= 0.0:
        return RECORDED
    draw = uniform(key, streams.SIGNAL_RECORD, signal_identity(channel, context), occurrence)
    if draw < missing:
        return LOST
    if draw < missing + orphaned:
        return ORPHANED
    return RECORDED


def reporting_delay(key: int, channel: int, context: int, occurrence: int, late: float, mean: float) -> float:
    """Delay from a signal's detection to its record, in days."""
    signal = signal_identity(channel, context)
    if late <= 0.0 or uniform(key, streams.SIGNAL_LATE, signal, occurrence) >= late:
        return 0.0
    return mean * exponential(key, streams.SIGNAL_LATE_DELAY, signal, occurrence)


def is_duplicated(key: int, channel: int, context: int, occurrence: int, duplicated: float) -> bool:
    """Whether a signal is recorded twice."""
    if duplicated <= 0.0:
        return False
    return uniform(key, streams.SIGNAL_TWICE, signal_identity(channel, context), occurrence) < duplicated


def recorded_stage(key: int, stage: int, visit: int, live: Sequence[bool], missing: float, wrong: float) -> int:
    """The recorded stage of an entry to `stage`: the stage itself, another live stage, or UNRECORDED."""
    if missing + wrong <= 0.0:
        return stage
    draw = uniform(key, streams.STAGE_RECORD, stage, visit)
    if draw < missing:
        return UNRECORDED
    others = 0
    for other in range(len(live)):
        if live[other] and other != stage:
            others += 1
    if draw >= missing + wrong or others == 0:
        return stage
    remaining = int(others * uniform(key, streams.STAGE_RECORDED_AS, stage, visit))
    for other in range(len(live)):
        if live[other] and other != stage:
            if remaining == 0:
                return other
            remaining -= 1
    return stage


KERNELS = (signal_identity, signal_fate, reporting_delay, is_duplicated, recorded_stage)
"""Functions to compile."""
