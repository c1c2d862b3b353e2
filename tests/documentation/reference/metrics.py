"""The built-in metrics: name, label, unit, preferred direction, definition and what they are split by."""

from scenarios.operations.metric_list import list_metrics
from tests.documentation.reference.markdown import build_page, build_table, code

INTRO = """The built-in metrics of `journey simulate` and `journey compare`. Any of them can be the `primary_metric` of
a scenario, a guardrail in `[guardrails]`, and a target of `--precision`. `journey metrics` prints this list, and
`journey metrics SCENARIO` the list of a scenario with its [own metrics](../guides/own-metrics.md).

A metric that is split by segment is also reported for one segment, as `NAME[SEGMENT]`, for example `churn_rate[SMB]`.
Own metrics are also split by risk tier, as `NAME[tier=TIER]`. A share is a number from 0 to 1 in JSON and a percentage
in tables. Metrics of campaigns exist with `[acquisition]` only."""


def build_metrics() -> str:
    """The page of all metrics, by group."""
    groups: dict[str, list[tuple[str, ...]]] = {}
    for metric in list_metrics():
        groups.setdefault(metric.group, []).append(
            (
                code(metric.name),
                metric.label,
                metric.definition,
                _format_unit(metric.unit),
                metric.better or "neither",
                ", ".join(metric.by),
            )
        )
    columns = ("name", "in tables", "definition", "unit", "better", "by")
    sections = (f"## {group.capitalize()}\n\n{build_table(columns, rows)}" for group, rows in groups.items())
    return build_page("Metrics", INTRO, *sections)


def _format_unit(unit: str) -> str:
    return unit.replace("dollars", "US dollars")
