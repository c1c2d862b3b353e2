"""The metrics of a run: name, label, unit, preferred direction and definition."""

from scenarios.metrics.definitions import BUILT_IN
from tests.documentation.reference.markdown import build_page, build_table, code

INTRO = """The metrics of `journey simulate` and `journey compare`. Any of them can be the `primary_metric` of a
scenario.

With several segments, a metric may be reported for one segment, as `NAME[SEGMENT]`, for example `churn_rate[SMB]`. A
share is a number from 0 to 1 in JSON and a percentage in tables. Metrics of campaigns appear with `acquisition`
only."""


def build_metrics() -> str:
    """The page of all metrics."""
    rows = [
        (code(name), metric.label, metric.meaning, _format_unit(metric.unit), metric.better or "neither")
        for name, metric in BUILT_IN.items()
    ]
    return build_page("Metrics", INTRO, build_table(("name", "in tables", "definition", "unit", "better"), rows))


def _format_unit(unit: str) -> str:
    return unit.replace("dollars", "US dollars")
