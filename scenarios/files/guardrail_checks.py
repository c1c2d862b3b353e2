"""Checks of the guardrails of a scenario: the metrics exist, and the margins have a meaning."""

from collections.abc import Iterator

from journey.core.messages import KeyProblem
from scenarios.files.metric_catalogue import build_catalogue, list_margins
from scenarios.files.model import Scenario
from scenarios.metrics.guardrails import describe_wrong_margin


def validate_guardrails(scenario: Scenario) -> Iterator[KeyProblem]:
    """All mistakes in the guardrails of a scenario."""
    catalogue = build_catalogue(scenario)
    for path, name, margin in list_margins(scenario):
        mistake = catalogue.describe_mistake(name) or describe_wrong_margin(name, catalogue.get(name), margin)
        if mistake:
            yield KeyProblem(path, mistake)
    for name in scenario.guardrails:
        if name in scenario.metrics and scenario.metrics[name].guardrail is not None:
            yield KeyProblem(("guardrails", name), f"metrics.{name}.guardrail states it too; remove one of the two")
