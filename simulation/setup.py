"""One arm of a scenario, and the tables that the engine reads instead of its specification.

`ArmSetup` is what a scenario says; `compile_arm` resolves every name to an index and every default to a number, once,
so that nothing in the engine looks anything up by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import log1p
from typing import NamedTuple

from journey.machine import CompiledJourney, Journey
from journey.policy import OTHER_SEGMENT, TIERS, Policy, PolicyTable
from journey.rules import NO_ACTION
from journey.steps import PolicySheet, sheet_of
from simulation import clocks
from simulation.spec import Dwell, Population, Reviewers, Signals, World

DAYS_PER_YEAR = 365.0

_LAWS = {
    "exponential": clocks.EXPONENTIAL,
    "weibull": clocks.WEIBULL,
    "log_logistic": clocks.LOG_LOGISTIC,
    "deterministic": clocks.DETERMINISTIC,
    "log_normal": clocks.LOG_NORMAL,
    "gamma": clocks.GAMMA,
    "empirical": clocks.EMPIRICAL,
}


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


def shares_in(segment: str, setups: Sequence[ArmSetup]) -> tuple[float, ...]:
    """Relative shares of the customers of one segment who are assigned to each arm."""
    return tuple(setup.share_by_segment.get(segment, setup.share) for setup in setups)


class MoveLaw(NamedTuple):
    """The law of one legal move out of one stage."""

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


class CauseLaw(NamedTuple):
    """What one cause of distress does."""

    name: str
    policy_cause: int
    end_rate: float
    churn_ratio: float
    symptoms: SignalMix


class EffectLaw(NamedTuple):
    """What one action does; `recovery_ratio` has one entry per cause of the world."""

    delay: float
    response: float
    recovery_ratio: tuple[float, ...]
    lasts: float
    harm_ratio: float
    csat: float


class ArmTable(NamedTuple):
    """Everything the engine reads, by index. Stages and moves have the codes of the compiled journey."""

    name: str
    journey: Journey
    machine: CompiledJourney
    policy: PolicyTable
    sheet: PolicySheet
    live: tuple[bool, ...]
    support_stage: int
    escalate_move: int
    knots: tuple[float, ...]
    moves: tuple[tuple[MoveLaw, ...], ...]
    move_ratios: tuple[tuple[tuple[float, ...], ...], ...]
    onset_rates: tuple[float, ...]
    onset_cumulative: tuple[tuple[float, ...], ...]
    onset_ratios: tuple[tuple[float, ...], ...]
    causes: tuple[CauseLaw, ...]
    noise: SignalMix
    signals: Signals
    recovery_type: int
    effects: tuple[EffectLaw, ...]
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
    """Resolve an arm against its journey, policy and population.

    Args:
        setup: The arm. Names in it are taken as checked (`scenarios.model` refuses unknown ones).
        segments: The population's segments; a customer's segment is an index into them.
    """
    machine = setup.journey.compile()
    policy = setup.policy.compile(machine.stages, frozenset(setup.journey.terminal))
    types = {name: index for index, name in enumerate(policy.signal_types)}
    world = setup.world
    rates, cumulative = _onsets(world, machine.stages)
    knots: list[float] = []
    moves = tuple(_moves_out_of(stage, machine, world, knots) for stage in range(len(machine.stages)))
    move_index = dict(machine.move_index)
    return ArmTable(
        name=setup.name,
        journey=setup.journey,
        machine=machine,
        policy=policy,
        sheet=sheet_of(policy)._replace(
            plays=_allowed(policy.plays, setup, policy), opportunities=_allowed(policy.opportunities, setup, policy)
        ),
        live=tuple(bool(live) for live in machine.live),
        support_stage=dict(machine.stage_index).get("support", -1),
        escalate_move=move_index.get("escalate", -1),
        knots=tuple(knots),
        moves=moves,
        move_ratios=_move_ratios(world, machine.moves, segments),
        onset_rates=rates,
        onset_cumulative=cumulative,
        onset_ratios=tuple(
            tuple(world.distress.by_segment.get(s, 1.0) * world.distress.by_tier.get(t, 1.0) for t in TIERS)
            for s in segments
        ),
        causes=tuple(
            CauseLaw(
                name=name,
                policy_cause=policy.cause_names.index(name) if name in policy.cause_names else -1,
                end_rate=1.0 / cause.mean_days,
                churn_ratio=cause.churn_ratio,
                symptoms=_mix(cause.symptoms, types),
            )
            for name, cause in world.distress.causes.items()
        ),
        noise=_mix(world.signals.false_per_day, types),
        signals=world.signals,
        recovery_type=types.get(world.signals.recovery or "", -1),
        effects=tuple(_effect(name, world) for name in policy.actions),
        cadence=world.decisions.cadence_days if setup.active else 0.0,
        on_signal=world.decisions.on_signal and setup.active,
        on_stage_entry=world.decisions.on_stage_entry and setup.active,
        outcome_window=world.decisions.outcome_window_days,
        satisfaction_calm=world.satisfaction.calm,
        satisfaction_penalty=world.satisfaction.distress_penalty,
        reviewers=setup.reviewers,
        reviewer_count=setup.reviewers.number(setup.population.size),
        discount_rate=log1p(setup.yearly_discount) / DAYS_PER_YEAR,
    )


def policy_segments(table: ArmTable, segments: tuple[str, ...]) -> tuple[int, ...]:
    """The population's segments as the policy numbers them; those it does not know are its `other`."""
    known = table.policy.segments
    return tuple(known.index(name if name in known else OTHER_SEGMENT) for name in segments)


def _moves_out_of(stage: int, machine: CompiledJourney, world: World, knots: list[float]) -> tuple[MoveLaw, ...]:
    laws = []
    for move in machine.legal_moves[stage]:
        clock = world.moves.get(machine.moves[move])
        if clock is None:
            continue
        law, a, b = _law(clock.dwell_from.get(machine.stages[stage], clock.dwell), knots)
        to_stage = machine.rows[stage][move]
        laws.append(
            MoveLaw(
                move=move,
                to_stage=to_stage,
                law=law,
                a=a,
                b=b,
                leaves=bool(machine.terminal[to_stage]),
                in_distress=clock.in_distress,
                frailty=clock.frailty,
                guarded=bool(machine.guard_table[stage, move] >= 0),
            )
        )
    return tuple(laws)


def _law(dwell: Dwell, knots: list[float]) -> tuple[int, float, float]:
    """A dwell as law and parameters; an empirical one adds its knots."""
    law = _LAWS[dwell.law]
    if law != clocks.EMPIRICAL:
        return law, *clocks.scale_for_mean(law, dwell.mean_days, dwell.shape)
    first = len(knots) // 2
    # A share of 1 would be an infinite hazard; a customer outlives 1 - 1e-16 of no sample.
    points = [(0.0, 0.0), *((days, -log1p(-min(share, 1.0 - 1e-16))) for days, share in dwell.points)]
    knots.extend(number for point in points for number in point)
    return law, float(first), float(len(points))


def _move_ratios(
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


def _onsets(world: World, stages: tuple[str, ...]) -> tuple[tuple[float, ...], tuple[tuple[float, ...], ...]]:
    """Total onset rate per stage, and the cumulative share of each cause in it."""
    by_stage = [[cause.onset_per_day.get(stage, 0.0) for cause in world.distress.causes.values()] for stage in stages]
    return tuple(sum(rates) for rates in by_stage), tuple(_shares(rates) for rates in by_stage)


def _mix(rates: Mapping[str, float], types: Mapping[str, int]) -> SignalMix:
    named = [(types[name], rate) for name, rate in rates.items() if rate > 0.0]
    return SignalMix(
        rate=sum(rate for _, rate in named),
        types=tuple(kind for kind, _ in named),
        cumulative=_shares([rate for _, rate in named]),
    )


def _shares(rates: list[float]) -> tuple[float, ...]:
    total = sum(rates)
    if total <= 0.0:
        return tuple(0.0 for _ in rates)
    return tuple(partial / total for partial in accumulate(rates))


def _effect(action: str, world: World) -> EffectLaw:
    effect = world.effects.get(action)
    if effect is None:
        return EffectLaw(0.0, 0.0, tuple(1.0 for _ in world.distress.causes), 1.0, 1.0, 0.0)
    return EffectLaw(
        delay=effect.delay_days,
        response=effect.response,
        recovery_ratio=tuple(effect.by_cause.get(name, effect.recovery_ratio) for name in world.distress.causes),
        lasts=effect.lasts_days,
        harm_ratio=effect.harm_ratio,
        csat=effect.csat,
    )


def _allowed(
    plays: tuple[tuple[tuple[int, ...], ...], ...], setup: ArmSetup, policy: PolicyTable
) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Plays with those taken out whose action the arm may not take."""
    allowed = [setup.actions is None or name in setup.actions for name in policy.actions]
    return tuple(
        tuple(tuple(play if play != NO_ACTION and allowed[play] else NO_ACTION for play in row) for row in rows)
        for rows in plays
    )
