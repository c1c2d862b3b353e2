"""The customers that a funnel brings: who buys comes on the day of the purchase, new, with luck of its own.

A funnel is lived once for all who ask about it one after another (the engine, the chronicle, the books).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journey.core.errors import InputError
from simulation.acquisition.customer_traits import traits_of
from simulation.acquisition.spec import AcquiredPopulation
from simulation.population.draw import People, Person
from simulation.random.streams import customer_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journey.machine import CompiledJourney
    from simulation.acquisition.results import Lived
    from simulation.model.arm import ArmSetup
    from simulation.model.spec import Population

REFERENCE = "reference"
_KEPT = 4
"""Funnels that are remembered: of the arm that is being lived, and of some that are held against it."""

_lately: list[tuple[AcquiredPopulation, int, int, Lived]] = []


def lived(population: AcquiredPopulation, *, seed: int, replication: int, engine: str = REFERENCE) -> Lived:
    """The funnel of a population, lived now or lately.

    Args:
        population: The funnel.
        seed: The scenario's seed.
        replication: Which replication.
        engine: By which engine, if it is lived now; both give the same.
    """
    for known, *luck, found in _lately:
        if luck == [seed, replication] and known == population:
            return found
    if engine == REFERENCE:
        from simulation.acquisition.reference_engine import live
    else:
        from simulation.acquisition.compiled_engine import live
    found = live(population, seed=seed, replication=replication)
    _lately.insert(0, (population, seed, replication, found))
    del _lately[_KEPT:]
    return found


def forget() -> None:
    """Live every funnel anew from now on."""
    _lately.clear()


def run_funnel(setup: ArmSetup, engine: str, *, seed: int, replication: int) -> None:
    """Have an arm's funnel lived by an engine, before its customers are."""
    assert isinstance(setup.population, AcquiredPopulation)
    lived(setup.population, seed=seed, replication=replication, engine=engine)


def refuse_to_share(setups: Sequence[ArmSetup]) -> None:
    """Say so when several arms are to share one run.

    Raises:
        InputError: There are several.
    """
    if len(setups) > 1:
        raise InputError(
            "acquisition: an arm's customers are those its own budget brings, so customers cannot be assigned to arms; "
            "compare them with --mode counterfactual, in which the same prospect has the same luck in every arm"
        )


def acquired_people(population: Population, machine: CompiledJourney, *, seed: int, replication: int) -> People:
    """The buyers of a funnel as customers, in order of their number; see `simulation.runs.cohort.people`."""
    assert isinstance(population, AcquiredPopulation)
    found = lived(population, seed=seed, replication=replication)
    stage = population.acquisition.stage
    code = machine.initial[0] if stage is None else machine.stage_index[stage]
    persons = []
    for bought in sorted(found.purchases, key=lambda step: step.number):
        line = found.lines[bought.line]
        key = customer_key(seed, replication, bought.number)
        traits = traits_of(population, line.spec.quality, found.segments[bought.segment], key)
        persons.append(
            Person(
                number=bought.number,
                segment=bought.segment,
                tier=traits.tier,
                account_value=traits.account_value,
                stage=code,
                consents=traits.consents,
                arrives_at=bought.time,
                frailty_draw=traits.frailty_draw,
            )
        )
    return People(found.segments, len(persons), persons.__getitem__, tuple(persons))
