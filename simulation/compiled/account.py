"""The account of a customer, compiled: the counterpart of `simulation.reference.account`, function by function.

A renewal or a charge that ends in a move is a matter of the whole life: see `simulation.compiled.transitions`.
"""

from typing import Any

from simulation.compiled import state, state_columns
from simulation.compiled.primitives import KIND_VALUE, emit, run_at, wind
from simulation.compiled.state_columns import AGENDA, NOTHING, VALUE_CLOCK
from simulation.distributions.dwell_times import EXPONENTIAL, NEVER
from simulation.metrics.counters import discounted_days
from simulation.model.contracts import charges_until_failure, next_renewal
from simulation.model.event_types import CALM, PAYMENT, RENEWAL, VALUE
from simulation.model.units import DAYS_PER_YEAR
from simulation.population.draw import pick
from simulation.random import streams
from simulation.random.streams import exponential, uniform


def value_rate(T: Any, S: Any, i: int) -> float:
    """How often the value changes now."""
    return float(T.values.rates[int(S.ints[i, state_columns.CAUSE] != CALM), S.ints[i, state_columns.STAGE]])


def wind_change(T: Any, S: Any, i: int) -> None:
    """Wind the clock of the next change of value."""
    S.ints[i, state_columns.VALUE_CHANGES] += 1
    amount = exponential(S.key[i], streams.VALUE_CHANGE, 0, S.ints[i, state_columns.VALUE_CHANGES])
    wind(T, S, i, VALUE_CLOCK, EXPONENTIAL, 1.0, 0.0, amount, 0.0, value_rate(T, S, i))
    S.floats[i, AGENDA + VALUE] = S.floats[i, VALUE_CLOCK + state_columns.DUE]


def retune_value(T: Any, S: Any, i: int) -> None:
    """Stage or distress have changed, and with them how often the value changes."""
    if T.value_changes > 0:
        run_at(T, S, i, VALUE_CLOCK, EXPONENTIAL, 1.0, 0.0, value_rate(T, S, i))
        S.floats[i, AGENDA + VALUE] = S.floats[i, VALUE_CLOCK + state_columns.DUE]


def wind_charges(T: Any, S: Any, i: int, last: float) -> None:
    """Set the day of the next charge that fails."""
    S.ints[i, state_columns.FAILURES] += 1
    amount = exponential(S.key[i], streams.CHARGE_FAILS, 0, S.ints[i, state_columns.FAILURES])
    charges = charges_until_failure(T.contract.charge_mass[S.ints[i, state_columns.SEGMENT]], amount)
    S.floats[i, AGENDA + PAYMENT] = last + T.contract.charge_every * charges


def open_account(T: Any, S: Any, i: int, tenure: float) -> None:
    """From now on there is a contract, and charges are made."""
    now, segment = S.floats[i, state_columns.NOW], S.ints[i, state_columns.SEGMENT]
    S.floats[i, state_columns.PAID_SINCE] = now
    if T.contract.renewal_move >= 0 and T.contract.renewal_mass[segment, S.ints[i, state_columns.TIER]] > 0.0:
        S.floats[i, AGENDA + RENEWAL] = next_renewal(now, tenure, T.contract.renewal_every)
    if T.contract.charge_move >= 0 and T.contract.charge_mass[segment] > 0.0:
        draw = uniform(S.key[i], streams.FIRST_CHARGE, 0, S.ints[i, state_columns.FAILURES])
        first = T.contract.charge_every * draw
        wind_charges(T, S, i, now + first - T.contract.charge_every)
    if T.value_changes > 0:
        wind_change(T, S, i)


def earn(T: Any, S: Any, i: int) -> None:
    """Book what was paid since the last time."""
    now, value = S.floats[i, state_columns.NOW], S.floats[i, state_columns.ACCOUNT_VALUE]
    paid = discounted_days(S.floats[i, state_columns.PAID_SINCE], now, T.discount_rate)
    S.sums[T.arm, state.REVENUE] += value / DAYS_PER_YEAR * paid
    S.floats[i, state_columns.PAID_SINCE] = now


def close_account(T: Any, S: Any, i: int) -> None:
    """No more charges; what was paid is booked."""
    earn(T, S, i)
    S.ints[i, state_columns.UNPAID] = 0
    S.floats[i, AGENDA + RENEWAL] = NEVER
    S.floats[i, AGENDA + PAYMENT] = NEVER
    S.floats[i, AGENDA + VALUE] = NEVER


def on_value(T: Any, S: Any, i: int) -> None:
    """The account grows or shrinks."""
    shares = T.values.cumulative[int(S.ints[i, state_columns.CAUSE] != CALM), S.ints[i, state_columns.STAGE]]
    draw = uniform(S.key[i], streams.VALUE_CHANGE_KIND, 0, S.ints[i, state_columns.VALUE_CHANGES])
    change = min(pick(shares, draw), T.value_changes - 1)
    earn(T, S, i)
    S.floats[i, state_columns.ACCOUNT_VALUE] *= T.values.factors[change]
    emit(T, S, i, KIND_VALUE, change, NOTHING, NOTHING, NOTHING, S.floats[i, state_columns.ACCOUNT_VALUE])
    wind_change(T, S, i)


KERNELS: tuple[Any, ...] = (
    value_rate, wind_change, retune_value, wind_charges, open_account, earn, close_account, on_value,
)  # fmt: skip
"""The functions that compiled code uses, callees before callers."""
