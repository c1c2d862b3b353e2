"""The customers that a funnel brings: each buyer starts as a new customer on the day of the purchase.

A simulated funnel is cached for its users, which follow one another: the engine, the exports and the metrics.
"""

from __future__ import annotations

from operator import eq
from typing import TYPE_CHECKING

from journey.core.errors import InputError
from journey.runtime.recent_cache import RecentCache
from simulation.acquisition.customer_traits import draw_traits
from simulation.acquisition.spec import AcquiredPopulation
from simulation.population.draw import Cohort, InitialCustomer
from simulation.random.streams import customer_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journey.machine import CompiledJourney
    from simulation.acquisition.results import FunnelResult
    from simulation.model.arm import ArmSpec
    from simulation.model.population_spec import Population

REFERENCE = "reference"
_CACHE_SIZE = 4
"""Number of cached funnels: the arm that is being simulated and a few that it is compared with."""


def get_funnel_result(
    population: AcquiredPopulation, *, seed: int, replication: int, engine: str = REFERENCE
) -> FunnelResult:
    """The simulated funnel of a population, from the cache if it was simulated recently.

    Args:
        population: The funnel.
        seed: The scenario's seed.
        replication: Number of the replication.
        engine: The engine that simulates the funnel if it is not cached. Results of both engines are identical.
    """

    def simulate() -> FunnelResult:
        if engine == REFERENCE:
            from simulation.acquisition.reference_engine import simulate_funnel
        else:
            from simulation.acquisition.compiled_engine import simulate_funnel
        return simulate_funnel(population, seed=seed, replication=replication)

    return _recent_funnels.get_or_create((population,), (seed, replication), simulate)


# By equality: the same funnel may have been loaded twice.
_recent_funnels: RecentCache[FunnelResult] = RecentCache(_CACHE_SIZE, matches=eq)


def clear_cache() -> None:
    """Simulate every funnel again from now on."""
    _recent_funnels.clear()


def run_funnel(arm_spec: ArmSpec, engine: str, *, seed: int, replication: int) -> None:
    """Simulate an arm's funnel with an engine, before its customers."""
    assert isinstance(arm_spec.population, AcquiredPopulation)
    get_funnel_result(arm_spec.population, seed=seed, replication=replication, engine=engine)


def refuse_to_share(arm_specs: Sequence[ArmSpec]) -> None:
    """Refuse to simulate several arms with acquisition in one run.

    Raises:
        InputError: There are several arms.
    """
    if len(arm_specs) > 1:
        raise InputError(
            "acquisition: each arm's budget brings its own customers, so customers cannot be assigned to arms; "
            "use --mode counterfactual, which compares arms with common random numbers for each prospect"
        )


def acquire_cohort(population: Population, machine: CompiledJourney, *, seed: int, replication: int) -> Cohort:
    """The buyers of a funnel as customers, in order of their number; see `simulation.runs.cohort.build_cohort`."""
    assert isinstance(population, AcquiredPopulation)
    result = get_funnel_result(population, seed=seed, replication=replication)
    stage = population.acquisition.stage
    code = machine.initial[0] if stage is None else machine.stage_index[stage]
    persons = []
    for purchase in sorted(result.purchases, key=lambda step: step.number):
        line = result.lines[purchase.line]
        key = customer_key(seed, replication, purchase.number)
        traits = draw_traits(population, line.spec.quality, result.segments[purchase.segment], key)
        persons.append(
            InitialCustomer(
                number=purchase.number,
                segment=purchase.segment,
                tier=traits.tier,
                account_value=traits.account_value,
                stage=code,
                consents=traits.consents,
                arrives_at=purchase.time,
                frailty_draw=traits.frailty_draw,
            )
        )
    return Cohort(result.segments, len(persons), persons.__getitem__, tuple(persons))
