"""The arrays that hold a cohort while it lives: state, signals under way, rows of the trace, running totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from journey.rules import NO_ACTION, NO_SIGNAL, REASONS
from simulation.agenda import CALM, ENTRIES
from simulation.care import CALM_SPELL
from simulation.clocks import NEVER
from simulation.compiled import layout
from simulation.compiled.layout import NOTHING
from simulation.population import frailty
from simulation.tally import grid_of
from simulation.trace import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.compiled.tables import Tables
    from simulation.population import Person

# Counters of the run: places in `Cohort.counters`.
ROWS, POOL_HEAD, CUSTOMERS_DONE, NEXT_SEQUENCE, HEAP_SIZE, QUEUE_SIZE = range(6)
COUNTERS = 6

# Counters of an arm: columns of `Cohort.counts`.
(
    ESCALATIONS, EVALUATIONS, EPISODES, EPISODES_SEEN, ALARMS_TRUE, ALARMS_FALSE, CONTACTS_NEEDED, MISSTAGED, WON_BACK,
) = range(9)  # fmt: skip
COUNTS = 9

# Sums of an arm: columns of `Cohort.sums`.
REVENUE, LIVE_VALUE, SATISFACTION, DISTRESS, WAITED = range(5)
SUMS = 5

# Numbers of the gate: places in `Cohort.gate`.
BUSY, HANDED_OUT_AT = range(2)

# What a kernel can run short of.
DONE, ROWS_FULL, POOL_EMPTY, HEAP_FULL, QUEUE_FULL = range(5)
_LONGER = {
    ROWS_FULL: ("row_floats", "row_ints"),
    HEAP_FULL: ("heap_floats", "heap_ints"),
    QUEUE_FULL: ("queue_floats", "queue_ints"),
}

OUTCOMES = ("resolved", "partial_improvement", "no_response", "no_action_needed")
RESOLVED, PARTIAL, NO_RESPONSE, NOT_NEEDED = range(4)

VERDICTS = ("approved", "rejected", "overridden", "expired", "withdrawn")
APPROVED, REJECTED, OVERRIDDEN, EXPIRED, WITHDRAWN = range(5)


class Cohort(NamedTuple):
    """A cohort's arrays; `n` customers, `p` places for signals under way, `r` places for rows.

    Attributes:
        floats: Shape (n, columns of `layout`), state.
        ints: Shape (n, columns of `layout`), state.
        key: Shape (n,), the key of each customer's streams.
        contacts: Shape (n, most contacts), times of the last contacts, as a ring.
        pool_floats: Shape (p, 3), time, strength and date of a signal under way.
        pool_ints: Shape (p, 7): order, kind, source, cause, episode, link to the next, state of the record.
        row_floats: Shape (r, 3), time, value and date.
        row_ints: Shape (r, 7): customer, kind, stage, to_stage, label, reason, reviewer.
        heap_floats, heap_ints: The heap of what happens next at the gate (`heap`).
        queue_floats, queue_ints: The heap of waiting requests (`heap`).
        free: Shape (reviewers,), whether each reviewer is free.
        counters, gate: Running totals of the run.
        counts, sums: Running totals, a row per arm.
        kinds, reasons, actions, verdicts, churned, outcomes, stage_days: Running totals by code, a row per arm.
        distressed, unhelped: Episodes by arm, stage they began in and segment: all, and those that got nothing.
        customers: Customers who have come, by arm and segment.
        backlog, closed, waited, worked: The gate over time: see `simulation.gate_book`.
        grid, occupancy: Days at which stages are counted, and the counts, one table per arm.
    """

    floats: Any
    ints: Any
    key: Any
    contacts: Any
    pool_floats: Any
    pool_ints: Any
    row_floats: Any
    row_ints: Any
    heap_floats: Any
    heap_ints: Any
    queue_floats: Any
    queue_ints: Any
    free: Any
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
    backlog: Any
    closed: Any
    waited: Any
    worked: Any
    stage_days: Any
    grid: Any
    occupancy: Any


def cohort_of(
    persons: Sequence[Person],
    keys: Sequence[int],
    arms: Sequence[int],
    policy_segments: Sequence[Sequence[int]],
    tables: Sequence[Tables],
    *,
    spread: float,
) -> Cohort:
    """A cohort on day 0, before anything is wound.

    Args:
        persons: The customers.
        keys: The key of each customer's streams.
        arms: The arm of each customer, an index into `tables`.
        policy_segments: Per arm: the population's segments as the policy numbers them.
        tables: The arms.
        spread: Standard deviation of log frailty.
    """
    first, n, of_arms = tables[0], len(persons), len(tables)
    stages, moves, grid = len(first.live), first.move.shape[1], grid_of(first.horizon)
    floats = np.zeros((n, layout.MOVE_CLOCKS + layout.CLOCK_WIDTH * moves))
    ints = np.zeros((n, layout.VISITS + stages), dtype=np.int64)
    floats[:, layout.HARM] = 1.0
    floats[:, layout.AGENDA : layout.AGENDA + ENTRIES] = NEVER
    floats[:, layout.TOUCHED] = NEVER
    floats[:, layout.FRAILTY] = [
        frailty(spread, key, person.frailty_draw) for key, person in zip(keys, persons, strict=True)
    ]
    floats[:, layout.ACCOUNT_VALUE] = [person.account_value for person in persons]
    # Until a customer has entered it, this holds the time already spent in the stage.
    floats[:, layout.ENTERED] = [person.days_in_stage for person in persons]
    floats[:, layout.ARRIVES] = [person.arrives_at for person in persons]
    floats[:, layout.RECORDED_SINCE] = floats[:, layout.ARRIVES] - floats[:, layout.ENTERED]
    floats[:, layout.TENURE] = [person.tenure_days for person in persons]
    ints[:, layout.CONSENTS] = [person.consents for person in persons]
    ints[:, layout.CUSTOMER] = [person.number for person in persons]
    ints[:, layout.STAGE] = [person.stage for person in persons]
    ints[:, layout.SEGMENT] = [person.segment for person in persons]
    ints[:, layout.ARM] = arms
    ints[:, layout.FIRST_CAUSE] = [person.cause for person in persons]
    ints[:, layout.POLICY_SEGMENT] = [
        policy_segments[arm][person.segment] for arm, person in zip(arms, persons, strict=True)
    ]
    ints[:, layout.TIER] = [person.tier for person in persons]
    ints[:, layout.PREVIOUS] = NOTHING
    ints[:, layout.CAUSE] = CALM
    ints[:, layout.SPELL] = CALM_SPELL
    ints[:, layout.EPISODE_ACTED_ON] = CALM
    ints[:, layout.ACTION_CODE] = NO_ACTION
    ints[:, layout.RECORDED_STAGE] = ints[:, layout.STAGE]
    ints[:, layout.LEAD] = ints[:, layout.BRIGHT] = NO_SIGNAL
    ints[:, layout.FIRST_DELIVERY] = NOTHING
    for place, person in enumerate(persons):
        if person.days_since_contact >= 0.0:
            floats[place, layout.TOUCHED] = -person.days_since_contact
    return Cohort(
        floats=floats,
        ints=ints,
        key=np.array(keys, dtype=np.uint64),
        contacts=np.zeros((n, max(1, *(int(table.sheet.max_contacts) for table in tables)))),
        **_pool(max(64, n)),
        **_rows(4096 if first.keep_trace else 1),
        **_heap("heap", 2 * n + first.reviewers + 64),
        **_heap("queue", n + 2),
        free=np.ones(max(1, first.reviewers), dtype=np.bool_),
        counters=np.zeros(COUNTERS, dtype=np.int64),
        gate=np.array([0.0, -1.0]),
        counts=np.zeros((of_arms, COUNTS), dtype=np.int64),
        sums=np.zeros((of_arms, SUMS)),
        kinds=np.zeros((of_arms, len(KINDS)), dtype=np.int64),
        reasons=np.zeros((of_arms, len(REASONS)), dtype=np.int64),
        actions=np.zeros((of_arms, max(len(table.cost) for table in tables)), dtype=np.int64),
        verdicts=np.zeros((of_arms, len(VERDICTS)), dtype=np.int64),
        churned=np.zeros((of_arms, len(policy_segments[0])), dtype=np.int64),
        outcomes=np.zeros((of_arms, len(OUTCOMES)), dtype=np.int64),
        distressed=np.zeros((of_arms, stages, len(policy_segments[0])), dtype=np.int64),
        unhelped=np.zeros((of_arms, stages, len(policy_segments[0])), dtype=np.int64),
        customers=np.zeros((of_arms, len(policy_segments[0])), dtype=np.int64),
        backlog=np.zeros(len(grid), dtype=np.int64),
        closed=np.zeros(len(grid) - 1, dtype=np.int64),
        waited=np.zeros(len(grid) - 1),
        worked=np.zeros(len(grid) - 1),
        stage_days=np.zeros((of_arms, stages)),
        grid=np.array(grid),
        occupancy=np.zeros((of_arms, len(grid), stages), dtype=np.int64),
    )


def _pool(places: int) -> dict[str, Any]:
    """Places for signals under way, linked into one free list."""
    ints = np.zeros((places, 7), dtype=np.int64)
    ints[:, 5] = np.arange(1, places + 1)
    ints[-1, 5] = NOTHING
    return {"pool_floats": np.zeros((places, 3)), "pool_ints": ints}


def _heap(name: str, places: int) -> dict[str, Any]:
    return {f"{name}_floats": np.zeros((places, 2)), f"{name}_ints": np.zeros((places, 4), dtype=np.int64)}


def _rows(places: int) -> dict[str, Any]:
    return {"row_floats": np.zeros((places, 3)), "row_ints": np.zeros((places, 7), dtype=np.int64)}


def with_more_room(cohort: Cohort, short: int) -> Cohort:
    """The same cohort with twice as much of what was short, one of the codes above."""
    if short == POOL_EMPTY:
        return _with_larger_pool(cohort)
    longer = {}
    for name in _LONGER[short]:
        array = getattr(cohort, name)
        longer[name] = np.concatenate([array, np.zeros_like(array)])
    return cohort._replace(**longer)


def _with_larger_pool(cohort: Cohort) -> Cohort:
    """The same cohort with twice as many places for signals under way, the new ones free."""
    old = len(cohort.pool_ints)
    grown = _pool(2 * old)
    grown["pool_floats"][:old] = cohort.pool_floats
    grown["pool_ints"][:old] = cohort.pool_ints
    grown["pool_ints"][-1, 5] = cohort.counters[POOL_HEAD]
    cohort.counters[POOL_HEAD] = old
    return cohort._replace(**grown)
