"""Primitives of the compiled engine: rows of the trace, clocks, and prefetching.

Functions take the arm's parameters `T`, the engine state `S` and the customer's row `i`.
"""

from typing import Any

from simulation.compiled import state, state_columns
from simulation.distributions.dwell_times import NEVER, advance, due_in
from simulation.kernels.prefetch import prefetch_row
from simulation.trace import events

(
    KIND_MOVE,
    KIND_SIGNAL,
    KIND_DECISION,
    KIND_REQUESTED,
    KIND_DECIDED,
    KIND_ACTION,
    KIND_OUTCOME,
    KIND_DISTRESS_ON,
    KIND_DISTRESS_OFF,
    KIND_ARRIVAL,
    KIND_VALUE,
    KIND_FUNNEL,
) = range(len(events.KINDS))


def emit(
    T: Any, S: Any, i: int, kind: int, label: int, to_stage: int, reason: int, reviewer: int, value: float
) -> None:
    """Count an event, and write its row if a trace is kept."""
    S.kinds[T.arm_index, kind] += 1
    if T.keep_trace:
        trace_row = S.counters[state.TRACE_ROWS]
        S.counters[state.TRACE_ROWS] = trace_row + 1
        S.row_floats[trace_row, 0] = S.floats[i, state_columns.NOW]
        S.row_floats[trace_row, 1] = value
        S.row_floats[trace_row, 2] = NEVER
        S.row_ints[trace_row, 0] = S.number[i]
        S.row_ints[trace_row, 1] = kind
        S.row_ints[trace_row, 2] = S.ints[i, state_columns.STAGE]
        S.row_ints[trace_row, 3] = to_stage
        S.row_ints[trace_row, 4] = label
        S.row_ints[trace_row, 5] = reason
        S.row_ints[trace_row, 6] = reviewer
        S.row_ints[trace_row, 7] = T.arm_index


def set_clock(S: Any, i: int, base: int, amount: float, age: float, ratio: float, wait: float) -> None:
    """Set a clock that runs out after `wait` days; see `simulation.distributions.dwell_times.Clock`."""
    now = S.floats[i, state_columns.NOW]
    S.floats[i, base + state_columns.AMOUNT] = amount
    S.floats[i, base + state_columns.AGE] = age
    S.floats[i, base + state_columns.SINCE] = now
    S.floats[i, base + state_columns.RATIO] = ratio
    S.floats[i, base + state_columns.DUE] = now + wait


def start_clock(
    T: Any, S: Any, i: int, base: int, distribution: int, a: float, b: float, amount: float, age: float, ratio: float
) -> None:
    """Start a clock; see `simulation.distributions.dwell_times.Clock`."""
    set_clock(S, i, base, amount, age, ratio, due_in(distribution, a, b, age, amount, ratio, T.knots))


def set_hazard_ratio(T: Any, S: Any, i: int, base: int, distribution: int, a: float, b: float, ratio: float) -> None:
    """Continue a clock at another hazard ratio; see `simulation.distributions.dwell_times.Clock.set_hazard_ratio`."""
    if ratio == S.floats[i, base + state_columns.RATIO]:
        return
    elapsed = S.floats[i, state_columns.NOW] - S.floats[i, base + state_columns.SINCE]
    age = S.floats[i, base + state_columns.AGE]
    amount, wait = advance(
        distribution,
        a,
        b,
        age,
        S.floats[i, base + state_columns.AMOUNT],
        S.floats[i, base + state_columns.RATIO],
        elapsed,
        ratio,
        T.knots,
    )
    set_clock(S, i, base, amount, age + elapsed, ratio, wait)


def prefetch_customer(S: Any, i: int) -> None:
    """Load the row of the next customer into the processor's cache.

    Customers in the review queue are processed in order of time, which is not their order in memory.
    """
    prefetch_row(S.ints, i)
    prefetch_row(S.floats, i)
    prefetch_row(S.key, i)
    prefetch_row(S.number, i)
    prefetch_row(S.contacts, i)


KERNELS: tuple[Any, ...] = (emit, set_clock, start_clock, set_hazard_ratio, prefetch_customer)
"""The functions that compiled code uses, callees before callers."""

INLINED: tuple[Any, ...] = (emit, set_clock, start_clock, set_hazard_ratio)
"""The functions that are inlined where compiled code calls them, because most events call them."""
