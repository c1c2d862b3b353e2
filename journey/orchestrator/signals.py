"""Evaluate Signals: what the signals known by now add up to."""

from collections.abc import Sequence
from itertools import repeat
from typing import NamedTuple, TypeVar

from journey.decision.as_of import AsOf
from journey.decision.policy import CompiledPolicy
from journey.decision.rules import NO_SIGNAL, gather, is_duplicate
from journey.decision.steps import PolicyParameters
from journey.records.model import Signal

T = TypeVar("T")

OTHER = 2
SOURCE_CODES: dict[str | None, int] = {"automated": 0, "manual": 1}
"""Index of a signal's source in the policy's trusts; any other source, and none, is `OTHER`."""

UNKNOWN = -1

_Row = tuple[float, int, int, float, str, int]


class Gathered(NamedTuple):
    """A customer's signals, added up.

    Attributes:
        negative: Evidence of the negative signals.
        positive: Evidence of the positive ones.
        negative_mass: Sum of strength x trust x fade of the negative signals.
        positive_mass: The same of the positive ones.
        lead: The strongest negative signal, or None.
        lead_type: Its type, an index into the policy's, or NO_SIGNAL.
        bright: The strongest positive signal, or None.
        bright_type: Its type, or NO_SIGNAL.
        counted: The signals that count (of duplicates only one does), oldest first.
        ages: Their ages, in days.
        unknown: Names of signal types that the policy does not know, sorted.
    """

    negative: float
    positive: float
    negative_mass: float
    positive_mass: float
    lead: Signal | None
    lead_type: int
    bright: Signal | None
    bright_type: int
    counted: Sequence[Signal]
    ages: Sequence[float]
    unknown: tuple[str, ...]


NOTHING = Gathered(0.0, 0.0, 0.0, 0.0, None, NO_SIGNAL, None, NO_SIGNAL, (), (), ())


class SignalAggregator:
    """Adds up signals in canonical order, so that the order of reading never matters.

    Canonical means oldest first, then by type, source and strength. A type that the policy does not know counts as its
    `unknown_signal`; two unknown types stay two, so that they are not taken for duplicates of each other.
    """

    def __init__(self, table: CompiledPolicy, sheet: PolicyParameters) -> None:
        self._types = {name: code for code, name in enumerate(table.signal_types)}
        self._sheet = sheet

    def aggregate(self, signals: Sequence[Signal], as_of: AsOf) -> Gathered:
        """What the signals not after `as_of` add up to; they may come in any order."""
        rows, unknown = self._rows(signals, as_of)
        if not rows:
            return NOTHING
        sheet = self._sheet
        positive, weights = sheet.positive, sheet.weights
        if len(unknown) > 1:
            positive, weights = extended(positive, len(unknown)), extended(weights, len(unknown))
        oldest_first, types, sources, strengths, _, places = zip(*rows, strict=True)
        ages = [-younger for younger in oldest_first]
        count = len(rows)
        sums = gather(0, count, ages, types, sources, strengths, positive, weights, sheet.trusts, sheet.fade_rate)
        negative, positives, negative_mass, positive_mass, lead, bright = sums
        counted = [signals[place] for place in places]
        shown = ages
        if len(set(zip(oldest_first, types, sources, strict=True))) < count:
            kept = [i for i in range(count) if not is_duplicate(i, 0, count, ages, types, sources, positive[types[i]])]
            counted, shown = [counted[i] for i in kept], [ages[i] for i in kept]
        if shown[-1] < 0.0:
            shown = [max(age, 0.0) for age in shown]
        return Gathered(
            negative,
            positives,
            negative_mass,
            positive_mass,
            None if lead == NO_SIGNAL else signals[places[lead]],
            NO_SIGNAL if lead == NO_SIGNAL else min(types[lead], sheet.unknown_type),
            None if bright == NO_SIGNAL else signals[places[bright]],
            NO_SIGNAL if bright == NO_SIGNAL else min(types[bright], sheet.unknown_type),
            counted,
            shown,
            unknown,
        )

    def _rows(self, signals: Sequence[Signal], as_of: AsOf) -> tuple[list[_Row], tuple[str, ...]]:
        """The signals known by then in canonical order, and the names of the unknown types among them."""
        cutoff, age, codes = as_of.cutoff, as_of.age, self._types
        rows: list[_Row] = []
        strange: set[str] = set()
        for place, signal in enumerate(signals):
            detected, recorded = signal.detected_at, signal.recorded_at
            if detected > cutoff or (recorded is not None and recorded > cutoff):
                continue
            kind = signal.signal_type
            code = codes.get(kind, UNKNOWN)
            if code == UNKNOWN:
                strange.add(kind)
            source = SOURCE_CODES.get(signal.source, OTHER)
            rows.append((-age(detected), code, source, signal.signal_strength, signal.signal_id or "", place))
        unknown: tuple[str, ...] = ()
        if strange:
            unknown = tuple(sorted(strange))
            later = {name: self._sheet.unknown_type + rank for rank, name in enumerate(unknown)}
            rows = [(*row[:1], later.get(signals[row[5]].signal_type, row[1]), *row[2:]) for row in rows]
        rows.sort()
        return rows, unknown


def extended(column: Sequence[T], unknown_types: int) -> tuple[T, ...]:
    """A column over signal types whose last entry, the unknown type's, is there `unknown_types` times."""
    return (*column, *repeat(column[-1], max(unknown_types - 1, 0)))


def name_of(signal: Signal) -> str:
    """How a signal is named in a decision: its key, or what and when where it has none."""
    if signal.signal_id is not None:
        return signal.signal_id
    return f"{signal.signal_type}@{signal.detected_at.isoformat().removesuffix('T00:00:00')}"
