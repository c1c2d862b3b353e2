"""A customer's account: revenue, contract, charges, and changes of its value.

Revenue accrues at the account value times the share that the stage pays: a customer in a free trial pays nothing.
All dates are relative to the customer's own start. A customer that has left has no account until won back. Renewals and
failed charges that end in a move are in `simulation.customer.moves`.
"""

from journey.core.time_units import DAYS_PER_YEAR
from simulation.customer.own_metrics import add_own_revenue
from simulation.customer.ports import Engine, emit
from simulation.customer.price import full_price, unpaid_share
from simulation.customer.state import NO_INDEX, Customer
from simulation.distributions.dwell_times import EXPONENTIAL, NEVER, set_hazard_ratio, start_clock
from simulation.metrics.counters import discounted_days
from simulation.model.arm import ArmParameters
from simulation.model.contracts import charges_until_failure, next_renewal
from simulation.model.event_types import CALM, PAYMENT, RENEWAL, VALUE
from simulation.population.draw import pick
from simulation.random import streams
from simulation.random.streams import exponential, uniform
from simulation.trace.codes import KIND_VALUE


def value_rate(arm: ArmParameters, customer: Customer) -> float:
    """The current rate of value changes per day."""
    return arm.values.rates[int(customer.cause != CALM)][customer.stage]


def schedule_value_change(arm: ArmParameters, customer: Customer) -> None:
    """Start the clock of the next value change."""
    customer.value_changes += 1
    amount = exponential(customer.key, streams.VALUE_CHANGE, 0, customer.value_changes)
    rate = value_rate(arm, customer)
    start_clock(customer.value_clock, customer.now, EXPONENTIAL, 1.0, 0.0, amount, 0.0, rate, arm.knots)
    customer.event_times[VALUE] = customer.value_clock.due


def update_value_clock(arm: ArmParameters, customer: Customer) -> None:
    """Adjust the clock of the next value change after stage or distress have changed."""
    if arm.values.change_count > 0:
        rate = value_rate(arm, customer)
        set_hazard_ratio(customer.value_clock, customer.now, EXPONENTIAL, 1.0, 0.0, rate, arm.knots)
        customer.event_times[VALUE] = customer.value_clock.due


def schedule_failed_charge(arm: ArmParameters, customer: Customer, last: float) -> None:
    """Schedule the next charge that fails; the last charge was on day `last`."""
    customer.failures += 1
    amount = exponential(customer.key, streams.CHARGE_FAILS, 0, customer.failures)
    charges = charges_until_failure(arm.contract.charge_mass[customer.segment], amount)
    customer.event_times[PAYMENT] = last + arm.contract.charge_every * charges


def open_account(arm: ArmParameters, customer: Customer, tenure: float) -> None:
    """Open the account of a customer who arrives or is won back: the contract and the charges start.

    Args:
        arm: The arm.
        customer: The customer.
        tenure: Time since the start of the contract, in days.
    """
    contract = arm.contract
    customer.paid_since = customer.now
    customer.earned_since = customer.now
    if contract.renewal_move >= 0 and contract.renewal_mass[customer.segment][customer.tier] > 0.0:
        customer.event_times[RENEWAL] = next_renewal(customer.now, tenure, contract.renewal_every)
    if contract.charge_move >= 0 and contract.charge_mass[customer.segment] > 0.0:
        draw = uniform(customer.key, streams.FIRST_CHARGE, 0, customer.failures)
        first = contract.charge_every * draw
        schedule_failed_charge(arm, customer, customer.now + first - contract.charge_every)
    if arm.values.change_count > 0:
        schedule_value_change(arm, customer)


def add_revenue(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Add the revenue since the last call, in present value: what the customer pays at the current price."""
    paid = discounted_days(customer.paid_since, customer.now, arm.discount_rate)
    revenue, totals = full_price(arm, customer) / DAYS_PER_YEAR * paid, engine.totals[customer.arm]
    unpaid = revenue * unpaid_share(arm, customer)
    totals.discounts += unpaid
    totals.revenue += revenue - unpaid
    customer.paid_since = customer.now
    add_own_revenue(arm, customer, engine)


def close_account(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Close the account when the customer leaves or the run ends: add the revenue and cancel all dates."""
    add_revenue(arm, customer, engine)
    customer.is_payment_overdue = False
    customer.event_times[RENEWAL] = NEVER
    customer.event_times[PAYMENT] = NEVER
    customer.event_times[VALUE] = NEVER


def on_value_change(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Change the account value, and schedule the next change."""
    shares = arm.values.cumulative[int(customer.cause != CALM)][customer.stage]
    draw = uniform(customer.key, streams.VALUE_CHANGE_KIND, 0, customer.value_changes)
    change = min(pick(shares, draw), arm.values.change_count - 1)
    add_revenue(arm, customer, engine)
    customer.account_value *= arm.values.factors[change]
    emit(customer, engine, KIND_VALUE, change, NO_INDEX, NO_INDEX, NO_INDEX, customer.account_value, NEVER)
    schedule_value_change(arm, customer)


KERNELS = (
    value_rate,
    schedule_value_change,
    update_value_clock,
    schedule_failed_charge,
    open_account,
    add_revenue,
    close_account,
    on_value_change,
)
"""Functions to compile, callees before callers."""

INLINED = (update_value_clock,)
"""Functions to inline, because most events call them."""
