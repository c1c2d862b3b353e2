"""Cross-checks: names in one section of a scenario must exist in another, and the scenario must be able to run."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from journey.core.messages import KeyProblem
from journey.core.suggestions import did_you_mean
from journey.decision.policy import Policy
from journey.machine import Journey
from scenarios.files.metric_catalogue import build_catalogue
from scenarios.files.model import Scenario
from scenarios.files.segments import find_declared_segments
from simulation.model.population_spec import BUNDLED, Correlations

WORLD_LOST = ("world", "lost")
"""The old key of stages with the role `lost`."""


def validate_references(
    scenario: Scenario, journey: Journey, policy: Policy, policies: Mapping[str, Policy]
) -> list[KeyProblem]:
    """All mistakes between sections of a scenario.

    Args:
        scenario: The scenario.
        journey: Its journey.
        policy: The scenario's policy, before the arms change it.
        policies: The policy of each arm.
    """
    return [
        *_check_primary_metric(scenario),
        *_check_moves(scenario, journey),
        *_check_exits(scenario, journey),
        *_check_lost_stages(scenario, journey),
        *_check_calendar(scenario, journey),
        *_check_churn_moves(scenario, journey),
        *_check_value_changes(scenario, journey),
        *_check_distress(scenario, journey, policy),
        *_check_signals(scenario, policy),
        *_check_effects(scenario, journey, policy),
        *_check_segments(scenario, policy),
        *_check_start(scenario, journey),
        *_check_arrivals(scenario, journey),
        *_check_correlations(scenario),
        *_check_records(scenario),
        *_check_arms(scenario, policies),
    ]


def unknown_name(path: tuple[str, ...], name: str, expected: str, known: Iterable[str]) -> KeyProblem:
    """The mistake that a name does not exist; `expected` describes it, `known` lists the valid names."""
    return KeyProblem(path, f"{name!r} is not {expected}{did_you_mean(name, list(known))}")


def _check_primary_metric(scenario: Scenario) -> Iterator[KeyProblem]:
    if mistake := build_catalogue(scenario).describe_mistake(scenario.primary_metric):
        yield KeyProblem(("primary_metric",), mistake)


def check_live_stage(
    path: tuple[str, ...], stage: str, scenario: Scenario, journey: Journey, consequence: str
) -> Iterator[KeyProblem]:
    """Check that a stage exists and is live; `consequence` states what would be impossible."""
    if stage not in journey.stages:
        yield unknown_name(path, stage, "a stage of the journey", journey.stages)
    elif stage in journey.terminal:
        yield KeyProblem(path, f"{stage!r} is terminal; {consequence}")
    elif stage in journey.lost:
        why = "is in world.lost" if stage in scenario.world.lost else "has the role 'lost'"
        yield KeyProblem(path, f"{stage!r} {why}, so its customers are gone; {consequence}")


def _check_moves(scenario: Scenario, journey: Journey) -> Iterator[KeyProblem]:
    for move, clock in scenario.world.moves.items():
        path = ("world", "moves", move)
        if move not in journey.move_names:
            yield unknown_name(path, move, "a move of the journey", journey.move_names)
            continue
        sources = [arc.source for arc in journey.moves if arc.name == move]
        for stage in clock.dwell_from:
            key_path = (*path, "dwell_from", stage)
            if stage not in journey.stages:
                yield unknown_name(key_path, stage, "a stage of the journey", journey.stages)
            elif stage not in sources:
                yield KeyProblem(
                    key_path, f"the move {move!r} does not leave {stage!r}; it leaves {', '.join(sources)}"
                )


def _check_exits(scenario: Scenario, journey: Journey) -> Iterator[KeyProblem]:
    """Check that every live stage has a move with a dwell; customers could never leave it otherwise."""
    unreachable = journey.unreachable_stages()
    for stage in journey.non_exit_stages:
        moves = [move.name for move in journey.legal_moves(stage)]
        occupied = stage not in unreachable or scenario.population.start.get(stage, 0.0) > 0.0
        if not occupied or any(move in scenario.world.moves for move in moves):
            continue
        if moves:
            yield KeyProblem(
                ("world", "moves"),
                f"customers can never leave {stage!r}; give a dwell to one of its moves: {', '.join(moves)}",
            )
        else:
            yield KeyProblem(
                ("journey", "moves"), f"no move leaves {stage!r}; add one, or list {stage!r} in journey.terminal"
            )


def _check_lost_stages(scenario: Scenario, journey: Journey) -> Iterator[KeyProblem]:
    """Check that customers can be won back from every lost stage; a stage without a way out must be terminal."""
    lost = scenario.world.lost
    for stage in dict.fromkeys(lost):
        if stage not in journey.stages:
            yield unknown_name(WORLD_LOST, stage, "a stage of the journey", journey.stages)
        elif lost.count(stage) > 1:
            yield KeyProblem(WORLD_LOST, f"{stage!r} is listed {lost.count(stage)} times; list it once")
        elif stage in journey.terminal:
            yield KeyProblem(
                WORLD_LOST, f"{stage!r} is in journey.terminal, so customers cannot be won back from it; list it once"
            )
    for stage in journey.lost:
        path = WORLD_LOST if stage in lost else ("journey", "stage", stage, "roles")
        moves = [move.name for move in journey.legal_moves(stage)]
        if not moves:
            yield KeyProblem(
                path, f"no move leaves {stage!r}, so customers cannot be won back; list it in journey.terminal instead"
            )
        elif not any(move in scenario.world.moves for move in moves):
            yield KeyProblem(
                path,
                f"customers are never won back from {stage!r}; give a dwell to {', '.join(moves)} in world.moves, "
                "or remove its moves and list it in journey.terminal",
            )
        if scenario.population.records is None and not scenario.population.start and journey.initial[0] == stage:
            yield KeyProblem(path, f"{stage!r} is the initial stage of customers; set their stages in population.start")


def _check_calendar(scenario: Scenario, journey: Journey) -> Iterator[KeyProblem]:
    world = scenario.world
    for name, phase in world.calendar.items():
        path = ("world", "calendar", name)
        for move in phase.moves:
            yield from _check_move_has_dwell((*path, "moves", move), move, scenario, journey)
        for cause in phase.onsets:
            if cause not in world.distress.causes:
                known = world.distress.causes
                yield unknown_name((*path, "onsets", cause), cause, "a cause in world.distress.causes", known)


def _check_move_has_dwell(
    path: tuple[str, ...], move: str, scenario: Scenario, journey: Journey
) -> Iterator[KeyProblem]:
    """Check that a move exists and has a dwell."""
    if move not in journey.move_names:
        yield unknown_name(path, move, "a move of the journey", journey.move_names)
    elif move not in scenario.world.moves:
        yield KeyProblem(path, f"the move {move!r} never happens; give it a dwell in world.moves")


def _check_churn_moves(scenario: Scenario, journey: Journey) -> Iterator[KeyProblem]:
    """Check the moves by which customers leave at a renewal, or when a charge fails."""
    world = scenario.world
    for name, part, chances in (
        ("renewal", world.renewal, world.renewal.churn),
        ("payments", world.payments, world.payments.failure),
    ):
        if not any(chances.values()) and "move" not in part.model_fields_set:
            continue
        path = ("world", name, "move")
        move_mistakes = list(_check_move_has_dwell(path, part.move, scenario, journey))
        yield from move_mistakes
        if not move_mistakes and not any(
            arc.name == part.move and arc.destination in journey.exit_stages for arc in journey.moves
        ):
            yield KeyProblem(
                path,
                f"customers do not leave by {part.move!r}: it leads to no terminal stage and to none with the role "
                "'lost'",
            )


def _check_value_changes(scenario: Scenario, journey: Journey) -> Iterator[KeyProblem]:
    for name, change in scenario.world.value_changes.items():
        for stage in change.per_day:
            key_path = ("world", "value_changes", name, "per_day", stage)
            yield from check_live_stage(key_path, stage, scenario, journey, "an account there is worth nothing")


def _check_distress(scenario: Scenario, journey: Journey, policy: Policy) -> Iterator[KeyProblem]:
    for name, cause in scenario.world.distress.causes.items():
        path = ("world", "distress", "causes", name)
        for stage in cause.onset_per_day:
            key_path = (*path, "onset_per_day", stage)
            yield from check_live_stage(key_path, stage, scenario, journey, "customers there cannot be in distress")
        for signal in cause.symptoms:
            yield from _check_signal_type((*path, "symptoms", signal), signal, policy)


def _check_signal_type(path: tuple[str, ...], name: str, policy: Policy) -> Iterator[KeyProblem]:
    if name not in policy.signals:
        yield unknown_name(path, name, "a signal type of the policy", policy.signals)


def _check_signals(scenario: Scenario, policy: Policy) -> Iterator[KeyProblem]:
    signals = scenario.world.signals
    for name in signals.false_per_day:
        yield from _check_signal_type(("world", "signals", "false_per_day", name), name, policy)
    path = ("world", "signals", "recovery")
    if signals.recovery is None:
        if signals.recovery_probability > 0.0:
            yield KeyProblem(path, "is missing, but recovery_probability is above 0; name the signal type that is sent")
        return
    yield from _check_signal_type(path, signals.recovery, policy)
    if signals.recovery in policy.signals and policy.signals[signals.recovery].polarity != "positive":
        yield KeyProblem(path, f"{signals.recovery!r} is a negative signal type; recovery sends a positive one")


def _check_effects(scenario: Scenario, journey: Journey, policy: Policy) -> Iterator[KeyProblem]:
    causes = scenario.world.distress.causes
    for action, effect in scenario.world.effects.items():
        path = ("world", "effects", action)
        if action not in policy.actions:
            yield unknown_name(path, action, "an action of the policy", policy.actions)
        for cause in effect.by_cause:
            if cause not in causes:
                yield unknown_name((*path, "by_cause", cause), cause, "a cause in world.distress.causes", causes)
        for move in effect.moves:
            yield from _check_move_of_effect((*path, "moves", move), move, scenario, journey)
        for stage in () if effect.discount is None else effect.discount.stages:
            key_path = (*path, "discount", "stages")
            yield from check_live_stage(key_path, stage, scenario, journey, "customers there pay nothing")


def _check_move_of_effect(
    path: tuple[str, ...], move: str, scenario: Scenario, journey: Journey
) -> Iterator[KeyProblem]:
    """Check that a move has a dwell and leaves a live stage; the effect of an action ends when a customer leaves."""
    mistakes = list(_check_move_has_dwell(path, move, scenario, journey))
    yield from mistakes
    sources = {arc.source for arc in journey.moves if arc.name == move}
    if not mistakes and sources <= set(journey.lost):
        yield KeyProblem(path, f"{move!r} only leaves a lost stage, where no action has an effect; remove it")


def _check_segments(scenario: Scenario, policy: Policy) -> Iterator[KeyProblem]:
    known = find_declared_segments(scenario, policy)
    if known is None:
        # The segments come from the records; a ratio for a segment that does not occur has no effect.
        return
    place = "the population" if scenario.population.records is None else "churn.yearly_hazard of the policy"
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
    for path, table in tables:
        for name in table:
            if name not in known:
                yield unknown_name((*path, name), name, f"a segment of {place}", known)


def _check_start(scenario: Scenario, journey: Journey) -> Iterator[KeyProblem]:
    for stage in scenario.population.start:
        yield from check_live_stage(
            ("population", "start", stage), stage, scenario, journey, "customers cannot begin there"
        )


def _check_arrivals(scenario: Scenario, journey: Journey) -> Iterator[KeyProblem]:
    plan = scenario.population.arrivals
    if plan is not None and plan.stage is not None:
        path = ("population", "arrivals", "stage")
        yield from check_live_stage(path, plan.stage, scenario, journey, "customers cannot arrive there")


def _check_correlations(scenario: Scenario) -> Iterator[KeyProblem]:
    """Check that some segment has a tenure where a correlation with tenure is set."""
    population = scenario.population
    if population.records is not None or any(
        segment.tenure_mean_days > 0.0 for segment in population.segments.values()
    ):
        return
    for name in ("value_tenure", "tier_tenure", "tenure_frailty"):
        if getattr(population.correlations, name):
            yield KeyProblem(
                ("population", "correlations", name),
                "has no effect: no segment has a tenure; set tenure_mean_days of a segment above 0",
            )


def _check_records(scenario: Scenario) -> Iterator[KeyProblem]:
    """Check that a population comes either from records or from segments, not from both."""
    population = scenario.population
    if population.records is None:
        if population.as_of is not None:
            yield KeyProblem(
                ("population", "as_of"), "has no effect without `records`; remove it, or set `records` to a folder"
            )
        return
    if population.records != BUNDLED and not Path(population.records).is_dir():
        yield KeyProblem(("population", "records"), f"folder not found: {population.records}")
    for key in ("segments", "start", "in_mid_stay", "in_distress", "correlations", "arrivals"):
        if getattr(population, key) not in ({}, False, None, Correlations()):
            yield KeyProblem(
                ("population", key), "the customers in `records` determine it; remove this key, or `records`"
            )


def _check_arms(scenario: Scenario, policies: Mapping[str, Policy]) -> Iterator[KeyProblem]:
    for name, arm in scenario.arms.items():
        path = ("arms", name, "actions")
        actions = arm.actions or ()
        for action in actions:
            if action not in policies[name].actions:
                yield unknown_name(path, action, "an action of the policy", policies[name].actions)
            elif actions.count(action) > 1:
                yield KeyProblem(path, f"{action!r} is listed {actions.count(action)} times; list it once")
                break
        if not arm.active and (arm.actions or arm.policy or arm.reviewers):
            yield KeyProblem(
                ("arms", name, "active"),
                "an arm without an orchestrator does not use `actions`, `policy` or `reviewers`; remove them",
            )
