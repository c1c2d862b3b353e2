"""The initial state of customers on day 0: in the middle of a stay, and some of them in distress.

Day 0 is a random time within the stays, so long stays are over-represented (length bias). The time already spent in the
stage has the density ``S(t) / mean stay`` (the backward recurrence time of a renewal process; Cox 1962, Renewal Theory,
chapter 5), with ``S`` the survival function of the stay under all competing moves. The residual time of each clock,
given that age, needs no special case: see `simulation.distributions.dwell_times.initial_amount`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from math import exp, inf
from typing import TYPE_CHECKING

from simulation.distributions.dwell_times import DETERMINISTIC, cumulative_hazard
from simulation.model.event_types import CALM
from simulation.model.evidence import Evidence, add_signal, plan_from_evidence
from simulation.random import streams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.model.arm import ArmParameters, CompiledArm
    from simulation.model.parameters import CauseParameters, MoveParameters
    from simulation.model.population_spec import Population
    from simulation.population.draw import InitialCustomer

_GRID_STEPS = 2000
"""Steps of the grid on which a stay's survival function is integrated."""

_GUIDE_STEPS = 256
"""Steps of the index table to that grid."""

_MAX_HAZARD = 700.0
"""At a larger cumulative hazard, survival counts as 0."""

_NEGLIGIBLE = 1e-7
"""Survival below which the integral is truncated."""

_MAX_STAY_DAYS = 1e5
"""Upper limit of the length of a stay, in days."""


def draw_initial_state(
    customer: InitialCustomer, key: int, population: Population, table: CompiledArm, policy_segment: int
) -> InitialCustomer:
    """The customer with the time in the stage and the distress of day 0.

    Args:
        customer: The customer as drawn or recorded.
        key: The key of the customer's streams.
        population: The population, which determines whether customers start in mid-stay and in distress.
        table: The compiled (first) arm.
        policy_segment: The customer's segment, as a code of the policy.
    """
    if customer.arrives_at > 0.0:
        return customer
    if population.records is not None:
        severity, cause = assess_evidence(customer, table, policy_segment)
        draw = streams.uniform(key, streams.START_DISTRESS, 0, 0)
        return replace(customer, cause=initial_cause(severity, cause, draw))
    if population.in_mid_stay:
        arm = table.parameters
        ratios = arm.move_ratios[customer.segment][customer.tier]
        draw = streams.uniform(key, streams.START_AGE, 0, 0)
        customer = replace(customer, days_in_stage=_draw_age(arm.moves[customer.stage], ratios, arm.knots, draw))
    if population.in_distress:
        return replace(customer, cause=_draw_initial_cause(customer, key, table.parameters))
    return customer


def _draw_age(
    moves: tuple[MoveParameters, ...], ratios: tuple[float, ...], knots: tuple[float, ...], draw: float
) -> float:
    return age_quantile(*build_age_table(moves, ratios, knots), draw)


def age_quantile(end: float, shares: Sequence[float], guide: Sequence[int], draw: float) -> float:
    """The quantile of the age in the stage, by interpolation in a table.

    Args:
        end: The age at the last point of the table.
        shares: The distribution function of the age, at equal steps of age from 0 to `end`.
        guide: At equal steps of the share from 0 to 1, the last index in `shares` that does not exceed it: an index
            table (Chen and Asau 1974) that shortens the binary search.
        draw: The share, at least 0 and below 1.
    """
    step = len(shares) - 1
    index = int(draw * (len(guide) - 1))
    low, high = guide[index], min(guide[index + 1] + 1, step)
    while high - low > 1:
        middle = (low + high) // 2
        if shares[middle] <= draw:
            low = middle
        else:
            high = middle
    width = shares[high] - shares[low]
    within = (draw - shares[low]) / width if width > 0.0 else 0.0
    before, after = end * low / step, end * high / step
    return before + within * (after - before)


@lru_cache(maxsize=1024)
def build_age_table(
    moves: tuple[MoveParameters, ...], ratios: tuple[float, ...], knots: tuple[float, ...]
) -> tuple[float, Sequence[float], Sequence[int]]:
    """The arguments `end`, `shares` and `guide` of `age_quantile`.

    The distribution function is the integral of the survival function, by the trapezoidal rule.
    """
    end = 1.0
    while end < _MAX_STAY_DAYS and survival(moves, ratios, knots, end) > _NEGLIGIBLE:
        end *= 1.5
    alive = _survivals(moves, ratios, knots, end)
    sums = [0.0]
    for left, right in pairwise(alive):
        sums.append(sums[-1] + 0.5 * (left + right))
    shares = [partial_sum / sums[-1] for partial_sum in sums]
    return (
        end,
        shares,
        [min(bisect_right(shares, step / _GUIDE_STEPS), _GRID_STEPS) - 1 for step in range(_GUIDE_STEPS + 1)],
    )


def _survivals(
    moves: tuple[MoveParameters, ...], ratios: tuple[float, ...], knots: tuple[float, ...], end: float
) -> list[float]:
    """`survival` at equal steps of time from 0 to `end`. The hazards are cached, for all segments and tiers."""
    amounts = [0.0] * (_GRID_STEPS + 1)
    for move in moves:
        ratio = ratios[move.move]
        if move.distribution == DETERMINISTIC:
            late = (inf if ratio * (end * step / _GRID_STEPS) >= move.a else 0.0 for step in range(_GRID_STEPS + 1))
            amounts = [amount + added for amount, added in zip(amounts, late, strict=True)]
        else:
            hazards = _hazards(move.distribution, move.a, move.b, knots, end)
            amounts = [amount + ratio * hazard for amount, hazard in zip(amounts, hazards, strict=True)]
    return [_survival_of_hazard(amount) for amount in amounts]


@lru_cache(maxsize=1024)
def _hazards(law: int, a: float, b: float, knots: tuple[float, ...], end: float) -> list[float]:
    return [cumulative_hazard(law, a, b, end * step / _GRID_STEPS, knots) for step in range(_GRID_STEPS + 1)]


def _survival_of_hazard(amount: float) -> float:
    """The share of a cohort that survives a cumulative hazard."""
    return exp(-amount) if amount < _MAX_HAZARD else 0.0


def survival(
    moves: tuple[MoveParameters, ...], ratios: tuple[float, ...], knots: tuple[float, ...], time: float
) -> float:
    """Probability that a calm customer is still in the stage after `time` days, under all competing moves.

    Args:
        moves: The parameters of the moves out of the stage.
        ratios: Hazard ratio by move.
        knots: The knots of the empirical distributions.
        time: Time in the stage, in days.
    """
    amount = 0.0
    for move in moves:
        ratio = ratios[move.move]
        if move.distribution == DETERMINISTIC:
            if ratio * time >= move.a:
                return 0.0
        else:
            amount += ratio * cumulative_hazard(move.distribution, move.a, move.b, time, knots)
    return _survival_of_hazard(amount)


def _draw_initial_cause(customer: InitialCustomer, key: int, arm: ArmParameters) -> int:
    calendar = arm.calendar_effects
    onset = calendar.onset_rates[0][customer.stage] * arm.onset_ratios[customer.segment][customer.tier]
    shares, draw = calendar.onset_cumulative[0][customer.stage], streams.uniform(key, streams.START_DISTRESS, 0, 0)
    return cause_at_age(onset, shares, arm.causes, customer.days_in_stage, draw)


def cause_at_age(
    onset: float, onset_shares: Sequence[float], causes: Sequence[CauseParameters], days: float, draw: float
) -> int:
    """Draw the distress after the time already spent in the stage, for a customer who entered it calm.

    With one cause, onset rate ``l`` and end rate ``m``, this is the two-state Markov chain, whose probability of
    distress at age t is ``l / (l + m) * (1 - exp(-(l + m) t))``. Several causes share it in proportion to ``l / m``.

    Args:
        onset: Total onset rate in the stage, per day.
        onset_shares: Cumulative share of each cause in the onset rate.
        causes: The causes.
        days: Time already spent in the stage.
        draw: A uniform draw.

    Returns:
        The cause, or CALM.
    """
    weight, before = 0.0, 0.0
    for cause in range(len(causes)):
        weight += onset * (onset_shares[cause] - before) / causes[cause].end_rate
        before = onset_shares[cause]
    if weight <= 0.0:
        return CALM
    relaxed = 1.0 - exp(-(onset + onset / weight) * days)
    remaining, before = draw * (1.0 + weight), 0.0
    for cause in range(len(causes)):
        cause_weight = onset * (onset_shares[cause] - before) / causes[cause].end_rate
        before = onset_shares[cause]
        if remaining < cause_weight * relaxed:
            return cause
        remaining -= cause_weight * relaxed
    return CALM


def assess_evidence(customer: InitialCustomer, table: CompiledArm, policy_segment: int) -> tuple[float, int]:
    """Severity and cause of a recorded customer by the evidence, because records do not contain distress.

    Args:
        customer: The customer.
        table: The compiled (first) arm.
        policy_segment: The customer's segment, as a code of the policy.

    Returns:
        The severity, and the cause of the leading negative signal; CALM if the world does not have that cause.
    """
    evidence, policy, causes = Evidence(), table.parameters.policy, table.parameters.causes
    for signal in customer.prior_signals:
        kind, source = table.signal_type_code(signal.signal_type), table.signal_source_code(signal.source)
        add_signal(policy, evidence, -signal.age_days, kind, signal.strength, source, 0.0)
    if evidence.leading_negative < 0:
        return 0.0, CALM
    _, _, severity, _ = plan_from_evidence(
        policy, evidence, 0.0, policy_segment, customer.stage, customer.days_in_stage
    )
    cause = policy.causes[evidence.leading_negative]
    return severity, next((index for index, each in enumerate(causes) if each.policy_cause == cause), CALM)


def initial_cause(severity: float, cause: int, draw: float) -> int:
    """Draw the distress of a recorded customer, with the severity as its probability.

    Args:
        severity: Severity, in [0, 1].
        cause: The cause of the distress.
        draw: A uniform draw.

    Returns:
        The cause, or CALM.
    """
    return cause if draw < severity else CALM


KERNELS = (age_quantile, cause_at_age, initial_cause)
"""Functions to compile."""
