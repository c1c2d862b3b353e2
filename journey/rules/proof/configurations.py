"""The histories of a journey as a graph: all that decides which moves are possible next.

A configuration is a stage, with the stage before it where a guard asks for it, and the segments and tiers that the
guards so far leave possible. Segment and tier of a customer do not change within a history.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from journey.machine import Guard, Journey, Move
    from journey.rules.rule import Where

Names = frozenset[str] | None
"""Possible names of a segment or of a tier; None: any."""


class Customers(NamedTuple):
    """Customers whose histories are searched.

    Attributes:
        segments: Their segments; None: any.
        tiers: Their risk tiers; None: any.
    """

    segments: Names = None
    tiers: Names = None

    @classmethod
    def of(cls, where: Where) -> Customers:
        """The customers to whom a rule applies. Account value and consent do not decide which moves are possible."""
        return cls(frozenset(where.segment) or None, frozenset(where.tier) or None)

    def intersect(self, other: Customers) -> Customers | None:
        """The customers that are also among others; None if none are."""
        segments, tiers = _intersect(self.segments, other.segments), _intersect(self.tiers, other.tiers)
        if segments == frozenset() or tiers == frozenset():
            return None
        return Customers(segments, tiers)


def _intersect(one: Names, other: Names) -> Names:
    if one is None or other is None:
        return other if one is None else one
    return one & other


class Configuration(NamedTuple):
    """A place in a history, as far as it decides which moves are possible.

    Attributes:
        stage: The stage.
        previous: The stage before it, in a stage with guards that ask for it; else None.
        customers: The customers for whom the guards so far were met.
    """

    stage: str
    previous: str | None
    customers: Customers


class Step(NamedTuple):
    """A move from a configuration.

    Attributes:
        move: The move.
        target: Number of the configuration after it.
        is_open: Whether the journey alone does not decide whether its guard is met.
    """

    move: Move
    target: int
    is_open: bool


class Graph:
    """The configurations of a journey for some customers, each with its steps; they are explored when they are read.

    Attributes:
        starts: Numbers of the configurations in which a history may begin.
    """

    def __init__(self, journey: Journey, customers: Customers) -> None:
        self.journey = journey
        self._outgoing = {stage: journey.legal_moves(stage) for stage in journey.stages}
        self._asks_previous = {move.source for move in journey.moves if _condition(move.guard, "came_from")}
        self._numbers: dict[Configuration, int] = {}
        self._configurations: list[Configuration] = []
        self._steps: list[list[Step] | None] = []
        self.starts = [self._number(Configuration(stage, None, customers)) for stage in journey.initial]

    @cached_property
    def _terminal(self) -> frozenset[str]:
        return frozenset(self.journey.terminal)

    def stage(self, number: int) -> str:
        """The stage of a configuration."""
        return self._configurations[number].stage

    def has_ended(self, number: int) -> bool:
        """Whether a history ends in a configuration."""
        return self._configurations[number].stage in self._terminal

    @cached_property
    def has_complete_history(self) -> bool:
        """Whether any history ends."""
        seen, waiting = set(self.starts), list(self.starts)
        while waiting:
            number = waiting.pop()
            if self.has_ended(number):
                return True
            following = {step.target for step in self.steps(number)} - seen
            seen |= following
            waiting += following
        return False

    def steps(self, number: int) -> list[Step]:
        """The moves that some of the customers can make from a configuration."""
        known = self._steps[number]
        if known is None:
            known = self._steps[number] = self._list_steps(self._configurations[number])
        return known

    def _list_steps(self, configuration: Configuration) -> list[Step]:
        steps = []
        for move in self._outgoing[configuration.stage]:
            left = _apply_guard(move.guard, configuration)
            if left is None:
                continue
            customers, is_open = left
            # A move within a stay changes neither the stage nor the stage before it.
            previous = move.source if move.restarts_clocks else configuration.previous
            previous = previous if move.destination in self._asks_previous else None
            steps.append(Step(move, self._number(Configuration(move.destination, previous, customers)), is_open))
        return steps

    def _number(self, configuration: Configuration) -> int:
        if configuration not in self._numbers:
            self._numbers[configuration] = len(self._configurations)
            self._configurations.append(configuration)
            self._steps.append(None)
        return self._numbers[configuration]


def _apply_guard(guard: Guard | None, configuration: Configuration) -> tuple[Customers, bool] | None:
    """The customers that may meet a guard, and whether it is open for them; None if no customer meets it."""
    customers, is_open = configuration.customers, False
    for name, value in guard.conditions if guard else ():
        if name == "came_from" and isinstance(value, tuple):
            if configuration.previous not in value:
                return None
        elif name in _FIXED and isinstance(value, tuple):
            admitted = customers.intersect(Customers(**{_FIXED[name]: frozenset(value)}))
            if admitted is None:
                return None
            is_open = is_open or admitted != customers
            customers = admitted
        elif not (name == "min_days_in_stage" and value == 0.0):
            # Days in the stage, and guards that were registered, which may ask for days.
            is_open = True
    return customers, is_open


_FIXED = {"segment": "segments", "risk_tier": "tiers"}
"""Guards on what does not change within a history, and the field of `Customers` with it."""


def _condition(guard: Guard | None, name: str) -> bool:
    return guard is not None and any(name == each for each, _ in guard.conditions)
