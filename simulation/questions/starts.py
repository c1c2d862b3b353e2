"""The customers that a question is about: their kinds, and where they begin.

Without `from`, they are those of the scenario. With it, they have the same mix of segments and tiers, and all begin on
day 0 in one stage, at the beginning of a stay and without distress.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from journey.core.errors import InputError
from journey.decision.policy import TIERS
from simulation.acquisition.spec import AcquiredPopulation
from simulation.model.population_spec import Population, Segment
from simulation.population.from_records import derive_synthetic, read_cohort

if TYPE_CHECKING:
    from collections.abc import Mapping

    from journey.machine import Journey
    from simulation.model.arm import ArmSpec
    from simulation.questions.question import Question
    from simulation.questions.totals import CustomerKind


@dataclass(frozen=True)
class Beginnings:
    """Where customers of one kind begin.

    Attributes:
        share: Share of the kind among all customers.
        present: Share of the kind's customers by stage on day 0.
        arriving: Share of the kind's customers by stage of their later arrival, where they are new and calm.
    """

    share: float
    present: Mapping[str, float]
    arriving: Mapping[str, float]


def list_segments(arm_spec: ArmSpec) -> tuple[str, ...]:
    """The names of the population's segments."""
    if arm_spec.population.records is not None:
        return read_cohort(arm_spec.population, arm_spec.journey.compile()).segments
    return tuple(arm_spec.population.segments)


def derive_question_arm(arm_spec: ArmSpec, origin: str | None) -> ArmSpec:
    """The arm with the customers that a question is about, and without the scenario's own metrics.

    Args:
        arm_spec: The arm.
        origin: The stage in which all customers begin, or None for the customers of the scenario.

    Raises:
        InputError: All customers of the scenario begin in another stage, because campaigns acquire them.
    """
    arm_spec = replace(arm_spec, metrics={}, reported=frozenset())
    population = arm_spec.population
    if origin is None:
        return arm_spec
    if isinstance(population, AcquiredPopulation):
        entry = population.acquisition.stage or arm_spec.journey.initial[0]
        if origin != entry:
            raise InputError(
                f"from {origin!r}: campaigns acquire the customers of this scenario, and all begin in {entry!r}; "
                f"remove the clause, or begin in {entry!r}"
            )
        return arm_spec
    if population.records is not None:
        population = derive_synthetic(population, arm_spec.journey.compile(), size=population.size)
    return replace(
        arm_spec,
        population=Population(
            size=population.size,
            segments=population.segments,
            start={origin: 1.0},
            correlations=population.correlations,
        ),
    )


def list_beginnings(arm_spec: ArmSpec) -> dict[CustomerKind, Beginnings]:
    """Where the customers of an arm begin, by kind; only kinds that exist."""
    population = arm_spec.population
    if population.records is not None:
        return _list_recorded(arm_spec)
    journey = arm_spec.journey
    start = population.start or {journey.initial[0]: 1.0}
    arrivals = population.arrivals
    late = 0.0 if arrivals is None else arrivals.share
    entry = (None if arrivals is None else arrivals.stage) or journey.initial[0]
    present = {stage: (1.0 - late) * share for stage, share in _to_shares(start).items()}
    segments = _to_shares({name: segment.share for name, segment in population.segments.items()})
    return {
        (name, tier): Beginnings(share * of_tier, present, {entry: late} if late > 0.0 else {})
        for name, share in segments.items()
        for tier, of_tier in _to_tier_shares(population.segments[name]).items()
    }


def describe_mixed_beginnings(
    journey: Journey, question: Question, beginnings: Mapping[CustomerKind, Beginnings]
) -> str | None:
    """The stages in which the customers of a question about reaching a stage begin; None if it is one stage.

    Customers in several stages are easily overlooked: "the probability that a trial converts" is not that of all
    customers who do not pay yet.

    Args:
        journey: The journey.
        question: The question.
        beginnings: Where its customers begin, by kind.
    """
    if question.start is not None or question.kind not in ("reach", "time"):
        return None
    begun = {stage for each in beginnings.values() for stage in (*each.present, *each.arriving)}
    counted = [stage for stage in journey.stages if stage in begun - {question.stage} - journey.exit_stages]
    if len(counted) < 2:
        return None
    return f"the question is about customers who begin in {', '.join(counted[:-1])} or {counted[-1]}"


def _to_tier_shares(segment: Segment) -> dict[str, float]:
    return _to_shares({str(tier): share for tier, share in segment.tiers.items()})


def _to_shares(weights: Mapping[str, float]) -> dict[str, float]:
    """Positive weights as shares that add up to 1."""
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items() if weight > 0.0}


def _list_recorded(arm_spec: ArmSpec) -> dict[CustomerKind, Beginnings]:
    machine = arm_spec.journey.compile()
    cohort = read_cohort(arm_spec.population, machine)
    stages: dict[CustomerKind, Counter[str]] = {}
    for customer in cohort.customers:
        kind = (cohort.segments[customer.segment], TIERS[customer.tier])
        stages.setdefault(kind, Counter())[machine.stages[customer.stage]] += 1
    return {kind: Beginnings(counts.total() / cohort.size, _to_shares(counts), {}) for kind, counts in stages.items()}
