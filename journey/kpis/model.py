"""What a KPI is: a value that says what it counts, of how many, and how far it can be believed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum
from typing import Any, Literal

KpiStatus = Literal["measured", "directional", "unknown"]
"""Measured: read off the records. Directional: rests on an assumption or lacks a counterfactual. Unknown: the records
hold no ground truth for it, so there is no value."""

KpiGroups = dict[str, dict[str, "Kpi"]]
"""KPIs by group (operational, effectiveness, business) and name."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """One key performance indicator.

    Attributes:
        value: The value, or None when it is not known.
        unit: Its unit, for instance ``share_kpi``, ``days`` or ``dollars``.
        n: Size of the denominator, or the number of observations behind it.
        definition: What is divided by what, in one sentence.
        status: How far it can be believed.
        by: The same by segment, stage or label, where the records allow; each with its own n.
    """

    value: float | None
    unit: str
    n: int
    definition: str
    status: KpiStatus
    by: Mapping[str, Mapping[str, float | int | None]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The KPI as a JSON-ready mapping."""
        values = {
            "value": self.value,
            "unit": self.unit,
            "n": self.n,
            "definition": self.definition,
            "status": self.status,
        }
        return values | ({"by": {key: dict(part) for key, part in self.by.items()}} if self.by else {})


def unknown_kpi(unit: str, definition: str, n: int = 0) -> Kpi:
    """A KPI for which the records hold no ground truth."""
    return Kpi(None, unit, n, definition, "unknown")


def share_kpi(part: int, whole: int, definition: str, status: KpiStatus = "measured") -> Kpi:
    """`part` of `whole`; unknown when the whole is empty."""
    if whole == 0:
        return unknown_kpi("share", definition)
    return Kpi(part / whole, "share", whole, definition, status)


def mean_kpi(
    values: Iterable[tuple[str, float | None]], unit: str, definition: str, status: KpiStatus = "measured"
) -> Kpi:
    """Mean of the values that are known, altogether and by their label; a missing value is not a zero."""
    groups: dict[str, list[float]] = {}
    for label, value in values:
        if value is not None:
            groups.setdefault(label, []).append(value)
    known = [value for group in groups.values() for value in group]
    if not known:
        return unknown_kpi(unit, definition)
    by = {label: {"value": fsum(group) / len(group), "n": len(group)} for label, group in sorted(groups.items())}
    return Kpi(fsum(known) / len(known), unit, len(known), definition, status, by)


def total_kpi(values: Iterable[float | None], unit: str, definition: str, status: KpiStatus = "measured") -> Kpi:
    """Sum of the values that are known, with their number as n."""
    known = [value for value in values if value is not None]
    if not known:
        return unknown_kpi(unit, definition)
    return Kpi(fsum(known), unit, len(known), definition, status)
