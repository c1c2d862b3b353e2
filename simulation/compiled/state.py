"""The state of a compiled run: customers, pending signals, trace rows and running totals, as arrays."""

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

# Counters of the run: indices in `EngineState.counters`.
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

# Numbers of the review queue, the window, the calendar queue and the grid: indices in `EngineState.gate`.
BUSY_DAYS, NEXT_ASSIGNMENT_AT, LIMIT, BUCKETS_PER_DAY, POINTS_PER_DAY, RETAINED_FROM = range(6)

_MIN_BUCKETS, _MAX_BUCKETS, _CUSTOMERS_PER_BUCKET = 16, 1024, 2_000
"""Number of buckets per day in `calendar_queue`, chosen so that a bucket contains a few requests."""
_MAX_BUCKETS_IN_TOTAL = 1 << 20
"""Maximum number of buckets, for any horizon."""

_FIRST_REQUEST_CAPACITY = 1024
"""Initial room for first requests."""

# Results of a kernel: DONE, or the arrays that must grow.
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
    """The arrays of a run, for `n` customers, `p` pending signals and `r` trace rows.

    Attributes:
        floats: Shape (n, columns of `state_columns`), state.
        ints: Shape (n, columns of `state_columns`), state.
        key: Shape (n,), the key of each customer's random streams.
        number: Shape (n,), each customer's number in the population.
        contacts: Shape (n, maximum number of contacts), times of the last contacts, as a ring.
        pool_floats: Shape (p, 3), delivery time, strength and date of a pending signal.
        pool_ints: Shape (p, 7): order, kind, source, cause, episode, link to the next, state of the record.
        row_floats: Shape (r, 3), time, value and date.
        row_ints: Shape (r, 8): customer, kind, stage, to_stage, label, reason, reviewer, arm.
        heap_floats, heap_ints: Events of the review queue in the current bucket, as a heap (`calendar_queue`).
        later_floats, later_ints, later_first: Events of later buckets, as a linked list per bucket (`calendar_queue`).
        queue_floats, queue_ints: Waiting requests, as a heap (`review_queue`).
        free_floats, free_ints: Free reviewers, as a heap ordered by number.
        review_work: Shape (reviewers,), working time of each reviewer's current review, in days.
        first_times, first_who: Time of each first request, and the customer's number or, negative, the retained row
            (`two_pass`).
        free_rows: Free rows of customers.
        counters, gate: Counters and numbers of the run, by the constants above.
        counts, sums: Running totals, a row per arm.
        kinds, reasons, actions, verdicts, churned, outcomes, stage_days: Running totals by code, a row per arm.
        distressed, unhelped: Distress episodes by arm, stage at onset and segment: all, and the untreated ones.
        customers: Number of customers that have arrived, by arm and segment.
        waits: Waits of closed requests, by arm and bucket; see `simulation.metrics.quantile_sketch`.
        backlog, closed, waited, worked: The review queue over time; see `simulation.metrics.queue_statistics`.
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
    """The state of a run before any customer has entered.

    Args:
        tables: Parameters of the arms.
        segments: Number of the population's segments.
        rows: Number of rows for customers.
        customers: Number of customers to simulate.
        concurrent: Expected number of customers that have pending events at the same time; arrays grow if there are
            more.
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
"""Totals of customers; those of the review queue are separate."""


def with_zero_totals(engine: EngineState) -> EngineState:
    """A state that shares all arrays but the totals, which are zero."""
    return engine._replace(**{name: np.zeros_like(getattr(engine, name)) for name in TOTALS})


def with_totals_of(engine: EngineState, other: EngineState) -> EngineState:
    """A state that shares all arrays but the totals, which are those of `other`."""
    return engine._replace(**{name: getattr(other, name) for name in TOTALS})


def open_window(engine: EngineState, limit: float) -> None:
    """Let the next call simulate all customers up to `limit` (in days), with no trace rows yet."""
    engine.gate[LIMIT] = limit
    engine.counters[CUSTOMERS_DONE] = 0
    engine.counters[TRACE_ROWS] = 0


def sort_first_requests(engine: EngineState) -> None:
    """Sort the first requests by time, then customer."""
    size = int(engine.counters[FIRST_REQUESTS])
    # Requests were recorded in the order of customers, so a stable sort keeps it among equal times.
    order = np.argsort(engine.first_times[:size], kind="stable")
    engine.first_times[:size] = engine.first_times[:size][order]
    engine.first_who[:size] = engine.first_who[:size][order]


def _pool(size: int) -> dict[str, Any]:
    """Slots for pending signals, linked into one free list."""
    return {"pool_floats": np.zeros((size, 3)), "pool_ints": _linked_list(size, 7, link=5)}


def _linked_list(size: int, columns: int, *, link: int) -> Any:
    """Rows of integers of which each links to the next one."""
    ints = np.zeros((size, columns), dtype=np.int64)
    ints[:, link] = np.arange(1, size + 1)
    ints[-1, link] = NO_INDEX
    return ints


def _heap(name: str, size: int, numbers: Any = 0) -> dict[str, Any]:
    ints = np.zeros((size, 4), dtype=np.int64)
    ints[:, 0] = numbers
    return {f"{name}_floats": np.zeros((size, 2)), f"{name}_ints": ints}


def _event_list(size: int) -> dict[str, Any]:
    """Slots for the events of the review queue; those for later buckets are linked into one free list."""
    return {**_heap("heap", size), "later_floats": np.zeros(size), "later_ints": _linked_list(size, 5, link=4)}


def _trace_rows(size: int) -> dict[str, Any]:
    return {"row_floats": np.zeros((size, 3)), "row_ints": np.zeros((size, 8), dtype=np.int64)}


def grow(engine: EngineState, shortage: int) -> EngineState:
    """The same state with twice the room in the arrays that were full; `shortage` is one of the codes above."""
    if shortage == POOL_EMPTY:
        return _grow_linked_list(engine, _pool(2 * len(engine.pool_ints)), "pool_ints", 5, POOL_HEAD)
    if shortage == HEAP_FULL:
        return _grow_linked_list(engine, _event_list(2 * len(engine.later_ints)), "later_ints", 4, LATER_FREE)
    longer = {name: _doubled(getattr(engine, name)) for name in _ARRAYS_TO_GROW[shortage]}
    if shortage == CUSTOMER_ROWS_FULL:
        mark_rows_free(longer["free_rows"], engine.counters, len(engine.ints))
    return engine._replace(**longer)


def _doubled(array: Any) -> Any:
    """The array with twice the rows. The new rows take no memory until they are written."""
    longer = np.zeros((2 * len(array), *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer


def mark_rows_free(free_rows: Any, counters: Any, first: int) -> None:
    """Mark all rows from `first` as free. They are taken in this order, so unneeded rows are never written."""
    rows = np.arange(first, len(free_rows))[::-1]
    free_rows[: len(rows)] = rows
    counters[FREE_ROWS] = len(rows)


def _grow_linked_list(
    engine: EngineState, grown: dict[str, Any], linked_name: str, link: int, head: int
) -> EngineState:
    """The same state with longer arrays, whose new slots are free and link to the slots that were free before.

    Args:
        engine: The state.
        grown: The longer arrays, with nothing in them.
        linked_name: Name of the array whose rows are linked.
        link: Its column with the link to the next free row.
        head: Index of the counter with the first free row.
    """
    old = len(getattr(engine, linked_name))
    for name, array in grown.items():
        array[:old] = getattr(engine, name)
    grown[linked_name][-1, link] = engine.counters[head]
    engine.counters[head] = old
    return engine._replace(**grown)
