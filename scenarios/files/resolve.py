"""Resolve a scenario into its arms for the engine, each with its own policy, population and reviewers."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from pydantic import ValidationError

from journey.core.messages import InvalidKeysError, KeyProblem, list_problems
from journey.decision.policy import Policy, build_policy
from journey.machine import Journey, default_journey
from scenarios.files.acquisition_checks import validate_acquisition
from scenarios.files.averts import compute_averts
from scenarios.files.cross_checks import validate_references
from scenarios.files.error_collection import UncorrectableError, names_word
from scenarios.files.event_limits import check_expected_events
from scenarios.files.guardrail_checks import validate_guardrails
from scenarios.files.journey_checks import ExaminedJourney, examine_journey
from scenarios.files.merging import Layer, merge_keys, name_key
from scenarios.files.metric_catalogue import find_reported_metrics
from scenarios.files.metric_checks import validate_metrics
from scenarios.files.model import Arm, Scenario
from scenarios.files.rule_checks import ExaminedRules, examine_scenario_rules, validate_rules
from scenarios.files.segments import find_second_declarations
from scenarios.files.stage_keys import add_lost_stages, find_typical_days_mistakes
from simulation.acquisition.spec import Acquisition, with_acquisition
from simulation.model.arm import ArmSpec
from simulation.model.population_spec import Population
from simulation.model.reviewers_spec import Reviewers

Path = tuple[str, ...]
_Built = TypeVar("_Built")

_SECTIONS_OF_EVENTS = ("world", "journey", "population")
"""Sections that determine the expected number of events."""


def resolve_arms(scenario: Scenario, layers: Sequence[Layer]) -> tuple[ArmSpec, ...]:
    """The arms of a scenario, the baseline first.

    Args:
        scenario: The validated scenario.
        layers: The layers it was merged from, so that errors can name the source of a key.

    Raises:
        InvalidKeysError: A table is invalid; a stage, move, action, signal type, cause or segment does not exist, or
            numbers contradict each other; every mistake is listed.
    """
    examined = _examine_journey(scenario)
    journey, problems = examined.journey, list(examined.problems)
    if journey is not None:
        journey, lost_mistakes = add_lost_stages(journey, scenario)
        problems += lost_mistakes
    rules = examine_scenario_rules(scenario)
    resolver = _Resolver(scenario, journey, rules, layers)
    policy = resolver.collect(resolver.resolve_policy, ())
    arms = [resolver.resolve_arm(name, arm) for name, arm in scenario.arms.items()]
    if resolver.problems:
        raise InvalidKeysError([*problems, *resolver.problems], partial(name_key, layers))
    specs = tuple(arm_spec for arm_spec in arms if arm_spec is not None)
    if journey is not None and policy is not None:
        problems += find_typical_days_mistakes(scenario, journey, policy)
        mistakes = [*rules.problems, *_check(scenario, journey, policy, specs, is_journey_valid=not problems)]
        mistakes += validate_rules(rules, scenario, journey, {each.name: each.policy for each in specs})
        problems += [each for each in mistakes if not any(names_word(each, name) for name in examined.left_out)]
    if problems:
        raise UncorrectableError(problems, partial(name_key, layers))
    return specs


def _check(
    scenario: Scenario, journey: Journey, policy: Policy, arms: Sequence[ArmSpec], *, is_journey_valid: bool
) -> list[KeyProblem]:
    """The mistakes between sections of a scenario."""
    policies = {arm_spec.name: arm_spec.policy for arm_spec in arms}
    mistakes = [
        *validate_references(scenario, journey, policy, policies),
        *validate_metrics(scenario, journey, policies),
        *validate_guardrails(scenario),
        *validate_acquisition(scenario, journey, arms),
    ]
    # The expected events of an invalid world mean nothing, and computing them may fail.
    if is_journey_valid and not any(each.path[0] in _SECTIONS_OF_EVENTS for each in mistakes):
        mistakes += check_expected_events(scenario, journey)
    return mistakes


class _Resolver:
    """Resolves the tables of a scenario, and collects what is wrong with them.

    Attributes:
        problems: What is wrong so far.
    """

    def __init__(
        self, scenario: Scenario, journey: Journey | None, rules: ExaminedRules, layers: Sequence[Layer]
    ) -> None:
        self._scenario = scenario
        self._rules = rules.rules
        self._layers = layers
        self._journey = journey
        self.problems: list[KeyProblem] = []

    def collect(self, build: Callable[[Path], _Built], path: Path) -> _Built | None:
        """What `build` returns for the table of an arm, or of the scenario; None if it is invalid."""
        try:
            return build(path)
        except InvalidKeysError as error:
            # An arm has the mistakes of the scenario's policy too; they are reported once.
            own = [each for each in error.problems if each not in self.problems]
            self.problems += [KeyProblem((*path, *each.path), each.message) for each in own]
            return None

    def resolve_arm(self, name: str, arm: Arm) -> ArmSpec | None:
        """One arm; None if one of its tables is invalid."""
        path = ("arms", name)
        policy = self.collect(self.resolve_policy, path)
        reviewers = self.collect(self._resolve_reviewers, path)
        population = self.collect(partial(self._resolve_population, policy=policy), path)
        if policy is None or reviewers is None or population is None or self._journey is None:
            return None
        return ArmSpec(
            name=name,
            journey=self._journey,
            # The journey has the role `lost` instead.
            world=world.model_copy(update={"lost": ()}) if (world := self._scenario.world).lost else world,
            policy=policy,
            population=population,
            reviewers=reviewers,
            actions=arm.actions,
            active=arm.active,
            yearly_discount=self._scenario.money.discount_per_year.amount,
            share=arm.share,
            share_by_segment=arm.share_by_segment,
            metrics=self._scenario.metrics,
            reported=find_reported_metrics(self._scenario),
            rules=self._rules,
        )

    def resolve_policy(self, path: Path) -> Policy:
        """The policy of an arm, or the scenario's for an empty path."""
        override = self._scenario.policy
        if path:
            override = merge_keys(override, self._scenario.arms[path[1]].policy)
        segments = self._scenario.population.segments or None
        problems = list(find_second_declarations(override, segments, self._layers)) if segments else []
        stages = None if self._journey is None else self._journey.stages
        try:
            policy = build_policy(override, "", stages, segments, has_effects=True)
        except InvalidKeysError as error:
            problems += error.problems
        if problems:
            raise _put_below("policy", problems)
        if self._journey is None:
            return policy
        return compute_averts(policy, self._scenario.world, self._journey, self._scenario.population)

    def _resolve_reviewers(self, path: Path) -> Reviewers:
        base = self._scenario.reviewers.model_dump(exclude_unset=True)
        try:
            return Reviewers.model_validate(merge_keys(base, self._scenario.arms[path[1]].reviewers, "reviewers"))
        except ValidationError as error:
            raise _put_below("reviewers", list_problems(error, Reviewers)) from None

    def _resolve_population(self, path: Path, policy: Policy | None) -> Population:
        """The population of an arm: the scenario's, or the buyers of the arm's own campaigns."""
        scenario = self._scenario
        if scenario.acquisition is None:
            return scenario.population
        base = scenario.acquisition.model_dump(exclude_unset=True)
        try:
            acquisition = Acquisition.model_validate(merge_keys(base, scenario.arms[path[1]].acquisition))
        except ValidationError as error:
            raise _put_below("acquisition", list_problems(error, Acquisition)) from None
        churn = (policy or Policy()).churn
        return with_acquisition(scenario.population, acquisition, spread=scenario.world.frailty_spread, churn=churn)


def _put_below(table: str, problems: Sequence[KeyProblem]) -> InvalidKeysError:
    return InvalidKeysError([KeyProblem((table, *each.path), each.message) for each in problems], "")


def _examine_journey(scenario: Scenario) -> ExaminedJourney:
    """The journey without its mistaken parts, and the mistakes."""
    if scenario.journey is None:
        return ExaminedJourney(default_journey())
    examined = examine_journey(scenario.journey)
    return examined._replace(
        problems=tuple(KeyProblem(("journey", *each.path), each.message) for each in examined.problems)
    )
