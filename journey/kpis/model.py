"""The KPI model: a value with its definition, sample size and reliability."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum
from typing import Any, Literal

KpiStatus = Literal["measured", "directional", "unknown"]
"""Measured: computed directly from the records. Directional: based on an assumption, or without a counterfactual.
Unknown: the records contain no ground truth, so there is no value."""

KpiGroups = dict[str, dict[str, "Kpi"]]
"""KPIs by group (operational, effectiveness, business) and name."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """One key performance indicator.

    Attributes:
        value: The value, or None when it is unknown.
        unit: The unit, for instance ``share``, ``days`` or ``dollars``.
        n: The denominator, or the number of observations.
        definition: The definition, in one sentence.
        status: The reliability of the value; see `KpiStatus`.
        by: Values by segment, stage or label, where available, each with its own n.
        reason: Why the value is unknown; empty if it is known.
    """

    value: float | None
    unit: str
    n: int
    definition: str
    status: KpiStatus
    by: Mapping[str, Mapping[str, float | int | None]] = field(default_factory=dict)
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the KPI as a JSON-ready mapping."""
        values = {
            "value": self.value,
            "unit": self.unit,
            "n": self.n,
            "definition": self.definition,
            "status": self.status,
        }
        if self.reason:
            values["reason"] = self.reason
        return values | ({"by": {key: dict(part) for key, part in self.by.items()}} if self.by else {})


NO_VALUE = "no record has a value"
NOTHING_TO_COUNT = "no record to count"


def unknown_kpi(unit: str, definition: str, reason: str = NO_VALUE, n: int = 0) -> Kpi:
    """Return a KPI that the records do not determine, with the reason."""
    return Kpi(None, unit, n, definition, "unknown", reason=reason)


def share_kpi(
    part: int, whole: int, definition: str, status: KpiStatus = "measured", *, reason: str = NOTHING_TO_COUNT
) -> Kpi:
    """Return `part` / `whole` as a KPI; unknown, with `reason`, when `whole` is 0."""
    if whole == 0:
        return unknown_kpi("share", definition, reason)
    return Kpi(part / whole, "share", whole, definition, status)


def mean_kpi(
    values: Iterable[tuple[str, float | None]],
    unit: str,
    definition: str,
    status: KpiStatus = "measured",
    *,
    reason: str = NO_VALUE,
) -> Kpi:
    """Return the mean of the known values, overall and by label; missing values are omitted, not counted as 0.

    Args:
        values: Label and value of each observation.
        unit: The unit.
        definition: The definition.
        status: The reliability of the value.
        reason: Why the mean is unknown when no value is known.
    """
    groups: dict[str, list[float]] = {}
    for label, value in values:
        if value is not None:
            groups.setdefault(label, []).append(value)
    known = [value for group in groups.values() for value in group]
    if not known:
        return unknown_kpi(unit, definition, reason)
    by = {label: {"value": fsum(group) / len(group), "n": len(group)} for label, group in sorted(groups.items())}
    return Kpi(fsum(known) / len(known), unit, len(known), definition, status, by)


def total_kpi(
    values: Iterable[float | None],
    unit: str,
    definition: str,
    status: KpiStatus = "measured",
    *,
    reason: str = NO_VALUE,
) -> Kpi:
    """Return the sum of the known values, with their number as n; unknown, with `reason`, without any."""
    known = [value for value in values if value is not None]
    if not known:
        return unknown_kpi(unit, definition, reason)
    return Kpi(fsum(known), unit, len(known), definition, status)
