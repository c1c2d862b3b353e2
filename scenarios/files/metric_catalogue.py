"""The metrics and guardrails of a scenario, from its file."""

from collections.abc import Iterator, Sequence

from scenarios.files.merging import Layer, name_key
from scenarios.files.model import Scenario
from scenarios.files.rule_checks import examine_scenario_rules
from scenarios.metrics.catalogue import MetricCatalogue
from scenarios.metrics.guardrails import Guardrail, find_worse_direction
from scenarios.metrics.own_metrics import describe_own_metrics
from scenarios.metrics.rule_metrics import describe_rule_metrics
from simulation.metrics.metric_names import parse_base_name
from simulation.metrics.on_demand import ON_DEMAND


def build_catalogue(scenario: Scenario, name: str = "", layers: Sequence[Layer] = ()) -> MetricCatalogue:
    """The definitions of the metrics that can be asked for in a scenario.

    Args:
        scenario: The scenario.
        name: Its name as commands take it; empty if it is not known, or if the scenario may be invalid.
        layers: The layers that it was merged from, which name the sources of its own metrics.
    """
    sources = {own: name_key(layers, ("metrics", own)) for own in scenario.metrics} if layers else {}
    located = examine_scenario_rules(scenario).located
    rule_sources = {each.rule.name: name_key(layers, each.path) for each in located} if layers else {}
    population = scenario.population
    return MetricCatalogue(
        own=describe_own_metrics(scenario.metrics, sources)
        | describe_rule_metrics([each.rule for each in located], rule_sources),
        segments=None if population.records is not None else tuple(population.segments),
        has_campaigns=scenario.acquisition is not None,
        scenario=name,
        unreported=frozenset(ON_DEMAND) - find_reported_metrics(scenario),
    )


def find_reported_metrics(scenario: Scenario) -> frozenset[str]:
    """The on-demand metrics that a scenario names in any of its keys. A run reports only these of them."""
    named = [scenario.primary_metric, *scenario.report, *scenario.guardrails]
    named += [name for spec in scenario.metrics.values() for name in spec.ratio or ()]
    return frozenset(map(parse_base_name, named)) & frozenset(ON_DEMAND)


def list_margins(scenario: Scenario) -> Iterator[tuple[tuple[str, ...], str, float]]:
    """Every guardrail of a scenario: the path of its key, the name of the metric, and the worst accepted change."""
    for name, spec in scenario.metrics.items():
        if spec.guardrail is not None:
            yield ("metrics", name, "guardrail"), name, spec.guardrail
    for name, margin in scenario.guardrails.items():
        yield ("guardrails", name), name, margin


def build_guardrails(scenario: Scenario) -> tuple[Guardrail, ...]:
    """The guardrails of a scenario that passed every check."""
    catalogue = build_catalogue(scenario)
    found = (
        (name, margin, find_worse_direction(catalogue.get(name), margin)) for _, name, margin in list_margins(scenario)
    )
    return tuple(Guardrail(name, margin, worse) for name, margin, worse in found if worse is not None)
