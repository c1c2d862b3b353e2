"""How customers are met on day 0: in the middle of a stay, and some of them in distress.

Who looks at a stage at a random moment meets long stays more often than short ones, and meets them somewhere in the
middle. The time already spent there then has the density ``S(t) / mean stay`` (the backward recurrence time of a
renewal process; Cox 1962, Renewal Theory, chapter 5), with ``S`` the survival of the stay under all competing moves.
The residual wait of each clock, given that age, needs no treatment of its own: see
`simulation.distributions.dwell_times.initial_amount`.
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
from simulation.model.evidence import EvidenceState
from simulation.random import streams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.model.arm import CompiledArm
    from simulation.model.parameters import MoveParameters
    from simulation.model.spec import Population
    from simulation.population.draw import InitialCustomer

_GRID_STEPS = 2000
"""Points of the grid on which a stay's survival is integrated."""

_GUIDE_STEPS = 256
"""Steps of the guide to them."""

_MAX_HAZARD = 700.0
"""So much cumulative hazard leaves nobody."""

_NEGLIGIBLE = 1e-7
"""Survival below which the tail of a stay is left out of the integral."""

_MAX_STAY_DAYS = 1e5
"""No stay is taken to be longer than this, in days, however slow its moves."""


def draw_initial_state(
    person: InitialCustomer, key: int, population: Population, table: CompiledArm, policy_segment: int
) -> InitialCustomer:
    """The same customer with age in the stage and state of distress as met at a random moment.

    Args:
        person: The customer as the population gives it.
        key: The key of the customer's streams.
        population: Says whether customers are met in mid-stay and in distress.
        table: The compiled (first) arm.
        policy_segment: The customer's segment as the policy numbers them.
    """
    if person.arrives_at > 0.0:
        return person
    if population.records is not None:
        severity, cause = assess_evidence(person, table, policy_segment)
        draw = streams.uniform(key, streams.START_DISTRESS, 0, 0)
        return replace(person, cause=initial_cause(severity, cause, draw))
    if population.in_mid_stay:
        ratios = table.move_ratios[person.segment][person.tier]
        draw = streams.uniform(key, streams.START_AGE, 0, 0)
        person = replace(person, days_in_stage=_draw_age(table.moves[person.stage], ratios, table.knots, draw))
    if population.in_distress:
        return replace(person, cause=_draw_initial_cause(person, key, table))
    return person


def _draw_age(
    moves: tuple[MoveParameters, ...], ratios: tuple[float, ...], knots: tuple[float, ...], draw: float
) -> float:
    return age_quantile(*build_age_table(moves, ratios, knots), draw)


def age_quantile(end: float, shares: Sequence[float], guide: Sequence[int], draw: float) -> float:
    """The age below which this share of the customers met is.

    Args:
        end: The age at the last point of the table.
        shares: Share of the customers met who are younger, at equal steps of age from 0 to `end`.
        guide: At equal steps of the share from 0 to 1, the last place in `shares` where it has not been passed; an
            index into the table (Chen and Asau 1974), so that few places are left to search.
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
    """The largest age, at equal steps up to it the share of customers met who are younger, and the guide to them.

    The integral of survival, by the trapezoidal rule.
    """
    end = 1.0
    while end < _MAX_STAY_DAYS and survival(moves, ratios, knots, end) > _NEGLIGIBLE:
        end *= 1.5
    alive = _survivals(moves, ratios, knots, end)
    sums = [0.0]
    for left, right in pairwise(alive):
        sums.append(sums[-1] + 0.5 * (left + right))
    shares = [part / sums[-1] for part in sums]
    return (
        end,
        shares,
        [min(bisect_right(shares, place / _GUIDE_STEPS), _GRID_STEPS) - 1 for place in range(_GUIDE_STEPS + 1)],
    )


def _survivals(
    moves: tuple[MoveParameters, ...], ratios: tuple[float, ...], knots: tuple[float, ...], end: float
) -> list[float]:
    """`survival` at equal steps of time from 0 to `end`; hazards are the same for every segment and tier."""
    amounts = [0.0] * (_GRID_STEPS + 1)
    for law in moves:
        ratio = ratios[law.move]
        if law.law == DETERMINISTIC:
            late = (inf if ratio * (end * place / _GRID_STEPS) >= law.a else 0.0 for place in range(_GRID_STEPS + 1))
            amounts = [amount + added for amount, added in zip(amounts, late, strict=True)]
        else:
            hazards = _hazards(law.law, law.a, law.b, knots, end)
            amounts = [amount + ratio * hazard for amount, hazard in zip(amounts, hazards, strict=True)]
    return [_survival_of_hazard(amount) for amount in amounts]


@lru_cache(maxsize=1024)
def _hazards(law: int, a: float, b: float, knots: tuple[float, ...], end: float) -> list[float]:
    return [cumulative_hazard(law, a, b, end * place / _GRID_STEPS, knots) for place in range(_GRID_STEPS + 1)]


def _survival_of_hazard(amount: float) -> float:
    """The share that is left of a cohort after so much hazard."""
    return exp(-amount) if amount < _MAX_HAZARD else 0.0


def survival(
    moves: tuple[MoveParameters, ...], ratios: tuple[float, ...], knots: tuple[float, ...], time: float
) -> float:
    """Probability that a calm customer is still in the stage after `time` days, under all competing moves.

    Args:
        moves: The laws of the moves out of the stage.
        ratios: Hazard ratio by move.
        knots: The knots of empirical laws.
        time: In days.
    """
    amount = 0.0
    for law in moves:
        ratio = ratios[law.move]
        if law.law == DETERMINISTIC:
            if ratio * time >= law.a:
                return 0.0
        else:
            amount += ratio * cumulative_hazard(law.law, law.a, law.b, time, knots)
    return _survival_of_hazard(amount)


def _draw_initial_cause(person: InitialCustomer, key: int, table: CompiledArm) -> int:
    onset = table.calendar_effects.onset_rates[0][person.stage] * table.onset_ratios[person.segment][person.tier]
    shares = table.calendar_effects.onset_cumulative[0][person.stage]
    ends = tuple(cause.end_rate for cause in table.causes)
    draw = streams.uniform(key, streams.START_DISTRESS, 0, 0)
    return cause_at_age(onset, shares, ends, person.days_in_stage, draw)


def cause_at_age(
    onset: float, onset_shares: Sequence[float], end_rates: Sequence[float], days: float, draw: float
) -> int:
    """Distress as it would be after the time already spent in the stage, for somebody who entered it calm.

    With onset rates ``l`` and ends ``m`` of a single cause this is the two-state Markov chain, whose probability of
    distress at age t is ``l / (l + m) * (1 - exp(-(l + m) t))``; several causes share it in proportion to ``l / m``.

    Args:
        onset: Total onset rate in the stage, per day.
        onset_shares: Cumulative share of each cause in it.
        end_rates: Rate at which an episode of each cause ends, per day.
        days: Time already spent in the stage.
        draw: A uniform draw.

    Returns:
        The cause, or CALM.
    """
    weight, before = 0.0, 0.0
    for place in range(len(end_rates)):
        weight += onset * (onset_shares[place] - before) / end_rates[place]
        before = onset_shares[place]
    if weight <= 0.0:
        return CALM
    relaxed = 1.0 - exp(-(onset + onset / weight) * days)
    remaining, before = draw * (1.0 + weight), 0.0
    for place in range(len(end_rates)):
        cause_weight = onset * (onset_shares[place] - before) / end_rates[place]
        before = onset_shares[place]
        if remaining < cause_weight * relaxed:
            return place
        remaining -= cause_weight * relaxed
    return CALM


def assess_evidence(person: InitialCustomer, table: CompiledArm, policy_segment: int) -> tuple[float, int]:
    """What the evidence says of a recorded customer, whose true state is not recorded.

    Args:
        person: The customer.
        table: The compiled (first) arm.
        policy_segment: The customer's segment as the policy numbers them.

    Returns:
        The severity, and the cause of the leading signal; a cause that the world does not know is taken for CALM.
    """
    evidence = EvidenceState()
    for kind, signal in ((table.signal_type_code(signal.signal_type), signal) for signal in person.prior_signals):
        evidence.add_signal(
            table.policy_parameters, -signal.age_days, kind, signal.strength, table.signal_source_code(signal.source)
        )
    if evidence.leading_negative < 0:
        return 0.0, CALM
    assessment = evidence.assess(table.policy_parameters, 0.0, policy_segment, person.stage, person.days_in_stage)
    cause = table.policy_parameters.causes[evidence.leading_negative]
    known = next((place for place, law in enumerate(table.causes) if law.policy_cause == cause), CALM)
    return assessment.severity, known


def initial_cause(severity: float, cause: int, draw: float) -> int:
    """Distress with the severity of the evidence as its probability.

    Args:
        severity: How bad it looks, in [0, 1].
        cause: What of.
        draw: A uniform draw.

    Returns:
        The cause, or CALM.
    """
    return cause if draw < severity else CALM


KERNELS = (age_quantile, cause_at_age, initial_cause)
"""The functions that compiled code uses."""
