"""The state of a compiled run: customers, pending signals, trace rows and running totals, as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from simulation.customer.own_metrics import UNSEEN
from simulation.customer.state import NO_INDEX, Customer
from simulation.customer.totals import ArmTotals, table_shapes
from simulation.distributions.dwell_times import Clock
from simulation.kernels.heap import ENTRY_FIELDS
from simulation.kernels.record_types import build_record_type, write_record
from simulation.metrics.contacts import CONTACT_ROWS
from simulation.metrics.counters import build_time_grid
from simulation.metrics.recurring_revenue import REVENUE_ROWS
from simulation.model.rule_parameters import list_initial_marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.compiled.guards import GuardTables
    from simulation.model.arm import CompiledArm

_MIN_BUCKETS, _MAX_BUCKETS, _CUSTOMERS_PER_BUCKET = 16, 1024, 2_000
"""Number of buckets per day in `calendar_queue`, chosen so that a bucket contains a few requests."""
_MAX_BUCKETS_IN_TOTAL = 1 << 20
"""Maximum number of buckets, for any horizon."""

_FIRST_REQUEST_CAPACITY = 1024
"""Initial room for first requests."""

_CONTACT_TIMES = 8
"""Initial number of slots for the times of a customer's contacts, unless the policy allows fewer within its window."""

_MIN_ROWS = 2
"""NumPy calls one row contiguous, whatever its stride, and contiguous arrays have another type in compiled code."""

# Rows and customers are numbered in 32 bits: a population has at most 2^31 - 1 customers, see
# `simulation.model.population_spec`.

# Results of a kernel: DONE, or the arrays that must grow.
DONE, TRACE_ROWS_FULL, POOL_EMPTY, HEAP_FULL, QUEUE_FULL, FIRST_REQUESTS_FULL, CUSTOMER_ROWS_FULL, CONTACTS_FULL = (
    range(8)
)
_ARRAYS_TO_GROW = {
    TRACE_ROWS_FULL: ("trace_rows",),
    QUEUE_FULL: ("queue",),
    FIRST_REQUESTS_FULL: ("first_times", "first_customers"),
    CUSTOMER_ROWS_FULL: ("memory", "free_rows"),
}

_CUSTOMER, _CLOCK, _TOTALS = build_record_type(Customer()), build_record_type(Clock()), build_record_type(ArmTotals())
_SIGNAL = np.dtype(
    [("time", "f8"), ("dated", "f8"), ("strength", "f8"), ("kind", "i4"), ("source", "i4"), ("cause", "i4"),
     ("episode", "i4"), ("record", "i4"), ("following", "i4")]
)  # fmt: skip
_TRACE_ROW = np.dtype(
    [("time", "f8"), ("value", "f8"), ("dated", "f8"), ("account_value", "f8"), ("customer", "i8"), ("arm", "i4"),
     ("segment", "i4"), ("kind", "i4"), ("stage", "i4"), ("to_stage", "i4"), ("label", "i4"), ("reason", "i4"),
     ("detail", "i4")], align=True
)  # fmt: skip
_HEAP_ENTRY = np.dtype(ENTRY_FIELDS)
_LATER_EVENT = np.dtype(
    [("time", "f8"), ("order", "i8"), ("row", "i8"), ("version", "i8"), ("purpose", "i8"), ("following", "i8")]
)
_RUN = np.dtype(
    [("next_assignment_at", "f8"), ("limit", "f8"), ("retained_from", "f8")]
    + [
        (name, "i8")
        for name in (
            "trace_rows", "free_signal", "customers_done", "next_sequence", "heap_size", "queue_size",
            "free_reviewer_count", "first_requests", "first_requests_served", "free_row_count", "admitted", "bucket",
            "later_events", "free_later_event", "rows_to_retain", "rows_used", "contacts_full",
        )
    ]
)  # fmt: skip


class EngineState(NamedTuple):
    """The arrays of a run, for `n` customers in `memory`, `p` pending signals and `r` trace rows.

    All that belongs to a customer is in one row of `memory`, so that few cache lines are loaded for it. `customers`,
    `clocks`, `contact_times`, `observed` and `visits` are views of it. The tables of totals are described in
    `simulation.customer.totals.RunningTotals`.

    Attributes:
        memory: Shape (n, words), rows of customers as 64-bit words.
        blank: Shape (words,), a row without a customer.
        customers: Shape (n,), records with the fields of `simulation.customer.state.Customer`.
        clocks: Shape (n, moves), records of `simulation.distributions.dwell_times.Clock`.
        contact_times: Shape (n, slots), times of the last contacts, as a ring (`simulation.compiled.ports`).
        observed: Shape (n, slots), marks of the metrics of the scenario (`simulation.customer.own_metrics`), then those
            of its rules (`simulation.customer.rules`).
        trial_marks: Shape (slots,), a copy of one customer's marks.
        visits: Shape (n, stages).
        signals: Shape (p,), pending signals as linked lists (`simulation.compiled.ports`).
        trace_rows: Shape (r,), rows of the trace.
        heap: Events of the review queue in the current bucket (`calendar_queue`).
        later, later_first: Events of later buckets, as a linked list per bucket (`calendar_queue`).
        queue: Waiting requests, as a heap (`review_queue`).
        free_reviewers: Free reviewers, as a heap ordered by number.
        first_times, first_customers: Time of each first request, and the customer's number or, negative, the retained
            row (`two_pass`).
        free_rows: Free rows of customers.
        run: Shape (1,), a record of counters and numbers of the run.
        guards: The guards of the journey.
        horizon: Length of the run, in days.
        keep_trace: Whether rows of the trace are written.
        points_per_day: Number of grid days per day.
        buckets_per_day: Number of buckets per day (`calendar_queue`).
        worked: By interval of the grid: working time on reviews, in days.
    """

    memory: Any
    blank: Any
    customers: Any
    clocks: Any
    contact_times: Any
    observed: Any
    trial_marks: Any
    visits: Any
    signals: Any
    trace_rows: Any
    heap: Any
    later: Any
    later_first: Any
    queue: Any
    free_reviewers: Any
    first_times: Any
    first_customers: Any
    free_rows: Any
    run: Any
    guards: GuardTables
    horizon: float
    keep_trace: bool
    points_per_day: float
    buckets_per_day: float
    grid: Any
    totals: Any
    recurring: Any
    contacts: Any
    stage_days: Any
    kinds: Any
    reasons: Any
    actions: Any
    verdicts: Any
    outcomes: Any
    arrived: Any
    churned: Any
    distressed: Any
    untreated: Any
    occupancy: Any
    satisfaction: Any
    waits: Any
    own_customers: Any
    own_counts: Any
    own_amounts: Any
    own_times: Any
    rule_counts: Any
    backlog: Any
    reviewed: Any
    waited: Any
    worked: Any


class StateSize(NamedTuple):
    """The initial size of a state.

    Attributes:
        segments: Number of the population's segments.
        customers: Number of customers to simulate.
        rows: Number of rows for customers.
        concurrent: Expected number of customers that have pending events at the same time; arrays grow if there are
            more.
    """

    segments: int
    customers: int
    rows: int
    concurrent: int


def allocate_state(
    arms: Sequence[CompiledArm], guards: GuardTables, size: StateSize, days: float, *, keep_trace: bool
) -> EngineState:
    """The state of a run before any customer has entered.

    Args:
        arms: The arms.
        guards: The guards of their journey.
        size: Its initial size.
        days: Length of the run.
        keep_trace: Whether rows of the trace are written.
    """
    reviewers, grid = arms[0].parameters.review.reviewers, build_time_grid(days)
    buckets = min(_MAX_BUCKETS, max(_MIN_BUCKETS, size.customers // _CUSTOMERS_PER_BUCKET))
    buckets_per_day = min(float(buckets), _MAX_BUCKETS_IN_TOTAL / days)
    shapes = table_shapes(arms, size.segments, len(grid))
    run = np.zeros(1, dtype=_RUN)
    run[["free_reviewer_count", "admitted", "next_assignment_at", "limit", "retained_from"]] = (
        reviewers, NO_INDEX, -1.0, days, days,
    )  # fmt: skip
    widths = _RowWidths.of_arms(arms)
    return EngineState(
        **_customer_rows(np.zeros((max(_MIN_ROWS, size.rows), widths.words), dtype=np.uint64), widths),
        blank=_blank_row(widths, _initial_marks(arms[0])),
        trial_marks=np.zeros(widths.observed),
        signals=_linked_list(max(64, size.concurrent), _SIGNAL),
        trace_rows=np.zeros(4096 if keep_trace else 1, dtype=_TRACE_ROW),
        **_event_list(size.concurrent + reviewers + 64),
        later_first=np.full(int(days * buckets_per_day) + 1, NO_INDEX, dtype=np.int32),
        queue=np.zeros(size.concurrent + 2, dtype=_HEAP_ENTRY),
        free_reviewers=_free_reviewers(max(1, reviewers)),
        first_times=np.zeros(_FIRST_REQUEST_CAPACITY),
        first_customers=np.zeros(_FIRST_REQUEST_CAPACITY, dtype=np.int32),
        free_rows=np.zeros(max(_MIN_ROWS, size.rows), dtype=np.int32),
        run=run,
        guards=guards,
        horizon=float(days),
        keep_trace=keep_trace,
        points_per_day=1.0 / grid[1],
        buckets_per_day=buckets_per_day,
        grid=np.array(grid),
        totals=np.zeros(len(arms), dtype=_TOTALS),
        recurring=np.zeros((len(arms), size.segments, REVENUE_ROWS)),
        contacts=np.zeros((len(arms), size.segments, CONTACT_ROWS)),
        stage_days=np.zeros((len(arms), len(arms[0].machine.stages))),
        **{name: np.zeros(shape, dtype=np.int64) for name, shape in shapes.items()},
        backlog=np.zeros(len(grid), dtype=np.int64),
        reviewed=np.zeros(len(grid) - 1, dtype=np.int64),
        waited=np.zeros(len(grid) - 1),
        worked=np.zeros(len(grid) - 1),
    )


class _RowWidths(NamedTuple):
    """Number of clocks, contact times, marks of metrics and stages in a customer's row."""

    clocks: int
    contact_times: int
    observed: int
    stages: int

    @classmethod
    def of_arms(cls, arms: Sequence[CompiledArm]) -> _RowWidths:
        """The initial widths."""
        first, contacts = arms[0].parameters, max(arm.parameters.policy.max_contacts for arm in arms)
        slots, observed = min(_CONTACT_TIMES, max(1, contacts)), max(1, first.rules.end)
        return cls(max(1, *first.move_count), slots, observed, len(first.live))

    @classmethod
    def of_state(cls, engine: EngineState) -> _RowWidths:
        """The widths of a state."""
        rows = (engine.clocks, engine.contact_times, engine.observed, engine.visits)
        return cls(*(row.shape[1] for row in rows))

    @property
    def offsets(self) -> tuple[int, int, int, int, int]:
        """The offsets of clocks, contact times, marks and visits, and the end, in bytes."""
        clocks = _CUSTOMER.itemsize
        contact_times = clocks + self.clocks * _CLOCK.itemsize
        observed = contact_times + 8 * self.contact_times
        visits = observed + 8 * self.observed
        return clocks, contact_times, observed, visits, visits + 4 * self.stages

    @property
    def words(self) -> int:
        """Length of a row in 64-bit words."""
        return -(-self.offsets[-1] // 8)


def _customer_rows(memory: Any, widths: _RowWidths) -> dict[str, Any]:
    """Rows of customers, and the views of their parts."""
    clocks, contact_times, observed, visits, _ = widths.offsets

    def view(kind: Any, offset: int, *width: int) -> Any:
        kind, (step, _) = np.dtype(kind), memory.strides
        strides = (step, *(kind.itemsize for _ in width))
        return np.ndarray((len(memory), *width), dtype=kind, buffer=memory, offset=offset, strides=strides)

    return {
        "memory": memory,
        "customers": view(_CUSTOMER, 0),
        "clocks": view(_CLOCK, clocks, widths.clocks),
        "contact_times": view(np.float64, contact_times, widths.contact_times),
        "observed": view(np.float64, observed, widths.observed),
        "visits": view(np.int32, visits, widths.stages),
    }


def _initial_marks(arm: CompiledArm) -> Any:
    marks = np.array([UNSEEN] * arm.parameters.own_metrics.slots + list_initial_marks(arm.rules))
    return marks if len(marks) else UNSEEN


def _blank_row(widths: _RowWidths, marks: Any) -> Any:
    rows = _customer_rows(np.zeros((_MIN_ROWS, widths.words), dtype=np.uint64), widths)
    write_record(rows["customers"][0], Customer())
    for slot in range(widths.clocks):
        write_record(rows["clocks"][0, slot], Clock())
    rows["observed"][0] = marks
    return rows["memory"][0].copy()


def _linked_list(size: int, kind: Any) -> Any:
    """Records of which each links to the next one."""
    records = np.zeros(size, dtype=kind)
    records["following"] = np.arange(1, size + 1)
    records["following"][-1] = NO_INDEX
    return records


def _event_list(size: int) -> dict[str, Any]:
    """Slots for the events of the review queue; those for later buckets are linked into one free list."""
    return {"heap": np.zeros(size, dtype=_HEAP_ENTRY), "later": _linked_list(size, _LATER_EVENT)}


def _free_reviewers(count: int) -> Any:
    heap = np.zeros(count, dtype=_HEAP_ENTRY)
    heap["order"] = np.arange(count)
    return heap


CUSTOMER_TOTALS = (
    "totals", "recurring", "contacts", "stage_days", "kinds", "reasons", "actions", "verdicts", "outcomes", "arrived",
    "churned", "distressed", "untreated", "occupancy", "satisfaction", "own_customers", "own_counts", "own_amounts",
    "own_times", "rule_counts",
)  # fmt: skip
"""Totals of customers; those of the review queue are separate."""


def with_zero_totals(engine: EngineState) -> EngineState:
    """A state that shares all arrays but the totals of customers, which are zero."""
    totals: dict[str, Any] = {name: getattr(engine, name) for name in CUSTOMER_TOTALS}
    return engine._replace(**{name: _zeros_like(table) for name, table in totals.items()})


def _zeros_like(table: Any) -> Any:
    """Zeros of the same shape, which take no memory until they are written, unlike those of `np.zeros_like`."""
    return np.zeros(table.shape, table.dtype)


def with_totals_of(engine: EngineState, other: EngineState) -> EngineState:
    """A state that shares all arrays but the totals of customers, which are those of `other`."""
    return engine._replace(**{name: getattr(other, name) for name in CUSTOMER_TOTALS})


def open_window(engine: EngineState, limit: float) -> None:
    """Let the next call simulate all customers up to `limit` (in days), with no trace rows yet."""
    engine.run["limit"] = limit
    engine.run["customers_done"] = 0
    engine.run["trace_rows"] = 0


def sort_first_requests(engine: EngineState) -> None:
    """Sort the first requests by time, then customer."""
    size = int(engine.run["first_requests"][0])
    # Requests were recorded in the order of customers, so a stable sort keeps it among equal times.
    order = np.argsort(engine.first_times[:size], kind="stable")
    engine.first_times[:size] = engine.first_times[:size][order]
    engine.first_customers[:size] = engine.first_customers[:size][order]


def grow(engine: EngineState, shortage: int) -> EngineState:
    """The same state with twice the room in the arrays that were full.

    Args:
        engine: The state.
        shortage: One of the codes above.
    """
    if shortage == POOL_EMPTY:
        grown = {"signals": _linked_list(2 * len(engine.signals), _SIGNAL)}
        return _grow_linked_list(engine, grown, "signals", "free_signal")
    if shortage == HEAP_FULL:
        return _grow_linked_list(engine, _event_list(2 * len(engine.later)), "later", "free_later_event")
    if shortage == CONTACTS_FULL:
        return _with_more_contact_times(engine)
    longer = {name: _doubled(getattr(engine, name)) for name in _ARRAYS_TO_GROW[shortage]}
    if shortage == CUSTOMER_ROWS_FULL:
        mark_rows_free(longer["free_rows"], engine.run, len(engine.customers))
        longer |= _customer_rows(longer["memory"], _RowWidths.of_state(engine))
    return engine._replace(**longer)


def _with_more_contact_times(engine: EngineState) -> EngineState:
    """The same state with twice as many slots in the rings of contact times."""
    old = engine.contact_times.shape[1]
    widths = _RowWidths.of_state(engine)._replace(contact_times=2 * old)
    rows = _customer_rows(np.zeros((len(engine.memory), widths.words), dtype=np.uint64), widths)
    for name in ("customers", "clocks", "observed", "visits"):
        rows[name][:] = getattr(engine, name)
    for row in np.flatnonzero(engine.customers["contacts"]).tolist():
        contacts = int(engine.customers["contacts"][row])
        kept = np.arange(max(0, contacts - old), contacts)
        rows["contact_times"][row, kept % (2 * old)] = engine.contact_times[row, kept % old]
    engine.run["contacts_full"] = 0
    marks = _customer_rows(engine.blank.reshape(1, -1), _RowWidths.of_state(engine))["observed"][0]
    return engine._replace(**rows, blank=_blank_row(widths, marks))


def _doubled(array: Any) -> Any:
    """The array with twice the rows. The new rows take no memory until they are written."""
    longer = np.zeros((2 * len(array), *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer


def mark_rows_free(free_rows: Any, run: Any, first: int) -> None:
    """Mark all rows from `first` as free. They are taken in this order, so unneeded rows are never written."""
    rows = np.arange(first, len(free_rows))[::-1]
    free_rows[: len(rows)] = rows
    run["free_row_count"] = len(rows)


def _grow_linked_list(engine: EngineState, grown: dict[str, Any], linked: str, head: str) -> EngineState:
    """The same state with longer arrays, whose new slots are free and link to the slots that were free before.

    Args:
        engine: The state.
        grown: The longer arrays, with nothing in them.
        linked: Name of the array whose records are linked.
        head: Name of the run's counter with the first free record.
    """
    old = len(getattr(engine, linked))
    for name, array in grown.items():
        array[:old] = getattr(engine, name)
    grown[linked]["following"][-1] = engine.run[head][0]
    engine.run[head] = old
    return engine._replace(**grown)
