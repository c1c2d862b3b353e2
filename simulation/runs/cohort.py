"""The cohort of a run: synthetic, recorded or acquired customers on day 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.model.arm import compile_arm, map_policy_segments
from simulation.population.draw import Cohort, draw_cohort
from simulation.population.initial_state import draw_initial_state
from simulation.random.streams import customer_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journey.machine import CompiledJourney
    from simulation.model.arm import ArmSpec
    from simulation.model.population_spec import Population
    from simulation.population.draw import InitialCustomer


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


def draw_initial_customers(
    arm_spec: ArmSpec, *, seed: int, replication: int
) -> tuple[Cohort, Iterator[tuple[int, InitialCustomer]]]:
    """The cohort of an arm, and every customer's stream key and initial state, in order of their number.

    Raises:
        InputError: The folder of records cannot be used.
    """
    cohort = build_cohort(arm_spec.population, arm_spec.journey.compile(), seed=seed, replication=replication)
    table = compile_arm(arm_spec, cohort.segments)
    segment_codes = map_policy_segments(table, cohort.segments)

    def draw(customer: InitialCustomer) -> tuple[int, InitialCustomer]:
        key = customer_key(seed, replication, customer.number)
        return key, draw_initial_state(customer, key, arm_spec.population, table, segment_codes[customer.segment])

    return cohort, map(draw, cohort.customers)
