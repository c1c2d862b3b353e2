"""The catalogue of the metrics of a scenario, from its file."""

from scenarios.files.model import Scenario
from scenarios.metrics.catalogue import MetricCatalogue


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
