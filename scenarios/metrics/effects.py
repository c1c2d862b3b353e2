"""Paired differences of a metric, arm minus baseline, over the replications that measured both."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from journey.statistics.means import CONFIDENCE, Estimate, estimate_mean, paired_differences, variance_reduction
from journey.statistics.proportions import adjust_holm


@dataclass(frozen=True, slots=True)
class Effect:
    """One metric's paired difference, arm minus baseline.

    Attributes:
        difference: Mean difference with its interval; the standard deviation is that of one cohort.
        baseline: Mean of the baseline over the same replications.
        variance_reduction: (Var A + Var B) / Var(B - A); None where undefined.
        note: Why a value is undefined; empty where all are defined.
        p_adjusted: p-value of the null hypothesis "no difference in this metric", with Holm's correction; None where
            there is no interval. The primary metric of all arms is one family, the other metrics of an arm another.
        is_significant: Whether the adjusted p-value rejects the null hypothesis at 95 % confidence.
    """

    difference: Estimate
    baseline: float | None
    variance_reduction: float | None
    note: str
    p_adjusted: float | None = None
    is_significant: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The effect as the command line's JSON."""
        return {
            "difference": self.difference.mean,
            "ci_low": self.difference.low,
            "ci_high": self.difference.high,
            "variance_reduction": self.variance_reduction,
            "cohort_sd": self.difference.sd,
            "n": self.difference.n,
            "p_adjusted": self.p_adjusted,
            "shown": self.is_significant,
            "note": self.note or None,
        }


Key = TypeVar("Key", bound=Hashable)

MetricValues = Sequence[float | None]
"""One metric of one arm by replication; None where it is undefined."""


def pair_values(baseline: MetricValues, treated: MetricValues) -> tuple[list[float], list[float]]:
    """The values of the baseline and of the other arm, for the replications that measured both."""
    pairs = [(a, b) for a, b in zip(baseline, treated, strict=True) if a is not None and b is not None]
    return [a for a, _ in pairs], [b for _, b in pairs]


def compute_paired_difference(baseline: MetricValues, treated: MetricValues) -> Estimate:
    """The mean paired difference, with its interval over replications."""
    return estimate_mean(paired_differences(*pair_values(baseline, treated)))


def compute_effect(baseline: MetricValues, treated: MetricValues) -> Effect:
    """The paired difference of one metric, before any test."""
    before, after = pair_values(baseline, treated)
    reduction = variance_reduction(before, after)
    note = reduction.reason
    if not before:
        note = "not measured in both arms in any replication"
    elif len(before) < len(baseline):
        note = f"measured in both arms in {len(before)} of {len(baseline)} replications" + (f"; {note}" if note else "")
    return Effect(estimate_mean(paired_differences(before, after)), estimate_mean(before).mean, reduction.ratio, note)


def count_primary_tests(effects: Mapping[str, Mapping[str, Effect]], primary: str) -> int:
    """Number of tests in the family of the primary metric: one for each arm with an interval."""
    return sum(_is_tested(metrics[primary]) for metrics in effects.values() if primary in metrics)


def count_other_tests(metrics: Mapping[str, Effect], primary: str) -> int:
    """Number of tests in the family of an arm's other metrics."""
    return sum(_is_tested(effect) for effect in _other_metrics(metrics, primary).values())


def _is_tested(effect: Effect) -> bool:
    return effect.difference.p_value is not None


def _other_metrics(metrics: Mapping[str, Effect], primary: str) -> dict[str, Effect]:
    """The metrics of one arm that are tested in a family of their own."""
    return {name: effect for name, effect in metrics.items() if name != primary and name not in _SAME_TEST_AS}


def add_tests(effects: dict[str, dict[str, Effect]], primary: str) -> dict[str, dict[str, Effect]]:
    """The effects with adjusted p-values: the primary metric over all arms, the other metrics within each arm."""
    result = {arm: dict(metrics) for arm, metrics in effects.items()}
    over_arms = {arm: metrics[primary] for arm, metrics in effects.items() if primary in metrics}
    for arm, effect in apply_holm_correction(over_arms).items():
        result[arm][primary] = effect
    for arm, metrics in effects.items():
        result[arm] |= apply_holm_correction(_other_metrics(metrics, primary))
        for name, twin in _SAME_TEST_AS.items():
            if name in metrics and name != primary and twin in metrics:
                twin_effect = result[arm][twin]
                result[arm][name] = replace(
                    metrics[name], p_adjusted=twin_effect.p_adjusted, is_significant=twin_effect.is_significant
                )
    return result


_SAME_TEST_AS = {"contacts_per_customer": "interventions"}
"""Metrics that are another metric in a different unit; they share its test and are not counted in the family."""


def apply_holm_correction(family: Mapping[Key, Effect]) -> dict[Key, Effect]:
    """The effects of a family with p-values adjusted by Holm's method."""
    testable = {key: effect for key, effect in family.items() if _is_tested(effect)}
    adjusted = adjust_holm([effect.difference.p_value or 0.0 for effect in testable.values()])
    return dict(family) | {
        key: replace(effect, p_adjusted=p_value, is_significant=p_value < 1.0 - CONFIDENCE)
        for (key, effect), p_value in zip(testable.items(), adjusted, strict=True)
    }
