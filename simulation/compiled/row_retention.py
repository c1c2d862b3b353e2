"""Which customers keep a row between the two passes of `simulation.compiled.two_pass`: those who ask last.

Whoever keeps one need not live once more, and to live up to a late request is much to live again. There are rows for a
share of the customers; in small cohorts for all of them. What comes of a run does not depend on it, but for the last
digit of sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulation.compiled.state import (
    CUSTOMERS_DONE,
    FIRST_REQUESTS,
    FREE_ROWS,
    RETAINED_FROM,
    ROWS_TO_RETAIN,
    mark_rows_free,
)

if TYPE_CHECKING:
    from simulation.compiled.state import EngineState

RETAINED_ROWS, RETAINED_SHARE = 20_000, 0.11
"""So many customers may keep a row, or this share of all: it takes 85 bytes for each of these."""

GATE_ROWS, GATE_SHARE = 256, 0.11
"""So many rows more, or this share, for those who are at the gate. Rows that nobody ever uses take no memory, and where
they do not suffice there will be twice as many; but then all are copied."""


class RowPlan(NamedTuple):
    """How many rows a cohort begins with.

    Attributes:
        rows: In all: the one that all share, those to be kept, and those for the gate.
        retained: How many customers may keep one.
        concurrent: How many customers are expected to have something under way at the gate at one time.
    """

    rows: int
    retained: int
    concurrent: int


def plan_rows(customers: int) -> RowPlan:
    """How many rows to begin with."""
    retained = min(customers, max(RETAINED_ROWS, int(RETAINED_SHARE * customers)))
    concurrent = min(customers, GATE_ROWS)
    return RowPlan(1 + min(customers, retained + max(concurrent, int(GATE_SHARE * customers))), retained, concurrent)


def start_retention(engine: EngineState, plan: RowPlan, customers: int) -> None:
    """Every row is free but the first, and so many may be kept."""
    mark_rows_free(engine.free_rows, engine.counters, 1)
    engine.counters[ROWS_TO_RETAIN] = plan.retained
    if plan.retained >= customers:
        engine.gate[RETAINED_FROM] = 0.0


def retain_latest(engine: EngineState, customers: int) -> None:
    """From now on, let those keep a row who ask so late that there will be rows for all like them.

    How many will ask, and when, is estimated from those who have lived so far.
    """
    requests, done = int(engine.counters[FIRST_REQUESTS]), int(engine.counters[CUSTOMERS_DONE])
    if requests == 0 or done == 0:
        return
    share = engine.counters[ROWS_TO_RETAIN] / max(1.0, requests / done * (customers - done))
    engine.gate[RETAINED_FROM] = np.quantile(engine.first_times[:requests], 1.0 - share) if share < 1.0 else 0.0


def release_shared_row(engine: EngineState) -> None:
    """All first lives are lived: the row that they shared is free, too."""
    engine.free_rows[engine.counters[FREE_ROWS]] = 0
    engine.counters[FREE_ROWS] += 1
