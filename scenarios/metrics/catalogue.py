"""The metrics that can be asked for in one scenario: the built-in ones, and those that it declares."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from journey.core.suggestions import did_you_mean
from scenarios.metrics.definitions import BUILT_IN, Metric, Unit, parse_base_name, parse_segment
from scenarios.text.phrases import format_name


@dataclass(frozen=True)
class MetricCatalogue:
    """The definitions of all metrics of a scenario, by name.

    A name may end with a segment, as in ``churn_rate[SMB]``; the metric is then that of the segment's customers.

    Attributes:
        own: The metrics that the scenario declares.
        per_customer: Whether totals are given per customer, which makes arms of different sizes comparable.
    """

    own: Mapping[str, Metric] = field(default_factory=dict)
    per_customer: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All names without segments, the built-in metrics first."""
        return (*BUILT_IN, *(name for name in self.own if name not in BUILT_IN))

    def __contains__(self, name: str) -> bool:
        """Whether a metric is in the catalogue; the segment of the name is not checked."""
        return self._find(name) is not None

    def get(self, name: str) -> Metric:
        """The definition of a metric; an unlisted metric is a plain number with its own name as the label."""
        known = self._find(name)
        if known is None:
            return Metric(format_name(name), "ratio", None, "")
        segment = parse_segment(name)
        labelled = known if segment is None else replace(known, label=f"{known.label} [{segment}]")
        return _divide_by_customers(labelled) if self.per_customer and known.is_total else labelled

    def is_total(self, name: str) -> bool:
        """Whether a run reports a metric as a total over its cohort, as opposed to a mean or a share."""
        known = self._find(name)
        return known is not None and known.is_total

    def sort(self, names: Iterable[str]) -> list[str]:
        """Names in the order of tables: metrics of the whole population as listed here, then the others as given."""
        given = list(names)
        listed = [name for name in self.names if name in given]
        return [*listed, *(name for name in given if name not in listed)]

    def describe_unknown_name(self, name: str) -> str:
        """The message that a name is not in the catalogue, with a close name or all names."""
        return f"unknown metric {name!r}{did_you_mean(name, self.names)}"

    def _find(self, name: str) -> Metric | None:
        base = parse_base_name(name)
        return BUILT_IN.get(base) or self.own.get(base)


def _divide_by_customers(metric: Metric) -> Metric:
    unit: Unit = "dollars" if metric.unit == "dollars" else "per customer"
    return replace(metric, label=f"{metric.label} per customer", unit=unit)
