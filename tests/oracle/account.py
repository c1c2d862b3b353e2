"""The account of one customer in the reference engine: its value, contract and charges.

All dates are relative to the customer's own start. A customer that has left has no account until won back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.distributions.dwell_times import EXPONENTIAL, NEVER
from simulation.population.draw import pick
from simulation.random import streams
from simulation.trace import events
from tests.oracle.clock import Clock
from tests.oracle.contracts import charges_until_failure, next_renewal
from tests.oracle.event_types import CALM, PAYMENT, RENEWAL, VALUE

if TYPE_CHECKING:
    from simulation.population.draw import InitialCustomer
    from tests.oracle.customer import Customer


class Account:
    """One customer's account.

    Attributes:
        value: Current revenue per year, in dollars.
    """

    __slots__ = (
        "_changes",
        "_clock",
        "_customer",
        "_failures",
        "_paid_since",
        "_payment_overdue",
        "_renewals",
        "value",
    )

    def __init__(self, customer: Customer, initial: InitialCustomer) -> None:
        self._customer = customer
        self.value = initial.account_value
        self._renewals, self._failures, self._changes = 0, 0, 0
        self._payment_overdue = False
        self._paid_since = 0.0
        self._clock: Clock | None = None

    def open(self, tenure: float) -> None:
        """Open the account of a customer who arrives or is won back: the contract and the charges start.

        Args:
            tenure: Time since the start of the contract, in days.
        """
        customer, table = self._customer, self._customer.table
        contract = table.contract
        self._paid_since = customer.now
        if contract.renewal_move >= 0 and contract.renewal_mass[customer.segment][customer.tier] > 0.0:
            customer.event_times[RENEWAL] = next_renewal(customer.now, tenure, contract.renewal_every)
        if contract.charge_move >= 0 and contract.charge_mass[customer.segment] > 0.0:
            first = contract.charge_every * streams.uniform(customer.key, streams.FIRST_CHARGE, 0, self._failures)
            self._schedule_failed_charge(customer.now + first - contract.charge_every)
        if table.values.factors:
            self._schedule_value_change()

    def close(self) -> None:
        """Close the account when the customer leaves or the run ends: add the revenue and cancel all dates."""
        self._add_revenue()
        self._payment_overdue = False
        for entry in (RENEWAL, PAYMENT, VALUE):
            self._customer.event_times[entry] = NEVER

    def _add_revenue(self) -> None:
        customer = self._customer
        customer.counters.add_revenue(self.value, self._paid_since, customer.now, customer.table.discount_rate)
        self._paid_since = customer.now

    def on_renewal(self) -> None:
        """The contract is due for renewal: the customer renews or leaves."""
        customer, contract = self._customer, self._customer.table.contract
        self._renewals += 1
        customer.event_times[RENEWAL] = customer.now + contract.renewal_every
        amount = streams.exponential(customer.key, streams.LEAVES_AT_RENEWAL, 0, self._renewals)
        slot = customer.find_move(contract.renewal_move)
        if slot >= 0 and amount < customer.effective_ratio(
            contract.renewal_mass[customer.segment][customer.tier], slot
        ):
            customer.make_move(slot, events.RENEWAL)

    def on_payment(self) -> None:
        """A charge fails, or the grace period of a failed charge ends."""
        customer, contract = self._customer, self._customer.table.contract
        if self._payment_overdue:
            self._payment_overdue = False
            self._schedule_failed_charge(customer.now)
            slot = customer.find_move(contract.charge_move)
            if slot >= 0:
                customer.make_move(slot, events.PAYMENT)
            return
        if streams.uniform(customer.key, streams.CHARGE_RECOVERED, 0, self._failures) < contract.recovered:
            self._schedule_failed_charge(customer.now)
            return
        self._payment_overdue = True
        customer.event_times[PAYMENT] = customer.now + contract.grace

    def _schedule_failed_charge(self, last: float) -> None:
        """Schedule the next charge that fails; the last charge was on day `last`."""
        customer, contract = self._customer, self._customer.table.contract
        self._failures += 1
        amount = streams.exponential(customer.key, streams.CHARGE_FAILS, 0, self._failures)
        charges = charges_until_failure(contract.charge_mass[customer.segment], amount)
        customer.event_times[PAYMENT] = last + contract.charge_every * charges

    def on_value_change(self) -> None:
        """Change the account value."""
        customer, table = self._customer, self._customer.table
        shares = table.values.cumulative[int(customer.cause != CALM)][customer.stage]
        change = pick(shares, streams.uniform(customer.key, streams.VALUE_CHANGE_KIND, 0, self._changes))
        self._add_revenue()
        self.value *= table.values.factors[change]
        customer.emit(events.VALUE_CHANGE, table.value_changes[change], value=self.value)
        self._schedule_value_change()

    def update_value_clock(self) -> None:
        """Update the rate of value changes after a change of stage or distress."""
        if self._clock is not None:
            self._clock.set_hazard_ratio(self._customer.now, self._rate())
            self._customer.event_times[VALUE] = self._clock.due

    def _rate(self) -> float:
        customer = self._customer
        return customer.table.values.rates[int(customer.cause != CALM)][customer.stage]

    def _schedule_value_change(self) -> None:
        customer = self._customer
        self._changes += 1
        amount = streams.exponential(customer.key, streams.VALUE_CHANGE, 0, self._changes)
        self._clock = Clock(EXPONENTIAL, 1.0, 0.0, amount, customer.now, self._rate())
        customer.event_times[VALUE] = self._clock.due
