"""Events, checked against their integrated hazards: exact for any dwells, distress, ages and seasons.

For each customer the number of events of a kind minus the integral of their hazard is a martingale with mean 0. The
total of each kind is therefore compared with the total of the integrals over the simulated histories. A multiplier that
is applied wrongly, late or not at all shows as a difference, in mid-stay too.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from simulation.exact.markov import distress_ratio, kind_ratio, onset_rate
from simulation.exact.scipy_distributions import cumulative_hazard
from simulation.verification import evidence, time_dependent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journey.machine.moves import Move
    from simulation.model.distress_spec import Strengths
    from simulation.verification.event_histories import EventHistories, Spell
    from simulation.verification.evidence import Evidence

MIN_EXPECTED = 5.0
"""Kinds of events with fewer expected events are not checked."""

MIN_VALUES = 20
"""Minimum number of values for a check of their distribution."""


def compare_hazards(title: str, histories: EventHistories) -> Iterator[Evidence]:
    """Compare moves, episodes, signals, departures at renewals and value changes with their integrated hazards.

    Args:
        title: The changes to the scenario that give an exact result.
        histories: A run in a world without orchestrator and without signal delay.
    """
    pieces = time_dependent.split_spells(histories)
    yield from _moves(title, histories, pieces)
    yield from time_dependent.renewal_evidence(title, histories, MIN_EXPECTED)
    yield from time_dependent.value_change_evidence(title, histories, MIN_EXPECTED)
    yield from _episodes(title, histories, pieces)
    yield from _signals(title, histories)


def _moves(title: str, histories: EventHistories, pieces: list[Spell]) -> Iterator[Evidence]:
    spells: defaultdict[str, list[Spell]] = defaultdict(list)
    for spell in pieces:
        spells[spell.stage].append(spell)
    expected: defaultdict[str, float] = defaultdict(float)
    observed: defaultdict[str, int] = defaultdict(int)
    for move in histories.arm_spec.journey.moves:
        clock = histories.arm_spec.world.moves.get(move.name)
        if clock is None or clock.dwell_from.get(move.source, clock.dwell).law == "deterministic":
            # A deterministic dwell has no hazard; the renewal equations check it.
            continue
        expected[move.name] += _integrated_hazard(histories, spells[move.source], move)
        observed[move.name] += sum(spell.move == move.name and not spell.reason for spell in spells[move.source])
    for name, mean in expected.items():
        if mean >= MIN_EXPECTED:
            yield evidence.compare_count(f"{title}: {name} against its hazard", mean, observed[name])


def _integrated_hazard(histories: EventHistories, spells: list[Spell], move: Move) -> float:
    """The integral of one move's hazard over spells in the stage it leaves."""
    if not spells:
        return 0.0
    world = histories.arm_spec.world
    clock = world.moves[move.name]
    dwell = clock.dwell_from.get(move.source, clock.dwell)
    kinds, ends = histories.kinds(), move.destination in histories.churned_stages
    by_kind = {kind: kind_ratio(clock, *kind, 1.0) for kind in set(kinds)}
    by_cause = {cause: distress_ratio(world, clock, cause, ends=ends) for cause in {s.cause for s in spells}}
    customers = np.array([spell.customer for spell in spells])
    ratio = np.array(
        [
            by_kind[kinds[spell.customer]]
            * by_cause[spell.cause]
            * histories.effect_ratio(spell, move.name)
            * time_dependent.move_ratio(histories, spell, move.name)
            for spell in spells
        ]
    )
    if clock.frailty:
        ratio = ratio * histories.frailties[customers]
    age = np.array([spell.age for spell in spells])
    length = np.array([spell.stop - spell.start for spell in spells])
    hazard = cumulative_hazard(dwell, age + length) - cumulative_hazard(dwell, age)
    return float(np.sum(ratio * hazard))


def _episodes(title: str, histories: EventHistories, pieces: list[Spell]) -> Iterator[Evidence]:
    world, kinds = histories.arm_spec.world, histories.kinds()
    onsets: defaultdict[str, float] = defaultdict(float)
    begun: defaultdict[str, int] = defaultdict(int)
    ends, ended = 0.0, 0
    before: Spell | None = None
    for spell in pieces:
        length, middle = spell.stop - spell.start, 0.5 * (spell.start + spell.stop)
        continues = before is not None and before.customer == spell.customer and before.cause is not None
        if spell.cause is None:
            for cause in world.distress.causes:
                segment, tier = kinds[spell.customer]
                rate = onset_rate(world, cause, stage=spell.stage, segment=segment, tier=tier)
                onsets[cause] += length * rate * time_dependent.onset_ratio(world.calendar, cause, middle)
            # An episode that lasts until the customer churns has not ended.
            ended += continues and spell.stage not in histories.churned_stages
        else:
            ends += length / world.distress.causes[spell.cause].mean_days
            begun[spell.cause] += not continues
        before = spell
    for cause, mean in onsets.items():
        if mean >= MIN_EXPECTED:
            yield evidence.compare_count(f"{title}: episodes of {cause} against their rate", mean, begun[cause])
    if ends >= MIN_EXPECTED:
        yield evidence.compare_count(f"{title}: ends of episodes against their rate", ends, ended)


def _signals(title: str, histories: EventHistories) -> Iterator[Evidence]:
    world = histories.arm_spec.world
    false = [row for row in histories.signals if row.reason == "noise"]
    true = [row for row in histories.signals if row.reason != "noise"]
    symptoms, active_days = 0.0, 0.0
    per_day = {name: sum(cause.symptoms.values()) for name, cause in world.distress.causes.items()}
    for spell in histories.spells:
        if spell.stage not in histories.churned_stages:
            active_days += spell.stop - spell.start
            symptoms += (spell.stop - spell.start) * per_day.get(spell.cause or "", 0.0)
    alarms = active_days * sum(world.signals.false_per_day.values())
    for name, mean, rows, strengths in (
        ("symptoms", symptoms, true, world.signals.strength),
        ("false alarms", alarms, false, world.signals.false_strength),
    ):
        if mean >= MIN_EXPECTED:
            yield evidence.compare_count(f"{title}: {name} against their rate", mean, len(rows))
        if len(rows) >= MIN_VALUES and strengths.high > strengths.low:
            yield _uniform(f"{title}: strength of {name}", [float(row.value or 0.0) for row in rows], strengths)


def _uniform(name: str, values: list[float], strengths: Strengths) -> Evidence:
    scaled = (np.array(values) - strengths.low) / (strengths.high - strengths.low)
    return evidence.compare_with_uniform(name, scaled)
