"""A buyer's traits, drawn from the buyer's own random streams, by segment and channel quality."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, NamedTuple

from journey.decision.policy import TIERS
from simulation.model.parameters import cumulative_shares
from simulation.population.draw import PopulationParameters, draw_customer
from simulation.random import copula

if TYPE_CHECKING:
    from simulation.acquisition.spec import AcquiredPopulation, Quality


class CustomerTraits(NamedTuple):
    """Traits of a buyer.

    Attributes:
        tier: Index of the risk tier.
        account_value: Dollars per year.
        consents: Whether the customer may be contacted.
        frailty_draw: The standard normal draw of the frailty, shifted by the channel's hazard ratio.
    """

    tier: int
    account_value: float
    consents: bool
    frailty_draw: float


def draw_traits(population: AcquiredPopulation, quality: Quality, segment: str, key: int) -> CustomerTraits:
    """Draw the traits of a buyer.

    A hazard ratio ``r`` on a log-normal frailty ``exp(s z - s^2 / 2)`` is a shift of its normal by ``log(r) / s``.

    Args:
        population: Gives the segment, the correlations of traits, and the spread of frailty.
        quality: How the channel's buyers differ.
        segment: Name of the segment.
        key: The key of the buyer's random streams.
    """
    _, tier, value, _, _, consents, _, draw = draw_customer(_population_parameters(population, quality, segment), key)
    shift = log(quality.churn) / population.frailty_spread if quality.churn != 1.0 else 0.0
    return CustomerTraits(tier, value, consents, draw + shift)


def _population_parameters(population: AcquiredPopulation, quality: Quality, segment: str) -> PopulationParameters:
    """The parameters of a synthetic population with this segment only."""
    spec = population.segments[segment]
    tiers = quality.tiers or spec.tiers
    matrix = population.correlations.matrix
    return PopulationParameters(
        segments=(1.0,),
        tiers=(cumulative_shares(tiers.get(tier, 0.0) for tier in TIERS),),
        value=(spec.account_value * quality.account_value,),
        value_spread=(spec.value_spread,),
        tenure=(0.0,),
        do_not_contact=(spec.do_not_contact,),
        stages=(0,),
        stage_shares=(1.0,),
        is_correlated=not copula.is_independent(matrix),
        factor=copula.cholesky(matrix),
        arrival_share=0.0,
        over_days=0.0,
        arrival_stage=0,
    )
