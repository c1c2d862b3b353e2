"""The metrics that a scenario defines: what is counted for each customer, and the time until an event.

An observation is open from its beginning to the target, to an end that competes with it, or to the end of the run. Its
length goes into one of `INTERVALS` intervals of the window, so memory does not grow with the number of customers. All
totals are integers: both engines, and any division of customers into pods, give equal totals.
"""

from journey.core.time_units import DAYS_PER_YEAR
from simulation.customer.ports import Engine
from simulation.customer.price import full_price, unpaid_share
from simulation.customer.state import Customer
from simulation.distributions.dwell_times import NEVER
from simulation.metrics.counters import discounted_days
from simulation.model.arm import ArmParameters
from simulation.model.metric_parameters import (
    AMOUNT_UNITS,
    BEGIN,
    BEGIN_STAY,
    CENSORED,
    COMPETED,
    COUNT,
    ENTERED,
    INTERVALS,
    LOW_BITS,
    REACH,
    REACHED,
    SEE,
    TIER_COUNT,
    USES_DAYS,
    USES_ENTRY,
    USES_REVENUE,
    Operation,
    OperationTable,
)

UNSEEN, CLOSED = -NEVER, NEVER
"""A customer's mark for a metric before and after its observation. In between it is the day of its beginning."""

UNITS = float(AMOUNT_UNITS)
_LARGEST_AMOUNT = float(1 << 42)
"""Largest amount of one customer in one stay that fits into 64 bits. With a larger one the metric is unknown."""

_LOW_MASK = (1 << LOW_BITS) - 1


def customer_cell(customer: Customer) -> int:
    """Index of the customer's segment and tier."""
    return customer.segment * TIER_COUNT + customer.tier


def observation_window(arm: ArmParameters, engine: Engine, slot: int) -> float:
    """Length of the window of an observation, in days."""
    window = arm.own_metrics.windows[slot]
    return engine.horizon if window == 0.0 else window


def interval_of(days: float, window: float) -> int:
    """Index of the interval of the window that contains this number of days; the last interval at its end."""
    return min(INTERVALS - 1, int(days / window * INTERVALS))


def record_end(arm: ArmParameters, customer: Customer, engine: Engine, slot: int, end: int, length: float) -> None:
    """Count an observation under how it ended and how long it was, in days."""
    window = observation_window(arm, engine, slot)
    if length > window or (length == window and end == CENSORED):
        end, interval = CENSORED, INTERVALS
    else:
        interval = interval_of(length, window)
    engine.own_times[customer.arm][customer_cell(customer)][slot][end][interval] += 1


def begin_observation(arm: ArmParameters, customer: Customer, engine: Engine, slot: int, age: float) -> None:
    """Begin the observation of a customer who has already been at risk, unobserved, for `age` days."""
    window = observation_window(arm, engine, slot)
    if age >= window:
        # The window has passed before the customer is observed.
        engine.observed[customer.row][slot] = CLOSED
        return
    engine.observed[customer.row][slot] = customer.now - age
    if age > 0.0:
        engine.own_times[customer.arm][customer_cell(customer)][slot][ENTERED][interval_of(age, window)] += 1


def apply_operation(arm: ArmParameters, customer: Customer, engine: Engine, operation: Operation, age: float) -> None:
    """Carry out one operation for an event that happens now; `age` is the number of days already spent in the stage."""
    if operation.kind == COUNT:
        engine.own_counts[customer.arm][operation.metric][customer_cell(customer)] += 1
        return
    slot = operation.slot
    mark = engine.observed[customer.row][slot]
    if operation.kind == SEE:
        if mark == UNSEEN:
            engine.observed[customer.row][slot] = CLOSED
            engine.own_counts[customer.arm][operation.metric][customer_cell(customer)] += 1
    elif operation.kind in (BEGIN, BEGIN_STAY):
        if mark == UNSEEN:
            begin_observation(arm, customer, engine, slot, age if operation.kind == BEGIN_STAY else 0.0)
    elif UNSEEN < mark < CLOSED:
        engine.observed[customer.row][slot] = CLOSED
        end = REACHED if operation.kind == REACH else COMPETED
        record_end(arm, customer, engine, slot, end, customer.now - mark)


def apply_operations(
    arm: ArmParameters, customer: Customer, engine: Engine, table: OperationTable, code: int, age: float
) -> None:
    """Carry out all operations of a code, for an event that happens now; see `apply_operation`."""
    for position in range(table.first[code], table.first[code + 1]):
        apply_operation(arm, customer, engine, table.operations[position], age)


def apply_counts(arm: ArmParameters, customer: Customer, engine: Engine, table: OperationTable, code: int) -> None:
    """Carry out those operations of a code that count an event."""
    for position in range(table.first[code], table.first[code + 1]):
        if table.operations[position].kind == COUNT:
            apply_operation(arm, customer, engine, table.operations[position], 0.0)


def add_amounts(customer: Customer, engine: Engine, table: OperationTable, code: int, amount: float) -> None:
    """Add an amount to all metrics of a code that add up amounts."""
    for position in range(table.first[code], table.first[code + 1]):
        if table.operations[position].kind != COUNT:
            cell = engine.own_amounts[customer.arm][table.operations[position].metric][customer_cell(customer)]
            if amount > _LARGEST_AMOUNT:
                cell[2] += 1
            else:
                units = int(amount * UNITS + 0.5)
                cell[0] += units & _LOW_MASK
                cell[1] += units >> LOW_BITS


def count_own_event(arm: ArmParameters, customer: Customer, engine: Engine, kind: int, label: int) -> None:
    """Count a move, an action, a signal or a review for the metrics that count it."""
    if arm.has_own_metrics:
        code = arm.own_event_first[kind] + label
        if arm.own_event_uses[code]:
            apply_operations(arm, customer, engine, arm.own_metrics.events, code, 0.0)


def count_own_start(arm: ArmParameters, customer: Customer, engine: Engine, age: float) -> None:
    """Count a customer who starts, `age` days after the entry into the current stage."""
    if not arm.has_own_metrics:
        return
    metrics, stage = arm.own_metrics, customer.stage
    engine.own_customers[customer.arm][customer_cell(customer)] += 1
    apply_operations(arm, customer, engine, metrics.starts, stage, age)
    if customer.arrives_at > 0.0:
        # An arrival is an entry into its stage; a customer who is present on day 0 has entered it earlier.
        apply_counts(arm, customer, engine, metrics.entries, stage)


def count_own_stay(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Count the days and the revenue of the stay in the current stage, which ends now."""
    if arm.has_own_metrics:
        if arm.own_stage_uses[customer.stage] & USES_DAYS:
            days = customer.now - max(customer.arrives_at, customer.entered_at)
            add_amounts(customer, engine, arm.own_metrics.stays, customer.stage, days)
        if arm.live[customer.stage]:
            add_own_revenue(arm, customer, engine)


def count_own_entry(arm: ArmParameters, customer: Customer, engine: Engine, stage: int) -> None:
    """Count the entry into a stage by a move."""
    if arm.has_own_metrics and arm.own_stage_uses[stage] & USES_ENTRY:
        apply_operations(arm, customer, engine, arm.own_metrics.entries, stage, 0.0)


def add_own_revenue(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Add the revenue since the last call, in present value, to the metrics of the current stage."""
    if arm.has_own_metrics:
        if arm.own_stage_uses[customer.stage] & USES_REVENUE and customer.earned_since < customer.now:
            earned = discounted_days(customer.earned_since, customer.now, arm.discount_rate)
            amount = full_price(arm, customer) / DAYS_PER_YEAR * earned * (1.0 - unpaid_share(arm, customer))
            add_amounts(customer, engine, arm.own_metrics.earnings, customer.stage, amount)
        customer.earned_since = customer.now


def finish_own_metrics(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Count the stage at the end of the run, and censor the observations that are still open."""
    if not arm.has_own_metrics:
        return
    metrics, stage = arm.own_metrics, customer.stage
    if arm.terminal[stage]:
        add_amounts(customer, engine, metrics.stays, stage, engine.horizon - customer.now)
    apply_counts(arm, customer, engine, metrics.ends, stage)
    add_amounts(customer, engine, metrics.ends, stage, customer.account_value)
    for slot in range(metrics.observed):
        begun = engine.observed[customer.row][slot]
        if UNSEEN < begun < CLOSED:
            record_end(arm, customer, engine, slot, CENSORED, engine.horizon - begun)


KERNELS = (
    customer_cell,
    observation_window,
    interval_of,
    record_end,
    begin_observation,
    apply_operation,
    apply_operations,
    apply_counts,
    add_amounts,
    count_own_event,
    count_own_start,
    add_own_revenue,
    count_own_stay,
    count_own_entry,
    finish_own_metrics,
)
"""Functions to compile, callees before callers."""

INLINED = (customer_cell, count_own_event, count_own_entry, count_own_stay, add_own_revenue)
"""Functions to inline, because most events call them."""
