"""A customer's account, compiled: the counterpart of `simulation.reference.account`, function by function.

Renewals and failed charges that end in a move are in `simulation.compiled.transitions`.
"""

from typing import Any

from journey.core.time_units import DAYS_PER_YEAR
from simulation.compiled import state, state_columns
from simulation.compiled.primitives import KIND_VALUE, emit, set_hazard_ratio, start_clock
from simulation.compiled.state_columns import EVENT_TIMES, NO_INDEX, VALUE_CLOCK
from simulation.distributions.dwell_times import EXPONENTIAL, NEVER
from simulation.metrics.counters import discounted_days
from simulation.model.contracts import charges_until_failure, next_renewal
from simulation.model.event_types import CALM, PAYMENT, RENEWAL, VALUE
from simulation.population.draw import pick
from simulation.random import streams
from simulation.random.streams import exponential, uniform


def value_rate(T: Any, S: Any, i: int) -> float:
    """The current rate of value changes per day."""
    return float(T.values.rates[int(S.ints[i, state_columns.CAUSE] != CALM), S.ints[i, state_columns.STAGE]])


def schedule_value_change(T: Any, S: Any, i: int) -> None:
    """Start the clock of the next value change."""
    S.ints[i, state_columns.VALUE_CHANGES] += 1
    amount = exponential(S.key[i], streams.VALUE_CHANGE, 0, S.ints[i, state_columns.VALUE_CHANGES])
    start_clock(T, S, i, VALUE_CLOCK, EXPONENTIAL, 1.0, 0.0, amount, 0.0, value_rate(T, S, i))
    S.floats[i, EVENT_TIMES + VALUE] = S.floats[i, VALUE_CLOCK + state_columns.DUE]


def update_value_clock(T: Any, S: Any, i: int) -> None:
    """Adjust the clock of the next value change after stage or distress have changed."""
    if T.value_changes > 0:
        set_hazard_ratio(T, S, i, VALUE_CLOCK, EXPONENTIAL, 1.0, 0.0, value_rate(T, S, i))
        S.floats[i, EVENT_TIMES + VALUE] = S.floats[i, VALUE_CLOCK + state_columns.DUE]


def schedule_failed_charge(T: Any, S: Any, i: int, last: float) -> None:
    """Set the day of the next charge that fails."""
    S.ints[i, state_columns.FAILURES] += 1
    amount = exponential(S.key[i], streams.CHARGE_FAILS, 0, S.ints[i, state_columns.FAILURES])
    charges = charges_until_failure(T.contract.charge_mass[S.ints[i, state_columns.SEGMENT]], amount)
    S.floats[i, EVENT_TIMES + PAYMENT] = last + T.contract.charge_every * charges


def open_account(T: Any, S: Any, i: int, tenure: float) -> None:
    """Start the contract and its charges."""
    now, segment = S.floats[i, state_columns.NOW], S.ints[i, state_columns.SEGMENT]
    S.floats[i, state_columns.PAID_SINCE] = now
    if T.contract.renewal_move >= 0 and T.contract.renewal_mass[segment, S.ints[i, state_columns.TIER]] > 0.0:
        S.floats[i, EVENT_TIMES + RENEWAL] = next_renewal(now, tenure, T.contract.renewal_every)
    if T.contract.charge_move >= 0 and T.contract.charge_mass[segment] > 0.0:
        draw = uniform(S.key[i], streams.FIRST_CHARGE, 0, S.ints[i, state_columns.FAILURES])
        first = T.contract.charge_every * draw
        schedule_failed_charge(T, S, i, now + first - T.contract.charge_every)
    if T.value_changes > 0:
        schedule_value_change(T, S, i)


def add_revenue(T: Any, S: Any, i: int) -> None:
    """Add the revenue since the last call."""
    now, value = S.floats[i, state_columns.NOW], S.floats[i, state_columns.ACCOUNT_VALUE]
    paid = discounted_days(S.floats[i, state_columns.PAID_SINCE], now, T.discount_rate)
    S.sums[T.arm_index, state.REVENUE] += value / DAYS_PER_YEAR * paid
    S.floats[i, state_columns.PAID_SINCE] = now


def close_account(T: Any, S: Any, i: int) -> None:
    """Add the revenue up to now and stop renewals, charges and value changes."""
    add_revenue(T, S, i)
    S.ints[i, state_columns.PAYMENT_OVERDUE] = 0
    S.floats[i, EVENT_TIMES + RENEWAL] = NEVER
    S.floats[i, EVENT_TIMES + PAYMENT] = NEVER
    S.floats[i, EVENT_TIMES + VALUE] = NEVER


def on_value_change(T: Any, S: Any, i: int) -> None:
    """Change the account's value."""
    shares = T.values.cumulative[int(S.ints[i, state_columns.CAUSE] != CALM), S.ints[i, state_columns.STAGE]]
    draw = uniform(S.key[i], streams.VALUE_CHANGE_KIND, 0, S.ints[i, state_columns.VALUE_CHANGES])
    change = min(pick(shares, draw), T.value_changes - 1)
    add_revenue(T, S, i)
    S.floats[i, state_columns.ACCOUNT_VALUE] *= T.values.factors[change]
    emit(T, S, i, KIND_VALUE, change, NO_INDEX, NO_INDEX, NO_INDEX, S.floats[i, state_columns.ACCOUNT_VALUE])
    schedule_value_change(T, S, i)


KERNELS: tuple[Any, ...] = (
    value_rate,
    schedule_value_change,
    update_value_clock,
    schedule_failed_charge,
    open_account,
    add_revenue,
    close_account,
    on_value_change,
)
"""The functions that compiled code uses, callees before callers."""

INLINED: tuple[Any, ...] = (update_value_clock,)
"""The functions that are inlined where compiled code calls them, because most events call them."""
