"""The account of a customer: contracts that end, charges that fail, a value that changes.

A contract's end is a moment, not a hazard: the customer leaves if a unit-exponential amount is below a mass, which is
``-log(1 - p)`` for a chance of `p`, times every hazard ratio now in force. So distress or a season acts on the date as
it acts on the days before.
"""

from math import floor, inf, log1p
from typing import NamedTuple

from journey.decision.policy import TIERS
from journey.machine import CompiledJourney
from simulation.model.parameters import cumulative_shares
from simulation.model.spec import World

_MAX_CHARGES = 1e9
"""No customer is charged so often; a quotient beyond the range of floats is not even tried."""


class ContractParameters(NamedTuple):
    """Renewals and charges; a `renewal_move` or `charge_move` below 0 means there are none.

    Attributes:
        renewal_every: Length of a contract, in days.
        renewal_move: By which move customers leave at its end.
        renewal_mass: By segment and tier; see the module.
        charge_every: Days between two charges.
        charge_move: By which move customers leave whose charge is not made good.
        charge_mass: By segment: ``-log(1 - p)`` for a charge that fails with probability `p`.
        recovered: Chance that a failed charge is made good.
        grace: How long that is waited for, in days.
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
        factors: What each change multiplies the value by.
        rates: Total rate per day, calm and in distress, by stage.
        cumulative: The same as cumulative shares of each change.
    """

    factors: tuple[float, ...]
    rates: tuple[tuple[float, ...], ...]
    cumulative: tuple[tuple[tuple[float, ...], ...], ...]


def build_contract_parameters(world: World, machine: CompiledJourney, segments: tuple[str, ...]) -> ContractParameters:
    """The contracts of a world, for the population's segments."""
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
    """The changes of value of a world, for the stages of its journey in code order."""
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
    """The day of the next end of a contract, for a customer of this tenure in days; after `now`."""
    return now + (every - (tenure - every * floor(tenure / every)))


def charges_until_failure(mass: float, unit_exponential: float) -> float:
    """How many charges it takes until one fails, at least 1: geometric, by inversion.

    ``P(more than k) = P(unit_exponential >= k mass) = (1 - p)^k``. Beyond a billion charges it is never.
    """
    if unit_exponential >= _MAX_CHARGES * mass:
        return inf
    return 1.0 + floor(unit_exponential / mass)


KERNELS = (next_renewal, charges_until_failure)
"""The functions that compiled code uses."""
