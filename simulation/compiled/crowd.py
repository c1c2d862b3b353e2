"""Customers drawn by compiled code: the counterpart of `simulation.population` and `simulation.beginning`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from journey.policy import TIERS
from journey.rules import NO_ACTION, NO_SIGNAL
from simulation import streams
from simulation.agenda import CALM, ENTRIES
from simulation.beginning import age_of_share, age_table, cause_by_now
from simulation.care import CALM_SPELL
from simulation.clocks import NEVER
from simulation.compiled import layout
from simulation.compiled.layout import AGENDA, NOTHING
from simulation.compiled.tables import arrays_of
from simulation.population import arm_of, crowd_law, drawn, frailty_of
from simulation.streams import customer_key, uniform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.setup import ArmSetup, ArmTable


class CrowdTables(NamedTuple):
    """What customers are drawn from, as arrays.

    Attributes:
        law: `simulation.population.CrowdLaw`.
        size: Number of customers.
        seed, replication: Of the run.
        spread: Standard deviation of log frailty.
        in_mid_stay, in_distress: How customers are met on day 0.
        cells: By stage, segment and tier: the row of the tables of ages.
        ends, shares: Ages met: see `simulation.beginning.age_of_share`.
        splits: By segment: cumulative shares of the arms.
        policy_segments: By arm and segment: the segment as the policy numbers it.
    """

    law: Any
    size: int
    seed: int
    replication: int
    spread: float
    in_mid_stay: bool
    in_distress: bool
    cells: Any
    ends: Any
    shares: Any
    splits: Any
    policy_segments: Any


def crowd_tables(
    setup: ArmSetup,
    table: ArmTable,
    splits: Sequence[Sequence[float]],
    policy_segments: Sequence[Sequence[int]],
    *,
    seed: int,
    replication: int,
) -> CrowdTables:
    """What the customers of a synthetic population are drawn from.

    Args:
        setup: The first arm, whose population it is.
        table: The same arm, compiled.
        splits: By segment: cumulative shares of the arms.
        policy_segments: By arm and segment: the segment as the policy numbers it.
        seed: The scenario's seed.
        replication: Which replication.
    """
    population = setup.population
    cells, ages = _ages(table, len(population.segments)) if population.in_mid_stay else (np.zeros((1, 1, 1), int), [])
    return CrowdTables(
        law=arrays_of(crowd_law(population, setup.journey.compile())),
        size=population.size,
        seed=seed,
        replication=replication,
        spread=setup.world.frailty_spread,
        in_mid_stay=population.in_mid_stay,
        in_distress=population.in_distress,
        cells=cells,
        ends=np.array([end for end, _ in ages] or [0.0]),
        shares=np.array([shares for _, shares in ages] or [[0.0, 1.0]]),
        splits=np.array(splits),
        policy_segments=np.array(policy_segments),
    )


def _ages(table: ArmTable, segments: int) -> tuple[Any, list[tuple[float, Sequence[float]]]]:
    """Tables of ages by stage, segment and tier; those that are equal stand once."""
    cells = np.zeros((len(table.moves), segments, len(TIERS)), dtype=np.int64)
    known: dict[Any, int] = {}
    for stage, segment, tier in np.ndindex(*cells.shape):
        moves, ratios = table.moves[stage], table.move_ratios[segment][tier]
        # Only the ratios of the moves out of the stage matter, so many cells share one table.
        key = (moves, tuple(ratios[law.move] if law.move < len(ratios) else 0.0 for law in moves), ratios)
        cells[stage, segment, tier] = known.setdefault(key, len(known))
    return cells, [age_table(moves, ratios, table.knots) for moves, _, ratios in known]


def clear(S: Any, i: int) -> None:
    """Make a row that of nobody in particular; its version goes on, so that what was meant for others stays void."""
    version = S.ints[i, layout.VERSION]
    for column in range(S.floats.shape[1]):
        S.floats[i, column] = 0.0
    for column in range(S.ints.shape[1]):
        S.ints[i, column] = 0
    S.floats[i, layout.HARM] = 1.0
    for entry in range(ENTRIES):
        S.floats[i, AGENDA + entry] = NEVER
    S.floats[i, layout.TOUCHED] = NEVER
    S.ints[i, layout.PREVIOUS] = NOTHING
    S.ints[i, layout.CAUSE] = CALM
    S.ints[i, layout.FIRST_CAUSE] = CALM
    S.ints[i, layout.SPELL] = CALM_SPELL
    S.ints[i, layout.EPISODE_ACTED_ON] = CALM
    S.ints[i, layout.ACTION_CODE] = NO_ACTION
    S.ints[i, layout.LEAD] = NO_SIGNAL
    S.ints[i, layout.BRIGHT] = NO_SIGNAL
    S.ints[i, layout.FIRST_DELIVERY] = NOTHING
    S.ints[i, layout.VERSION] = version


def settle(A: Any, P: Any, S: Any, i: int, number: int) -> None:
    """Put the customer of this number into a row, as met on day 0 and before anything is wound."""
    clear(S, i)
    f, n = S.floats[i], S.ints[i]
    key = customer_key(P.seed, P.replication, number)
    segment, tier, value, stage, known_days, consents, arrives_at, draw = drawn(P.law, key)
    arm = arm_of(key, P.splits[segment])
    days, cause = 0.0, CALM
    if arrives_at <= 0.0:
        if P.in_mid_stay:
            cell = P.cells[stage, segment, tier]
            days = age_of_share(P.ends[cell], P.shares[cell], uniform(key, streams.START_AGE, 0, 0))
        if P.in_distress:
            T = A[0]
            onset = T.seasons.onset_rates[0, stage] * T.onset_ratios[segment, tier]
            draw_of_cause = uniform(key, streams.START_DISTRESS, 0, 0)
            cause = cause_by_now(onset, T.seasons.onset_cumulative[0, stage], T.end_rate, days, draw_of_cause)
    S.key[i] = key
    f[layout.FRAILTY] = frailty_of(P.spread, draw)
    f[layout.ACCOUNT_VALUE] = value
    # Until a customer has entered it, this holds the time already spent in the stage.
    f[layout.ENTERED] = days
    f[layout.ARRIVES] = arrives_at
    f[layout.RECORDED_SINCE] = arrives_at - days
    f[layout.TENURE] = max(known_days, days)
    n[layout.CUSTOMER] = number
    n[layout.STAGE] = stage
    n[layout.RECORDED_STAGE] = stage
    n[layout.SEGMENT] = segment
    n[layout.POLICY_SEGMENT] = P.policy_segments[arm, segment]
    n[layout.TIER] = tier
    n[layout.ARM] = arm
    n[layout.FIRST_CAUSE] = cause
    n[layout.CONSENTS] = 1 if consents else 0


def settle_all(A: Any, P: Any, S: Any) -> None:
    """Put every customer into the row of the same number."""
    for number in range(P.size):
        settle(A, P, S, number, number)


KERNELS: tuple[Any, ...] = (clear, settle, settle_all)
"""The functions that compiled code uses, callees before callers."""
