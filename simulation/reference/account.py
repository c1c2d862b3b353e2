"""The account of one customer in the reference engine: what it is worth, its contract, its charges.

All dates are the customer's own. Whoever is lost has no account until won back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.distributions.dwell_times import EXPONENTIAL, NEVER, Clock
from simulation.model.contracts import charges_until_failure, next_renewal
from simulation.model.event_types import CALM, PAYMENT, RENEWAL, VALUE
from simulation.population.draw import pick
from simulation.random import streams
from simulation.trace import events

if TYPE_CHECKING:
    from simulation.population.draw import Person
    from simulation.reference.customer import Life


class Account:
    """One customer's account.

    Attributes:
        value: Revenue per year, in dollars, as it is now.
    """

    __slots__ = ("_changes", "_clock", "_failures", "_life", "_paid_since", "_renewals", "_unpaid", "value")

    def __init__(self, life: Life, person: Person) -> None:
        self._life = life
        self.value = person.account_value
        self._renewals, self._failures, self._changes = 0, 0, 0
        self._unpaid = False
        self._paid_since = 0.0
        self._clock: Clock | None = None

    def open(self, tenure: float) -> None:
        """The customer comes, or comes back: from now on there is a contract, and charges are made.

        Args:
            tenure: Time since the contract was first made, in days.
        """
        life, table = self._life, self._life.table
        contract = table.contract
        self._paid_since = life.now
        if contract.renewal_move >= 0 and contract.renewal_mass[life.segment][life.tier] > 0.0:
            life.agenda[RENEWAL] = next_renewal(life.now, tenure, contract.renewal_every)
        if contract.charge_move >= 0 and contract.charge_mass[life.segment] > 0.0:
            first = contract.charge_every * streams.uniform(life.key, streams.FIRST_CHARGE, 0, self._failures)
            self._wind_charges(life.now + first - contract.charge_every)
        if table.values.factors:
            self._wind_change()

    def close(self) -> None:
        """The customer is gone, or the run is over: no more charges; what was paid is booked."""
        self._earn()
        self._unpaid = False
        for entry in (RENEWAL, PAYMENT, VALUE):
            self._life.agenda[entry] = NEVER

    def _earn(self) -> None:
        life = self._life
        life.tally.earn(self.value, self._paid_since, life.now, life.table.discount_rate)
        self._paid_since = life.now

    def on_renewal(self) -> None:
        """A contract ends: the customer stays for another, or leaves."""
        life, contract = self._life, self._life.table.contract
        self._renewals += 1
        life.agenda[RENEWAL] = life.now + contract.renewal_every
        amount = streams.exponential(life.key, streams.LEAVES_AT_RENEWAL, 0, self._renewals)
        place = life.place_of(contract.renewal_move)
        if place >= 0 and amount < life.in_force(contract.renewal_mass[life.segment][life.tier], place):
            life.move(place, events.RENEWAL)

    def on_payment(self) -> None:
        """A charge fails, or the time to make it good is over."""
        life, contract = self._life, self._life.table.contract
        if self._unpaid:
            self._unpaid = False
            self._wind_charges(life.now)
            place = life.place_of(contract.charge_move)
            if place >= 0:
                life.move(place, events.PAYMENT)
            return
        if streams.uniform(life.key, streams.CHARGE_RECOVERED, 0, self._failures) < contract.recovered:
            self._wind_charges(life.now)
            return
        self._unpaid = True
        life.agenda[PAYMENT] = life.now + contract.grace

    def _wind_charges(self, last: float) -> None:
        """Set the day of the next charge that fails, the last charge having been on day `last`."""
        life, contract = self._life, self._life.table.contract
        self._failures += 1
        amount = streams.exponential(life.key, streams.CHARGE_FAILS, 0, self._failures)
        charges = charges_until_failure(contract.charge_mass[life.segment], amount)
        life.agenda[PAYMENT] = last + contract.charge_every * charges

    def on_value(self) -> None:
        """The account grows or shrinks."""
        life, table = self._life, self._life.table
        shares = table.values.cumulative[int(life.cause != CALM)][life.stage]
        change = pick(shares, streams.uniform(life.key, streams.VALUE_CHANGE_KIND, 0, self._changes))
        self._earn()
        self.value *= table.values.factors[change]
        life.emit(events.VALUE_CHANGE, table.value_changes[change], value=self.value)
        self._wind_change()

    def retune(self) -> None:
        """Stage or distress have changed, and with them how often the value changes."""
        if self._clock is not None:
            self._clock.run_at(self._life.now, self._rate())
            self._life.agenda[VALUE] = self._clock.due

    def _rate(self) -> float:
        life = self._life
        return life.table.values.rates[int(life.cause != CALM)][life.stage]

    def _wind_change(self) -> None:
        life = self._life
        self._changes += 1
        amount = streams.exponential(life.key, streams.VALUE_CHANGE, 0, self._changes)
        self._clock = Clock(EXPONENTIAL, 1.0, 0.0, amount, life.now, self._rate())
        life.agenda[VALUE] = self._clock.due
