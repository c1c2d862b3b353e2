"""Time-dependent effects, evaluated independently from the scenario: seasons, tenure, and contract ends.

Nothing here uses the engines' arrays (`simulation.model.calendar_effects`, `simulation.model.contracts`). A phase is
active on the days that it contains, and the ratios of active phases multiply.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from math import exp, fmod, log1p, prod
from typing import TYPE_CHECKING

from journey.decision.policy import TIERS
from simulation.exact.markov import distress_ratio
from simulation.trace.events import RENEWAL
from simulation.verification import evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from simulation.model.dwell_spec import MoveClock
    from simulation.model.world_spec import Phase, World
    from simulation.verification.event_histories import EventHistories, Spell
    from simulation.verification.evidence import Evidence

DATE_TOLERANCE = 1e-9
"""Dates within this many days are equal: they are sums in a different order."""


def is_active(phase: Phase, day: float) -> bool:
    """Whether a phase of the calendar is active on a day."""
    since = day - phase.from_day
    if since >= 0.0 and phase.every_days is not None:
        since = fmod(since, phase.every_days)
    return 0.0 <= since < phase.until_day - phase.from_day


def season_ratio(calendar: Mapping[str, Phase], move: str, day: float) -> float:
    """Hazard ratio of a move on a day: the product over all active phases."""
    return prod(phase.moves.get(move, 1.0) for phase in calendar.values() if is_active(phase, day))


def onset_ratio(calendar: Mapping[str, Phase], cause: str, day: float) -> float:
    """Ratio on the onset rate of a cause on a day."""
    return prod(phase.onsets.get(cause, 1.0) for phase in calendar.values() if is_active(phase, day))


def tenure_ratio(clock: MoveClock, tenure: float) -> float:
    """Hazard ratio of a move at this tenure, in days."""
    return [1.0, *(ratio for begin, ratio in clock.by_tenure if begin <= tenure)][-1]


def phase_boundaries(calendar: Mapping[str, Phase], days: float) -> list[float]:
    """The days before the horizon on which any phase begins or ends, in order."""
    boundaries = set()
    for phase in calendar.values():
        for edge in (phase.from_day, phase.until_day):
            while edge < days:
                boundaries.add(edge)
                if phase.every_days is None:
                    break
                edge += phase.every_days
    return sorted(boundaries)


def split_spells(histories: EventHistories) -> list[Spell]:
    """The spells, split where a season or a tenure band begins or ends; the last piece of each keeps its move."""
    world = histories.arm_spec.world
    cuts = phase_boundaries(world.calendar, histories.days)
    bands = sorted({begin for clock in world.moves.values() for begin, _ in clock.by_tenure})
    if not cuts and not bands:
        return list(histories.spells)
    pieces: list[Spell] = []
    for spell in histories.spells:
        person = histories.customers[spell.customer]
        joined_at = person.arrives_at - person.tenure_days
        own = [joined_at + band for band in bands if spell.start < joined_at + band < spell.stop]
        inside = cuts[bisect_right(cuts, spell.start) : bisect_left(cuts, spell.stop)]
        pieces.extend(_cut(spell, sorted({*inside, *own})))
    return pieces


def _cut(spell: Spell, days: Sequence[float]) -> Iterator[Spell]:
    start, age = spell.start, spell.age
    for day in days:
        yield spell._replace(start=start, stop=day, age=age, move=None, reason=None)
        start, age = day, spell.age + day - spell.start
    yield spell._replace(start=start, age=age)


def move_ratio(histories: EventHistories, spell: Spell, move: str) -> float:
    """Hazard ratio of a move over a piece of a spell, from season and tenure."""
    middle = 0.5 * (spell.start + spell.stop)
    return ratio_on_day(histories, spell.customer, move, middle)


def ratio_on_day(histories: EventHistories, customer: int, move: str, day: float) -> float:
    """Hazard ratio of a customer's move on a day, from season and tenure."""
    world, person = histories.arm_spec.world, histories.customers[customer]
    tenure = day - person.arrives_at + person.tenure_days
    return season_ratio(world.calendar, move, day) * tenure_ratio(world.moves[move], tenure)


def renewal_evidence(title: str, histories: EventHistories, min_expected: float) -> Iterator[Evidence]:
    """Compare departures at contract ends with their probabilities.

    Each contract end is an independent draw. The number of departures minus the sum of the probabilities is a
    martingale whose variance is at most that of the Poisson distribution with the same mean, which gives the p-value.

    Args:
        title: The changes to the scenario that give an exact result.
        histories: A run.
        min_expected: With fewer expected departures there is no check.
    """
    chances = sum(_churn_probability(histories, spell, date) for spell, date in _renewal_dates(histories))
    left = sum(spell.reason == RENEWAL for spell in histories.spells)
    if chances >= min_expected or (chances == 0.0 and left):
        yield evidence.compare_count(f"{title}: departures at a renewal against their probability", chances, left)


def _renewal_dates(histories: EventHistories) -> Iterator[tuple[Spell, float]]:
    """Every date of a contract end, with the customer's spell."""
    every, arcs = histories.arm_spec.world.renewal.every_days, histories.arm_spec.journey.arcs
    customer, date = -1, 0.0
    for spell in histories.spells:
        if spell.customer != customer:
            customer, person = spell.customer, histories.customers[spell.customer]
            date = person.arrives_at + every - fmod(person.tenure_days, every)
        if spell.stage in histories.churned_stages:
            date = spell.stop + every
            continue
        # A spell that was ended by the renewal stops on this date.
        while date <= spell.stop + DATE_TOLERANCE and date < histories.days:
            yield spell, date
            date += every
        if spell.move is not None and arcs[spell.stage, spell.move].destination in histories.churned_stages:
            date = histories.days


def _churn_probability(histories: EventHistories, spell: Spell, date: float) -> float:
    """Probability of leaving at a contract end: one minus the exponential of the mass times all ratios."""
    arm_spec, world = histories.arm_spec, histories.arm_spec.world
    move = world.renewal.move
    arc, clock = arm_spec.journey.arcs.get((spell.stage, move)), world.moves.get(move)
    if arc is None or clock is None:
        return 0.0
    person = histories.customers[spell.customer]
    segment, tier = histories.segments[person.segment], TIERS[person.tier]
    by_tier = {str(name): ratio for name, ratio in clock.by_tier.items()}
    mass = -log1p(-world.renewal.churn.get(segment, 0.0)) * by_tier.get(tier, 1.0)
    mass *= distress_ratio(world, clock, spell.cause, ends=arc.destination in histories.churned_stages)
    mass *= histories.effect_ratio(spell, move)
    if clock.frailty:
        mass *= float(histories.frailties[spell.customer])
    return 1.0 - exp(-mass * ratio_on_day(histories, spell.customer, move, date))


def value_change_evidence(title: str, histories: EventHistories, min_expected: float) -> Iterator[Evidence]:
    """Compare expansions and contractions of accounts with their rates; see `renewal_evidence`."""
    world: World = histories.arm_spec.world
    for name, change in world.value_changes.items():
        expected = sum(
            (spell.stop - spell.start)
            * change.per_day.get(spell.stage, 0.0)
            * (1.0 if spell.cause is None else change.in_distress)
            for spell in histories.spells
        )
        if expected >= min_expected:
            observed = sum(row.label == name for row in histories.changes)
            yield evidence.compare_count(f"{title}: {name} of accounts against its rate", expected, observed)
