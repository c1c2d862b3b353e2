"""The built-in metrics: name, label, unit, preferred direction, definition and what they are split by."""

from scenarios.operations.metric_list import list_metrics
from tests.documentation.reference.markdown import build_page, build_table, code

INTRO = """The built-in metrics of `journey simulate` and `journey compare`. Any of them can be the `primary_metric` of
a scenario, a guardrail in `[guardrails]`, and a target of `--precision`. `journey metrics` prints this list, and
`journey metrics SCENARIO` the list of a scenario with its [own metrics](../guides/own-metrics.md).

A metric that is split by segment is also reported for one segment, as `NAME[SEGMENT]`, for example `churn_rate[SMB]`.
Own metrics are also split by risk tier, as `NAME[tier=TIER]`. A share is a number from 0 to 1 in JSON and a percentage
in tables. Metrics of campaigns exist with `[acquisition]` only. Those of recurring revenue,
`proactive_share` and `resolution_days` are reported where the scenario names them: in `report`, as `primary_metric`,
with a guardrail or in a ratio. A scenario with `[[rules]]` reports `broken:NAME`, `pending:NAME` and `applies:NAME`
of each [rule](../guides/rules.md#measured-in-simulation)."""

SATISFACTION = """The score of a customer on a day is `world.satisfaction.calm`, minus `distress_penalty` times the
share of days in distress among the days as a customer until then, plus the `csat` points of resolved actions that the
customer responded to. It is limited to 1 to 5.

* `csat` is the mean over all customers of the run. The score of a customer who left is that of the last day as a
  customer.
* **CSAT over time** is the mean over the customers that are in a live stage on a day: on day 0, at the end, and on 11
  equally spaced days between them. `journey simulate --json` has it as `csat[]` with `day`, `mean` (`null` without a
  customer) and `customers`. Its last mean is `csat` where no customer left."""

RECURRING_REVENUE = """The definitions are those of subscription companies, with the whole run as the period:

* The MRR of a customer is a twelfth of the account value times what the stage `pays`. Discounts, which end, are not
  subtracted. It is 0 in terminal and lost stages.
* Start and end are compared for each customer: start - churned - contraction + expansion + new = end. A customer who
  leaves and comes back within the run has not churned. New MRR is that of customers who pay nothing on day 0: arrivals,
  converted trials, and customers won back.
* Gross revenue retention is (start - churned - contraction) / start. Net revenue retention adds the expansion. New
  customers count in neither.
* Logo churn counts customers that pay at the start. `churn_rate` counts all customers of the run, with those that
  arrive later, and those in a stage that pays nothing.

Sources: [net revenue retention](https://changelog.baremetrics.com/new-metric-net-revenue-retention-2BOJIA),
[gross revenue retention](https://dnoise.online/en/metrics/formulas/grr-formula)."""


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
    notes = {"customers": f"\n\n{SATISFACTION}", "recurring revenue": f"\n\n{RECURRING_REVENUE}"}
    sections = (
        f"## {group.capitalize()}\n\n{build_table(columns, rows)}{notes.get(group, '')}"
        for group, rows in groups.items()
    )
    return build_page("Metrics", INTRO, *sections)


def _format_unit(unit: str) -> str:
    return unit.replace("dollars", "US dollars")
