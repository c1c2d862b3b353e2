"""Guardrails of a comparison: whether each metric with a worst accepted change is shown to keep it.

Every guardrail of an arm must hold, and each is tested one-sided at 2.5 % (`journey.statistics.non_inferiority`). The
claim "all hold" is an intersection-union test, which needs no correction for their number (Berger 1982). A broken
guardrail is reported on its own, also without a correction, so that more guardrails never hide a breach.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from journey.statistics.means import CONFIDENCE, Estimate
from journey.statistics.non_inferiority import SIGN_TEST_REPLICATIONS, Outcome, compare_with_margin
from scenarios.metrics.catalogue import MetricCatalogue
from scenarios.metrics.definitions import Metric, format_metric
from scenarios.metrics.guardrails import Guardrail
from scenarios.text.phrases import format_confidence, format_interval

if TYPE_CHECKING:
    from scenarios.metrics.effects import Effects

_CONFIDENCE = format_confidence(CONFIDENCE)
_UNMEASURED = Estimate(None, None, None, None, 0, None)


@dataclass(frozen=True, slots=True)
class GuardrailResult:
    """The result for one guardrail in one arm.

    Attributes:
        arm: Name of the arm.
        guardrail: The guardrail, with its margin in the unit of `metric`.
        metric: The definition of its metric, as reported.
        difference: The mean difference, arm minus baseline, with its 95 % interval over replications.
        outcome: ``holds``, ``broken`` (significantly worse than the margin) or ``not_shown``.
        p_value: One-sided p-value of "the true difference is at the margin or worse"; None without an interval.
    """

    arm: str
    guardrail: Guardrail
    metric: Metric
    difference: Estimate
    outcome: Outcome
    p_value: float | None

    @property
    def has_too_few_equal_differences(self) -> bool:
        """Whether nothing is shown although the difference is the same in every replication, because they are few."""
        return self.difference.sd == 0.0 and self.difference.n < SIGN_TEST_REPLICATIONS

    @property
    def sentence(self) -> str:
        """The result in words, without the arm: ``guardrail broken: CSAT -0.12 (...), worse than ...``."""
        format_change = partial(format_metric, unit=self.metric.unit, difference=True, is_nonzero=True)
        margin, label = format_change(self.guardrail.margin), self.metric.label
        if self.difference.mean is None:
            return f"guardrail not shown to hold: {label} was never measured in both arms ({self.metric.unknown_if})"
        interval = format_interval(self.difference.low, self.difference.high, format_change, missing="")
        if not interval:
            return f"guardrail not shown to hold: {label} has no interval to compare with the margin of {margin}"
        if self.has_too_few_equal_differences:
            return (
                f"guardrail not shown to hold: {label} {format_change(self.difference.mean)} in every replication; "
                f"{SIGN_TEST_REPLICATIONS} replications with the same difference would show it"
            )
        found = f"{label} {format_change(self.difference.mean)} ({_CONFIDENCE} interval {interval}"
        return {
            "broken": f"guardrail broken: {found}), significantly worse than the margin of {margin}",
            "holds": f"guardrail holds: {found}; margin {margin})",
            "not_shown": f"guardrail not shown to hold: {found}; margin {margin})",
        }[self.outcome]

    def as_dict(self) -> dict[str, Any]:
        """The result as the command line's JSON."""
        return {
            "arm": self.arm,
            "metric": self.guardrail.metric,
            "margin": self.guardrail.margin,
            "unit": self.metric.unit,
            "difference": self.difference.mean,
            "ci_low": self.difference.low,
            "ci_high": self.difference.high,
            "p_value": self.p_value,
            "outcome": self.outcome,
        }


def compare_with_guardrails(
    guardrails: Sequence[Guardrail], effects: "Effects", metrics: MetricCatalogue, customers: float | None = None
) -> tuple[GuardrailResult, ...]:
    """The result for every guardrail in every arm.

    Args:
        guardrails: The guardrails of the scenario.
        effects: The effects by arm and metric.
        metrics: The definitions of the metrics, as reported.
        customers: Number of customers by which the effects on totals were divided, and the margins are here. Default:
            the effects are on totals.
    """
    return tuple(_compare_all(guardrails, effects, metrics, customers))


def _compare_all(
    guardrails: Sequence[Guardrail], effects: "Effects", metrics: MetricCatalogue, customers: float | None
) -> Iterator[GuardrailResult]:
    for arm, of_arm in effects.items():
        for guardrail in guardrails:
            scaled = _divide_margin(guardrail, customers) if metrics.is_total(guardrail.metric) else guardrail
            effect = of_arm.get(guardrail.metric)
            difference = _UNMEASURED if effect is None else effect.difference
            test = compare_with_margin(difference, scaled.margin, scaled.worse)
            metric = metrics.get(guardrail.metric)
            yield GuardrailResult(arm, scaled, metric, difference, test.outcome, test.p_value)


def _divide_margin(guardrail: Guardrail, customers: float | None) -> Guardrail:
    if customers is None:
        return guardrail
    return Guardrail(guardrail.metric, guardrail.margin / customers, guardrail.worse)
