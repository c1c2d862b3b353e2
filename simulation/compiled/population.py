"""Customers drawn by compiled code, as in `simulation.population.draw` and `simulation.population.initial_state`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from journey.decision.policy import TIERS
from journey.runtime.nested_arrays import to_arrays
from simulation.compiled.listed_population import build_listed_population
from simulation.customer.events import set_start
from simulation.model.event_types import CALM
from simulation.model.evidence import add_signal
from simulation.population.draw import (
    EMPTY_POPULATION,
    assign_arm,
    build_population_parameters,
    draw_customer,
    lognormal_frailty,
    standard_normal,
)
from simulation.population.initial_state import age_quantile, build_age_table, cause_at_age, initial_cause
from simulation.random import streams
from simulation.random.streams import customer_key, uniform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.compiled.listed_population import ListedPopulation
    from simulation.model.arm import ArmSpec, CompiledArm
    from simulation.population.draw import Cohort


class PopulationArrays(NamedTuple):
    """The parameters from which customers are drawn, as arrays.

    Attributes:
        listed: Whether customers are taken from a list; otherwise they are drawn.
        listed_population: The list.
        parameters: `simulation.population.draw.PopulationParameters`.
        first: Index of the first customer in the population.
        size: Number of customers.
        seed, replication: Of the run.
        spread: Standard deviation of log frailty.
        in_mid_stay, in_distress: Whether customers can be in mid-stay, and in distress, on day 0.
        cells: By stage, segment and tier: the row of the age tables.
        ends, shares, guides: Age tables; see `simulation.population.initial_state.age_quantile`.
        splits: By segment: cumulative shares of the arms.
        policy_segments: By arm and segment: the segment's number in the policy.
    """

    listed: bool
    listed_population: ListedPopulation
    parameters: Any
    first: int
    size: int
    seed: int
    replication: int
    spread: float
    in_mid_stay: bool
    in_distress: bool
    cells: Any
    ends: Any
    shares: Any
    guides: Any
    splits: Any
    policy_segments: Any


def build_population_arrays(
    arm_spec: ArmSpec,
    cohort: Cohort,
    compiled_arms: Sequence[CompiledArm],
    splits: Sequence[Sequence[float]],
    policy_segments: Sequence[Sequence[int]],
    *,
    seed: int,
    replication: int,
) -> PopulationArrays:
    """The arrays from which the customers of a population are drawn or taken.

    Args:
        arm_spec: The first arm, which specifies the population.
        cohort: The population.
        compiled_arms: The arms, compiled.
        splits: By segment: cumulative shares of the arms.
        policy_segments: By arm and segment: the segment's number in the policy.
        seed: The scenario's seed.
        replication: Number of the replication.
    """
    population, listed, here = arm_spec.population, cohort.listed is not None, arm_spec.pod_range(cohort.size)
    in_mid_stay = population.in_mid_stay and not listed
    cells, ages = _age_tables(compiled_arms[0], len(cohort.segments)) if in_mid_stay else (np.zeros((1, 1, 1), int), [])
    return PopulationArrays(
        listed=listed,
        listed_population=build_listed_population(
            cohort.listed or (), compiled_arms, policy_segments[0], of_records=population.records is not None
        ),
        parameters=to_arrays(
            EMPTY_POPULATION if listed else build_population_parameters(population, arm_spec.journey.compile())
        ),
        first=here.start,
        size=len(here),
        seed=seed,
        replication=replication,
        spread=arm_spec.world.frailty_spread,
        in_mid_stay=in_mid_stay,
        in_distress=population.in_distress,
        cells=cells,
        ends=np.array([end for end, _, _ in ages] or [0.0]),
        shares=np.array([shares for _, shares, _ in ages] or [[0.0, 1.0]]),
        guides=np.array([guide for *_, guide in ages] or [[0, 0]]),
        splits=np.array(splits),
        policy_segments=np.array(policy_segments),
    )


def _age_tables(
    compiled_arm: CompiledArm, segments: int
) -> tuple[Any, list[tuple[float, Sequence[float], Sequence[int]]]]:
    """Age tables by stage, segment and tier; equal tables are stored once."""
    arm = compiled_arm.parameters
    cells = np.zeros((len(arm.moves), segments, len(TIERS)), dtype=np.int64)
    tables: dict[Any, tuple[int, tuple[float, ...]]] = {}
    for stage, segment, tier in np.ndindex(*cells.shape):
        moves, ratios = arm.moves[stage], arm.move_ratios[segment][tier]
        # Only the ratios of the moves out of the stage matter, so many cells share one table.
        key = (moves, tuple(ratios[move.move] for move in moves))
        cells[stage, segment, tier] = tables.setdefault(key, (len(tables), ratios))[0]
    return cells, [build_age_table(moves, ratios, arm.knots) for (moves, _), (_, ratios) in tables.items()]


def clear_row(engine: Any, row: int) -> None:
    """Reset a row. Its version stays, so that pending events of its previous customer remain invalid."""
    version = engine.customers[row].version
    for word in range(len(engine.blank)):
        engine.memory[row, word] = engine.blank[word]
    customer = engine.customers[row]
    customer.row = row
    customer.version = version


def initialise_row(arms: Any, population: Any, engine: Any, row: int, index: int) -> None:
    """Write the customer with this index into a row, in the state of day 0 and before any clock is started."""
    clear_row(engine, row)
    customer = engine.customers[row]
    if population.listed:
        initialise_listed_customer(arms, population, customer, population.first + index)
    else:
        initialise_drawn_customer(arms, population, customer, population.first + index)


def initialise_drawn_customer(arms: Any, population: Any, customer: Any, number: int) -> None:
    """Write a drawn customer into a blank record, as `simulation.population.initial_state.draw_initial_state`."""
    key = customer_key(population.seed, population.replication, number)
    segment, tier, value, stage, known_days, consents, arrives_at, draw = draw_customer(
        population.parameters, key, population.spread > 0.0
    )
    days, cause = 0.0, CALM
    if arrives_at <= 0.0:
        if population.in_mid_stay:
            cell, age_draw = population.cells[stage, segment, tier], uniform(key, streams.START_AGE, 0, 0)
            days = age_quantile(population.ends[cell], population.shares[cell], population.guides[cell], age_draw)
        if population.in_distress:
            calendar = arms[0].calendar_effects
            onset = calendar.onset_rates[0, stage] * arms[0].onset_ratios[segment, tier]
            cause_draw = uniform(key, streams.START_DISTRESS, 0, 0)
            cause = cause_at_age(onset, calendar.onset_cumulative[0, stage], arms[0].causes, days, cause_draw)
    write_identity(population, customer, key, number, segment, tier)
    set_start(customer, stage, days, arrives_at, max(known_days, days), value)
    customer.frailty = lognormal_frailty(population.spread, draw)
    customer.initial_cause = cause
    customer.has_consent = consents


def write_identity(population: Any, customer: Any, key: int, number: int, segment: int, tier: int) -> None:
    """Write a customer's key, number, segment, tier and arm."""
    arm = assign_arm(key, population.splits[segment])
    customer.key = key
    customer.number = number
    customer.segment = segment
    customer.policy_segment = population.policy_segments[arm, segment]
    customer.tier = tier
    customer.arm = arm


def initialise_listed_customer(arms: Any, population: Any, customer: Any, index: int) -> None:
    """Write a customer of the list into a blank record, with the signals received before day 0."""
    listed = population.listed_population
    entry = index % len(listed.number)
    number = listed.number[entry] + index - entry
    key = customer_key(population.seed, population.replication, number)
    write_identity(population, customer, key, number, listed.segment[entry], listed.tier[entry])
    days, arrives_at, value = listed.days_in_stage[entry], listed.arrives_at[entry], listed.account_value[entry]
    set_start(customer, listed.stage[entry], days, arrives_at, listed.tenure_days[entry], value)
    draw = listed.frailty_draw[entry] if listed.has_draw[entry] else standard_normal(key, streams.FRAILTY)
    customer.frailty = lognormal_frailty(population.spread, draw)
    if listed.days_since_contact[entry] >= 0.0:
        customer.last_contact_at = -listed.days_since_contact[entry]
    customer.initial_cause = listed.cause[entry]
    if listed.is_assessed[entry]:
        cause_draw = uniform(key, streams.START_DISTRESS, 0, 0)
        customer.initial_cause = initial_cause(listed.severity[entry], listed.cause[entry], cause_draw)
    customer.has_consent = listed.consents[entry] != 0
    receive_prior_signals(arms[customer.arm].policy, listed, customer, entry)


def receive_prior_signals(policy: Any, listed: Any, customer: Any, entry: int) -> None:
    """Add the signals from before day 0 to the evidence of a listed customer."""
    arm = customer.arm
    for signal in range(listed.signal_offsets[entry], listed.signal_offsets[entry + 1]):
        kind, source = listed.signal_kind[arm, signal], listed.signal_source[arm, signal]
        now = -listed.signal_age[signal]
        add_signal(policy, customer.evidence, now, kind, listed.signal_strength[signal], source, 0.0)


def initialise_all_rows(arms: Any, population: Any, engine: Any) -> None:
    """Write every customer into the row with its index."""
    for index in range(population.size):
        initialise_row(arms, population, engine, index, index)


KERNELS: tuple[Any, ...] = (
    clear_row,
    write_identity,
    initialise_drawn_customer,
    receive_prior_signals,
    initialise_listed_customer,
    initialise_row,
    initialise_all_rows,
)
"""Functions to compile, callees before callers."""
