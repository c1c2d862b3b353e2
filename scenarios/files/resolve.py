"""Resolve a scenario into its arms for the engine, each with its own policy, population and reviewers."""

from collections.abc import Sequence

from pydantic import ValidationError

from journey.core.errors import InputError
from journey.core.messages import Locate, format_validation_error
from journey.decision.policy import Policy, build_policy
from journey.machine import Journey, default_journey
from journey.machine.errors import JourneyDefinitionError
from scenarios.files.acquisition_checks import validate_acquisition
from scenarios.files.cross_checks import Mistake, validate_references
from scenarios.files.event_limits import check_expected_events
from scenarios.files.guardrail_checks import validate_guardrails
from scenarios.files.merging import Layer, find_source, merge_keys, name_key
from scenarios.files.metric_checks import validate_metrics
from scenarios.files.model import Arm, Scenario
from scenarios.files.segments import refuse_second_declaration
from scenarios.files.stage_keys import add_lost_stages, find_typical_days_mistakes
from simulation.acquisition.spec import Acquisition, with_acquisition
from simulation.model.arm import ArmSpec
from simulation.model.population_spec import Population
from simulation.model.reviewers_spec import Reviewers


def resolve_arms(scenario: Scenario, layers: Sequence[Layer]) -> tuple[ArmSpec, ...]:
    """The arms of a scenario, the baseline first.

    Args:
        scenario: The validated scenario.
        layers: The layers it was merged from, so that errors can name the source of a key.

    Raises:
        InputError: A stage, move, action, signal type, cause or segment does not exist, or numbers contradict each
            other; every mistake is listed.
    """
    journey, mistakes = add_lost_stages(_resolve_journey(scenario, layers), scenario)
    _refuse(layers, [*mistakes, *find_typical_days_mistakes(scenario)])
    policy = _resolve_policy(scenario, (), journey, layers)
    arms = tuple(_resolve_arm(scenario, name, arm, journey, layers) for name, arm in scenario.arms.items())
    problems = validate_references(scenario, journey, policy, {arm_spec.name: arm_spec.policy for arm_spec in arms})
    problems += validate_metrics(scenario, journey, {arm_spec.name: arm_spec.policy for arm_spec in arms})
    problems += validate_guardrails(scenario)
    problems += validate_acquisition(scenario, journey, arms)
    # The expected events of an invalid scenario mean nothing, and computing them may fail.
    _refuse(layers, problems or list(check_expected_events(scenario, journey)))
    return arms


def _refuse(layers: Sequence[Layer], mistakes: Sequence[Mistake]) -> None:
    if mistakes:
        raise InputError("\n".join(f"{name_key(layers, each.path)}: {each.message}" for each in mistakes))


def _resolve_arm(scenario: Scenario, name: str, arm: Arm, journey: Journey, layers: Sequence[Layer]) -> ArmSpec:
    policy = _resolve_policy(scenario, ("arms", name), journey, layers)
    return ArmSpec(
        name=name,
        journey=journey,
        # The journey has the role `lost` instead.
        world=scenario.world.model_copy(update={"lost": ()}) if scenario.world.lost else scenario.world,
        policy=policy,
        population=_resolve_population(scenario, name, arm, policy, layers),
        reviewers=_resolve_reviewers(scenario, name, arm, layers),
        actions=arm.actions,
        active=arm.active,
        yearly_discount=scenario.money.discount_per_year.amount,
        share=arm.share,
        share_by_segment=arm.share_by_segment,
        metrics=scenario.metrics,
    )


def _resolve_journey(scenario: Scenario, layers: Sequence[Layer]) -> Journey:
    if scenario.journey is None:
        return default_journey()
    try:
        return Journey.from_dict(scenario.journey)
    except JourneyDefinitionError as error:
        source = find_source(layers, ("journey",))
        raise InputError("\n".join(f"{source}: journey: {problem}" for problem in error.problems)) from None


def _resolve_policy(scenario: Scenario, path: tuple[str, ...], journey: Journey, layers: Sequence[Layer]) -> Policy:
    override = scenario.policy
    if path:
        override = merge_keys(override, scenario.arms[path[1]].policy)
    segments = scenario.population.segments or None
    if segments is not None:
        refuse_second_declaration(override, (*path, "policy"), segments, layers)
    return build_policy(override, _locate(layers, (*path, "policy")), journey.stages, segments)


def _resolve_reviewers(scenario: Scenario, name: str, arm: Arm, layers: Sequence[Layer]) -> Reviewers:
    base = scenario.reviewers.model_dump(exclude_unset=True)
    try:
        return Reviewers.model_validate(merge_keys(base, arm.reviewers, "reviewers"))
    except ValidationError as error:
        locate = _locate(layers, ("arms", name, "reviewers"))
        raise InputError(format_validation_error(error, Reviewers, locate)) from None


def _resolve_population(scenario: Scenario, name: str, arm: Arm, policy: Policy, layers: Sequence[Layer]) -> Population:
    """The population of an arm: the scenario's, or the buyers of the arm's own campaigns."""
    if scenario.acquisition is None:
        return scenario.population
    base = scenario.acquisition.model_dump(exclude_unset=True)
    try:
        acquisition = Acquisition.model_validate(merge_keys(base, arm.acquisition))
    except ValidationError as error:
        locate = _locate(layers, ("arms", name, "acquisition"))
        raise InputError(format_validation_error(error, Acquisition, locate)) from None
    return with_acquisition(scenario.population, acquisition, spread=scenario.world.frailty_spread, churn=policy.churn)


def _locate(layers: Sequence[Layer], path: tuple[str, ...]) -> Locate:
    """A function that names the source and the key of a location in the table at `path`."""
    return lambda location: name_key(layers, (*path, *location))
