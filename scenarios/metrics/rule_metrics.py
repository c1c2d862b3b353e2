"""The definitions of the metrics of declared rules, in words."""

from collections.abc import Mapping, Sequence

from journey.rules import Rule
from scenarios.metrics.definitions import Metric
from simulation.metrics.metric_names import name_rule_metric

RULES = "rules"
"""The group of the metrics of rules."""

_BROKEN = "Share of customers for whom this rule is broken, among those to whom it applies"
_UNKNOWN_IF = "the rule applies to no customer"


def describe_rule_metrics(rules: Sequence[Rule], sources: Mapping[str, str]) -> dict[str, Metric]:
    """The definitions of the metrics of rules by name: for each rule, a number of customers and two shares of them.

    Args:
        rules: The rules.
        sources: By name of a rule, the file and the key that declare it.
    """
    return {
        name_rule_metric(measure, rule.name): metric
        for rule in rules
        for measure, metric in _describe(rule, sources.get(rule.name, RULES)).items()
    }


def _describe(rule: Rule, source: str) -> dict[str, Metric]:
    return {
        "broken": Metric(
            label=f"share breaking {rule.name!r}",
            unit="share",
            better="lower",
            meaning=" ".join(filter(None, (f"{_BROKEN}: {rule.describe()}.", rule.message))),
            unknown_if=_UNKNOWN_IF,
            group=RULES,
            by=("segment", "tier"),
            source=source,
            is_proportion=True,
        ),
        "pending": Metric(
            label=f"share pending in {rule.name!r}",
            unit="share",
            better=None,
            meaning=f"Share of customers for whom the rule {rule.name!r} is not broken, but open at the end, among "
            "those to whom it applies.",
            unknown_if=_UNKNOWN_IF,
            group=RULES,
            by=("segment", "tier"),
            source=source,
            is_proportion=True,
        ),
        "applies": Metric(
            label=f"customers subject to {rule.name!r}",
            unit="count",
            better=None,
            meaning=f"Number of customers to whom the rule {rule.name!r} applies.",
            group=RULES,
            source=source,
        ),
    }
