"""Cross-checks: what one part of a scenario names must exist in another, and the whole must be able to run."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from journey.core.messages import did_you_mean
from journey.decision.policy import Policy
from journey.machine import Journey
from scenarios.files.model import BUNDLED, Scenario
from scenarios.metrics.definitions import segment_of
from simulation.model.spec import Correlations


class Mistake(NamedTuple):
    """One thing that cannot be: where it stands, and what is wrong with it."""

    path: tuple[str, ...]
    message: str

    @property
    def key(self) -> str:
        """The dotted key."""
        return ".".join(self.path)


def mistakes(scenario: Scenario, journey: Journey, policy: Policy, by_arm: Mapping[str, Policy]) -> list[Mistake]:
    """Every mistake that no single part can see.

    Args:
        scenario: The scenario.
        journey: Its journey.
        policy: The scenario's policy, before the arms change it.
        by_arm: The policy of each arm.
    """
    return [
        *_moves(scenario, journey),
        *_ways_out(scenario, journey),
        *_lost(scenario, journey),
        *_calendar(scenario, journey),
        *_dates(scenario, journey),
        *_value_changes(scenario, journey),
        *_distress(scenario, journey, policy),
        *_signals(scenario, policy),
        *_effects(scenario, policy),
        *_segments(scenario),
        *_start(scenario, journey),
        *_arrivals(scenario, journey),
        *_correlations(scenario),
        *_records(scenario),
        *_arms(scenario, by_arm),
    ]


def unknown(path: tuple[str, ...], name: str, what: str, known: Iterable[str]) -> Mistake:
    """A name that does not exist; `what` says what it should be, `known` what there is."""
    return Mistake(path, f"{name!r} is not {what}{did_you_mean(name, list(known))}")


def _live(scenario: Scenario, journey: Journey) -> list[str]:
    """The stages in which customers are there: neither at the end of their journey nor lost."""
    return [stage for stage in journey.live if stage not in scenario.world.lost]


def live_stage(path: tuple[str, ...], stage: str, scenario: Scenario, journey: Journey, what: str) -> Iterator[Mistake]:
    """A stage that must exist and be live; `what` says what cannot be otherwise."""
    if stage not in journey.stages:
        yield unknown(path, stage, "a stage of the journey", journey.stages)
    elif stage in journey.terminal:
        yield Mistake(path, f"{stage!r} is terminal; {what}")
    elif stage in scenario.world.lost:
        yield Mistake(path, f"{stage!r} is in world.lost, so its customers are gone; {what}")


def _moves(scenario: Scenario, journey: Journey) -> Iterator[Mistake]:
    for move, clock in scenario.world.moves.items():
        place = ("world", "moves", move)
        if move not in journey.move_names:
            yield unknown(place, move, "a move of the journey", journey.move_names)
            continue
        sources = [arc.source for arc in journey.moves if arc.name == move]
        for stage in clock.dwell_from:
            here = (*place, "dwell_from", stage)
            if stage not in journey.stages:
                yield unknown(here, stage, "a stage of the journey", journey.stages)
            elif stage not in sources:
                yield Mistake(here, f"the move {move!r} does not leave {stage!r}; it leaves {', '.join(sources)}")


def _ways_out(scenario: Scenario, journey: Journey) -> Iterator[Mistake]:
    """A live stage that no clock ever ends would hold its customers for ever."""
    unreachable = journey.unreachable_stages()
    for stage in _live(scenario, journey):
        moves = journey.legal_moves(stage)
        occupied = stage not in unreachable or scenario.population.start.get(stage, 0.0) > 0.0
        if not occupied or any(move in scenario.world.moves for move in moves):
            continue
        if moves:
            yield Mistake(
                ("world", "moves"),
                f"nothing ever takes a customer out of {stage!r}; give a dwell to one of its moves: {', '.join(moves)}",
            )
        else:
            yield Mistake(
                ("journey", "moves"), f"no move leaves {stage!r}; add one, or list {stage!r} in journey.terminal"
            )


def _lost(scenario: Scenario, journey: Journey) -> Iterator[Mistake]:
    """Lost customers can be won back; without a way out a stage is terminal, and says so where journeys do."""
    place, lost = ("world", "lost"), scenario.world.lost
    for stage in dict.fromkeys(lost):
        if stage not in journey.stages:
            yield unknown(place, stage, "a stage of the journey", journey.stages)
            continue
        if lost.count(stage) > 1:
            yield Mistake(place, f"{stage!r} is listed {lost.count(stage)} times; list it once")
        if stage in journey.terminal:
            yield Mistake(place, f"{stage!r} is in journey.terminal, so nobody can be won back from it; list it once")
            continue
        moves = journey.legal_moves(stage)
        if not moves:
            yield Mistake(
                place, f"no move leaves {stage!r}, so nobody is won back; list it in journey.terminal instead"
            )
        elif not any(move in scenario.world.moves for move in moves):
            yield Mistake(
                place,
                f"nobody is ever won back from {stage!r}; give a dwell to {', '.join(moves)} in world.moves, "
                "or take its moves out and list it in journey.terminal",
            )
    if scenario.population.records is None and not scenario.population.start and journey.initial[0] in lost:
        yield Mistake(place, f"{journey.initial[0]!r} is where customers begin; say in population.start where they are")


def _calendar(scenario: Scenario, journey: Journey) -> Iterator[Mistake]:
    world = scenario.world
    for name, phase in world.calendar.items():
        place = ("world", "calendar", name)
        for move in phase.moves:
            yield from _clocked((*place, "moves", move), move, scenario, journey)
        for cause in phase.onsets:
            if cause not in world.distress.causes:
                known = world.distress.causes
                yield unknown((*place, "onsets", cause), cause, "a cause in world.distress.causes", known)


def _clocked(path: tuple[str, ...], move: str, scenario: Scenario, journey: Journey) -> Iterator[Mistake]:
    """A move that must exist and have a clock."""
    if move not in journey.move_names:
        yield unknown(path, move, "a move of the journey", journey.move_names)
    elif move not in scenario.world.moves:
        yield Mistake(path, f"the move {move!r} never happens; give it a dwell in world.moves")


def _dates(scenario: Scenario, journey: Journey) -> Iterator[Mistake]:
    """The moves by which customers leave at a renewal, or when a charge fails."""
    world = scenario.world
    gone = {*journey.terminal, *world.lost}
    for name, part, chances in (
        ("renewal", world.renewal, world.renewal.churn),
        ("payments", world.payments, world.payments.failure),
    ):
        if not any(chances.values()) and "move" not in part.model_fields_set:
            continue
        place = ("world", name, "move")
        wrong = list(_clocked(place, part.move, scenario, journey))
        yield from wrong
        if not wrong and not any(arc.name == part.move and arc.destination in gone for arc in journey.moves):
            yield Mistake(
                place, f"by {part.move!r} nobody leaves: it leads to no terminal stage and none in world.lost"
            )


def _value_changes(scenario: Scenario, journey: Journey) -> Iterator[Mistake]:
    for name, change in scenario.world.value_changes.items():
        for stage in change.per_day:
            here = ("world", "value_changes", name, "per_day", stage)
            yield from live_stage(here, stage, scenario, journey, "an account there is worth nothing")


def _distress(scenario: Scenario, journey: Journey, policy: Policy) -> Iterator[Mistake]:
    for name, cause in scenario.world.distress.causes.items():
        place = ("world", "distress", "causes", name)
        for stage in cause.onset_per_day:
            here = (*place, "onset_per_day", stage)
            yield from live_stage(here, stage, scenario, journey, "nobody there can come into distress")
        for signal in cause.symptoms:
            yield from _signal_type((*place, "symptoms", signal), signal, policy)


def _signal_type(path: tuple[str, ...], name: str, policy: Policy) -> Iterator[Mistake]:
    if name not in policy.signals:
        yield unknown(path, name, "a signal type of the policy", policy.signals)


def _signals(scenario: Scenario, policy: Policy) -> Iterator[Mistake]:
    signals = scenario.world.signals
    for name in signals.false_per_day:
        yield from _signal_type(("world", "signals", "false_per_day", name), name, policy)
    place = ("world", "signals", "recovery")
    if signals.recovery is None:
        if signals.recovery_probability > 0.0:
            yield Mistake(place, "is missing, but recovery_probability is above 0; name the signal type that is sent")
        return
    yield from _signal_type(place, signals.recovery, policy)
    if signals.recovery in policy.signals and policy.signals[signals.recovery].polarity != "positive":
        yield Mistake(place, f"{signals.recovery!r} is a negative signal type; recovery sends a positive one")


def _effects(scenario: Scenario, policy: Policy) -> Iterator[Mistake]:
    causes = scenario.world.distress.causes
    for action, effect in scenario.world.effects.items():
        place = ("world", "effects", action)
        if action not in policy.actions:
            yield unknown(place, action, "an action of the policy", policy.actions)
        for cause in effect.by_cause:
            if cause not in causes:
                yield unknown((*place, "by_cause", cause), cause, "a cause in world.distress.causes", causes)


def _segments(scenario: Scenario) -> Iterator[Mistake]:
    if scenario.population.records is not None:
        # Whoever is in the records brings their segments; a ratio for a segment that is not there has no effect.
        return
    known = scenario.population.segments
    segment = segment_of(scenario.primary_metric)
    if segment is not None and segment not in known:
        yield unknown(("primary_metric",), segment, "a segment of the population", known)
    world = scenario.world
    tables: list[tuple[tuple[str, ...], Collection[str]]] = [
        (("world", "moves", move, "by_segment"), clock.by_segment) for move, clock in world.moves.items()
    ]
    tables += [
        (("world", "effects", action, "by_segment"), effect.by_segment) for action, effect in world.effects.items()
    ]
    tables.append((("world", "distress", "by_segment"), world.distress.by_segment))
    tables.append((("world", "renewal", "churn"), world.renewal.churn))
    tables.append((("world", "payments", "failure"), world.payments.failure))
    tables += [(("arms", name, "share_by_segment"), arm.share_by_segment) for name, arm in scenario.arms.items()]
    for place, table in tables:
        for name in table:
            if name not in known:
                yield unknown((*place, name), name, "a segment of the population", known)


def _start(scenario: Scenario, journey: Journey) -> Iterator[Mistake]:
    for stage in scenario.population.start:
        yield from live_stage(("population", "start", stage), stage, scenario, journey, "nobody can begin there")


def _arrivals(scenario: Scenario, journey: Journey) -> Iterator[Mistake]:
    plan = scenario.population.arrivals
    if plan is not None and plan.stage is not None:
        place = ("population", "arrivals", "stage")
        yield from live_stage(place, plan.stage, scenario, journey, "nobody can arrive there")


def _correlations(scenario: Scenario) -> Iterator[Mistake]:
    """A correlation with tenure says nothing where no tenure is drawn."""
    population = scenario.population
    if population.records is not None or any(one.tenure_mean_days > 0.0 for one in population.segments.values()):
        return
    for name in ("value_tenure", "tier_tenure", "tenure_frailty"):
        if getattr(population.correlations, name):
            yield Mistake(
                ("population", "correlations", name),
                "has no meaning: no segment has a tenure of its own; give one tenure_mean_days above 0",
            )


def _records(scenario: Scenario) -> Iterator[Mistake]:
    """Records and a synthetic population exclude each other; neither is ignored in silence."""
    population = scenario.population
    if population.records is None:
        if population.as_of is not None:
            yield Mistake(("population", "as_of"), "has no meaning without `records`; remove it, or name a folder")
        return
    if population.records != BUNDLED and not Path(population.records).is_dir():
        yield Mistake(("population", "records"), f"there is no folder {population.records}")
    for key in ("segments", "start", "in_mid_stay", "in_distress", "correlations", "arrivals"):
        if getattr(population, key) not in ({}, False, None, Correlations()):
            yield Mistake(("population", key), "the customers in `records` bring their own; remove it, or `records`")


def _arms(scenario: Scenario, by_arm: Mapping[str, Policy]) -> Iterator[Mistake]:
    for name, arm in scenario.arms.items():
        place = ("arms", name, "actions")
        actions = arm.actions or ()
        for action in actions:
            if action not in by_arm[name].actions:
                yield unknown(place, action, "an action of the policy", by_arm[name].actions)
            elif actions.count(action) > 1:
                yield Mistake(place, f"{action!r} is listed {actions.count(action)} times; list it once")
                break
        if not arm.active and (arm.actions or arm.policy or arm.reviewers):
            yield Mistake(
                ("arms", name, "active"),
                "an arm without an orchestrator has no use for `actions`, `policy` or `reviewers`; remove them",
            )
