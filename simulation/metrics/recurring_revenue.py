"""Recurring revenue of a run: its changes between the start and the end, and the rates computed from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.metrics.mean import Mean
from simulation.metrics.segment_totals import sum_by_part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

START, CHURNED, CONTRACTION, EXPANSION, NEW, END, PAYING_AT_START, LOST = range(8)
"""Rows of the totals: six amounts in dollars per year, and two numbers of customers."""

REVENUE_ROWS = 8

MONTHS_PER_YEAR = 12.0

REVENUE_METRICS = (
    "mrr_start",
    "mrr",
    "arr",
    "new_mrr",
    "expansion_mrr",
    "contraction_mrr",
    "churned_mrr",
    "gross_revenue_retention",
    "net_revenue_retention",
    "logo_churn",
)
"""The metrics in the order of tables. A scenario reports those that it names."""


def compute_recurring_revenue(
    totals: Mapping[tuple[int, int], float], segments: Sequence[str]
) -> dict[str, float | Mean]:
    """The metrics of recurring revenue, of all customers and by segment.

    Args:
        totals: Amounts and numbers by segment and row.
        segments: Names of the segments.
    """
    computed = {suffix: _compute(rows) for suffix, rows in sum_by_part(totals, segments, REVENUE_ROWS).items()}
    return {f"{name}{suffix}": metrics[name] for suffix, metrics in computed.items() for name in REVENUE_METRICS}


def _compute(rows: Sequence[float]) -> dict[str, float | Mean]:
    monthly = [amount / MONTHS_PER_YEAR for amount in rows]
    kept = rows[START] - rows[CHURNED] - rows[CONTRACTION]
    return {
        "mrr_start": monthly[START],
        "mrr": monthly[END],
        "arr": rows[END],
        "new_mrr": monthly[NEW],
        "expansion_mrr": monthly[EXPANSION],
        "contraction_mrr": monthly[CONTRACTION],
        "churned_mrr": monthly[CHURNED],
        # The difference of amounts that are nearly equal may be negative in the last bit.
        "gross_revenue_retention": Mean(max(0.0, kept), rows[START]),
        "net_revenue_retention": Mean(max(0.0, kept + rows[EXPANSION]), rows[START]),
        "logo_churn": Mean(rows[LOST], rows[PAYING_AT_START]),
    }
