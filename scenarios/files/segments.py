"""Segments are declared once: in the scenario (`population.segments`), or in the policy for customers from records.

The policy reads the segments of the scenario: each has a churn hazard, and the playbook may name it. A value for one of
them in `churn.yearly_hazard` is an override; a name that the scenario does not declare is a second declaration.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from journey.core.messages import KeyProblem
from journey.core.nested_tables import find_value
from journey.core.suggestions import did_you_mean
from journey.decision.policy import Policy
from scenarios.files.merging import Layer, name_key
from scenarios.files.model import Scenario

_HAZARDS = ("churn", "yearly_hazard")
_DECLARATION = ("population", "segments")


def find_policy_segments(policy: Mapping[str, Any]) -> Collection[str]:
    """The segments that a policy names in `churn.yearly_hazard`; `policy` has the keys that override the default."""
    named = find_value(policy, _HAZARDS)
    return named if isinstance(named, Mapping) else ()


def find_declared_segments(scenario: Scenario, policy: Policy) -> Collection[str] | None:
    """The segments of the scenario's customers.

    Args:
        scenario: The scenario.
        policy: Its policy.

    Returns:
        The segments of the population; for customers from records those of the policy, if it has segments of its own.
        None if neither declares any: then the records determine them.
    """
    if scenario.population.records is None:
        return scenario.population.segments
    own = set(find_policy_segments(scenario.policy)) - set(Policy().churn.yearly_hazard)
    return policy.churn.yearly_hazard if own else None


def find_second_declarations(
    policy: Mapping[str, Any], segments: Collection[str], layers: Sequence[Layer]
) -> Iterator[KeyProblem]:
    """The segments of a policy that the scenario does not declare; each message names both declarations.

    Args:
        policy: The keys that override the default policy.
        segments: The segments that the scenario declares.
        layers: The layers of the scenario, which name the files.
    """
    declared = name_key(layers, _DECLARATION)
    for name in find_policy_segments(policy):
        if name not in segments:
            yield KeyProblem(
                (*_HAZARDS, name),
                f"{name!r} is not one of the segments of the scenario, which are declared once, in {declared}"
                f"{did_you_mean(name, list(segments))}",
            )
