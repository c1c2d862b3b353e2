"""Synthetic customers, drawn by segment, and the types that every cohort uses.

All draws of customer ``i`` come from the random streams of customer ``i``, so an additional customer does not change
any other customer.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import exp, log1p
from typing import NamedTuple

from journey.decision.policy import TIERS
from journey.machine import CompiledJourney
from simulation.distributions.special_functions import normal_cdf, normal_quantile
from simulation.model.event_types import CALM
from simulation.model.parameters import cumulative_shares
from simulation.model.population_spec import Population
from simulation.random import copula, streams
from simulation.random.streams import uniform

BELOW_1 = 1.0 - 2.0**-53
"""The largest float below 1."""


@dataclass(frozen=True, slots=True)
class PriorSignal:
    """A signal from before the run: type by name, strength, source, and age on day 0 in days."""

    signal_type: str
    strength: float
    source: str
    age_days: float


@dataclass(frozen=True, slots=True)
class InitialCustomer:
    """One customer on day 0.

    Attributes:
        number: Number of the customer, from 0; part of the key of the customer's random streams.
        segment: Index into the population's segments.
        tier: Index into `journey.decision.policy.TIERS`.
        account_value: Revenue per year, in dollars.
        stage: Code of the stage on day 0.
        days_in_stage: Time already spent in that stage, in days.
        prior_signals: Signals that the orchestrator received before the run, oldest first.
        days_since_contact: Days since the last contact; negative if there was none.
        cause: Cause of the distress on day 0, an index into the world's causes, or CALM.
        recorded_tenure_days: Tenure as drawn or recorded, in days; 0 if unknown. See `tenure_days`.
        consents: Whether the customer may be contacted.
        arrives_at: Day of arrival; 0 for a customer who is present on day 0.
        frailty_draw: The standard normal draw of the frailty; None to take it from the customer's own stream.
        recorded_id: ID in the records that the customer comes from; empty if there are none.
    """

    number: int
    segment: int
    tier: int
    account_value: float
    stage: int
    days_in_stage: float = 0.0
    prior_signals: tuple[PriorSignal, ...] = ()
    days_since_contact: float = -1.0
    cause: int = CALM
    recorded_tenure_days: float = 0.0
    consents: bool = True
    arrives_at: float = 0.0
    frailty_draw: float | None = None
    recorded_id: str = ""

    @property
    def tenure_days(self) -> float:
        """Tenure in days, at least the time in the current stage."""
        return max(self.recorded_tenure_days, self.days_in_stage)


@dataclass(frozen=True, slots=True)
class Cohort:
    """A population on day 0.

    Attributes:
        segments: The names of its segments.
        size: Number of customers.
        customer_at: Returns the customer at an index from 0; customers are in order of their number.
        listed: The listed customers, or None if customers are drawn. The list is repeated until there are `size`
            customers, with consecutive numbers.
    """

    segments: tuple[str, ...]
    size: int
    customer_at: Callable[[int], InitialCustomer]
    listed: tuple[InitialCustomer, ...] | None = None

    @property
    def customers(self) -> Iterator[InitialCustomer]:
        """All customers, in order of their number."""
        return map(self.customer_at, range(self.size))


def draw_cohort(population: Population, machine: CompiledJourney, *, seed: int, replication: int) -> Cohort:
    """The customers of a synthetic population on day 0, each drawn on access."""
    at = partial(_draw_initial_customer, build_population_parameters(population, machine), seed, replication)
    return Cohort(tuple(population.segments), population.size, at)


def _draw_initial_customer(
    parameters: "PopulationParameters", seed: int, replication: int, number: int
) -> InitialCustomer:
    key = streams.customer_key(seed, replication, number)
    segment, tier, value, stage, known_days, consents, arrives_at, draw = draw_customer(parameters, key)
    return InitialCustomer(
        number=number,
        segment=segment,
        tier=tier,
        account_value=value,
        stage=stage,
        recorded_tenure_days=known_days,
        consents=consents,
        arrives_at=arrives_at,
        frailty_draw=draw,
    )


class PopulationParameters(NamedTuple):
    """Parameters of a synthetic population, by index; shares are cumulative.

    Attributes:
        segments: Shares of the segments.
        tiers: By segment, shares of the risk tiers.
        value: By segment, the median account value in dollars.
        value_spread: By segment, the standard deviation of its logarithm.
        tenure: By segment, the mean tenure in days; 0 where it is not drawn.
        do_not_contact: By segment, the share of customers who may not be contacted.
        stages: Codes of the stages in which customers start on day 0.
        stage_shares: Shares of these stages.
        is_correlated: Whether traits are correlated.
        factor: The Cholesky factor of their correlations (`simulation.random.copula`).
        arrival_share: Share of customers who arrive after day 0.
        over_days: Last day of arrivals.
        arrival_stage: Code of the stage in which they arrive.
    """

    segments: tuple[float, ...]
    tiers: tuple[tuple[float, ...], ...]
    value: tuple[float, ...]
    value_spread: tuple[float, ...]
    tenure: tuple[float, ...]
    do_not_contact: tuple[float, ...]
    stages: tuple[int, ...]
    stage_shares: tuple[float, ...]
    is_correlated: bool
    factor: tuple[tuple[float, ...], ...]
    arrival_share: float
    over_days: float
    arrival_stage: int


EMPTY_POPULATION = PopulationParameters(
    segments=(1.0,),
    tiers=((1.0,),),
    value=(0.0,),
    value_spread=(0.0,),
    tenure=(0.0,),
    do_not_contact=(0.0,),
    stages=(0,),
    stage_shares=(1.0,),
    is_correlated=False,
    factor=((0.0,),),
    arrival_share=0.0,
    over_days=0.0,
    arrival_stage=0,
)
"""Placeholder parameters for a population that is not drawn."""


def build_population_parameters(population: Population, machine: CompiledJourney) -> PopulationParameters:
    """The parameters of a synthetic population."""
    segments = list(population.segments.values())
    start = {machine.stage_index[stage]: share for stage, share in population.start.items() if share > 0.0}
    arrivals, matrix = population.arrivals, population.correlations.matrix
    first = machine.initial[0]
    return PopulationParameters(
        segments=cumulative_shares(segment.share for segment in segments),
        tiers=tuple(cumulative_shares(segment.tiers.get(tier, 0.0) for tier in TIERS) for segment in segments),
        value=tuple(segment.account_value for segment in segments),
        value_spread=tuple(segment.value_spread for segment in segments),
        tenure=tuple(segment.tenure_mean_days for segment in segments),
        do_not_contact=tuple(segment.do_not_contact for segment in segments),
        stages=tuple(start) or (first,),
        stage_shares=cumulative_shares(start.values() if start else [1.0]),
        is_correlated=not copula.is_independent(matrix),
        factor=copula.cholesky(matrix),
        arrival_share=arrivals.share if arrivals is not None else 0.0,
        over_days=arrivals.over_days if arrivals is not None else 0.0,
        arrival_stage=machine.stage_index[arrivals.stage]
        if arrivals is not None and arrivals.stage is not None
        else first,
    )


def draw_customer(
    parameters: PopulationParameters,
    key: int,
    needs_frailty: bool = True,  # noqa: FBT001, FBT002 - compiled code has no keyword-only arguments
) -> tuple[int, int, float, int, float, bool, float, float]:
    """Draw one customer from the customer's own random streams.

    Args:
        parameters: The population.
        key: The key of the customer's streams.
        needs_frailty: Whether the frailty matters; otherwise its draw is 0.

    Returns:
        Segment, tier, account value, stage, tenure in days, whether contact is allowed, day of arrival (0: present on
        day 0), and the standard normal draw of the frailty.
    """
    segment = pick(parameters.segments, uniform(key, streams.SEGMENT, 0, 0))
    value_draw, frailty_draw = 0.0, 0.0
    if parameters.is_correlated or parameters.value_spread[segment] > 0.0:
        value_draw = standard_normal(key, streams.VALUE)
    if needs_frailty:
        frailty_draw = standard_normal(key, streams.FRAILTY)
    tier_draw, tenure_draw = uniform(key, streams.TIER, 0, 0), uniform(key, streams.TENURE, 0, 0)
    if parameters.is_correlated:
        # In the order of `simulation.random.copula`; the first trait equals its independent draw.
        tier_normal, tenure_normal = normal_quantile(tier_draw), normal_quantile(tenure_draw)
        one, two, three = parameters.factor[1], parameters.factor[2], parameters.factor[3]
        tier_draw = normal_cdf(one[0] * value_draw + one[1] * tier_normal)
        tenure_draw = normal_cdf(two[0] * value_draw + two[1] * tier_normal + two[2] * tenure_normal)
        mixed = three[0] * value_draw + three[1] * tier_normal + three[2] * tenure_normal
        frailty_draw = mixed + three[3] * frailty_draw
    tier = pick(parameters.tiers[segment], tier_draw)
    value = parameters.value[segment]
    if parameters.value_spread[segment] > 0.0:
        value *= exp(parameters.value_spread[segment] * value_draw)
    stage = parameters.stages[pick(parameters.stage_shares, uniform(key, streams.START_STAGE, 0, 0))]
    known_days, arrives_at = 0.0, 0.0
    if parameters.tenure[segment] > 0.0:
        # For a normal draw beyond 8 standard deviations the share rounds to 1, and log1p(-1) is undefined.
        known_days = -parameters.tenure[segment] * log1p(-min(tenure_draw, BELOW_1))
    if parameters.arrival_share > 0.0 and uniform(key, streams.ARRIVES, 0, 0) < parameters.arrival_share:
        arrives_at = parameters.over_days * uniform(key, streams.ARRIVES, 1, 0)
        stage, known_days = parameters.arrival_stage, 0.0
    refusing = parameters.do_not_contact[segment]
    consents = refusing <= 0.0 or uniform(key, streams.CONSENT, 0, 0) >= refusing
    return segment, tier, value, stage, known_days, consents, arrives_at, frailty_draw


def build_arm_splits(shares: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    """By segment, the cumulative shares of the arms; a segment in which no arm has a share goes to the first arm.

    Args:
        shares: Relative shares, by segment, then by arm.
    """
    return tuple(cumulative_shares(of_arms if any(of_arms) else (1.0, *of_arms[1:])) for of_arms in shares)


def assign_arm(key: int, split: Sequence[float]) -> int:
    """The index of the arm that a customer is assigned to, by a keyed draw from the arms' cumulative shares."""
    return pick(split, uniform(key, streams.ARM, 0, 0)) if len(split) > 1 else 0


def lognormal_frailty(spread: float, draw: float) -> float:
    """A customer's frailty: log-normal with mean 1.

    Args:
        spread: Standard deviation of its logarithm.
        draw: A standard normal draw.
    """
    if spread <= 0.0:
        return 1.0
    return exp(spread * draw - 0.5 * spread * spread)


def draw_frailty(spread: float, key: int, draw: float | None = None) -> float:
    """The frailty of a customer; `draw` is its standard normal draw. Default: the draw of the customer's stream."""
    return lognormal_frailty(spread, standard_normal(key, streams.FRAILTY) if draw is None else draw)


def standard_normal(key: int, purpose: int) -> float:
    """A standard normal draw of a customer."""
    return normal_quantile(uniform(key, purpose, 0, 0))


def pick(cumulative_shares: Sequence[float], draw: float) -> int:
    """The first index whose cumulative share exceeds a uniform draw."""
    for index, edge in enumerate(cumulative_shares):
        if draw < edge:
            return index
    return len(cumulative_shares) - 1


KERNELS = (pick, assign_arm, standard_normal, lognormal_frailty, draw_customer)
"""Functions to compile."""
