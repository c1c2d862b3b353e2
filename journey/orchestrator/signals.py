"""Evaluate Signals: sum the evidence of the signals known at the time of the evaluation."""

from collections.abc import Sequence
from itertools import repeat
from typing import NamedTuple, TypeVar

from journey.decision.as_of import AsOf
from journey.decision.parameters import PolicyParameters
from journey.decision.policy import CompiledPolicy
from journey.decision.rules import NO_SIGNAL, gather, is_duplicate
from journey.records.model import Signal

T = TypeVar("T")

OTHER_SOURCE = 2
SOURCE_CODES: dict[str | None, int] = {"automated": 0, "manual": 1}
"""Index of a signal's source in the policy's trusts; any other or missing source is `OTHER_SOURCE`."""

UNKNOWN_TYPE = -1

_SignalRow = tuple[float, int, int, float, str, int]


class SignalEvidence(NamedTuple):
    """The summed evidence of a customer's signals.

    Attributes:
        negative: Evidence of the negative signals.
        positive: Evidence of the positive signals.
        negative_mass: Sum of strength x trust x fade over the negative signals.
        positive_mass: The same sum over the positive signals.
        leading_negative: The strongest negative signal, or None.
        leading_negative_type: Index of its type in the policy, or NO_SIGNAL.
        leading_positive: The strongest positive signal, or None.
        leading_positive_type: Index of its type in the policy, or NO_SIGNAL.
        counted_signals: The signals that count, oldest first; of duplicates only one counts.
        ages: The ages of `counted_signals`, in days.
        unknown_types: Names of signal types that are not in the policy, sorted.
    """

    negative: float
    positive: float
    negative_mass: float
    positive_mass: float
    leading_negative: Signal | None
    leading_negative_type: int
    leading_positive: Signal | None
    leading_positive_type: int
    counted_signals: Sequence[Signal]
    ages: Sequence[float]
    unknown_types: tuple[str, ...]


NO_SIGNALS = SignalEvidence(0.0, 0.0, 0.0, 0.0, None, NO_SIGNAL, None, NO_SIGNAL, (), (), ())


class SignalAggregator:
    """Sums the evidence of signals in canonical order, so that the input order has no effect.

    Canonical order is oldest first, then by type, source and strength. A type that is not in the policy counts as its
    `unknown_signal`. Different unknown types stay distinct, so they are not taken for duplicates of each other.
    """

    def __init__(self, table: CompiledPolicy, parameters: PolicyParameters) -> None:
        self._types = {name: code for code, name in enumerate(table.signal_types)}
        self._parameters = parameters

    def aggregate(self, signals: Sequence[Signal], as_of: AsOf) -> SignalEvidence:
        """Sum the evidence of the signals known at `as_of`; the input may be in any order."""
        rows, unknown_types = self._build_rows(signals, as_of)
        if not rows:
            return NO_SIGNALS
        parameters = self._parameters
        positive, weights = parameters.positive, parameters.weights
        if len(unknown_types) > 1:
            positive, weights = (
                repeat_unknown_type(positive, len(unknown_types)),
                repeat_unknown_type(weights, len(unknown_types)),
            )
        oldest_first, types, sources, strengths, _, positions = zip(*rows, strict=True)
        ages = [-younger for younger in oldest_first]
        count = len(rows)
        sums = gather(
            0, count, ages, types, sources, strengths, positive, weights, parameters.trusts, parameters.fade_rate
        )
        negative, positive_sum, negative_mass, positive_mass, leading_negative, leading_positive = sums
        counted = [signals[position] for position in positions]
        counted_ages = ages
        if len(set(zip(oldest_first, types, sources, strict=True))) < count:
            kept = [i for i in range(count) if not is_duplicate(i, 0, count, ages, types, sources, positive[types[i]])]
            counted, counted_ages = [counted[i] for i in kept], [ages[i] for i in kept]
        if counted_ages[-1] < 0.0:
            counted_ages = [max(age, 0.0) for age in counted_ages]
        return SignalEvidence(
            negative,
            positive_sum,
            negative_mass,
            positive_mass,
            None if leading_negative == NO_SIGNAL else signals[positions[leading_negative]],
            NO_SIGNAL if leading_negative == NO_SIGNAL else min(types[leading_negative], parameters.unknown_type),
            None if leading_positive == NO_SIGNAL else signals[positions[leading_positive]],
            NO_SIGNAL if leading_positive == NO_SIGNAL else min(types[leading_positive], parameters.unknown_type),
            counted,
            counted_ages,
            unknown_types,
        )

    def _build_rows(self, signals: Sequence[Signal], as_of: AsOf) -> tuple[list[_SignalRow], tuple[str, ...]]:
        """Return the signals known at `as_of` in canonical order, and the names of their unknown types."""
        cutoff, age, codes = as_of.cutoff, as_of.age, self._types
        rows: list[_SignalRow] = []
        unknown_names: set[str] = set()
        for position, signal in enumerate(signals):
            detected, recorded = signal.detected_at, signal.recorded_at
            if detected > cutoff or (recorded is not None and recorded > cutoff):
                continue
            kind = signal.signal_type
            code = codes.get(kind, UNKNOWN_TYPE)
            if code == UNKNOWN_TYPE:
                unknown_names.add(kind)
            source = SOURCE_CODES.get(signal.source, OTHER_SOURCE)
            rows.append((-age(detected), code, source, signal.signal_strength, signal.signal_id or "", position))
        unknown_types: tuple[str, ...] = ()
        if unknown_names:
            unknown_types = tuple(sorted(unknown_names))
            unknown_codes = {name: self._parameters.unknown_type + rank for rank, name in enumerate(unknown_types)}
            rows = [(*row[:1], unknown_codes.get(signals[row[5]].signal_type, row[1]), *row[2:]) for row in rows]
        rows.sort()
        return rows, unknown_types


def repeat_unknown_type(column: Sequence[T], unknown_types: int) -> tuple[T, ...]:
    """Return a column over signal types with its last entry, the unknown type's, repeated `unknown_types` times."""
    return (*column, *repeat(column[-1], max(unknown_types - 1, 0)))


def get_signal_name(signal: Signal) -> str:
    """Return the name of a signal in a decision: its ID, or its type and date where it has none."""
    if signal.signal_id is not None:
        return signal.signal_id
    return f"{signal.signal_type}@{signal.detected_at.isoformat().removesuffix('T00:00:00')}"
