"""The effects of a comparison as a table: one row per arm (except the baseline) and metric.

* ``arm``, ``metric``: names as in the command line's JSON; ``churn_rate[SMB]`` is the churn rate of one segment;
* ``unit``: unit of all values: ``share``, ``dollars``, ``count``, ``days`` and so on;
* ``baseline``, ``mean``: mean of the baseline and of the arm;
* ``difference``, ``ci_low``, ``ci_high``: mean difference, arm minus baseline, with its 95 % interval;
* ``variance_reduction``: (Var A + Var B) / Var(B - A) over replications;
* ``cohort_sd``: standard deviation of the difference between cohorts of this size;
* ``n``: number of replications that measured both arms;
* ``p_adjusted``, ``significant``: p-value with Holm's correction, and whether it rejects "no difference" at 95 %;
* ``p_value``, ``lift``, ``lift_ci_low``, ``lift_ci_high``: in randomised mode, the p-value without correction and the
  relative change; otherwise missing;
* ``note``: why a value is missing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from journey.tables.column_table import ColumnTable
from scenarios.files.model import BASELINE

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
    "cohort_sd": "DOUBLE",
    "n": "BIGINT",
    "p_adjusted": "DOUBLE",
    "significant": "BOOLEAN",
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
    means = document["arms"]
    for arm, effects in document["effects"].items():
        for metric, effect in effects.items():
            yield {
                **effect,
                "arm": arm,
                "metric": metric,
                "unit": units[metric],
                "baseline": means[BASELINE][metric]["mean"],
                "mean": means[arm][metric]["mean"],
                "significant": effect["shown"],
            }
