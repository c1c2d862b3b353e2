"""Effects of actions on moves and price, checked against products of matrix exponentials.

In the derived model every customer gets the action on entering the journey, responds, and is never contacted again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from journey.decision.policy import MONITOR_ONLY, Action, ContactPolicy, Play, Policy
from journey.machine import Move
from journey.machine.stages import NO_DETAILS
from simulation.exact.action_effects import build_treated_chain, solve_treated_chain
from simulation.exact.markov import frailty_nodes
from simulation.metrics.counters import build_time_grid
from simulation.model.dwell_spec import Dwell, MoveClock
from simulation.model.effect_spec import Decisions
from simulation.verification.derived_models import derive_theory_arm
from simulation.verification.occupancy import Expectation

if TYPE_CHECKING:
    from simulation.model.arm import ArmSpec
    from simulation.model.effect_spec import Effect

ENTRY_DAY = 1.0
"""Day on which all customers enter the journey and get the action."""


def acting_effects(arm_spec: ArmSpec) -> dict[str, Effect]:
    """The effects that act on moves or price, by action."""
    return {name: effect for name, effect in arm_spec.world.effects.items() if effect.acts_when_calm}


def derive_treated_arm(arm_spec: ArmSpec, action: str, *, customers: int) -> ArmSpec:
    """A world in which all customers enter the journey on `ENTRY_DAY`, get an action at once, and respond.

    Dwells are exponential, and there is no distress. The stage before the entry is the first of the journey.

    Args:
        arm_spec: The arm.
        action: The action.
        customers: Number of customers.
    """
    theory = derive_theory_arm(arm_spec, customers=customers, exponential=True, distress="none")
    journey, entry, enter = theory.journey, _new_name(theory.journey.stages), _new_name(theory.journey.move_names)
    world, live = theory.world, journey.non_exit_stages
    effect = arm_spec.world.effects[action].model_copy(
        update={"delay_days": 0.0, "response": 1.0, "by_segment": {}, "harm_ratio": 1.0}
    )
    entry_clock = MoveClock(dwell=Dwell(law="deterministic", mean_days=ENTRY_DAY))
    target = next(stage for stage in (*journey.initial, *live) if stage in live)
    catalogue = {name: Action(delivery="automated", cost=0.0, averts=0.0) for name in (MONITOR_ONLY, action)}
    return replace(
        theory,
        journey=replace(
            journey,
            stages=(entry, *journey.stages),
            moves=(Move(enter, entry, target), *journey.moves),
            initial=(entry,),
            details=(NO_DETAILS, *journey.details),
        ),
        world=world.model_copy(
            update={
                "moves": {enter: entry_clock, **world.moves},
                "effects": {action: effect},
                "decisions": Decisions(cadence_days=0.0, on_signal=False, on_stage_entry=True),
            }
        ),
        policy=Policy(
            actions=catalogue,
            plays=(Play(stages=live, action=action, after_days=0.0),),
            contact=ContactPolicy(cool_down_days=0.0, max_contacts=1, window_days=36_500.0),
        ),
        population=theory.population.model_copy(update={"start": {entry: 1.0}}),
        actions=None,
        active=True,
    )


def derive_acting_arm(arm_spec: ArmSpec, *, customers: int) -> ArmSpec:
    """The arm with its own dwells, distress and decisions, whose actions act on moves and price only.

    Events have hazards that follow from the trace: when an effect begins depends on the past only.

    Args:
        arm_spec: The arm.
        customers: Number of customers.
    """
    theory = derive_theory_arm(
        arm_spec, customers=customers, exponential=False, distress="visible", aged=True, dated=True
    )
    effects = {
        name: effect.model_copy(update={"recovery_ratio": 1.0, "by_cause": {}, "harm_ratio": 1.0})
        for name, effect in arm_spec.world.effects.items()
    }
    update = {"effects": effects, "decisions": arm_spec.world.decisions}
    return replace(theory, world=theory.world.model_copy(update=update), active=True)


def _new_name(names: tuple[str, ...] | frozenset[str]) -> str:
    name = "entry"
    while name in names:
        name += "_"
    return name


def treated_expectation(arm_spec: ArmSpec, segment: str, tier: str, days: float) -> Expectation:
    """Expectations for a kind of customer of `derive_treated_arm`, from its first stage."""
    world, rate = arm_spec.world, arm_spec.daily_discount_rate
    (effect,) = world.effects.values()
    stages, (enter, *moves) = arm_spec.journey.stages[1:], arm_spec.journey.moves
    journey = replace(
        arm_spec.journey,
        stages=stages,
        moves=tuple(moves),
        initial=(enter.destination,),
        details=arm_spec.journey.details[1:],
    )
    target = stages.index(enter.destination)
    grid, count = build_time_grid(days), len(arm_spec.journey.stages)
    after = [0.0, *(day - ENTRY_DAY for day in grid if day >= ENTRY_DAY)]
    occupancy = np.zeros((len(grid), count, count))
    occupancy[[day < ENTRY_DAY for day in grid], 0, 0] = 1.0
    amounts = {name: np.zeros(count) for name in ("moves", "episodes", "distress", "paying")}
    amounts["moves"][0] = 1.0
    amounts["paying"][0] = ENTRY_DAY if rate == 0.0 else -np.expm1(-rate * ENTRY_DAY) / rate
    first = len(grid) - len(after) + 1
    for frailty, weight in zip(*frailty_nodes(world.frailty_spread), strict=True):
        chain = build_treated_chain(journey, world, effect, segment=segment, tier=tier, frailty=float(frailty))
        answer = solve_treated_chain(chain, after, discount_rate=rate)
        occupancy[first:, 0, 1:] += weight * answer.occupancy[1:, target]
        amounts["moves"][0] += weight * answer.moves[target]
        amounts["paying"][0] += weight * np.exp(-rate * ENTRY_DAY) * answer.paid_days[target]
    return Expectation(occupancy, amounts)
