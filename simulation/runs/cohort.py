"""The cohort of a run: synthetic, recorded or acquired customers on day 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.population.draw import Cohort, draw_cohort

if TYPE_CHECKING:
    from journey.machine import CompiledJourney
    from simulation.model.spec import Population


def build_cohort(population: Population, machine: CompiledJourney, *, seed: int, replication: int) -> Cohort:
    """The customers on day 0.

    Args:
        population: The population's specification.
        machine: The compiled journey.
        seed: The scenario's seed.
        replication: Number of the replication.

    Raises:
        InputError: The folder of records cannot be used.
    """
    if population.records is not None:
        from simulation.population.from_records import read_cohort

        return read_cohort(population, machine)
    if population.is_listed:
        from simulation.acquisition.customers import acquire_cohort

        return acquire_cohort(population, machine, seed=seed, replication=replication)
    return draw_cohort(population, machine, seed=seed, replication=replication)
