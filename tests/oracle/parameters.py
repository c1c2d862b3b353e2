"""The parameters of one world by index: moves, causes of distress, signals and actions.

Names are resolved to codes and defaults to numbers once, so that the engines need no lookups by name.
"""

from collections.abc import Iterable, Mapping
from itertools import accumulate
from math import log, log1p
from typing import NamedTuple

from journey.decision.policy import TIERS, CompiledPolicy
from journey.machine import CompiledJourney
from simulation.distributions import dwell_times
from simulation.model.dwell_spec import Dwell
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
    """The parameters of one legal move out of one stage."""

    move: int
    to_stage: int
    law: int
    a: float
    b: float
    leaves: bool
    in_distress: float
    frailty: bool
    guarded: bool


class SignalMix(NamedTuple):
    """A Poisson stream of signals of several types: total rate per day, types, cumulative shares."""

    rate: float
    types: tuple[int, ...]
    cumulative: tuple[float, ...]


class CauseParameters(NamedTuple):
    """The parameters of one cause of distress."""

    name: str
    policy_cause: int
    end_rate: float
    churn_ratio: float
    symptoms: SignalMix


class EffectParameters(NamedTuple):
    """The effect of one action; `response` has one entry per segment, `recovery_ratio` one per cause of the world."""

    delay: float
    response: tuple[float, ...]
    recovery_ratio: tuple[float, ...]
    lasts: float
    harm_ratio: float
    csat: float


class FatigueParameters(NamedTuple):
    """The effect of earlier contacts; `kept_response` is the share of the response that remains at level 1."""

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
        law, a, b = resolve_dwell(clock.dwell_from.get(machine.stages[stage], clock.dwell), knots)
        to_stage = machine.rows[stage][move]
        parameters.append(
            MoveParameters(
                move=move,
                to_stage=to_stage,
                law=law,
                a=a,
                b=b,
                leaves=live[stage] and not live[to_stage],
                in_distress=clock.in_distress,
                frailty=clock.frailty,
                guarded=bool(machine.guard_table[stage, move] >= 0),
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


def build_effect_parameters(action: str, world: World, segments: tuple[str, ...]) -> EffectParameters:
    """The effect of an action in this world; an action without an entry in the world has no effect."""
    effect = world.effects.get(action)
    if effect is None:
        return EffectParameters(
            0.0, tuple(0.0 for _ in segments), tuple(1.0 for _ in world.distress.causes), 1.0, 1.0, 0.0
        )
    return EffectParameters(
        delay=effect.delay_days,
        response=tuple(min(1.0, effect.response * effect.by_segment.get(name, 1.0)) for name in segments),
        recovery_ratio=tuple(effect.by_cause.get(name, effect.recovery_ratio) for name in world.distress.causes),
        lasts=effect.lasts_days,
        harm_ratio=effect.harm_ratio,
        csat=effect.csat,
    )


def build_fatigue_parameters(world: World) -> FatigueParameters:
    """The effect of earlier contacts in this world."""
    fatigue = world.fatigue
    return FatigueParameters(log(2.0) / fatigue.half_life_days, 1.0 - fatigue.response_lost, fatigue.churn_ratio)


def build_cause_parameters(
    world: World, policy: CompiledPolicy, types: Mapping[str, int]
) -> tuple[CauseParameters, ...]:
    """The causes of distress; `types` maps signal types to codes."""
    policy_causes = policy.cause_names
    return tuple(
        CauseParameters(
            name=name,
            policy_cause=policy_causes.index(name) if name in policy_causes else -1,
            end_rate=1.0 / cause.mean_days,
            churn_ratio=cause.churn_ratio,
            symptoms=build_signal_mix(cause.symptoms, types),
        )
        for name, cause in world.distress.causes.items()
    )


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
