"""Which customers keep a row between the two passes of `simulation.compiled.two_pass`: those with the latest requests.

A customer that keeps a row is not replayed, and replaying up to a late request takes long. There are rows for a share
of the customers; in small populations for all of them. The choice does not affect results, except for the last digit
of sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulation.compiled.state import mark_rows_free

if TYPE_CHECKING:
    from simulation.compiled.state import EngineState

RETAINED_ROWS, RETAINED_SHARE = 20_000, 0.11
"""Maximum number of customers that keep a row, or their maximum share if that is more. The share takes 85 bytes per
customer of the population."""

GATE_ROWS, GATE_SHARE = 256, 0.11
"""Number of additional rows for customers in the review process, or their share if that is more. Unused rows take no
memory. If the rows do not suffice, their number is doubled, but then all rows are copied."""


class RowPlan(NamedTuple):
    """The initial number of rows.

    Attributes:
        rows: Total: the shared row, the retained ones, and those for the review process.
        retained: Maximum number of customers that keep a row.
        concurrent: Expected number of customers that have pending events at the same time.
    """

    rows: int
    retained: int
    concurrent: int


def plan_rows(customers: int) -> RowPlan:
    """The initial number of rows for a number of customers."""
    retained = min(customers, max(RETAINED_ROWS, int(RETAINED_SHARE * customers)))
    concurrent = min(customers, GATE_ROWS)
    return RowPlan(1 + min(customers, retained + max(concurrent, int(GATE_SHARE * customers))), retained, concurrent)


def start_retention(engine: EngineState, plan: RowPlan, customers: int) -> None:
    """Mark all rows but the first as free, and set the number of customers that may keep one."""
    mark_rows_free(engine.free_rows, engine.run, 1)
    engine.run["rows_to_retain"] = plan.retained
    if plan.retained >= customers:
        engine.run["retained_from"] = 0.0


def retain_latest(engine: EngineState, customers: int) -> None:
    """Set the time from which on first requests let a customer keep a row, such that the rows suffice.

    The number and times of future requests are estimated from the customers simulated so far.
    """
    run = engine.run[0]
    requests, done = int(run["first_requests"]), int(run["customers_done"])
    if requests == 0 or done == 0:
        return
    share = run["rows_to_retain"] / max(1.0, requests / done * (customers - done))
    run["retained_from"] = np.quantile(engine.first_times[:requests], 1.0 - share) if share < 1.0 else 0.0


def release_shared_row(engine: EngineState) -> None:
    """Free the shared row at the end of the first pass."""
    run = engine.run[0]
    engine.free_rows[run["free_row_count"]] = 0
    run["free_row_count"] += 1
