"""Who lives in the simulated world: customers drawn by segment, or taken from a folder of records.

Everything drawn about customer ``i`` comes from the streams of customer ``i``, so one customer more changes nobody
else.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import exp, log1p
from statistics import NormalDist
from typing import NamedTuple

from journey.machine import CompiledJourney
from journey.policy import TIERS
from simulation import copula, streams
from simulation.agenda import CALM
from simulation.spec import Population

_STANDARD_NORMAL = NormalDist()
_TRAIT_STREAMS = (streams.VALUE, streams.TIER, streams.TENURE, streams.FRAILTY)
"""In the order of `simulation.copula`."""


@dataclass(frozen=True, slots=True)
class HeardSignal:
    """A signal that a customer brings along: type by name, strength, source, and age on day 0 in days."""

    signal_type: str
    strength: float
    source: str
    age_days: float


@dataclass(frozen=True, slots=True)
class Person:
    """One customer on day 0.

    Attributes:
        number: Number of the customer, from 0; the key of its streams.
        segment: Index into the population's segments.
        tier: Index into `journey.policy.TIERS`.
        account_value: Revenue per year, in dollars.
        stage: Code of the stage on day 0.
        days_in_stage: Time already spent there, in days.
        heard: What the orchestrator has already heard, oldest first.
        days_since_contact: Days since the last contact; negative when there was none.
        cause: Cause of a distress that is on already, an index into the world's causes; CALM when there is none.
        known_days: Time since the customer came, in days, as far as known; see `tenure_days`.
        consents: Whether the customer may be contacted.
        arrives_at: Day on which the customer comes; 0 for those who are there already.
        frailty_draw: The standard normal behind the frailty, where it goes together with other traits.
    """

    number: int
    segment: int
    tier: int
    account_value: float
    stage: int
    days_in_stage: float = 0.0
    heard: tuple[HeardSignal, ...] = ()
    days_since_contact: float = -1.0
    cause: int = CALM
    known_days: float = 0.0
    consents: bool = True
    arrives_at: float = 0.0
    frailty_draw: float | None = None

    @property
    def tenure_days(self) -> float:
        """Time since the customer came: at least the time in the present stage."""
        return max(self.known_days, self.days_in_stage)


@dataclass(frozen=True, slots=True)
class People:
    """A population on day 0: the names of its segments, and its customers in order of their number."""

    segments: tuple[str, ...]
    persons: Iterable[Person]


def people(population: Population, machine: CompiledJourney, *, seed: int, replication: int) -> People:
    """The customers on day 0.

    Args:
        population: Who lives in the world.
        machine: The compiled journey.
        seed: The scenario's seed.
        replication: Which replication.

    Raises:
        InputError: The folder of records cannot be used.
    """
    if population.records is not None:
        from simulation.recorded import recorded_people

        return recorded_people(population, machine)
    segments = tuple(population.segments)
    return People(segments, _synthetic(population, machine, seed=seed, replication=replication))


def _synthetic(population: Population, machine: CompiledJourney, *, seed: int, replication: int) -> Iterable[Person]:
    segments = list(population.segments.values())
    segment_shares = cumulative(segment.share for segment in segments)
    tier_shares = [cumulative(segment.tiers.get(tier, 0.0) for tier in TIERS) for segment in segments]
    start = {machine.stage_index[stage]: share for stage, share in population.start.items() if share > 0.0}
    stages = tuple(start) or (machine.initial[0],)
    stage_shares = cumulative(start.values() if start else [1.0])
    traits_of = _traits(population)
    arrive = _arrivals(population, machine)
    for number in range(population.size):
        key = streams.customer_key(seed, replication, number)
        segment = pick(segment_shares, streams.uniform(key, streams.SEGMENT, 0, 0))
        spec = segments[segment]
        traits = traits_of(key)
        person = Person(
            number=number,
            segment=segment,
            tier=pick(tier_shares[segment], traits.tier),
            account_value=spec.account_value * exp(spec.value_spread * traits.value),
            stage=stages[pick(stage_shares, streams.uniform(key, streams.START_STAGE, 0, 0))],
            known_days=-spec.tenure_mean_days * log1p(-traits.tenure) if spec.tenure_mean_days > 0.0 else 0.0,
            consents=streams.uniform(key, streams.CONSENT, 0, 0) >= spec.do_not_contact,
            frailty_draw=traits.frailty,
        )
        yield arrive(person, key)


class _Traits(NamedTuple):
    """What is drawn together: normals for value and frailty (None: drawn by itself), uniforms for the others."""

    value: float
    tier: float
    tenure: float
    frailty: float | None


def _traits(population: Population) -> Callable[[int], _Traits]:
    """How the traits of a customer are drawn from the customer's key."""
    matrix = population.correlations.matrix
    if copula.is_independent(matrix):
        return lambda key: _Traits(
            standard_normal(key, streams.VALUE),
            streams.uniform(key, streams.TIER, 0, 0),
            streams.uniform(key, streams.TENURE, 0, 0),
            None,
        )
    factor = copula.cholesky(matrix)

    def correlated(key: int) -> _Traits:
        draws = [standard_normal(key, purpose) for purpose in _TRAIT_STREAMS]
        normals = [copula.mixed(factor, draws, trait) for trait in range(len(_TRAIT_STREAMS))]
        tier, tenure = (_below_1(_STANDARD_NORMAL.cdf(normals[trait])) for trait in (copula.TIER, copula.TENURE))
        return _Traits(normals[copula.VALUE], tier, tenure, normals[copula.FRAILTY])

    return correlated


def _below_1(share: float) -> float:
    """A normal beyond 8 standard deviations has a probability that rounds to 1, and 1 has no logarithm left."""
    return min(share, 1.0 - 2.0**-53)


def _arrivals(population: Population, machine: CompiledJourney) -> Callable[[Person, int], Person]:
    """What makes those who come later come later; the others are left as they are."""
    plan = population.arrivals
    if plan is None or plan.share <= 0.0:
        return lambda person, _key: person
    stage = machine.initial[0] if plan.stage is None else machine.stage_index[plan.stage]

    def arrive(person: Person, key: int) -> Person:
        if streams.uniform(key, streams.ARRIVES, 0, 0) >= plan.share:
            return person
        time = plan.over_days * streams.uniform(key, streams.ARRIVES, 1, 0)
        return replace(person, arrives_at=time, stage=stage, known_days=0.0)

    return arrive


def splits_of(shares: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    """By segment, the cumulative shares of the arms; a segment in which no arm has a share goes to the first.

    Args:
        shares: Relative shares, by segment, then by arm.
    """
    return tuple(cumulative(of_arms if any(of_arms) else (1.0, *of_arms[1:])) for of_arms in shares)


def arm_of(key: int, split: Sequence[float]) -> int:
    """Which arm a customer is assigned to: a keyed draw against the arms' cumulative shares."""
    return pick(split, streams.uniform(key, streams.ARM, 0, 0)) if len(split) > 1 else 0


def frailty(spread: float, key: int, draw: float | None = None) -> float:
    """A customer's frailty: log-normal with mean 1.

    Args:
        spread: Standard deviation of its logarithm.
        key: The key of the customer's streams.
        draw: The standard normal behind it, where it goes together with other traits.
    """
    if spread <= 0.0:
        return 1.0
    normal = standard_normal(key, streams.FRAILTY) if draw is None else draw
    return exp(spread * normal - 0.5 * spread * spread)


def standard_normal(key: int, purpose: int) -> float:
    """A standard normal draw of a customer."""
    return _STANDARD_NORMAL.inv_cdf(streams.uniform(key, purpose, 0, 0))


def cumulative(shares: Iterable[float]) -> tuple[float, ...]:
    """Relative shares as cumulative ones that end at 1."""
    sums = list(accumulate(shares))
    return tuple(partial / sums[-1] for partial in sums)


def pick(cumulative_shares: Sequence[float], draw: float) -> int:
    """The first index whose cumulative share exceeds a uniform draw."""
    for index, edge in enumerate(cumulative_shares):
        if draw < edge:
            return index
    return len(cumulative_shares) - 1


KERNELS = (pick,)
"""The functions that compiled code uses."""
