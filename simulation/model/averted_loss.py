"""The share of the expected churn loss that an action averts, computed from its simulated effect.

A customer in an episode of distress leaves at the churn hazard times the cause's ratio, and recovers at a constant
rate. A response multiplies the recovery rate, and the hazard of moves, while the effect lasts. The share is the
relative change of the probability of leaving within the policy's churn horizon, times the probability of a response. It
is the mean over the causes that the playbook gives the action for. Delays, later episodes and harm are not part of it.
"""

from __future__ import annotations

from math import exp, expm1
from typing import TYPE_CHECKING

from journey.core.time_units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journey.decision.policy import Policy
    from journey.machine import Journey
    from simulation.model.distress_spec import Cause
    from simulation.model.effect_spec import Effect
    from simulation.model.world_spec import World


def resolve_averts(policy: Policy, world: World, journey: Journey) -> Policy:
    """The policy with a number for every action whose `averts` is ``"simulated"``.

    Args:
        policy: The policy.
        world: The effects of its actions, and the causes of distress.
        journey: The journey, whose exits are the moves by which customers leave.
    """
    computed = {
        name: action.model_copy(update={"averts": compute_averted_share(name, policy, world, journey)})
        for name, action in policy.actions.items()
        if action.averts is None
    }
    return policy.model_copy(update={"actions": {**policy.actions, **computed}}) if computed else policy


def compute_averted_share(action: str, policy: Policy, world: World, journey: Journey) -> float:
    """The share of the expected churn loss that an action averts, from 0 to 1; 0 without an effect.

    Args:
        action: Name of the action.
        policy: Its playbook names the causes that the action is for, and its churn hazards apply.
        world: The effect of the action, and the causes of distress.
        journey: The journey.
    """
    effect = world.effects.get(action)
    causes = list(_list_causes(action, policy, world))
    if effect is None or not causes:
        return 0.0
    yearly = list(policy.churn.yearly_hazard.values()) or [policy.churn.other_yearly_hazard]
    hazard = sum(yearly) / len(yearly) / DAYS_PER_YEAR
    exit_ratio = _find_exit_ratio(effect, journey)
    shares = [
        compute_reduction(
            hazard,
            world.distress.causes[name],
            policy.churn.horizon_days,
            recovery_ratio=effect.by_cause.get(name, effect.recovery_ratio),
            exit_ratio=exit_ratio,
            lasts_days=effect.lasts_days,
        )
        for name in causes
    ]
    return min(1.0, max(0.0, effect.response * sum(shares) / len(shares)))


def compute_reduction(
    hazard: float, cause: Cause, days: float, *, recovery_ratio: float, exit_ratio: float, lasts_days: float
) -> float:
    """The relative reduction of the probability of leaving, for a customer in distress who responds to an action.

    Args:
        hazard: Hazard of leaving per day, without distress.
        cause: The cause of the episode.
        days: Length of the time in which the customer can leave.
        recovery_ratio: Ratio on the rate of recovery while the effect lasts.
        exit_ratio: Ratio on the hazard of leaving while the effect lasts.
        lasts_days: Duration of the effect.
    """
    recovery, ratio = 1.0 / cause.mean_days, cause.churn_ratio
    treated_days = min(lasts_days, days)
    untreated = _advance((1.0, 0.0), days, hazard, ratio, recovery)
    treated = _advance((1.0, 0.0), treated_days, hazard * exit_ratio, ratio, recovery * recovery_ratio)
    treated = _advance(treated, days - treated_days, hazard, ratio, recovery)
    leaving = 1.0 - sum(untreated)
    return 0.0 if leaving <= 0.0 else 1.0 - (1.0 - sum(treated)) / leaving


def _advance(
    state: tuple[float, float], days: float, hazard: float, ratio: float, recovery: float
) -> tuple[float, float]:
    """The probabilities of being in distress and of being calm, some days later, without having left."""
    distressed, calm = state
    excess = hazard * ratio + recovery - hazard
    # The integral of exp(-excess t) over the days; its limit where the excess is 0.
    recovered = days if abs(excess) * days < 1e-12 else -expm1(-excess * days) / excess
    stays = exp(-hazard * days)
    return distressed * exp(-(hazard * ratio + recovery) * days), stays * (calm + distressed * recovery * recovered)


def _list_causes(action: str, policy: Policy, world: World) -> Iterator[str]:
    """The causes in the world for which the playbook has the action; all causes if it names none of them."""
    known = world.distress.causes
    named = {cause for play in policy.plays if play.action == action for cause in play.causes if cause in known}
    yield from (name for name in known if name in named or not named)


def _find_exit_ratio(effect: Effect, journey: Journey) -> float:
    """The ratio of the effect on the hazard of leaving: that of moves that only lead out of the journey."""
    ratio = 1.0
    for move, factor in effect.moves.items():
        destinations = {arc.destination for arc in journey.moves if arc.name == move}
        if destinations and destinations <= journey.exit_stages:
            ratio *= factor
    return ratio
