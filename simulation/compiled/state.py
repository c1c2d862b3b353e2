"""The arrays that hold a cohort while it lives: state, signals under way, rows of the trace, running totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from journey.decision.rules import REASONS
from simulation.compiled import state_columns
from simulation.compiled.state_columns import NO_INDEX
from simulation.metrics.counters import build_time_grid
from simulation.metrics.quantile_sketch import BUCKET_COUNT
from simulation.trace.events import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.compiled.parameters import ArmArrays

# Counters of the run: places in `EngineState.counters`.
(
    TRACE_ROWS,
    POOL_HEAD,
    CUSTOMERS_DONE,
    NEXT_SEQUENCE,
    HEAP_SIZE,
    QUEUE_SIZE,
    FREE_REVIEWERS,
    FIRST_REQUESTS,
    FIRST_REQUESTS_SERVED,
    FREE_ROWS,
    ADMITTED,
    BUCKET,
    LATER_EVENTS,
    LATER_FREE,
    ROWS_TO_RETAIN,
    ROWS_USED,
) = range(16)
COUNTERS = 16

# Counters of an arm: columns of `EngineState.counts`.
(
    ESCALATIONS,
    EVALUATIONS,
    EPISODES,
    EPISODES_SEEN,
    ALARMS_TRUE,
    ALARMS_FALSE,
    CONTACTS_NEEDED,
    MISCLASSIFIED,
    WON_BACK,
) = range(9)
COUNTS = 9

# Sums of an arm: columns of `EngineState.sums`.
REVENUE, LIVE_VALUE, SATISFACTION, DISTRESS_DAYS, WAIT_DAYS = range(5)
SUMS = 5

# Numbers of the gate, of the window, of the diary and of the grid: places in `EngineState.gate`.
BUSY_DAYS, NEXT_ASSIGNMENT_AT, LIMIT, BUCKETS_PER_DAY, POINTS_PER_DAY, RETAINED_FROM = range(6)

_MIN_BUCKETS, _MAX_BUCKETS, _CUSTOMERS_PER_BUCKET = 16, 1024, 2_000
"""Into how many stretches a day is cut at the gate (`diary`): so many that a few requests fall into each."""
_MAX_BUCKETS_IN_TOTAL = 1 << 20
"""No more than so many, however far the horizon."""

_FIRST_REQUEST_CAPACITY = 1024
"""Room for the first requests of so many customers, to begin with."""

# What a kernel can run short of.
DONE, TRACE_ROWS_FULL, POOL_EMPTY, HEAP_FULL, QUEUE_FULL, FIRST_REQUESTS_FULL, CUSTOMER_ROWS_FULL = range(7)
_ARRAYS_TO_GROW = {
    TRACE_ROWS_FULL: ("row_floats", "row_ints"),
    QUEUE_FULL: ("queue_floats", "queue_ints"),
    FIRST_REQUESTS_FULL: ("first_times", "first_who"),
    CUSTOMER_ROWS_FULL: ("floats", "ints", "key", "number", "contacts", "free_rows"),
}

OUTCOMES = ("resolved", "partial_improvement", "no_response", "no_action_needed")
RESOLVED, PARTIAL, NO_RESPONSE, NOT_NEEDED = range(4)

VERDICTS = ("approved", "rejected", "overridden", "expired", "withdrawn")
APPROVED, REJECTED, OVERRIDDEN, EXPIRED, WITHDRAWN = range(5)


class EngineState(NamedTuple):
    """A cohort's arrays; `n` customers, `p` places for signals under way, `r` places for rows.

    Attributes:
        floats: Shape (n, columns of `layout`), state.
        ints: Shape (n, columns of `layout`), state.
        key: Shape (n,), the key of each customer's streams.
        number: Shape (n,), each customer's number in the population.
        contacts: Shape (n, most contacts), times of the last contacts, as a ring.
        pool_floats: Shape (p, 3), time, strength and date of a signal under way.
        pool_ints: Shape (p, 7): order, kind, source, cause, episode, link to the next, state of the record.
        row_floats: Shape (r, 3), time, value and date.
        row_ints: Shape (r, 8): customer, kind, stage, to_stage, label, reason, reviewer, arm.
        heap_floats, heap_ints: The heap of what happens next at the gate (`diary`).
        later_floats, later_ints, later_first: What happens there later, and its lists by stretch of time (`diary`).
        queue_floats, queue_ints: The heap of waiting requests (`heap`).
        free_floats, free_ints: The heap of free reviewers, by number.
        review_work: Shape (reviewers,), working time of the review each has in hand.
        first_times, first_who: First requests for review, and whose they are, or in which row they wait (`lean`).
        free_rows: Rows of customers that are free.
        counters, gate: Running totals of the run, and up to which moment everybody is to live now.
        counts, sums: Running totals, a row per arm.
        kinds, reasons, actions, verdicts, churned, outcomes, stage_days: Running totals by code, a row per arm.
        distressed, unhelped: Episodes by arm, stage they began in and segment: all, and those that got nothing.
        customers: Customers who have come, by arm and segment.
        waits: Waits of the requests that were closed, by arm and bucket: see `simulation.metrics.quantile_sketch`.
        backlog, closed, waited, worked: The gate over time: see `simulation.metrics.queue_statistics`.
        grid, occupancy: Days at which stages are counted, and the counts, one table per arm.
    """

    floats: Any
    ints: Any
    key: Any
    number: Any
    contacts: Any
    pool_floats: Any
    pool_ints: Any
    row_floats: Any
    row_ints: Any
    heap_floats: Any
    heap_ints: Any
    later_floats: Any
    later_ints: Any
    later_first: Any
    queue_floats: Any
    queue_ints: Any
    free_floats: Any
    free_ints: Any
    review_work: Any
    first_times: Any
    first_who: Any
    free_rows: Any
    counters: Any
    gate: Any
    counts: Any
    sums: Any
    kinds: Any
    reasons: Any
    actions: Any
    verdicts: Any
    churned: Any
    outcomes: Any
    distressed: Any
    unhelped: Any
    customers: Any
    waits: Any
    backlog: Any
    closed: Any
    waited: Any
    worked: Any
    stage_days: Any
    grid: Any
    occupancy: Any


def allocate_state(
    tables: Sequence[ArmArrays], segments: int, rows: int, customers: int, *, concurrent: int
) -> EngineState:
    """A cohort with so many rows for customers, and nobody in them.

    Args:
        tables: The arms.
        segments: Number of the population's segments.
        rows: Number of rows.
        customers: Number of customers who will live in them.
        concurrent: How many of them are expected to have something under way at the same time; more may have.
    """
    first, arm_count = tables[0], len(tables)
    stages, moves, grid = len(first.live), first.move.shape[1], build_time_grid(first.horizon)
    buckets = min(_MAX_BUCKETS, max(_MIN_BUCKETS, customers // _CUSTOMERS_PER_BUCKET))
    buckets_per_day = min(float(buckets), _MAX_BUCKETS_IN_TOTAL / first.horizon)
    counters = np.zeros(COUNTERS, dtype=np.int64)
    counters[FREE_REVIEWERS] = first.reviewers
    counters[ADMITTED] = NO_INDEX
    by_arm = {
        "counts": COUNTS,
        "kinds": len(KINDS),
        "reasons": len(REASONS),
        "actions": max(len(table.cost) for table in tables),
        "verdicts": len(VERDICTS),
        "outcomes": len(OUTCOMES),
        "churned": segments,
        "customers": segments,
    }
    return EngineState(
        floats=np.zeros((rows, state_columns.MOVE_CLOCKS + state_columns.CLOCK_WIDTH * moves)),
        ints=np.zeros((rows, state_columns.VISITS + stages), dtype=np.int32),
        key=np.zeros(rows, dtype=np.uint64),
        number=np.zeros(rows, dtype=np.int64),
        contacts=np.zeros((rows, max(1, *(int(table.policy_parameters.max_contacts) for table in tables)))),
        **_pool(max(64, concurrent)),
        **_trace_rows(4096 if first.keep_trace else 1),
        **_event_list(concurrent + first.reviewers + 64),
        later_first=np.full(int(first.horizon * buckets_per_day) + 1, NO_INDEX, dtype=np.int32),
        **_heap("queue", concurrent + 2),
        **_heap("free", max(1, first.reviewers), np.arange(max(1, first.reviewers))),
        review_work=np.zeros(max(1, first.reviewers)),
        first_times=np.zeros(_FIRST_REQUEST_CAPACITY),
        first_who=np.zeros(_FIRST_REQUEST_CAPACITY, dtype=np.int32),
        free_rows=np.zeros(rows, dtype=np.int32),
        counters=counters,
        gate=np.array([0.0, -1.0, first.horizon, buckets_per_day, 1.0 / grid[1], first.horizon]),
        **{name: np.zeros((arm_count, width), dtype=np.int64) for name, width in by_arm.items()},
        sums=np.zeros((arm_count, SUMS)),
        distressed=np.zeros((arm_count, stages, segments), dtype=np.int64),
        unhelped=np.zeros((arm_count, stages, segments), dtype=np.int64),
        waits=np.zeros((arm_count, BUCKET_COUNT), dtype=np.int64),
        backlog=np.zeros(len(grid), dtype=np.int64),
        closed=np.zeros(len(grid) - 1, dtype=np.int64),
        waited=np.zeros(len(grid) - 1),
        worked=np.zeros(len(grid) - 1),
        stage_days=np.zeros((arm_count, stages)),
        grid=np.array(grid),
        occupancy=np.zeros((arm_count, len(grid), stages), dtype=np.int64),
    )


TOTALS = (
    "counts", "sums", "kinds", "reasons", "actions", "verdicts", "churned", "outcomes", "distressed", "unhelped",
    "customers", "stage_days", "occupancy",
)  # fmt: skip
"""What is counted of customers, as against what is counted at the gate."""


def with_zero_totals(engine: EngineState) -> EngineState:
    """The same cohort, row for row and array for array, but counting from 0."""
    return engine._replace(**{name: np.zeros_like(getattr(engine, name)) for name in TOTALS})


def with_totals_of(engine: EngineState, other: EngineState) -> EngineState:
    """The same cohort, row for row and array for array, but counting what the other counts."""
    return engine._replace(**{name: getattr(other, name) for name in TOTALS})


def open_window(engine: EngineState, limit: float) -> None:
    """Let all customers live on up to a moment, in days, with no rows written yet."""
    engine.gate[LIMIT] = limit
    engine.counters[CUSTOMERS_DONE] = 0
    engine.counters[TRACE_ROWS] = 0


def sort_first_requests(engine: EngineState) -> None:
    """Put first requests in order of time, then customer."""
    size = int(engine.counters[FIRST_REQUESTS])
    # They were noted in the order of customers, so a stable sort keeps those of one time in it.
    order = np.argsort(engine.first_times[:size], kind="stable")
    engine.first_times[:size] = engine.first_times[:size][order]
    engine.first_who[:size] = engine.first_who[:size][order]


def _pool(size: int) -> dict[str, Any]:
    """Places for signals under way, linked into one free list."""
    return {"pool_floats": np.zeros((size, 3)), "pool_ints": _linked_list(size, 7, link=5)}


def _linked_list(size: int, columns: int, *, link: int) -> Any:
    """So many places, of which each leads to the next one."""
    ints = np.zeros((size, columns), dtype=np.int64)
    ints[:, link] = np.arange(1, size + 1)
    ints[-1, link] = NO_INDEX
    return ints


def _heap(name: str, size: int, numbers: Any = 0) -> dict[str, Any]:
    ints = np.zeros((size, 4), dtype=np.int64)
    ints[:, 0] = numbers
    return {f"{name}_floats": np.zeros((size, 2)), f"{name}_ints": ints}


def _event_list(size: int) -> dict[str, Any]:
    """Places for what happens at the gate, those for later linked into one free list."""
    return {**_heap("heap", size), "later_floats": np.zeros(size), "later_ints": _linked_list(size, 5, link=4)}


def _trace_rows(size: int) -> dict[str, Any]:
    return {"row_floats": np.zeros((size, 3)), "row_ints": np.zeros((size, 8), dtype=np.int64)}


def grow(engine: EngineState, shortage: int) -> EngineState:
    """The same cohort with twice as much of what was short, one of the codes above."""
    if shortage == POOL_EMPTY:
        return _grow_linked_list(engine, _pool(2 * len(engine.pool_ints)), "pool_ints", 5, POOL_HEAD)
    if shortage == HEAP_FULL:
        return _grow_linked_list(engine, _event_list(2 * len(engine.later_ints)), "later_ints", 4, LATER_FREE)
    longer = {name: _doubled(getattr(engine, name)) for name in _ARRAYS_TO_GROW[shortage]}
    if shortage == CUSTOMER_ROWS_FULL:
        mark_rows_free(longer["free_rows"], engine.counters, len(engine.ints))
    return engine._replace(**longer)


def _doubled(array: Any) -> Any:
    """The array and as much again, of which no memory is used before it is written."""
    longer = np.zeros((2 * len(array), *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer


def mark_rows_free(free_rows: Any, counters: Any, first: int) -> None:
    """Every row from `first` on is free, and taken in this order: those that are not needed are never touched."""
    rows = np.arange(first, len(free_rows))[::-1]
    free_rows[: len(rows)] = rows
    counters[FREE_ROWS] = len(rows)


def _grow_linked_list(
    engine: EngineState, grown: dict[str, Any], linked_name: str, link: int, head: int
) -> EngineState:
    """The same cohort with longer arrays, whose new places are free, and lead to those that were.

    Args:
        engine: The cohort.
        grown: The longer arrays, with nothing in them.
        linked_name: Name of the one among them whose rows are linked.
        link: Its column that leads to the next free one.
        head: The counter that holds the first free one.
    """
    old = len(getattr(engine, linked_name))
    for name, array in grown.items():
        array[:old] = getattr(engine, name)
    grown[linked_name][-1, link] = engine.counters[head]
    engine.counters[head] = old
    return engine._replace(**grown)
