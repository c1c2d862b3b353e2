"""The declared rules of a scenario: those of its journey and its own; and what is wrong with them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from journey.core.messages import KeyProblem
from journey.core.suggestions import did_you_mean
from journey.decision.policy import Policy
from journey.machine import Journey
from journey.machine.lifecycles import intervention_lifecycle
from journey.rules import Rule, Vocabulary
from journey.rules.parsing import examine_rules
from scenarios.files.model import Scenario
from scenarios.files.segments import find_declared_segments

Path = tuple[int | str, ...]

RULES = "rules"
PATHS: tuple[Path, ...] = (("journey", RULES), (RULES,))
"""Places of rules: those of the journey travel with it, the others belong to the scenario."""


class LocatedRule(NamedTuple):
    """A rule, and the path of its table."""

    path: Path
    rule: Rule


class ExaminedRules(NamedTuple):
    """The valid rules of a scenario or a journey file, and what is wrong with the others."""

    located: tuple[LocatedRule, ...] = ()
    problems: tuple[KeyProblem, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The valid rules, those of the journey first."""
        return tuple(each.rule for each in self.located)


def examine_scenario_rules(scenario: Scenario) -> ExaminedRules:
    """The rules of a scenario."""
    of_journey = (scenario.journey or {}).get(RULES, ())
    return _examine({PATHS[0]: of_journey, PATHS[1]: scenario.rules})


def examine_journey_rules(data: Any) -> ExaminedRules:
    """The rules of a journey file, whose key ``rules`` has this value."""
    return _examine({(RULES,): data})


def build_vocabulary(journey: Journey, policies: Sequence[Policy] | None = None) -> Vocabulary:
    """The events that can happen.

    Args:
        journey: The journey.
        policies: The policies, one or more of which have each signal and action. Default: unknown, so every signal and
            action can happen.
    """
    signals = actions = None
    if policies is not None:
        signals = tuple(dict.fromkeys(name for policy in policies for name in policy.signals))
        actions = tuple(dict.fromkeys(name for policy in policies for name in policy.actions))
    stages, moves = journey.stages, journey.move_names
    return Vocabulary(stages, moves, signals, actions, intervention_lifecycle().stages)


def validate_rules(
    examined: ExaminedRules, scenario: Scenario, journey: Journey, policies: Mapping[str, Policy]
) -> Iterator[KeyProblem]:
    """What is wrong with the names in the rules of a scenario.

    Args:
        examined: The rules.
        scenario: The scenario.
        journey: Its journey.
        policies: The policy of each arm; a name has to exist in one of them.
    """
    yield from _find_unknown_events(examined, build_vocabulary(journey, list(policies.values())))
    segments = find_declared_segments(scenario, next(iter(policies.values()), Policy()))
    for path, rule in examined.located:
        for segment in rule.where.segment:
            if segments is not None and segment not in segments:
                hint = did_you_mean(segment, list(segments))
                yield KeyProblem((*path, "where", "segment"), f"rule {rule.name!r}: {segment!r} is not a segment{hint}")


def find_unknown_names(examined: ExaminedRules, journey: Journey) -> Iterator[KeyProblem]:
    """What is wrong with the names in the rules of a journey file, which has no policy."""
    return _find_unknown_events(examined, build_vocabulary(journey))


def _find_unknown_events(examined: ExaminedRules, vocabulary: Vocabulary) -> Iterator[KeyProblem]:
    for path, rule in examined.located:
        for problem in rule.find_unknown_names(vocabulary):
            yield KeyProblem((*path, *problem.path), problem.message)


def _examine(lists: Mapping[Path, Any]) -> ExaminedRules:
    located: list[LocatedRule] = []
    problems: list[KeyProblem] = []
    for path, data in lists.items():
        rules, mistakes = examine_rules(data)
        problems += [KeyProblem((*path, *each.path), each.message) for each in mistakes]
        for index, rule in rules.items():
            place = (*path, index)
            if any(rule.name == each.rule.name for each in located):
                text = f"the journey has a rule with the name {rule.name!r}; choose a new one"
                problems.append(KeyProblem((*place, "name"), text))
            else:
                located.append(LocatedRule(place, rule))
    return ExaminedRules(tuple(located), tuple(problems))
