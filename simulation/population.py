"""Who lives in the simulated world: customers drawn by segment, or taken from a folder of records.

Everything drawn about customer ``i`` comes from the streams of customer ``i``, so one customer more changes nobody
else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp
from statistics import NormalDist

from journey.machine import CompiledJourney
from journey.policy import TIERS
from simulation import streams
from simulation.agenda import CALM
from simulation.spec import Population

_STANDARD_NORMAL = NormalDist()


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
    for number in range(population.size):
        key = streams.customer_key(seed, replication, number)
        segment = pick(segment_shares, streams.uniform(key, streams.SEGMENT, 0, 0))
        spec = segments[segment]
        yield Person(
            number=number,
            segment=segment,
            tier=pick(tier_shares[segment], streams.uniform(key, streams.TIER, 0, 0)),
            account_value=spec.account_value * exp(spec.value_spread * standard_normal(key, streams.VALUE)),
            stage=stages[pick(stage_shares, streams.uniform(key, streams.START_STAGE, 0, 0))],
        )


def splits_of(shares: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    """By segment, the cumulative shares of the arms; a segment in which no arm has a share goes to the first.

    Args:
        shares: Relative shares, by segment, then by arm.
    """
    return tuple(cumulative(of_arms if any(of_arms) else (1.0, *of_arms[1:])) for of_arms in shares)


def arm_of(key: int, split: Sequence[float]) -> int:
    """Which arm a customer is assigned to: a keyed draw against the arms' cumulative shares."""
    return pick(split, streams.uniform(key, streams.ARM, 0, 0)) if len(split) > 1 else 0


def frailty(spread: float, key: int) -> float:
    """A customer's frailty: log-normal with mean 1, `spread` the standard deviation of its logarithm."""
    if spread <= 0.0:
        return 1.0
    return exp(spread * standard_normal(key, streams.FRAILTY) - 0.5 * spread * spread)


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
