"""The account of a customer: contract renewals, failed charges and changes of value.

A renewal is a point in time, not a hazard. The customer leaves if a unit-exponential draw is below a mass:
``-log(1 - p)`` for a probability of `p`, times all current hazard ratios. So distress and seasons affect the renewal as
they affect the hazard on other days.
"""

from math import floor, inf, log1p
from typing import NamedTuple

from journey.decision.policy import TIERS
from journey.machine import CompiledJourney
from simulation.model.world_spec import World
from tests.oracle.parameters import cumulative_shares

_MAX_CHARGES = 1e9
"""Upper limit of the number of charges, which avoids an overflow of the quotient."""


class ContractParameters(NamedTuple):
    """Renewals and charges; a `renewal_move` or `charge_move` below 0 means none.

    Attributes:
        renewal_every: Length of a contract, in days.
        renewal_move: The move by which customers leave at a renewal.
        renewal_mass: Mass of leaving by segment and tier; see the module's docstring.
        charge_every: Days between two charges.
        charge_move: The move by which customers leave after a failed charge that is not recovered.
        charge_mass: By segment: ``-log(1 - p)`` for a charge that fails with probability `p`.
        recovered: Probability that a failed charge is recovered.
        grace: Length of the grace period after a failed charge, in days.
    """

    renewal_every: float
    renewal_move: int
    renewal_mass: tuple[tuple[float, ...], ...]
    charge_every: float
    charge_move: int
    charge_mass: tuple[float, ...]
    recovered: float
    grace: float


class ValueChangeParameters(NamedTuple):
    """Changes of the account value.

    Attributes:
        factors: Factor of each change on the value.
        rates: Total rate per day, calm and in distress, by stage.
        cumulative: Cumulative shares of the changes in that rate, calm and in distress, by stage.
    """

    factors: tuple[float, ...]
    rates: tuple[tuple[float, ...], ...]
    cumulative: tuple[tuple[tuple[float, ...], ...], ...]


def build_contract_parameters(world: World, machine: CompiledJourney, segments: tuple[str, ...]) -> ContractParameters:
    """The contract parameters of a world, for the population's segments."""
    renewal, payments = world.renewal, world.payments
    move = world.moves.get(renewal.move)
    by_tier = {str(tier): ratio for tier, ratio in move.by_tier.items()} if move is not None else {}
    return ContractParameters(
        renewal_every=renewal.every_days,
        renewal_move=machine.move_index.get(renewal.move, -1) if any(renewal.churn.values()) else -1,
        renewal_mass=tuple(
            tuple(-log1p(-renewal.churn.get(name, 0.0)) * by_tier.get(tier, 1.0) for tier in TIERS) for name in segments
        ),
        charge_every=payments.every_days,
        charge_move=machine.move_index.get(payments.move, -1) if any(payments.failure.values()) else -1,
        charge_mass=tuple(-log1p(-payments.failure.get(name, 0.0)) for name in segments),
        recovered=payments.recovered,
        grace=payments.grace_days,
    )


def build_value_change_parameters(world: World, stages: tuple[str, ...]) -> ValueChangeParameters:
    """The value changes of a world, for the stages of its journey in code order."""
    changes = world.value_changes.values()
    rates = [
        [
            [change.per_day.get(stage, 0.0) * (change.in_distress if distressed else 1.0) for change in changes]
            for stage in stages
        ]
        for distressed in (False, True)
    ]
    return ValueChangeParameters(
        factors=tuple(change.factor for change in changes),
        rates=tuple(tuple(sum(of_stage) for of_stage in row) for row in rates),
        cumulative=tuple(tuple(cumulative_shares(of_stage) for of_stage in row) for row in rates),
    )


def next_renewal(now: float, tenure: float, every: float) -> float:
    """The day of the next renewal after `now`, for a customer with this tenure in days."""
    return now + (every - (tenure - every * floor(tenure / every)))


def charges_until_failure(mass: float, unit_exponential: float) -> float:
    """Number of charges up to and including the first failure, at least 1: a geometric draw by inversion.

    ``P(more than k) = P(unit_exponential >= k mass) = (1 - p)^k``. The result is infinite beyond a billion charges.
    """
    if unit_exponential >= _MAX_CHARGES * mass:
        return inf
    return 1.0 + floor(unit_exponential / mass)
