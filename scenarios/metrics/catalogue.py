"""The metrics that can be asked for in one scenario: built-in ones, those that it declares, and those of its rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from shlex import quote

from journey.core.suggestions import did_you_mean, suggest_close
from journey.decision.policy import TIERS
from scenarios.metrics.definitions import BUILT_IN, Metric, Unit
from scenarios.text.phrases import format_name
from simulation.metrics.metric_names import parse_base_name, parse_part, parse_segment, parse_tier

_MAX_SUGGESTIONS = 3


@dataclass(frozen=True)
class MetricCatalogue:
    """The definitions of all metrics of a scenario, by name.

    A name may end with a part of the population: ``churn_rate[SMB]`` is the churn rate of the segment SMB, and
    ``churn_rate[tier=high]`` would be that of a risk tier. `Metric.by` states what a metric can be split by.

    Attributes:
        own: The metrics that the scenario declares, and those of its rules.
        segments: The segments of the population; None where only the records determine them.
        has_campaigns: Whether the scenario has campaigns; without them, their metrics cannot be asked for.
        scenario: The name of the scenario, as `journey metrics` takes it; empty if unknown.
        unreported: Metrics that the scenario could report and does not.
        per_customer: Whether totals are given per customer, which makes arms of different sizes comparable.
    """

    own: Mapping[str, Metric] = field(default_factory=dict)
    segments: tuple[str, ...] | None = None
    has_campaigns: bool = True
    scenario: str = ""
    unreported: frozenset[str] = frozenset()
    per_customer: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all metrics that can be asked for, the built-in ones first."""
        return tuple(name for name in (*BUILT_IN, *self.own) if name in self)

    def __contains__(self, name: str) -> bool:
        """Whether a metric can be asked for; the part of the population in its name is not checked."""
        metric = self._find(name)
        return metric is not None and (self.has_campaigns or not metric.is_of_campaigns)

    def get(self, name: str) -> Metric:
        """The definition of a metric; an unlisted metric is a plain number with its own name as the label."""
        known = self._find(name)
        if known is None:
            return Metric(format_name(name), "ratio", None, "")
        part = parse_part(name)
        labelled = known if part is None else replace(known, label=f"{known.label} [{part}]")
        return _divide_by_customers(labelled) if self.per_customer and known.is_total else labelled

    def is_total(self, name: str) -> bool:
        """Whether a run reports a metric as a total over its cohort, as opposed to a mean or a share."""
        known = self._find(name)
        return known is not None and known.is_total

    def sort(self, names: Iterable[str]) -> list[str]:
        """Names in the order of tables: metrics of the whole population as listed here, then the others as given."""
        given = list(names)
        listed = [name for name in (*BUILT_IN, *self.own) if name in given]
        return [*listed, *(name for name in given if name not in listed)]

    def describe_mistake(self, name: str) -> str:
        """Why a metric cannot be asked for, and what to write instead; empty if it can be.

        Args:
            name: The name, with the part of the population if there is one.
        """
        base, part = parse_base_name(name), parse_part(name)
        known = self._find(base)
        if known is None:
            close = suggest_close(base, self.names, _MAX_SUGGESTIONS)
            return f"unknown metric {base!r}{f'{close} ' if close else '; '}{self._describe_list()}"
        if base not in self:
            return f"{base} is a metric of campaigns, and the scenario has no table [acquisition]"
        return "" if part is None else self._describe_wrong_part(name, known)

    def _describe_list(self) -> str:
        if self.scenario:
            return f"`journey metrics {quote(self.scenario)}` lists all"
        own = f", and this scenario declares {', '.join(self.own)}" if self.own else ""
        return f"`journey metrics` lists the built-in ones{own}"

    def _describe_wrong_part(self, name: str, metric: Metric) -> str:
        segment, tier = parse_segment(name), parse_tier(name)
        kind = "segment" if segment is not None else "tier"
        if not name.endswith("]"):
            return f"{name!r} does not end with ']'; write {name}]"
        if kind not in metric.by:
            split = [each for each in self.names if kind in self.get(each).by]
            return (
                f"{parse_base_name(name)} is not measured by {kind}; metrics that are: {', '.join(split)}"
                if split
                else f"no metric is measured by {kind}; write {parse_base_name(name)}"
            )
        if tier is not None and tier not in TIERS:
            return f"{tier!r} is not a risk tier{did_you_mean(tier, TIERS)}"
        if segment is not None and self.segments is not None and segment not in self.segments:
            return f"{segment!r} is not a segment of the population{did_you_mean(segment, self.segments)}"
        return ""

    def _find(self, name: str) -> Metric | None:
        base = parse_base_name(name)
        return BUILT_IN.get(base) or self.own.get(base)


def _divide_by_customers(metric: Metric) -> Metric:
    unit: Unit = "dollars" if metric.unit == "dollars" else "per customer"
    # The smallest effect is one on the total.
    return replace(metric, label=f"{metric.label} per customer", unit=unit, smallest_effect=None)
