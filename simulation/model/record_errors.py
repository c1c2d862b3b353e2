"""How records fail: which signals get lost, strayed, doubled or delayed, and which stage entries are wrong.

Flaws are drawn from streams of their own, keyed by the identity of the signal or of the visit, so that every arm has
the same flaws and a world without any is untouched.
"""

from collections.abc import Sequence
from typing import NamedTuple

from simulation.model.spec import Imperfections
from simulation.random import streams
from simulation.random.streams import exponential, uniform

SYMPTOM, FALSE_ALARM, RELIEF = 0, 1, 2
"""What a signal came from; together with the numbers of its event it is the signal's identity."""

RECORDED, LOST, ORPHANED = 0, 1, 2
"""What becomes of a signal's record."""

_CHANNEL_SHIFT = 21
UNRECORDED = -1
"""Stands for a stage entry that nobody recorded."""

SOUND, STRAY, COPY = 0, 1, 2
"""A signal's record may be sound, of an unknown customer, or a copy of a record that is there already."""


class Flaws(NamedTuple):
    """Shares between 0 and 1; see `simulation.model.spec.Imperfections`."""

    missing: float
    orphaned: float
    duplicated: float
    late: float
    late_mean: float
    stages_missing: float
    stages_wrong: float


def flaws_of(spec: Imperfections) -> Flaws:
    """The flaws of a world."""
    return Flaws(
        missing=spec.signals_missing,
        orphaned=spec.signals_orphaned,
        duplicated=spec.signals_duplicated,
        late=spec.signals_late,
        late_mean=spec.late_mean_days,
        stages_missing=spec.stages_missing,
        stages_wrong=spec.stages_wrong,
    )


def identity(channel: int, which: int) -> int:
    """One number for a signal's channel and episode, as its draws are keyed by."""
    return (channel << _CHANNEL_SHIFT) | which


def becomes_of(key: int, channel: int, which: int, nth: int, missing: float, orphaned: float) -> int:
    """What becomes of a signal's record: RECORDED, LOST or ORPHANED."""
    if missing + orphaned <= 0.0:
        return RECORDED
    draw = uniform(key, streams.SIGNAL_RECORD, identity(channel, which), nth)
    if draw < missing:
        return LOST
    if draw < missing + orphaned:
        return ORPHANED
    return RECORDED


def known_after(key: int, channel: int, which: int, nth: int, late: float, mean: float) -> float:
    """How long after its detection a signal's record is known, in days."""
    signal = identity(channel, which)
    if late <= 0.0 or uniform(key, streams.SIGNAL_LATE, signal, nth) >= late:
        return 0.0
    return mean * exponential(key, streams.SIGNAL_LATE_DELAY, signal, nth)


def is_doubled(key: int, channel: int, which: int, nth: int, duplicated: float) -> bool:
    """Whether a signal is recorded twice."""
    if duplicated <= 0.0:
        return False
    return uniform(key, streams.SIGNAL_TWICE, identity(channel, which), nth) < duplicated


def recorded_as(key: int, stage: int, visit: int, live: Sequence[bool], missing: float, wrong: float) -> int:
    """The stage that the entry to `stage` is recorded as: itself, another live one, or UNRECORDED."""
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
    left = int(others * uniform(key, streams.STAGE_RECORDED_AS, stage, visit))
    for other in range(len(live)):
        if live[other] and other != stage:
            if left == 0:
                return other
            left -= 1
    return stage


KERNELS = (identity, becomes_of, known_after, is_doubled, recorded_as)
"""The functions that compiled code uses."""
