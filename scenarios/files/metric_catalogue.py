"""The metrics and guardrails of a scenario, from its file."""

from scenarios.files.model import Scenario
from scenarios.metrics.catalogue import MetricCatalogue
from scenarios.metrics.guardrails import Guardrail, find_worse_direction


def build_catalogue(scenario: Scenario, name: str = "") -> MetricCatalogue:
    """The definitions of the metrics that can be asked for in a scenario.

    Args:
        scenario: The scenario.
        name: Its name as commands take it; empty if it is not known, or if the scenario may be invalid.
    """
    population = scenario.population
    return MetricCatalogue(
        segments=None if population.records is not None else tuple(population.segments),
        has_campaigns=scenario.acquisition is not None,
        scenario=name,
    )


def build_guardrails(scenario: Scenario) -> tuple[Guardrail, ...]:
    """The guardrails of a scenario that passed every check."""
    catalogue = build_catalogue(scenario)
    found = (
        (name, margin, find_worse_direction(catalogue.get(name), margin))
        for name, margin in scenario.guardrails.items()
    )
    return tuple(Guardrail(name, margin, worse) for name, margin, worse in found if worse is not None)
