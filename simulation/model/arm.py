"""One arm of a scenario, and the tables that the engine reads instead of its specification.

`ArmSpec` is what a scenario says; `compile_arm` resolves every name to an index and every default to a number, once,
so that nothing in the engine looks anything up by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import log1p
from typing import NamedTuple

from journey.decision.policy import OTHER_SEGMENT, TIERS, CompiledPolicy, Policy
from journey.decision.rules import NO_ACTION
from journey.decision.steps import PolicyParameters, build_parameters
from journey.machine import CompiledJourney, Journey
from journey.runtime.recent_cache import RecentCache
from simulation.model.calendar_effects import CalendarEffects, build_calendar_effects
from simulation.model.contracts import (
    ContractParameters,
    ValueChangeParameters,
    build_contract_parameters,
    build_value_change_parameters,
)
from simulation.model.parameters import (
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
from simulation.model.record_errors import RecordErrorRates, build_record_error_rates
from simulation.model.spec import DAYS_PER_YEAR, Population, Reviewers, Signals, World


@dataclass(frozen=True)
class ArmSpec:
    """One arm of a scenario: the world all arms share, and the policy and resources of this one.

    Attributes:
        name: Name of the arm.
        journey: The machine.
        world: The laws customers live by.
        policy: The policy the orchestrator decides with.
        population: Who lives in the world.
        reviewers: The human gate.
        actions: The actions this arm may take, or None for all; a play with any other action is no play.
        active: Whether there is an orchestrator at all; without one nothing is evaluated.
        yearly_discount: Discount rate per year for money earned within the horizon.
        share: Relative share of the customers who are assigned to this arm where several share one run.
        share_by_segment: The same for the customers of single segments, by name; 0 keeps a segment out of this arm.
        pod: Which of the gate's pods this is, from 0; None for all of them together, and where there is one only.
    """

    name: str
    journey: Journey
    world: World
    policy: Policy
    population: Population
    reviewers: Reviewers
    actions: tuple[str, ...] | None = None
    active: bool = True
    yearly_discount: float = 0.0
    share: float = 1.0
    share_by_segment: Mapping[str, float] = field(default_factory=dict)
    pod: int | None = None

    @property
    def exit_stages(self) -> frozenset[str]:
        """Stages in which a customer has left: terminal stages, and lost stages, which a win-back move can leave."""
        return frozenset((*self.journey.terminal, *self.world.lost))

    @property
    def daily_discount_rate(self) -> float:
        """The continuous discount rate per day that compounds to `yearly_discount` over a year."""
        return log1p(self.yearly_discount) / DAYS_PER_YEAR

    @property
    def pods(self) -> tuple["ArmSpec", ...]:
        """The arm, pod by pod."""
        return tuple(self.for_pod(pod) for pod in range(self.reviewers.pods))

    def for_pod(self, pod: int) -> "ArmSpec":
        """One pod of the arm: a part of the customers and of the reviewers, who live by themselves."""
        return self if self.reviewers.pods == 1 else replace(self, pod=pod)

    def pod_range(self, total: int) -> range:
        """Which of so many customers, or reviewers, belong here; the pods' parts differ by one at most."""
        if self.pod is None:
            return range(total)
        pods = self.reviewers.pods
        return range(total * self.pod // pods, total * (self.pod + 1) // pods)


def arm_shares(segment: str, arm_specs: Sequence[ArmSpec]) -> tuple[float, ...]:
    """Relative shares of the customers of one segment who are assigned to each arm."""
    return tuple(setup.share_by_segment.get(segment, setup.share) for setup in arm_specs)


class CompiledArm(NamedTuple):
    """Everything the engine reads, by index. Stages and moves have the codes of the compiled journey."""

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
        """Code of a signal type; those the policy does not know share the last one."""
        types = self.policy.signal_types
        return types.index(signal_type) if signal_type in types else len(types)

    def signal_source_code(self, source: str) -> int:
        """Code of a signal's source; anything unknown counts as the last, other."""
        sources = self.policy.sources
        return sources.index(source) if source in sources else len(sources) - 1


def compile_arm(arm_spec: ArmSpec, segments: tuple[str, ...]) -> CompiledArm:
    """Resolve an arm against its journey, policy and population: once for what asks one after another.

    Args:
        arm_spec: The arm. Names in it are taken as checked (`scenarios.files.model` refuses unknown ones).
        segments: The population's segments; a customer's segment is an index into them.
    """
    return _cache.get_or_create([arm_spec], segments, lambda: _build_compiled_arm(arm_spec, segments))


_cache = RecentCache[CompiledArm]()


def _build_compiled_arm(arm_spec: ArmSpec, segments: tuple[str, ...]) -> CompiledArm:
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
    """The population's segments as the policy numbers them; those it does not know are its `other`."""
    known = table.policy.segments
    return tuple(known.index(name if name in known else OTHER_SEGMENT) for name in segments)


def _mask_disallowed_plays(
    plays: tuple[tuple[tuple[int, ...], ...], ...], arm_spec: ArmSpec, policy: CompiledPolicy
) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Plays with those taken out whose action the arm may not take."""
    allowed = [arm_spec.actions is None or name in arm_spec.actions for name in policy.actions]
    return tuple(
        tuple(tuple(play if play != NO_ACTION and allowed[play] else NO_ACTION for play in row) for row in rows)
        for rows in plays
    )
