"""The list of the metrics that can be asked for."""

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from journey.core.errors import InputError
from scenarios.metrics.catalogue import MetricCatalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from scenarios.files.loader import LoadedScenario


class MetricSummary(NamedTuple):
    """A metric that can be asked for.

    Attributes:
        name: Its name, as `primary_metric`, `--precision` and JSON have it.
        label: Its name in tables.
        unit: Unit of its value: ``share`` (0 to 1), ``days``, ``dollars``, ``count`` and so on.
        definition: What it measures, in one sentence.
        by: What it can be split by: ``segment`` (written ``NAME[SEGMENT]``) and ``tier`` (``NAME[tier=TIER]``).
        better: The direction that is better for the company: ``higher`` or ``lower``; None if neither is.
        source: ``built in``, or the file and the key that declare it.
        group: What it is about.
    """

    name: str
    label: str
    unit: str
    definition: str
    by: tuple[str, ...]
    better: Literal["lower", "higher"] | None
    source: str
    group: str

    def as_dict(self) -> dict[str, Any]:
        """The metric as the command line's JSON."""
        return {**self._asdict(), "by": list(self.by)}


def list_metrics_of(
    scenario: "str | Path | LoadedScenario | None", overrides: "Mapping[str, object] | Sequence[str] | None"
) -> list[MetricSummary]:
    """The metrics of a scenario as users name it, or all built-in ones.

    Raises:
        InputError: The scenario is not valid, or there are overrides without a scenario.
    """
    from scenarios.operations.options import open_scenario

    if scenario is None and overrides:
        raise InputError("overrides: change a scenario, and none is given; name a scenario")
    return list_metrics(None if scenario is None else open_scenario(scenario, overrides))


def list_metrics(scenario: "LoadedScenario | None" = None) -> list[MetricSummary]:
    """The metrics of a scenario, or all built-in ones; those of one group follow each other.

    Args:
        scenario: The scenario. Default: all built-in metrics, with those of campaigns.
    """
    catalogue = MetricCatalogue() if scenario is None else scenario.metrics
    metrics = {name: catalogue.get(name) for name in catalogue.names}
    groups = list(dict.fromkeys(metric.group for metric in metrics.values()))
    return [
        MetricSummary(
            name, metric.label, metric.unit, metric.meaning, metric.by, metric.better, metric.source, metric.group
        )
        for name, metric in sorted(metrics.items(), key=lambda item: groups.index(item[1].group))
    ]
