"""The parameters of one world by index: moves, causes of distress, signals and actions.

Names are resolved to codes and defaults to numbers once, so that the engines need no lookups by name.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from math import log, log1p
from typing import Any, NamedTuple

from journey.decision.policy import TIERS, CompiledPolicy
from journey.machine import CompiledJourney
from simulation.distributions import dwell_times
from simulation.model.dwell_spec import Dwell
from simulation.model.effect_spec import Effect
from simulation.model.world_spec import World

_DISTRIBUTION_CODES = {
    "exponential": dwell_times.EXPONENTIAL,
    "weibull": dwell_times.WEIBULL,
    "log_logistic": dwell_times.LOG_LOGISTIC,
    "deterministic": dwell_times.DETERMINISTIC,
    "log_normal": dwell_times.LOG_NORMAL,
    "gamma": dwell_times.GAMMA,
    "empirical": dwell_times.EMPIRICAL,
}


class MoveParameters(NamedTuple):
    """One legal move out of one stage.

    Attributes:
        move: Code of the move.
        to_stage: Code of the stage it leads to.
        distribution: Code of its dwell's distribution (`simulation.distributions.dwell_times`), with parameters.
        a: First parameter.
        b: Second parameter.
        leaves: Whether the customer leaves by it: from a live stage to another.
        notice: Days between the decision to make it and the move itself.
        in_distress: Hazard ratio during distress.
        frailty: Whether the move is subject to frailty.
        guarded: Whether it has a guard.
        within_stay: Whether it leads back to its stage and begins no new stay.
    """

    move: int
    to_stage: int
    distribution: int
    a: float
    b: float
    leaves: bool
    notice: float
    in_distress: float
    frailty: bool
    guarded: bool
    within_stay: bool


class SignalMix(NamedTuple):
    """A Poisson stream of signals of several types: total rate per day, types, cumulative shares."""

    rate: float
    types: tuple[int, ...]
    cumulative: tuple[float, ...]


class CauseParameters(NamedTuple):
    """One cause of distress.

    Attributes:
        policy_cause: The cause as the policy numbers it, or -1.
        end_rate: Rate at which an episode ends, per day.
        churn_ratio: Hazard ratio on churn during an episode.
        symptom_rate: Symptoms per day; their types are in `SignalParameters`.
    """

    policy_cause: int
    end_rate: float
    churn_ratio: float
    symptom_rate: float


class SignalParameters(NamedTuple):
    """The signals that a customer sends.

    Attributes:
        symptom_types: By cause, the types of symptoms.
        symptom_shares: By cause, their cumulative shares; rows of different lengths are padded with 1, which no draw
            reaches.
        noise_rate: False alarms per day.
        noise_types: The types of false alarms.
        noise_shares: Their cumulative shares.
        strength_low, strength_high: Range of the strength of symptoms and recovery signals.
        false_low, false_high: Range of the strength of false alarms.
        manual_share: Share of signals that a person records.
        delay_mean: Mean time until a signal is recorded, in days.
        recovery_type: Type of the recovery signal, or -1.
        recovery_probability: Probability that the end of an episode sends one.
    """

    symptom_types: tuple[tuple[int, ...], ...]
    symptom_shares: tuple[tuple[float, ...], ...]
    noise_rate: float
    noise_types: tuple[int, ...]
    noise_shares: tuple[float, ...]
    strength_low: float
    strength_high: float
    false_low: float
    false_high: float
    manual_share: float
    delay_mean: float
    recovery_type: int
    recovery_probability: float


class EffectParameters(NamedTuple):
    """The effect of one action, apart from the tables of responses and recovery ratios.

    Attributes:
        cost: Cost in dollars.
        delay: Time from the decision or approval to the action, in days.
        lasts: Duration of the effect, in days.
        harm_ratio: Hazard ratio on churn if the customer is not in distress.
        csat: Satisfaction points if the customer responds and the action is resolved.
        acts_on_moves: Whether it changes hazards of moves.
        discount_days: Duration of its discount, in days; 0 without one.
        acts_when_calm: Whether it has one of these, and so acts on customers who are not in distress too.
    """

    cost: float
    delay: float
    lasts: float
    harm_ratio: float
    csat: float
    acts_on_moves: bool
    discount_days: float
    acts_when_calm: bool


class FatigueParameters(NamedTuple):
    """The effect of earlier contacts; each contact adds 1 to the level of fatigue, which fades.

    Attributes:
        fade_rate: Rate at which the level fades, per day.
        kept_response: Share of the probability of a response that remains at level 1.
        churn_ratio: Hazard ratio on churn after a contact at level 1.
    """

    fade_rate: float
    kept_response: float
    churn_ratio: float


def build_move_parameters(
    stage: int, machine: CompiledJourney, world: World, live: tuple[bool, ...], knots: list[float]
) -> tuple[MoveParameters, ...]:
    """The parameters of the moves out of a stage; empirical distributions append their knots to `knots`."""
    parameters = []
    for move in machine.legal_moves[stage]:
        clock = world.moves.get(machine.moves[move])
        if clock is None:
            continue
        distribution, a, b = resolve_dwell(clock.dwell_from.get(machine.stages[stage], clock.dwell), knots)
        to_stage = machine.rows[stage][move]
        leaves = live[stage] and not live[to_stage]
        parameters.append(
            MoveParameters(
                move=move,
                to_stage=to_stage,
                distribution=distribution,
                a=a,
                b=b,
                leaves=leaves,
                notice=world.notice_days if leaves else 0.0,
                in_distress=clock.in_distress,
                frailty=clock.frailty,
                guarded=bool(machine.guard_table[stage, move] >= 0),
                within_stay=(stage, move) in machine.moves_within_stay,
            )
        )
    return tuple(parameters)


def resolve_dwell(dwell: Dwell, knots: list[float]) -> tuple[int, float, float]:
    """A dwell as a distribution code and parameters; an empirical one appends its knots to `knots`."""
    law = _DISTRIBUTION_CODES[dwell.law]
    if law != dwell_times.EMPIRICAL:
        return law, *dwell_times.scale_for_mean(law, dwell.mean_days, dwell.shape)
    first = len(knots) // 2
    # A share of 1 would be an infinite hazard; the cap of 1 - 1e-16 has no effect in any feasible sample.
    points = [(0.0, 0.0), *((days, -log1p(-min(share, 1.0 - 1e-16))) for days, share in dwell.points)]
    knots.extend(number for point in points for number in point)
    return law, float(first), float(len(points))


def build_signal_mix(rates: Mapping[str, float], types: Mapping[str, int]) -> SignalMix:
    """The mix of signals with these rates per day; `types` maps signal types to codes."""
    named = [(types[name], rate) for name, rate in rates.items() if rate > 0.0]
    return SignalMix(
        rate=sum(rate for _, rate in named),
        types=tuple(kind for kind, _ in named),
        cumulative=cumulative_shares([rate for _, rate in named]),
    )


def cumulative_shares(weights: Iterable[float]) -> tuple[float, ...]:
    """Cumulative shares of non-negative weights. The last share is exactly 1, or all are 0 if no weight is positive."""
    sums = tuple(accumulate(weights))
    if not any(sums):
        return (0.0,) * len(sums)
    return tuple(partial / sums[-1] for partial in sums)


def build_effect_parameters(world: World, actions: Mapping[str, float]) -> tuple[EffectParameters, ...]:
    """The effect of each action; an action without an entry in the world has none. `actions` maps them to costs."""
    effects = ((cost, world.effects.get(action)) for action, cost in actions.items())
    return tuple(_build_effect(cost, effect) for cost, effect in effects)


def _build_effect(cost: float, effect: Effect | None) -> EffectParameters:
    if effect is None:
        return EffectParameters(cost, 0.0, 1.0, 1.0, 0.0, acts_on_moves=False, discount_days=0.0, acts_when_calm=False)
    return EffectParameters(
        cost=cost,
        delay=effect.delay_days,
        lasts=effect.lasts_days,
        harm_ratio=effect.harm_ratio,
        csat=effect.csat,
        acts_on_moves=bool(effect.moves),
        discount_days=effect.discount_days,
        acts_when_calm=effect.acts_when_calm,
    )


def build_effect_move_ratios(
    world: World, actions: Iterable[str], moves: tuple[str, ...]
) -> tuple[tuple[float, ...], ...]:
    """Hazard ratio of each move while the effect of an action lasts, by action and move."""
    effects = [world.effects.get(action) for action in actions]
    return tuple(tuple(1.0 if e is None else e.moves.get(move, 1.0) for move in moves) for e in effects)


def build_discount_shares(
    world: World, actions: Iterable[str], stages: tuple[str, ...]
) -> tuple[tuple[float, ...], ...]:
    """Share of the price that is not paid while the discount of an action lasts, by action and stage."""

    def share(effect: Effect | None, stage: str) -> float:
        return 0.0 if effect is None or effect.discount is None else effect.discount.share_in(stage)

    return tuple(tuple(share(world.effects.get(action), stage) for stage in stages) for action in actions)


def build_responses(world: World, actions: Iterable[str], segments: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
    """Probability of a response, by action and segment."""

    def response(effect: Effect | None, segment: str) -> float:
        return 0.0 if effect is None else min(1.0, effect.response * effect.by_segment.get(segment, 1.0))

    return tuple(tuple(response(world.effects.get(action), name) for name in segments) for action in actions)


def build_recovery_ratios(world: World, actions: Iterable[str]) -> tuple[tuple[float, ...], ...]:
    """Hazard ratio on the end of an episode after a response, by action and cause."""

    def ratio(effect: Effect | None, cause: str) -> float:
        return 1.0 if effect is None else effect.by_cause.get(cause, effect.recovery_ratio)

    causes = world.distress.causes
    return tuple(tuple(ratio(world.effects.get(action), name) for name in causes) for action in actions)


def build_fatigue_parameters(world: World) -> FatigueParameters:
    """The effect of earlier contacts in this world."""
    fatigue = world.fatigue
    return FatigueParameters(log(2.0) / fatigue.half_life_days, 1.0 - fatigue.response_lost, fatigue.churn_ratio)


def build_cause_parameters(
    world: World, policy: CompiledPolicy, symptoms: Sequence[SignalMix]
) -> tuple[CauseParameters, ...]:
    """The causes of distress; `symptoms` are the mixes of their symptoms."""
    policy_causes = policy.cause_names
    return tuple(
        CauseParameters(
            policy_cause=policy_causes.index(name) if name in policy_causes else -1,
            end_rate=1.0 / cause.mean_days,
            churn_ratio=cause.churn_ratio,
            symptom_rate=mix.rate,
        )
        for (name, cause), mix in zip(world.distress.causes.items(), symptoms, strict=True)
    )


def build_signal_parameters(world: World, symptoms: Sequence[SignalMix], types: Mapping[str, int]) -> SignalParameters:
    """The signals of a world; `types` maps signal types to codes."""
    signals, noise = world.signals, build_signal_mix(world.signals.false_per_day, types)
    width = max((len(mix.types) for mix in symptoms), default=0)
    return SignalParameters(
        symptom_types=tuple(_pad(mix.types, width, 0) for mix in symptoms),
        symptom_shares=tuple(_pad(mix.cumulative, width, 1.0) for mix in symptoms),
        noise_rate=float(noise.rate),
        noise_types=noise.types,
        noise_shares=noise.cumulative,
        strength_low=signals.strength.low,
        strength_high=signals.strength.high,
        false_low=signals.false_strength.low,
        false_high=signals.false_strength.high,
        manual_share=signals.manual_share,
        delay_mean=signals.delay_mean_days,
        recovery_type=types.get(signals.recovery or "", -1),
        recovery_probability=signals.recovery_probability,
    )


def _pad(row: tuple[Any, ...], width: int, value: float) -> tuple[Any, ...]:
    return (*row, *[value] * (width - len(row)))


def build_move_ratios(
    world: World, moves: tuple[str, ...], segments: tuple[str, ...]
) -> tuple[tuple[tuple[float, ...], ...], ...]:
    """Hazard ratio by segment, tier and move."""

    def ratio(segment: str, tier: str, move: str) -> float:
        clock = world.moves.get(move)
        if clock is None:
            return 0.0
        by_tier: Mapping[str, float] = {str(name): value for name, value in clock.by_tier.items()}
        return clock.by_segment.get(segment, 1.0) * by_tier.get(tier, 1.0)

    return tuple(tuple(tuple(ratio(segment, tier, move) for move in moves) for tier in TIERS) for segment in segments)
