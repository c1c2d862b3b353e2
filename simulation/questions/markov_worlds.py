"""The Markov chain of the customers that a question is about, or the reasons why there is none.

Only what can happen before the answer is known matters: a dwell that is not exponential is no obstacle in a stage that
customers reach after it. Moves with a guard on segment or tier exist for some kinds of customers and not for others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from journey.machine import Facts
from simulation.acquisition.spec import AcquiredPopulation
from simulation.exact import markov
from simulation.exact.scipy_distributions import has_constant_hazard, mean_days

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    import numpy.typing as npt

    from journey.machine import Journey, Move
    from simulation.model.arm import ArmSpec
    from simulation.model.dwell_spec import Dwell
    from simulation.questions.question import Question
    from simulation.questions.starts import Beginnings
    from simulation.questions.totals import CustomerKind

    FloatArray = npt.NDArray[np.float64]

MAX_FRAILTY_SPREAD = 1.5
"""Largest spread of frailty that `markov.frailty_nodes` integrates to three decimals."""

_STATIC_GUARDS = frozenset({"segment", "risk_tier"})
"""Guards whose result never changes for a customer."""


@dataclass(frozen=True)
class MarkovKind:
    """The customers of one kind, for one question.

    Attributes:
        kind: Their segment and tier.
        beginnings: Where they begin.
        journey: The moves that they can make before the answer is known, without guards.
    """

    kind: CustomerKind
    beginnings: Beginnings
    journey: Journey

    @property
    def moves(self) -> tuple[Move, ...]:
        """These moves."""
        return self.journey.moves


def build_kinds(
    arm_spec: ArmSpec, question: Question, beginnings: Mapping[CustomerKind, Beginnings]
) -> list[MarkovKind]:
    """The kinds of customers that a question is about, with the moves that matter.

    Args:
        arm_spec: The arm, with the customers of the question.
        question: The question.
        beginnings: Where they begin, by kind.
    """
    return [
        MarkovKind(kind, begins, _select_moves(arm_spec, question, kind, begins))
        for kind, begins in beginnings.items()
        if question.segment in (None, kind[0]) and question.tier in (None, kind[1])
    ]


def _select_moves(arm_spec: ArmSpec, question: Question, kind: CustomerKind, begins: Beginnings) -> Journey:
    """The journey with the moves that customers of a kind can make before the answer is known."""
    facts = Facts(segment=kind[0], tier=kind[1])
    possible = []
    for move in arm_spec.journey.moves:
        clock, is_static = arm_spec.world.moves.get(move.name), _has_static_guard(move)
        if is_static and move.guard is not None and not move.guard.allows(facts):
            continue
        never = clock is None or markov.kind_ratio(clock, *kind, 1.0) == 0.0
        if move.source in question.ends or (never and move.name not in _dated_moves(arm_spec, kind)):
            continue
        if move.source == move.destination and not move.restarts_clocks:
            continue
        possible.append(replace(move, guard=None) if is_static else move)
    starts = {stage for stages in (begins.present, begins.arriving) for stage in stages}
    reached = _find_reached(starts - arm_spec.exit_stages if question.origin is None else starts, possible)
    if question.kind == "stay" and question.start is None:
        reached = {question.stage}
    return replace(arm_spec.journey, moves=tuple(move for move in possible if move.source in reached))


def _has_static_guard(move: Move) -> bool:
    return move.guard is not None and {name for name, _ in move.guard.conditions} <= _STATIC_GUARDS


def _find_reached(starts: Iterable[str], moves: Collection[Move]) -> set[str]:
    found, waiting = set(starts), list(starts)
    while waiting:
        stage = waiting.pop()
        new = {move.destination for move in moves if move.source == stage} - found
        found |= new
        waiting += new
    return found


def _dated_moves(arm_spec: ArmSpec, kind: CustomerKind) -> dict[str, str]:
    """The moves that a date causes for this kind of customer, with what happens on that date."""
    world, (segment, _) = arm_spec.world, kind
    moves = {}
    if world.renewal.churn.get(segment, 0.0) > 0.0:
        moves[world.renewal.move] = f"customers of segment {segment!r} may leave at a contract renewal"
    if world.payments.failure.get(segment, 0.0) > 0.0:
        moves[world.payments.move] = f"customers of segment {segment!r} may leave after a failed charge"
    return moves


def find_obstacles(arm_spec: ArmSpec, kinds: Collection[MarkovKind]) -> list[str]:
    """Why these customers are no Markov chain without orchestrator, each reason once; empty if they are one."""
    found = [*_find_arm_obstacles(arm_spec, kinds)]
    for kind in kinds:
        found += _find_population_obstacles(arm_spec, kind)
        found += _find_move_obstacles(arm_spec, kind)
    return list(dict.fromkeys(found))


def find_actions(arm_spec: ArmSpec, stages: Collection[str] | None = None) -> list[str]:
    """The actions by which an arm's orchestrator can change what happens to customers.

    Args:
        arm_spec: The arm.
        stages: The stages in which customers are when it can act. Default: all stages.
    """
    decisions, errors = arm_spec.world.decisions, arm_spec.world.imperfections
    if not (arm_spec.active and (decisions.on_signal or decisions.on_stage_entry or decisions.cadence_days > 0.0)):
        return []
    if errors.stages_wrong or errors.stages_missing:
        # The orchestrator takes customers to be in other stages than they are.
        stages = None
    return [
        action
        for action in arm_spec.policy.actions
        if action in arm_spec.world.effects and (arm_spec.actions is None or action in arm_spec.actions)
        if any(
            play.action == action and (stages is None or not set(stages).isdisjoint(play.stages))
            for play in arm_spec.policy.plays
        )
    ]


def _find_arm_obstacles(arm_spec: ArmSpec, kinds: Iterable[MarkovKind]) -> Iterator[str]:
    """Obstacles in the arm's orchestrator and population.

    What an orchestrator does where no move can follow before the answer is known does not matter.
    """
    actions = find_actions(arm_spec, {move.source for kind in kinds for move in kind.moves} - arm_spec.exit_stages)
    if actions:
        yield f"the orchestrator of arm {arm_spec.name!r} acts: {', '.join(actions)}"
    if isinstance(arm_spec.population, AcquiredPopulation):
        yield "campaigns acquire the customers"


def _find_population_obstacles(arm_spec: ArmSpec, kind: MarkovKind) -> Iterator[str]:
    population, world = arm_spec.population, arm_spec.world
    if population.records is not None and world.distress.causes:
        yield "recorded customers may be in distress on day 0"
    if any(world.moves[move.name].frailty for move in kind.moves if move.name in world.moves):
        if world.frailty_spread > MAX_FRAILTY_SPREAD:
            yield f"customers differ too much in their frailty (world.frailty_spread above {MAX_FRAILTY_SPREAD:g})"
        if world.frailty_spread > 0.0 and population.correlations.tier_frailty != 0.0:
            yield "frailty is correlated with the risk tier"
    if population.in_mid_stay and population.in_distress:
        for stage in kind.beginnings.present:
            if _onset_rates(arm_spec, kind.kind, stage) and _find_calm_rate(arm_spec, kind.kind, stage) is None:
                yield f"distress on day 0 depends on the time already spent in {stage!r}"


def _find_move_obstacles(arm_spec: ArmSpec, kind: MarkovKind) -> Iterator[str]:
    world, dated = arm_spec.world, _dated_moves(arm_spec, kind.kind)
    names, stages = {move.name for move in kind.moves}, {move.source for move in kind.moves}
    for move in kind.moves:
        clock = world.moves.get(move.name)
        dwell = None if clock is None else clock.dwell_from.get(move.source, clock.dwell)
        if dwell is not None and not has_constant_hazard(dwell):
            yield f"the dwell time of {move.name!r} from {move.source!r} is {_name_distribution(dwell)}"
        if move.guard is not None:
            yield f"{move.name!r} from {move.source!r} has a guard: {move.guard}"
        if clock is not None and any(ratio != 1.0 for _, ratio in clock.by_tenure):
            yield f"the rate of {move.name!r} depends on the tenure"
        if world.notice_days > 0.0 and _is_leaving(arm_spec, move):
            yield f"customers leave {world.notice_days:g} days after they decide to (world.notice_days)"
        if move.name in dated:
            yield dated[move.name]
    for name, phase in world.calendar.items():
        onsets = {cause for cause, ratio in phase.onsets.items() if ratio != 1.0}
        if any(phase.moves.get(move, 1.0) != 1.0 for move in names) or any(
            world.distress.causes[cause].onset_per_day.get(stage, 0.0) > 0.0
            for cause in onsets & world.distress.causes.keys()
            for stage in stages
        ):
            yield f"rates change in the period {name!r} of the calendar"


def _name_distribution(dwell: Dwell) -> str:
    return "Weibull" if dwell.law == "weibull" else dwell.law.replace("_", "-")


def _is_leaving(arm_spec: ArmSpec, move: Move) -> bool:
    exits = arm_spec.exit_stages
    return move.destination in exits and move.source not in exits


def build_chain(arm_spec: ArmSpec, kind: MarkovKind, frailty: float) -> markov.Chain:
    """The chain of the customers of a kind with this frailty."""
    segment, tier = kind.kind
    return markov.build_chain(kind.journey, arm_spec.world, segment=segment, tier=tier, frailty=frailty)


def list_frailties(arm_spec: ArmSpec, kind: MarkovKind) -> list[tuple[float, float]]:
    """The frailties to integrate over, with their weights; only 1 where no move depends on it."""
    world = arm_spec.world
    depends = any(world.moves[move.name].frailty for move in kind.moves)
    nodes, weights = markov.frailty_nodes(world.frailty_spread if depends else 0.0)
    return list(zip(nodes.tolist(), weights.tolist(), strict=True))


def build_start(arm_spec: ArmSpec, kind: MarkovKind, chain: markov.Chain) -> FloatArray:
    """Shape (n,): share of the customers of a kind that begin in each state of the chain."""
    start = np.zeros(len(chain.states))
    index = {state: code for code, state in enumerate(chain.states)}
    population = arm_spec.population
    for stage, share in kind.beginnings.arriving.items():
        start[index[stage, markov.CALM]] += share
    for stage, share in kind.beginnings.present.items():
        causes = {}
        if population.in_mid_stay and population.in_distress and stage not in arm_spec.exit_stages:
            causes = _initial_distress(arm_spec, kind.kind, stage)
        for cause, probability in causes.items():
            start[index[stage, cause]] += share * probability
        start[index[stage, markov.CALM]] += share * (1.0 - sum(causes.values()))
    return start


def _initial_distress(arm_spec: ArmSpec, kind: CustomerKind, stage: str) -> dict[str, float]:
    """Probability of each cause on day 0 for a customer in mid-stay, who entered the stage calm.

    A stay with constant rates has lasted an exponential time. The probability of distress after some days is that of
    `simulation.population.initial_state.cause_at_age`; its mean over that time is ``a / (a + r)`` of its limit.
    """
    onsets, leaving = _onset_rates(arm_spec, kind, stage), _find_calm_rate(arm_spec, kind, stage)
    if not onsets or leaving is None:
        return {}
    odds = {cause: rate * arm_spec.world.distress.causes[cause].mean_days for cause, rate in onsets.items()}
    onset, weight = sum(onsets.values()), sum(odds.values())
    relaxation = onset + onset / weight
    relaxed = relaxation / (relaxation + leaving)
    return {cause: of_cause / (1.0 + weight) * relaxed for cause, of_cause in odds.items()}


def _onset_rates(arm_spec: ArmSpec, kind: CustomerKind, stage: str) -> dict[str, float]:
    """The positive onset rates in a stage, by cause."""
    segment, tier = kind
    rates = {
        cause: markov.onset_rate(arm_spec.world, cause, stage=stage, segment=segment, tier=tier)
        for cause in arm_spec.world.distress.causes
    }
    return {cause: rate for cause, rate in rates.items() if rate > 0.0}


def _find_calm_rate(arm_spec: ArmSpec, kind: CustomerKind, stage: str) -> float | None:
    """Rate at which calm customers leave a stage; None if it is not constant.

    As in the engines, guards and frailty have no effect on the time already spent in the stage.
    """
    rate = 0.0
    for move in arm_spec.journey.moves:
        clock = arm_spec.world.moves.get(move.name)
        if move.source == stage and clock is not None and (ratio := markov.kind_ratio(clock, *kind, 1.0)) > 0.0:
            dwell = clock.dwell_from.get(stage, clock.dwell)
            if not has_constant_hazard(dwell):
                return None
            rate += ratio / mean_days(dwell)
    return rate
