"""The histories of a run's customers: the initial state and all events, in order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from journey.core.errors import InputError
from journey.core.suggestions import did_you_mean
from simulation.runs.cohort import draw_initial_customers
from simulation.trace import events

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec
    from simulation.population.draw import InitialCustomer

_NUMBER = attrgetter("customer")


class Stay(NamedTuple):
    """One stay in one stage.

    Attributes:
        stage: The stage.
        previous: The previous stage; None for the customer's first stay in the run.
        entered_at: Day of entry; below 0 if the stay began before the run.
        left_at: Day of leaving, or None for the last stay, which is unfinished unless the stage is terminal.
    """

    stage: str
    previous: str | None
    entered_at: float
    left_at: float | None


class CustomerHistory(NamedTuple):
    """One customer of a run.

    Attributes:
        initial: The customer on day 0.
        segment: Name of the segment.
        first_stage: The stage on day 0.
        rows: The customer's rows of the trace, in order.
        moves_within_stay: Moves, as (stage, move), that do not end a stay.
    """

    initial: InitialCustomer
    segment: str
    first_stage: str
    rows: Sequence[events.Row]
    moves_within_stay: Collection[tuple[str, str]] = ()

    @property
    def stays(self) -> list[Stay]:
        """The stays in stages, in order."""
        moves = [
            row for row in self.rows if row.kind == events.MOVE and (row.stage, row.label) not in self.moves_within_stay
        ]
        stages = [self.first_stage, *(row.to_stage or row.stage for row in moves)]
        entered = [self.initial.arrives_at - self.initial.days_in_stage, *(row.time for row in moves)]
        left = [*entered[1:], None]
        before = [None, *stages[:-1]]
        return [Stay(*stay) for stay in zip(stages, before, entered, left, strict=True)]

    @property
    def end_stage(self) -> str:
        """The stage at the end of the run."""
        return self.stays[-1].stage

    @property
    def values(self) -> list[tuple[float, float]]:
        """The account value over time: pairs of the day from which it applies and the value in dollars per year."""
        changes = [(row.time, row.value) for row in self.rows if row.kind == events.VALUE_CHANGE]
        first = (self.initial.arrives_at, self.initial.account_value)
        return [first, *((time, value) for time, value in changes if value is not None)]


@dataclass(frozen=True)
class RunHistory:
    """A run with its trace.

    Attributes:
        arm_spec: The arm.
        run: The results, with the trace.
        seed: The seed of the run.
        replication: Number of the replication.
    """

    arm_spec: ArmSpec
    run: Run
    seed: int
    replication: int

    @property
    def days(self) -> float:
        """Length of the run, in days."""
        return self.run.days

    def histories(self) -> Iterator[CustomerHistory]:
        """All customers who arrived during the run, in order of their number, including those without events."""
        groups = groupby(sorted(self._rows, key=lambda row: (row.customer, row.time)), key=_NUMBER)
        number, rows = next(groups, (None, iter(())))
        for history in self._initial_histories():
            if history.initial.arrives_at >= self.days:
                continue
            while number is not None and number < history.initial.number:
                # Rows of a prospect who has not become a customer by the end of the run.
                number, rows = next(groups, (None, iter(())))
            if history.initial.number != number:
                yield history
                continue
            yield history._replace(rows=tuple(rows))
            number, rows = next(groups, (None, iter(())))

    def get_history(self, number: int) -> CustomerHistory:
        """One customer.

        Raises:
            InputError: There is no such customer.
        """
        rows = sorted((row for row in self._rows if row.customer == number), key=attrgetter("time"))
        return initial_history(self.arm_spec, number, seed=self.seed, replication=self.replication)._replace(
            rows=tuple(rows)
        )

    @property
    def _rows(self) -> Sequence[events.Row]:
        if self.run.trace is None:
            raise ValueError("the run has no trace; run it with trace=True")
        return self.run.trace.rows

    def _initial_histories(self) -> Iterator[CustomerHistory]:
        return initial_histories(self.arm_spec, seed=self.seed, replication=self.replication)


def initial_histories(arm_spec: ArmSpec, *, seed: int, replication: int) -> Iterator[CustomerHistory]:
    """The initial state of every customer of an arm, in order of their number."""
    stages, within_stay = arm_spec.journey.compile().stages, arm_spec.journey.moves_within_stay
    cohort, customers = draw_initial_customers(arm_spec, seed=seed, replication=replication)
    for _, initial in customers:
        yield CustomerHistory(initial, cohort.segments[initial.segment], stages[initial.stage], (), within_stay)


def initial_history(arm_spec: ArmSpec, number: int, *, seed: int, replication: int) -> CustomerHistory:
    """The initial state of one customer of an arm.

    Raises:
        InputError: There is no such customer.
    """
    numbers = []
    for history in initial_histories(arm_spec, seed=seed, replication=replication):
        if history.initial.number == number:
            return history
        numbers.append(history.initial.number)
    raise InputError(f"there is no customer {number}; {_describe_numbers(numbers)}")


def find_customer(arm_spec: ArmSpec, name: str, *, seed: int, replication: int) -> int:
    """The number of the customer with this ID or, if no customer has it, with this number.

    Raises:
        InputError: There is no such customer.
    """
    is_number = name.isascii() and name.removeprefix("-").isdigit()
    if is_number and arm_spec.population.records is None:
        # Only records can give a customer a number as ID.
        return int(name)
    recorded = []
    for history in initial_histories(arm_spec, seed=seed, replication=replication):
        if customer_id(history.initial) == name:
            return history.initial.number
        recorded.append(history.initial.recorded_id)
    if is_number:
        return int(name)
    similar = did_you_mean(name, list(filter(None, recorded)))
    raise InputError(f"there is no customer {name!r}{similar}; give --customer a number from 0, or an ID")


def _describe_numbers(numbers: Sequence[int]) -> str:
    """The existing customer numbers, in words."""
    count = len(numbers)
    if numbers == list(range(count)):
        return (
            "there is only customer 0" if count == 1 else f"the {count:,} customers have the numbers 0 to {count - 1}"
        )
    return f"the {count:,} customers have the numbers {', '.join(map(str, numbers[:3]))}{', ...' if count > 3 else ''}"


def customer_id(initial: InitialCustomer) -> str:
    """The text ID of a customer: the ID in the records the customer comes from, else one such as ``C0000012``."""
    return initial.recorded_id or f"C{initial.number:07d}"


def orphan_id(number: int) -> str:
    """The ID in an orphaned record of this customer, which no customer has."""
    return f"X{number:07d}"
