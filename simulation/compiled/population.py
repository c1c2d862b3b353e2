"""Customers drawn by compiled code, as in `simulation.population.draw` and `simulation.population.initial_state`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from journey.decision.policy import TIERS
from journey.decision.rules import NO_ACTION, NO_SIGNAL
from simulation.compiled import state_columns
from simulation.compiled.listed_population import roll_of
from simulation.compiled.orchestration import hear
from simulation.compiled.state_columns import AGENDA, NOTHING
from simulation.distributions.dwell_times import NEVER
from simulation.kernels.nested_arrays import arrays_of
from simulation.model.event_types import CALM, CALM_SPELL, ENTRIES
from simulation.population.draw import NOBODY, arm_of, crowd_law, drawn, frailty_of, standard_normal
from simulation.population.initial_state import age_of_share, age_table, cause_by_now, cause_of_belief
from simulation.random import streams
from simulation.random.streams import customer_key, uniform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.compiled.listed_population import Roll
    from simulation.model.arm import ArmSetup, ArmTable
    from simulation.population.draw import People


class CrowdTables(NamedTuple):
    """What customers are drawn from, as arrays.

    Attributes:
        listed: Whether customers are taken from a list; otherwise they are drawn.
        roll: The list.
        law: `simulation.population.draw.CrowdLaw`.
        first: Place of the first customer in the population.
        size: Number of customers.
        seed, replication: Of the run.
        spread: Standard deviation of log frailty.
        in_mid_stay, in_distress: How customers are met on day 0.
        cells: By stage, segment and tier: the row of the tables of ages.
        ends, shares, guides: Ages met: see `simulation.population.initial_state.age_of_share`.
        splits: By segment: cumulative shares of the arms.
        policy_segments: By arm and segment: the segment as the policy numbers it.
    """

    listed: bool
    roll: Roll
    law: Any
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


def crowd_tables(
    setup: ArmSetup,
    crowd: People,
    tables: Sequence[ArmTable],
    splits: Sequence[Sequence[float]],
    policy_segments: Sequence[Sequence[int]],
    *,
    seed: int,
    replication: int,
) -> CrowdTables:
    """What the customers of a population are drawn or taken from.

    Args:
        setup: The first arm, whose population it is.
        crowd: The population.
        tables: The arms, compiled.
        splits: By segment: cumulative shares of the arms.
        policy_segments: By arm and segment: the segment as the policy numbers it.
        seed: The scenario's seed.
        replication: Which replication.
    """
    population, listed, here = setup.population, crowd.listed is not None, setup.part_of(crowd.size)
    in_mid_stay = population.in_mid_stay and not listed
    cells, ages = _ages(tables[0], len(crowd.segments)) if in_mid_stay else (np.zeros((1, 1, 1), int), [])
    return CrowdTables(
        listed=listed,
        roll=roll_of(crowd.listed or (), tables, policy_segments[0], of_records=population.records is not None),
        law=arrays_of(NOBODY if listed else crowd_law(population, setup.journey.compile())),
        first=here.start,
        size=len(here),
        seed=seed,
        replication=replication,
        spread=setup.world.frailty_spread,
        in_mid_stay=in_mid_stay,
        in_distress=population.in_distress,
        cells=cells,
        ends=np.array([end for end, _, _ in ages] or [0.0]),
        shares=np.array([shares for _, shares, _ in ages] or [[0.0, 1.0]]),
        guides=np.array([guide for *_, guide in ages] or [[0, 0]]),
        splits=np.array(splits),
        policy_segments=np.array(policy_segments),
    )


def _ages(table: ArmTable, segments: int) -> tuple[Any, list[tuple[float, Sequence[float], Sequence[int]]]]:
    """Tables of ages by stage, segment and tier; those that are equal stand once."""
    cells = np.zeros((len(table.moves), segments, len(TIERS)), dtype=np.int64)
    known: dict[Any, tuple[int, tuple[float, ...]]] = {}
    for stage, segment, tier in np.ndindex(*cells.shape):
        moves, ratios = table.moves[stage], table.move_ratios[segment][tier]
        # Only the ratios of the moves out of the stage matter, so many cells share one table.
        key = (moves, tuple(ratios[law.move] for law in moves))
        cells[stage, segment, tier] = known.setdefault(key, (len(known), ratios))[0]
    return cells, [age_table(moves, ratios, table.knots) for (moves, _), (_, ratios) in known.items()]


def clear(S: Any, i: int) -> None:
    """Make a row that of nobody in particular; its version goes on, so that what was meant for others stays void."""
    version = S.ints[i, state_columns.VERSION]
    for column in range(S.floats.shape[1]):
        S.floats[i, column] = 0.0
    for column in range(S.ints.shape[1]):
        S.ints[i, column] = 0
    S.floats[i, state_columns.HARM] = 1.0
    for entry in range(ENTRIES):
        S.floats[i, AGENDA + entry] = NEVER
    S.floats[i, state_columns.TOUCHED] = NEVER
    S.ints[i, state_columns.PREVIOUS] = NOTHING
    S.ints[i, state_columns.CAUSE] = CALM
    S.ints[i, state_columns.FIRST_CAUSE] = CALM
    S.ints[i, state_columns.SPELL] = CALM_SPELL
    S.ints[i, state_columns.EPISODE_ACTED_ON] = CALM
    S.ints[i, state_columns.ACTION_CODE] = NO_ACTION
    S.ints[i, state_columns.LEAD] = NO_SIGNAL
    S.ints[i, state_columns.BRIGHT] = NO_SIGNAL
    S.ints[i, state_columns.FIRST_DELIVERY] = NOTHING
    S.ints[i, state_columns.VERSION] = version


def settle(A: Any, P: Any, S: Any, i: int, place: int) -> None:
    """Put the customer at this place among those here into a row, as met on day 0 and before anything is wound."""
    clear(S, i)
    if P.listed:
        settle_listed(A, P, S, i, P.first + place)
    else:
        settle_drawn(A, P, S, i, P.first + place)


def settle_drawn(A: Any, P: Any, S: Any, i: int, number: int) -> None:
    """Write the customer of this number into a cleared row, as `simulation.population.initial_state.met_on_day_0`."""
    key = customer_key(P.seed, P.replication, number)
    segment, tier, value, stage, known_days, consents, arrives_at, draw = drawn(P.law, key)
    days, cause = 0.0, CALM
    if arrives_at <= 0.0:
        if P.in_mid_stay:
            cell = P.cells[stage, segment, tier]
            days = age_of_share(P.ends[cell], P.shares[cell], P.guides[cell], uniform(key, streams.START_AGE, 0, 0))
        if P.in_distress:
            T = A[0]
            onset = T.seasons.onset_rates[0, stage] * T.onset_ratios[segment, tier]
            draw_of_cause = uniform(key, streams.START_DISTRESS, 0, 0)
            cause = cause_by_now(onset, T.seasons.onset_cumulative[0, stage], T.end_rate, days, draw_of_cause)
    set_down_person(P, S, i, key, number, segment, tier, stage)
    f = S.floats[i]
    f[state_columns.FRAILTY] = frailty_of(P.spread, draw)
    f[state_columns.ACCOUNT_VALUE] = value
    # Until a customer has entered it, this holds the time already spent in the stage.
    f[state_columns.ENTERED] = days
    f[state_columns.ARRIVES] = arrives_at
    f[state_columns.RECORDED_SINCE] = arrives_at - days
    f[state_columns.TENURE] = max(known_days, days)
    S.ints[i, state_columns.FIRST_CAUSE] = cause
    S.ints[i, state_columns.CONSENTS] = 1 if consents else 0


def set_down_person(P: Any, S: Any, i: int, key: int, number: int, segment: int, tier: int, stage: int) -> None:
    """Who a customer is, and in which arm."""
    n, arm = S.ints[i], arm_of(key, P.splits[segment])
    S.key[i] = key
    S.number[i] = number
    n[state_columns.STAGE] = stage
    n[state_columns.RECORDED_STAGE] = stage
    n[state_columns.SEGMENT] = segment
    n[state_columns.POLICY_SEGMENT] = P.policy_segments[arm, segment]
    n[state_columns.TIER] = tier
    n[state_columns.ARM] = arm


def settle_listed(A: Any, P: Any, S: Any, i: int, place: int) -> None:
    """Put a customer from the list into a row that has been cleared, with what is known of them told."""
    R, f, n = P.roll, S.floats[i], S.ints[i]
    row = place % len(R.number)
    number = R.number[row] + place - row
    key = customer_key(P.seed, P.replication, number)
    set_down_person(P, S, i, key, number, R.segment[row], R.tier[row], R.stage[row])
    draw = R.frailty_draw[row] if R.has_draw[row] else standard_normal(key, streams.FRAILTY)
    f[state_columns.FRAILTY] = frailty_of(P.spread, draw)
    f[state_columns.ACCOUNT_VALUE] = R.account_value[row]
    f[state_columns.ENTERED] = R.days_in_stage[row]
    f[state_columns.ARRIVES] = R.arrives_at[row]
    f[state_columns.RECORDED_SINCE] = R.arrives_at[row] - R.days_in_stage[row]
    f[state_columns.TENURE] = R.tenure_days[row]
    if R.days_since_contact[row] >= 0.0:
        f[state_columns.TOUCHED] = -R.days_since_contact[row]
    n[state_columns.FIRST_CAUSE] = R.cause[row]
    if R.is_believed[row]:
        draw = uniform(key, streams.START_DISTRESS, 0, 0)
        n[state_columns.FIRST_CAUSE] = cause_of_belief(R.severity[row], R.cause[row], draw)
    n[state_columns.CONSENTS] = R.consents[row]
    arm = n[state_columns.ARM]
    for told in range(R.told_from[row], R.told_from[row + 1]):
        age = R.told_age[told]
        hear(A[arm], S, i, -age, R.told_kind[arm, told], R.told_strength[told], R.told_source[arm, told], 0.0)


def settle_all(A: Any, P: Any, S: Any) -> None:
    """Put every customer into the row of the same place."""
    for place in range(P.size):
        settle(A, P, S, place, place)


KERNELS: tuple[Any, ...] = (clear, set_down_person, settle_drawn, settle_listed, settle, settle_all)
"""The functions that compiled code uses, callees before callers."""
