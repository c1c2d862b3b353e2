"""Customers drawn by compiled code, as in `simulation.population.draw` and `simulation.population.initial_state`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from journey.decision.policy import TIERS
from journey.decision.rules import NO_ACTION, NO_SIGNAL
from simulation.compiled import state_columns
from simulation.compiled.listed_population import build_listed_population
from simulation.compiled.orchestration import add_signal
from simulation.compiled.state_columns import EVENT_TIMES, NO_INDEX
from simulation.distributions.dwell_times import NEVER
from simulation.kernels.nested_arrays import to_arrays
from simulation.model.event_types import CALM, CALM_SPELL, EVENT_COUNT
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
    cells = np.zeros((len(compiled_arm.moves), segments, len(TIERS)), dtype=np.int64)
    tables: dict[Any, tuple[int, tuple[float, ...]]] = {}
    for stage, segment, tier in np.ndindex(*cells.shape):
        moves, ratios = compiled_arm.moves[stage], compiled_arm.move_ratios[segment][tier]
        # Only the ratios of the moves out of the stage matter, so many cells share one table.
        key = (moves, tuple(ratios[move.move] for move in moves))
        cells[stage, segment, tier] = tables.setdefault(key, (len(tables), ratios))[0]
    return cells, [build_age_table(moves, ratios, compiled_arm.knots) for (moves, _), (_, ratios) in tables.items()]


def clear_row(S: Any, i: int) -> None:
    """Reset a row. Its version stays, so that pending events of its previous customer remain invalid."""
    version = S.ints[i, state_columns.VERSION]
    for column in range(S.floats.shape[1]):
        S.floats[i, column] = 0.0
    for column in range(S.ints.shape[1]):
        S.ints[i, column] = 0
    S.floats[i, state_columns.HARM_RATIO] = 1.0
    for entry in range(EVENT_COUNT):
        S.floats[i, EVENT_TIMES + entry] = NEVER
    S.floats[i, state_columns.LAST_TOUCH_AT] = NEVER
    S.ints[i, state_columns.PREVIOUS] = NO_INDEX
    S.ints[i, state_columns.CAUSE] = CALM
    S.ints[i, state_columns.INITIAL_CAUSE] = CALM
    S.ints[i, state_columns.SPELL] = CALM_SPELL
    S.ints[i, state_columns.EPISODE_ACTED_ON] = CALM
    S.ints[i, state_columns.ACTION_CODE] = NO_ACTION
    S.ints[i, state_columns.LEADING_NEGATIVE] = NO_SIGNAL
    S.ints[i, state_columns.LEADING_POSITIVE] = NO_SIGNAL
    S.ints[i, state_columns.FIRST_PENDING_SIGNAL] = NO_INDEX
    S.ints[i, state_columns.VERSION] = version


def initialise_row(A: Any, P: Any, S: Any, i: int, index: int) -> None:
    """Write the customer with this index into a row, in the state of day 0 and before any clock is started."""
    clear_row(S, i)
    if P.listed:
        initialise_listed_row(A, P, S, i, P.first + index)
    else:
        initialise_drawn_row(A, P, S, i, P.first + index)


def initialise_drawn_row(A: Any, P: Any, S: Any, i: int, number: int) -> None:
    """Write a drawn customer into a cleared row, as `simulation.population.initial_state.draw_initial_state`."""
    key = customer_key(P.seed, P.replication, number)
    segment, tier, value, stage, known_days, consents, arrives_at, draw = draw_customer(P.parameters, key)
    days, cause = 0.0, CALM
    if arrives_at <= 0.0:
        if P.in_mid_stay:
            cell = P.cells[stage, segment, tier]
            days = age_quantile(P.ends[cell], P.shares[cell], P.guides[cell], uniform(key, streams.START_AGE, 0, 0))
        if P.in_distress:
            T = A[0]
            onset = T.calendar_effects.onset_rates[0, stage] * T.onset_ratios[segment, tier]
            cause_draw = uniform(key, streams.START_DISTRESS, 0, 0)
            cause = cause_at_age(onset, T.calendar_effects.onset_cumulative[0, stage], T.end_rate, days, cause_draw)
    write_customer(P, S, i, key, number, segment, tier, stage)
    f = S.floats[i]
    f[state_columns.FRAILTY] = lognormal_frailty(P.spread, draw)
    f[state_columns.ACCOUNT_VALUE] = value
    # Until the customer enters the stage, this column contains the days already spent in it.
    f[state_columns.ENTERED] = days
    f[state_columns.ARRIVES] = arrives_at
    f[state_columns.RECORDED_SINCE] = arrives_at - days
    f[state_columns.TENURE] = max(known_days, days)
    S.ints[i, state_columns.INITIAL_CAUSE] = cause
    S.ints[i, state_columns.HAS_CONSENT] = 1 if consents else 0


def write_customer(P: Any, S: Any, i: int, key: int, number: int, segment: int, tier: int, stage: int) -> None:
    """Write a customer's key, number, segment, tier, stage and arm."""
    n, arm = S.ints[i], assign_arm(key, P.splits[segment])
    S.key[i] = key
    S.number[i] = number
    n[state_columns.STAGE] = stage
    n[state_columns.RECORDED_STAGE] = stage
    n[state_columns.SEGMENT] = segment
    n[state_columns.POLICY_SEGMENT] = P.policy_segments[arm, segment]
    n[state_columns.TIER] = tier
    n[state_columns.ARM] = arm


def initialise_listed_row(A: Any, P: Any, S: Any, i: int, index: int) -> None:
    """Write a customer of the list into a cleared row, with the signals received before day 0."""
    R, f, n = P.listed_population, S.floats[i], S.ints[i]
    listed_row = index % len(R.number)
    number = R.number[listed_row] + index - listed_row
    key = customer_key(P.seed, P.replication, number)
    write_customer(P, S, i, key, number, R.segment[listed_row], R.tier[listed_row], R.stage[listed_row])
    draw = R.frailty_draw[listed_row] if R.has_draw[listed_row] else standard_normal(key, streams.FRAILTY)
    f[state_columns.FRAILTY] = lognormal_frailty(P.spread, draw)
    f[state_columns.ACCOUNT_VALUE] = R.account_value[listed_row]
    f[state_columns.ENTERED] = R.days_in_stage[listed_row]
    f[state_columns.ARRIVES] = R.arrives_at[listed_row]
    f[state_columns.RECORDED_SINCE] = R.arrives_at[listed_row] - R.days_in_stage[listed_row]
    f[state_columns.TENURE] = R.tenure_days[listed_row]
    if R.days_since_contact[listed_row] >= 0.0:
        f[state_columns.LAST_TOUCH_AT] = -R.days_since_contact[listed_row]
    n[state_columns.INITIAL_CAUSE] = R.cause[listed_row]
    if R.is_assessed[listed_row]:
        draw = uniform(key, streams.START_DISTRESS, 0, 0)
        n[state_columns.INITIAL_CAUSE] = initial_cause(R.severity[listed_row], R.cause[listed_row], draw)
    n[state_columns.HAS_CONSENT] = R.consents[listed_row]
    arm = n[state_columns.ARM]
    for signal in range(R.signal_offsets[listed_row], R.signal_offsets[listed_row + 1]):
        age = R.signal_age[signal]
        add_signal(
            A[arm], S, i, -age, R.signal_kind[arm, signal], R.signal_strength[signal], R.signal_source[arm, signal], 0.0
        )


def initialise_all_rows(A: Any, P: Any, S: Any) -> None:
    """Write every customer into the row with its index."""
    for index in range(P.size):
        initialise_row(A, P, S, index, index)


KERNELS: tuple[Any, ...] = (
    clear_row,
    write_customer,
    initialise_drawn_row,
    initialise_listed_row,
    initialise_row,
    initialise_all_rows,
)
"""The functions that compiled code uses, callees before callers."""
