"""One arm of a scenario, and the tables that the engine reads instead of its specification.

`ArmSetup` is what a scenario says; `compile_arm` resolves every name to an index and every default to a number, once,
so that nothing in the engine looks anything up by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import log1p
from typing import NamedTuple

from journey.decision.policy import OTHER_SEGMENT, TIERS, Policy, PolicyTable
from journey.decision.rules import NO_ACTION
from journey.decision.steps import PolicySheet, sheet_of
from journey.machine import CompiledJourney, Journey
from journey.runtime.identity_cache import Lately
from simulation.model.calendar_effects import Seasons, seasons_of
from simulation.model.contracts import ContractLaw, ValueLaw, contract_law, value_law
from simulation.model.parameters import (
    CauseLaw,
    EffectLaw,
    FatigueLaw,
    MoveLaw,
    SignalMix,
    cause_laws,
    effect_law,
    fatigue_law,
    move_ratios,
    moves_out_of,
    signal_mix,
)
from simulation.model.record_errors import Flaws, flaws_of
from simulation.model.spec import Population, Reviewers, Signals, World
from simulation.model.units import DAYS_PER_YEAR


@dataclass(frozen=True)
class ArmSetup:
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
    def pods(self) -> tuple["ArmSetup", ...]:
        """The arm, pod by pod."""
        return tuple(self.in_pod(pod) for pod in range(self.reviewers.pods))

    def in_pod(self, pod: int) -> "ArmSetup":
        """One pod of the arm: a part of the customers and of the reviewers, who live by themselves."""
        return self if self.reviewers.pods == 1 else replace(self, pod=pod)

    def part_of(self, many: int) -> range:
        """Which of so many customers, or reviewers, belong here; the pods' parts differ by one at most."""
        if self.pod is None:
            return range(many)
        pods = self.reviewers.pods
        return range(many * self.pod // pods, many * (self.pod + 1) // pods)


def shares_in(segment: str, setups: Sequence[ArmSetup]) -> tuple[float, ...]:
    """Relative shares of the customers of one segment who are assigned to each arm."""
    return tuple(setup.share_by_segment.get(segment, setup.share) for setup in setups)


class ArmTable(NamedTuple):
    """Everything the engine reads, by index. Stages and moves have the codes of the compiled journey."""

    name: str
    journey: Journey
    machine: CompiledJourney
    policy: PolicyTable
    sheet: PolicySheet
    terminal: tuple[bool, ...]
    live: tuple[bool, ...]
    support_stage: int
    escalate_move: int
    knots: tuple[float, ...]
    moves: tuple[tuple[MoveLaw, ...], ...]
    move_ratios: tuple[tuple[tuple[float, ...], ...], ...]
    seasons: Seasons
    onset_ratios: tuple[tuple[float, ...], ...]
    causes: tuple[CauseLaw, ...]
    noise: SignalMix
    signals: Signals
    recovery_type: int
    effects: tuple[EffectLaw, ...]
    fatigue: FatigueLaw
    contract: ContractLaw
    values: ValueLaw
    value_changes: tuple[str, ...]
    flaws: Flaws
    cadence: float
    on_signal: bool
    on_stage_entry: bool
    outcome_window: float
    satisfaction_calm: float
    satisfaction_penalty: float
    reviewers: Reviewers
    reviewer_count: int
    discount_rate: float

    def type_of(self, signal_type: str) -> int:
        """Code of a signal type; those the policy does not know share the last one."""
        types = self.policy.signal_types
        return types.index(signal_type) if signal_type in types else len(types)

    def source_of(self, source: str) -> int:
        """Code of a signal's source; anything unknown counts as the last, other."""
        sources = self.policy.sources
        return sources.index(source) if source in sources else len(sources) - 1


def compile_arm(setup: ArmSetup, segments: tuple[str, ...]) -> ArmTable:
    """Resolve an arm against its journey, policy and population: once for what asks one after another.

    Args:
        setup: The arm. Names in it are taken as checked (`scenarios.files.model` refuses unknown ones).
        segments: The population's segments; a customer's segment is an index into them.
    """
    return _tables.made([setup], segments, lambda: _compiled(setup, segments))


_tables = Lately[ArmTable]()


def _compiled(setup: ArmSetup, segments: tuple[str, ...]) -> ArmTable:
    machine = setup.journey.compile()
    gone = frozenset((*setup.journey.terminal, *setup.world.lost))
    policy = setup.policy.compile(machine.stages, gone)
    types = {name: index for index, name in enumerate(policy.signal_types)}
    world = setup.world
    live = tuple(stage not in gone for stage in machine.stages)
    knots: list[float] = []
    moves = tuple(moves_out_of(stage, machine, world, live, knots) for stage in range(len(machine.stages)))
    move_index = dict(machine.move_index)
    return ArmTable(
        name=setup.name,
        journey=setup.journey,
        machine=machine,
        policy=policy,
        sheet=sheet_of(policy)._replace(
            plays=_allowed(policy.plays, setup, policy), opportunities=_allowed(policy.opportunities, setup, policy)
        ),
        terminal=tuple(bool(terminal) for terminal in machine.terminal),
        live=live,
        support_stage=dict(machine.stage_index).get("support", -1),
        escalate_move=move_index.get("escalate", -1),
        knots=tuple(knots),
        moves=moves,
        move_ratios=move_ratios(world, machine.moves, segments),
        seasons=seasons_of(world, machine.stages, machine.moves),
        onset_ratios=tuple(
            tuple(world.distress.by_segment.get(s, 1.0) * world.distress.by_tier.get(t, 1.0) for t in TIERS)
            for s in segments
        ),
        causes=cause_laws(world, policy, types),
        noise=signal_mix(world.signals.false_per_day, types),
        signals=world.signals,
        recovery_type=types.get(world.signals.recovery or "", -1),
        effects=tuple(effect_law(name, world, segments) for name in policy.actions),
        fatigue=fatigue_law(world),
        contract=contract_law(world, machine, segments),
        values=value_law(world, machine.stages),
        value_changes=tuple(world.value_changes),
        flaws=flaws_of(world.imperfections),
        cadence=world.decisions.cadence_days if setup.active else 0.0,
        on_signal=world.decisions.on_signal and setup.active,
        on_stage_entry=world.decisions.on_stage_entry and setup.active,
        outcome_window=world.decisions.outcome_window_days,
        satisfaction_calm=world.satisfaction.calm,
        satisfaction_penalty=world.satisfaction.distress_penalty,
        reviewers=setup.reviewers,
        reviewer_count=len(setup.part_of(setup.reviewers.number(setup.population.size))),
        discount_rate=log1p(setup.yearly_discount) / DAYS_PER_YEAR,
    )


def policy_segments(table: ArmTable, segments: tuple[str, ...]) -> tuple[int, ...]:
    """The population's segments as the policy numbers them; those it does not know are its `other`."""
    known = table.policy.segments
    return tuple(known.index(name if name in known else OTHER_SEGMENT) for name in segments)


def _allowed(
    plays: tuple[tuple[tuple[int, ...], ...], ...], setup: ArmSetup, policy: PolicyTable
) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Plays with those taken out whose action the arm may not take."""
    allowed = [setup.actions is None or name in setup.actions for name in policy.actions]
    return tuple(
        tuple(tuple(play if play != NO_ACTION and allowed[play] else NO_ACTION for play in row) for row in rows)
        for rows in plays
    )
