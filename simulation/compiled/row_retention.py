"""Which customers keep a row between the two passes of `simulation.compiled.two_pass`: those who ask last.

Whoever keeps one need not live once more, and to live up to a late request is much to live again. There are rows for a
share of the customers; in small cohorts for all of them. What comes of a run does not depend on it, but for the last
digit of sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulation.compiled.state import CUSTOMERS_DONE, FIRSTS, FREE_ROWS, KEPT_FROM, ROWS_TO_KEEP, free_all_rows

if TYPE_CHECKING:
    from simulation.compiled.state import Cohort

KEPT_ROWS, KEPT_SHARE = 20_000, 0.11
"""So many customers may keep a row, or this share of all: it takes 85 bytes for each of these."""

GATE_ROWS, GATE_SHARE = 256, 0.11
"""So many rows more, or this share, for those who are at the gate. Rows that nobody ever uses take no memory, and where
they do not suffice there will be twice as many; but then all are copied."""


class Room(NamedTuple):
    """How many rows a cohort begins with.

    Attributes:
        rows: In all: the one that all share, those to be kept, and those for the gate.
        kept: How many customers may keep one.
        at_once: How many customers are expected to have something under way at the gate at one time.
    """

    rows: int
    kept: int
    at_once: int


def room_for(customers: int) -> Room:
    """How many rows to begin with."""
    kept = min(customers, max(KEPT_ROWS, int(KEPT_SHARE * customers)))
    at_once = min(customers, GATE_ROWS)
    return Room(1 + min(customers, kept + max(at_once, int(GATE_SHARE * customers))), kept, at_once)


def begin(cohort: Cohort, room: Room, customers: int) -> None:
    """Every row is free but the first, and so many may be kept."""
    free_all_rows(cohort.free_rows, cohort.counters, 1)
    cohort.counters[ROWS_TO_KEEP] = room.kept
    if room.kept >= customers:
        cohort.gate[KEPT_FROM] = 0.0


def keep_latest(cohort: Cohort, customers: int) -> None:
    """From now on, let those keep a row who ask so late that there will be rows for all like them.

    How many will ask, and when, is estimated from those who have lived so far.
    """
    asked, done = int(cohort.counters[FIRSTS]), int(cohort.counters[CUSTOMERS_DONE])
    if asked == 0 or done == 0:
        return
    share = cohort.counters[ROWS_TO_KEEP] / max(1.0, asked / done * (customers - done))
    cohort.gate[KEPT_FROM] = np.quantile(cohort.first_times[:asked], 1.0 - share) if share < 1.0 else 0.0


def end(cohort: Cohort) -> None:
    """All first lives are lived: the row that they shared is free, too."""
    cohort.free_rows[cohort.counters[FREE_ROWS]] = 0
    cohort.counters[FREE_ROWS] += 1
