"""The effects of a comparison as a table: one row per arm (except the baseline) and metric.

* ``arm``, ``metric``: names as in the command line's JSON; ``churn_rate[SMB]`` is the churn rate of one segment;
* ``unit``: unit of all values: ``share``, ``dollars``, ``count``, ``days`` and so on;
* ``baseline``, ``mean``: mean of the baseline and of the arm, over the replications that measured both;
* ``difference``, ``ci_low``, ``ci_high``: mean difference, arm minus baseline, with its 95 % interval;
* ``variance_reduction``, ``variance_reduction_ci_low``, ``variance_reduction_ci_high``: (Var A + Var B) / Var(B - A)
  over replications, with its 95 % interval;
* ``cohort_sd``: standard deviation of the difference between cohorts of this size;
* ``n``: number of replications that measured both arms;
* ``p_adjusted``, ``significant``: p-value with Holm's correction, and whether "no difference" is rejected (5 % level);
* ``tested_ci_low``, ``tested_ci_high``, ``tested_confidence``: the interval of that test and its confidence level; it
  excludes 0 exactly where the difference is significant;
* ``p_value``, ``lift``, ``lift_ci_low``, ``lift_ci_high``: in randomised mode, the p-value without correction and the
  relative change; otherwise missing;
* ``note``: why a value is missing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from journey.tables.column_table import ColumnTable

COLUMN_TYPES = {
    "arm": "VARCHAR",
    "metric": "VARCHAR",
    "unit": "VARCHAR",
    "baseline": "DOUBLE",
    "mean": "DOUBLE",
    "difference": "DOUBLE",
    "ci_low": "DOUBLE",
    "ci_high": "DOUBLE",
    "variance_reduction": "DOUBLE",
    "variance_reduction_ci_low": "DOUBLE",
    "variance_reduction_ci_high": "DOUBLE",
    "cohort_sd": "DOUBLE",
    "n": "BIGINT",
    "p_adjusted": "DOUBLE",
    "significant": "BOOLEAN",
    "tested_ci_low": "DOUBLE",
    "tested_ci_high": "DOUBLE",
    "tested_confidence": "DOUBLE",
    "p_value": "DOUBLE",
    "lift": "DOUBLE",
    "lift_ci_low": "DOUBLE",
    "lift_ci_high": "DOUBLE",
    "note": "VARCHAR",
}
"""The columns of the table with their SQL types."""


def build_effect_table(document: Mapping[str, Any], units: Mapping[str, str]) -> ColumnTable:
    """Build the table from the JSON document of a comparison.

    Args:
        document: The document.
        units: The unit of each metric.
    """
    return ColumnTable(COLUMN_TYPES, (tuple(row.get(name) for name in COLUMN_TYPES) for row in _rows(document, units)))


def _rows(document: Mapping[str, Any], units: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for arm, effects in document["effects"].items():
        for metric, effect in effects.items():
            yield {
                **effect,
                "arm": arm,
                "metric": metric,
                "unit": units[metric],
                "significant": effect["shown"],
            }
