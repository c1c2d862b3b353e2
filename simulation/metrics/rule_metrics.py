"""The metrics of the rules of a scenario: the share of customers for whom each rule is broken, or open at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.metrics.mean import Mean
from simulation.metrics.metric_names import name_rule_metric
from simulation.metrics.own_metrics import OwnMetric, group_cells
from simulation.model.rule_parameters import BROKEN, PENDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journey.rules import Rule
    from simulation.metrics.rule_totals import RuleTotals

_ROWS = {"broken": BROKEN, "pending": PENDING}


def compute_rule_metrics(
    rules: Sequence[Rule], totals: RuleTotals | None, segments: Sequence[str]
) -> dict[str, OwnMetric]:
    """The metrics of the rules over all customers, by segment and by tier.

    Args:
        rules: The rules.
        totals: The totals of the run; None if there are no rules.
        segments: The population's segments.

    Returns:
        Under ``broken:NAME`` and ``pending:NAME`` the shares of the customers to whom the rule applies; under
        ``applies:NAME`` their number. The first two also by part: ``broken:NAME[SEGMENT]``.
    """
    if totals is None:
        return {}
    results: dict[str, OwnMetric] = {}
    for index, rule in enumerate(rules):
        customers = totals.count_applicable(index, slice(None))
        results[name_rule_metric("applies", rule.name)] = OwnMetric(float(customers), None)
        for measure, row in _ROWS.items():
            for group, cells in group_cells(segments).items():
                customers = totals.count_applicable(index, cells)
                share = Mean(int(totals.counts[index, row, cells].sum()), customers).value
                results[f"{name_rule_metric(measure, rule.name)}{group}"] = OwnMetric(share, float(customers))
    return results
