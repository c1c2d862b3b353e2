"""A run told customer by customer: who each one was on day 0, and everything that happened to them, in order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from journey.core.errors import InputError
from simulation.model.arm import compile_arm, policy_segments
from simulation.population.initial_state import met_on_day_0
from simulation.random import streams
from simulation.runs.cohort import people
from simulation.trace import events

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSetup
    from simulation.population.draw import Person

_NUMBER = attrgetter("customer")


class Stay(NamedTuple):
    """One stay in one stage.

    Attributes:
        stage: The stage.
        previous: The stage before; None for the stay that a customer begins the run with.
        entered_at: In days; below 0 for a customer met in mid-stay.
        left_at: In days, or None for the last stay, which is unfinished unless the stage is a terminal one.
    """

    stage: str
    previous: str | None
    entered_at: float
    left_at: float | None


class Lifeline(NamedTuple):
    """One customer of a run.

    Attributes:
        person: The customer on day 0.
        segment: Name of the segment.
        first_stage: The stage on day 0.
        rows: The customer's rows of the trace, in order.
    """

    person: Person
    segment: str
    first_stage: str
    rows: Sequence[events.Row]

    @property
    def stays(self) -> list[Stay]:
        """The stays in stages, in order."""
        moves = [row for row in self.rows if row.kind == events.MOVE]
        stages = [self.first_stage, *(row.to_stage or row.stage for row in moves)]
        entered = [self.person.arrives_at - self.person.days_in_stage, *(row.time for row in moves)]
        left = [*entered[1:], None]
        before = [None, *stages[:-1]]
        return [Stay(*stay) for stay in zip(stages, before, entered, left, strict=True)]

    @property
    def end_stage(self) -> str:
        """The stage at the end."""
        return self.stays[-1].stage

    @property
    def values(self) -> list[tuple[float, float]]:
        """The account value in the course of time: from which day on, and how much, in dollars."""
        changes = [(row.time, row.value) for row in self.rows if row.kind == events.VALUE_CHANGE]
        begun = (self.person.arrives_at, self.person.account_value)
        return [begun, *((time, value) for time, value in changes if value is not None)]


@dataclass(frozen=True)
class Chronicle:
    """A run that kept its trace.

    Attributes:
        setup: The arm.
        run: What came of it.
        seed: The seed it was run with.
        replication: Which replication it was.
    """

    setup: ArmSetup
    run: Run
    seed: int
    replication: int

    @property
    def days(self) -> float:
        """The horizon."""
        return self.run.days

    def lives(self) -> Iterator[Lifeline]:
        """Every customer who has come, in order of the number, also those to whom nothing happened."""
        lots = groupby(sorted(self._rows, key=lambda row: (row.customer, row.time)), key=_NUMBER)
        number, rows = next(lots, (None, iter(())))
        for lifeline in self._beginnings():
            if lifeline.person.arrives_at >= self.days:
                continue
            while number is not None and number < lifeline.person.number:
                # Of a prospect who has not become a customer by the end.
                number, rows = next(lots, (None, iter(())))
            if lifeline.person.number != number:
                yield lifeline
                continue
            yield lifeline._replace(rows=tuple(rows))
            number, rows = next(lots, (None, iter(())))

    def life_of(self, number: int) -> Lifeline:
        """One customer.

        Raises:
            InputError: There is no such customer.
        """
        rows = sorted((row for row in self._rows if row.customer == number), key=attrgetter("time"))
        return begin(self.setup, number, seed=self.seed, replication=self.replication)._replace(rows=tuple(rows))

    @property
    def _rows(self) -> Sequence[events.Row]:
        if self.run.trace is None:
            raise ValueError("the run kept no trace; run it with trace=True")
        return self.run.trace.rows

    def _beginnings(self) -> Iterator[Lifeline]:
        return beginnings(self.setup, seed=self.seed, replication=self.replication)


def beginnings(setup: ArmSetup, *, seed: int, replication: int) -> Iterator[Lifeline]:
    """Every customer of an arm on day 0, in order of the number, before anything happened."""
    machine = setup.journey.compile()
    population = people(setup.population, machine, seed=seed, replication=replication)
    table = compile_arm(setup, population.segments)
    known = policy_segments(table, population.segments)
    for person in population.persons:
        key = streams.customer_key(seed, replication, person.number)
        person = met_on_day_0(person, key, setup.population, table, known[person.segment])
        yield Lifeline(person, population.segments[person.segment], machine.stages[person.stage], ())


def begin(setup: ArmSetup, number: int, *, seed: int, replication: int) -> Lifeline:
    """One customer of an arm on day 0.

    Raises:
        InputError: There is no such customer.
    """
    known = []
    for lifeline in beginnings(setup, seed=seed, replication=replication):
        if lifeline.person.number == number:
            return lifeline
        known.append(lifeline.person.number)
    raise InputError(f"there is no customer {number}; {_numbers(known)}")


def _numbers(known: Sequence[int]) -> str:
    """Which customers there are, in words."""
    count = len(known)
    if known == list(range(count)):
        return (
            "there is only customer 0" if count == 1 else f"the {count:,} customers have the numbers 0 to {count - 1}"
        )
    return f"the {count:,} customers have the numbers {', '.join(map(str, known[:3]))}{', ...' if count > 3 else ''}"


def customer_id(number: int) -> str:
    """How a simulated customer is called where identities are text: ``C0000012``."""
    return f"C{number:07d}"


def nobodys_id(number: int) -> str:
    """What stands for the same customer in a record that has lost its owner: a name that no customer bears."""
    return f"X{number:07d}"
