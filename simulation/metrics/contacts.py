"""Contacts of a run: how many were proactive, and how long their resolution took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.metrics.mean import Mean
from simulation.metrics.segment_totals import sum_by_part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONTACTS, PROACTIVE, RESOLVED, DAYS_TO_RESOLUTION = range(4)
"""Rows of the totals: three numbers of contacts, and days."""

CONTACT_ROWS = 4

CONTACT_METRICS = ("proactive_share", "resolution_days")
"""The metrics in the order of tables. A scenario reports those that it names."""


def compute_contact_metrics(
    totals: Mapping[tuple[int, int], float], segments: Sequence[str], *, has_support: bool
) -> dict[str, float | Mean | None]:
    """The metrics of contacts, of all customers and by segment.

    Args:
        totals: Numbers by segment and row.
        segments: Names of the segments.
        has_support: Whether a stage has the role `support` or `escalation`; otherwise it is unknown which
            contacts were proactive.
    """
    metrics: dict[str, float | Mean | None] = {}
    for suffix, rows in sum_by_part(totals, segments, CONTACT_ROWS).items():
        metrics[f"proactive_share{suffix}"] = Mean(rows[PROACTIVE], rows[CONTACTS]) if has_support else None
        metrics[f"resolution_days{suffix}"] = Mean(rows[DAYS_TO_RESOLUTION], rows[RESOLVED])
    return metrics
