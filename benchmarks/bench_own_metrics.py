"""What five own metrics of a scenario cost: the CPU time of the compiled engine with and without them.

`benchmarks.extra_cost` describes the measurement. The metrics are of each costly kind: a share within a window, a time
from a stage, days in a stage, signals, and the revenue of a stage.
"""

from dataclasses import replace

from benchmarks.extra_cost import measure_extra_cost
from benchmarks.tables import Figure, at_most
from benchmarks.worlds import bare, whole
from simulation.model.arm import ArmSpec
from simulation.model.metric_spec import MetricSpec

METRICS = {
    "matured": MetricSpec.model_validate({"reached": "retention", "within_days": 90}),
    "days_to_maturity": MetricSpec.model_validate({"time_to": "retention", "from": "engagement"}),
    "support_days": MetricSpec(time_in="support"),
    "drops": MetricSpec(count_of="signal:usage_drop"),
    "earned": MetricSpec(revenue="retention"),
}


def run() -> list[Figure]:
    """The whole world, and the bare journey, in which almost all events are moves and signals that are counted."""
    return [
        measure_extra_cost("five own metrics, the whole world", whole, _add_metrics, at_most(1.1)),
        measure_extra_cost("five own metrics, the bare journey", bare, _add_metrics, None),
    ]


def _add_metrics(arm_spec: ArmSpec) -> ArmSpec:
    return replace(arm_spec, metrics=METRICS)
