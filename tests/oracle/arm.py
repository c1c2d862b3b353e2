"""One arm of a scenario, with its names resolved to indices and its defaults to numbers."""

from typing import NamedTuple

from journey.decision.parameters import PolicyParameters, build_parameters
from journey.decision.policy import OTHER_SEGMENT, TIERS, CompiledPolicy
from journey.decision.rules import NO_ACTION
from journey.machine import CompiledJourney, Journey
from simulation.model.arm import ArmSpec
from simulation.model.distress_spec import Signals
from simulation.model.reviewers_spec import Reviewers
from tests.oracle.calendar_effects import CalendarEffects, build_calendar_effects
from tests.oracle.contracts import (
    ContractParameters,
    ValueChangeParameters,
    build_contract_parameters,
    build_value_change_parameters,
)
from tests.oracle.parameters import (
    CauseParameters,
    EffectParameters,
    FatigueParameters,
    MoveParameters,
    SignalMix,
    build_cause_parameters,
    build_effect_parameters,
    build_fatigue_parameters,
    build_move_parameters,
    build_move_ratios,
    build_signal_mix,
)
from tests.oracle.record_errors import RecordErrorRates, build_record_error_rates


class CompiledArm(NamedTuple):
    """The parameters of an arm, by index. Stages and moves have the codes of the compiled journey."""

    name: str
    journey: Journey
    machine: CompiledJourney
    policy: CompiledPolicy
    policy_parameters: PolicyParameters
    terminal: tuple[bool, ...]
    live: tuple[bool, ...]
    support_stage: int
    escalate_move: int
    knots: tuple[float, ...]
    moves: tuple[tuple[MoveParameters, ...], ...]
    move_ratios: tuple[tuple[tuple[float, ...], ...], ...]
    calendar_effects: CalendarEffects
    onset_ratios: tuple[tuple[float, ...], ...]
    causes: tuple[CauseParameters, ...]
    noise: SignalMix
    signals: Signals
    recovery_type: int
    effects: tuple[EffectParameters, ...]
    fatigue: FatigueParameters
    contract: ContractParameters
    values: ValueChangeParameters
    value_changes: tuple[str, ...]
    record_errors: RecordErrorRates
    cadence: float
    on_signal: bool
    on_stage_entry: bool
    outcome_window: float
    satisfaction_calm: float
    satisfaction_penalty: float
    reviewers: Reviewers
    reviewer_count: int
    discount_rate: float

    def signal_type_code(self, signal_type: str) -> int:
        """Code of a signal type; all types that are not in the policy share the last code."""
        types = self.policy.signal_types
        return types.index(signal_type) if signal_type in types else len(types)

    def signal_source_code(self, source: str) -> int:
        """Code of a signal's source; an unknown source gets the last code, `other`."""
        sources = self.policy.sources
        return sources.index(source) if source in sources else len(sources) - 1


def compile_arm(arm_spec: ArmSpec, segments: tuple[str, ...]) -> CompiledArm:
    """Resolve an arm against its journey, policy and population.

    Args:
        arm_spec: The arm.
        segments: The population's segments; a customer's segment is an index into them.
    """
    machine = arm_spec.journey.compile()
    exit_stages = arm_spec.exit_stages
    policy = arm_spec.policy.compile(machine.stages, exit_stages)
    types = {name: index for index, name in enumerate(policy.signal_types)}
    world = arm_spec.world
    live = tuple(stage not in exit_stages for stage in machine.stages)
    knots: list[float] = []
    moves = tuple(build_move_parameters(stage, machine, world, live, knots) for stage in range(len(machine.stages)))
    move_index = dict(machine.move_index)
    return CompiledArm(
        name=arm_spec.name,
        journey=arm_spec.journey,
        machine=machine,
        policy=policy,
        policy_parameters=build_parameters(policy)._replace(
            plays=_mask_disallowed_plays(policy.plays, arm_spec, policy),
            opportunities=_mask_disallowed_plays(policy.opportunities, arm_spec, policy),
            timed_plays=_mask_disallowed_plays(policy.timed_plays, arm_spec, policy),
        ),
        terminal=tuple(bool(terminal) for terminal in machine.terminal),
        live=live,
        support_stage=dict(machine.stage_index).get("support", -1),
        escalate_move=move_index.get("escalate", -1),
        knots=tuple(knots),
        moves=moves,
        move_ratios=build_move_ratios(world, machine.moves, segments),
        calendar_effects=build_calendar_effects(world, machine.stages, machine.moves),
        onset_ratios=tuple(
            tuple(world.distress.by_segment.get(s, 1.0) * world.distress.by_tier.get(t, 1.0) for t in TIERS)
            for s in segments
        ),
        causes=build_cause_parameters(world, policy, types),
        noise=build_signal_mix(world.signals.false_per_day, types),
        signals=world.signals,
        recovery_type=types.get(world.signals.recovery or "", -1),
        effects=tuple(build_effect_parameters(name, world, segments) for name in policy.actions),
        fatigue=build_fatigue_parameters(world),
        contract=build_contract_parameters(world, machine, segments),
        values=build_value_change_parameters(world, machine.stages),
        value_changes=tuple(world.value_changes),
        record_errors=build_record_error_rates(world.imperfections),
        cadence=world.decisions.cadence_days if arm_spec.active else 0.0,
        on_signal=world.decisions.on_signal and arm_spec.active,
        on_stage_entry=world.decisions.on_stage_entry and arm_spec.active,
        outcome_window=world.decisions.outcome_window_days,
        satisfaction_calm=world.satisfaction.calm,
        satisfaction_penalty=world.satisfaction.distress_penalty,
        reviewers=arm_spec.reviewers,
        reviewer_count=len(arm_spec.pod_range(arm_spec.reviewers.count_for(arm_spec.population.size))),
        discount_rate=arm_spec.daily_discount_rate,
    )


def map_policy_segments(table: CompiledArm, segments: tuple[str, ...]) -> tuple[int, ...]:
    """The policy's codes of the population's segments; a segment that is not in the policy counts as its `other`."""
    policy_segments = table.policy.segments
    return tuple(policy_segments.index(name if name in policy_segments else OTHER_SEGMENT) for name in segments)


def _mask_disallowed_plays(
    plays: tuple[tuple[tuple[int, ...], ...], ...], arm_spec: ArmSpec, policy: CompiledPolicy
) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """The playbook actions, with NO_ACTION in place of those that the arm may not take."""
    allowed = [arm_spec.actions is None or name in arm_spec.actions for name in policy.actions]
    return tuple(
        tuple(tuple(play if play != NO_ACTION and allowed[play] else NO_ACTION for play in row) for row in rows)
        for rows in plays
    )
