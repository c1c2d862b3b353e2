"""How customers are met on day 0: in the middle of a stay, and some of them in distress.

Who looks at a stage at a random moment meets long stays more often than short ones, and meets them somewhere in the
middle. The time already spent there then has the density ``S(t) / mean stay`` (the backward recurrence time of a
renewal process; Cox 1962, Renewal Theory, chapter 5), with ``S`` the survival of the stay under all competing moves.
The residual wait of each clock, given that age, needs no treatment of its own: see `simulation.clocks.wound`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from math import exp
from typing import TYPE_CHECKING

from simulation import streams
from simulation.agenda import CALM
from simulation.beliefs import Beliefs
from simulation.clocks import DETERMINISTIC, cumulative_hazard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.laws import MoveLaw
    from simulation.population import Person
    from simulation.setup import ArmTable
    from simulation.spec import Population

_POINTS = 2000
"""Points of the grid on which a stay's survival is integrated."""

_NEGLIGIBLE = 1e-7
"""Survival below which the tail of a stay is left out of the integral."""

_LONGEST = 1e5
"""No stay is taken to be longer than this, in days, however slow its moves."""


def met_on_day_0(person: Person, key: int, population: Population, table: ArmTable, policy_segment: int) -> Person:
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
        return replace(person, cause=_believed_cause(person, key, table, policy_segment))
    if population.in_mid_stay:
        ratios = table.move_ratios[person.segment][person.tier]
        draw = streams.uniform(key, streams.START_AGE, 0, 0)
        person = replace(person, days_in_stage=_age(table.moves[person.stage], ratios, table.knots, draw))
    if population.in_distress:
        return replace(person, cause=_cause_by_now(person, key, table))
    return person


def _age(moves: tuple[MoveLaw, ...], ratios: tuple[float, ...], knots: tuple[float, ...], draw: float) -> float:
    times, shares = _age_table(moves, ratios, knots)
    low, high = 0, len(shares) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if shares[middle] <= draw:
            low = middle
        else:
            high = middle
    width = shares[high] - shares[low]
    within = (draw - shares[low]) / width if width > 0.0 else 0.0
    return times[low] + within * (times[high] - times[low])


@lru_cache(maxsize=1024)
def _age_table(
    moves: tuple[MoveLaw, ...], ratios: tuple[float, ...], knots: tuple[float, ...]
) -> tuple[Sequence[float], Sequence[float]]:
    """Ages, and the share of customers met who are younger: the integral of survival by the trapezoidal rule."""
    end = 1.0
    while end < _LONGEST and survival(moves, ratios, knots, end) > _NEGLIGIBLE:
        end *= 1.5
    times = [end * place / _POINTS for place in range(_POINTS + 1)]
    alive = [survival(moves, ratios, knots, time) for time in times]
    sums = [0.0]
    for left, right in pairwise(alive):
        sums.append(sums[-1] + 0.5 * (left + right))
    return times, [part / sums[-1] for part in sums]


def survival(moves: tuple[MoveLaw, ...], ratios: tuple[float, ...], knots: tuple[float, ...], time: float) -> float:
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
    return exp(-amount) if amount < 700.0 else 0.0


def _cause_by_now(person: Person, key: int, table: ArmTable) -> int:
    """Distress as it would be after the time already spent in the stage, for somebody who entered it calm.

    With onset rates ``l`` and ends ``m`` of a single cause this is the two-state Markov chain, whose probability of
    distress at age t is ``l / (l + m) * (1 - exp(-(l + m) t))``; several causes share it in proportion to ``l / m``.
    """
    total = table.seasons.onset_rates[0][person.stage] * table.onset_ratios[person.segment][person.tier]
    weights, before = [], 0.0
    for cause, share in zip(table.causes, table.seasons.onset_cumulative[0][person.stage], strict=True):
        weights.append(total * (share - before) / cause.end_rate)
        before = share
    weight = sum(weights)
    if weight <= 0.0:
        return CALM
    relaxed = 1.0 - exp(-(total + total / weight) * person.days_in_stage)
    left = streams.uniform(key, streams.START_DISTRESS, 0, 0) * (1.0 + weight)
    for place, part in enumerate(weights):
        if left < part * relaxed:
            return place
        left -= part * relaxed
    return CALM


def _believed_cause(person: Person, key: int, table: ArmTable, policy_segment: int) -> int:
    """A recorded customer's true state is not recorded: in distress with the severity of the evidence as probability.

    The cause is that of the leading signal; a cause that the world does not know is taken for calm.
    """
    beliefs = Beliefs()
    for kind, heard in ((table.type_of(heard.signal_type), heard) for heard in person.heard):
        beliefs.hear(table.sheet, -heard.age_days, kind, heard.strength, table.source_of(heard.source))
    if beliefs.lead < 0:
        return CALM
    judged = beliefs.judge(table.sheet, 0.0, policy_segment, person.stage, person.days_in_stage)
    if streams.uniform(key, streams.START_DISTRESS, 0, 0) >= judged.severity:
        return CALM
    cause = table.sheet.causes[beliefs.lead]
    return next((place for place, law in enumerate(table.causes) if law.policy_cause == cause), CALM)
