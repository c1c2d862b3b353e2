"""Paired differences of a metric, arm minus baseline, over the replications that measured both."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, TypeVar

from journey.statistics.means import CONFIDENCE, Estimate, estimate_mean, paired_differences, t_interval
from journey.statistics.multiplicity import holm_levels
from journey.statistics.proportions import adjust_holm
from journey.statistics.variance_reduction import VarianceReduction, variance_reduction
from scenarios.metrics.definitions import Unit, format_metric
from scenarios.text.phrases import format_interval
from simulation.metrics.metric_names import parse_base_name, parse_part


class TestedInterval(NamedTuple):
    """The interval of a difference that agrees with its test: it excludes 0 exactly where the test rejects 0.

    Attributes:
        low: Lower bound; None where there is no interval.
        high: Upper bound.
        confidence: Its confidence level: 1 minus the level at which Holm's procedure tests the difference.
    """

    low: float | None
    high: float | None
    confidence: float


_UNTESTED = TestedInterval(None, None, CONFIDENCE)


@dataclass(frozen=True, slots=True)
class Effect:
    """One metric's paired difference, arm minus baseline. All values are over the replications that measured both arms.

    Attributes:
        difference: Mean difference with its 95 % interval; the standard deviation is that of one cohort.
        baseline: Mean of the baseline.
        treated: Mean of the arm. The difference of the two means is the mean difference.
        variance_reduction: (Var A + Var B) / Var(B - A) with its interval, or why it is undefined.
        note: Why a value is undefined; empty where all are defined.
        p_adjusted: p-value of the null hypothesis "no difference in this metric", with Holm's correction for its family
            of tests (`group_families`); None where there is no interval.
        is_significant: Whether the adjusted p-value rejects the null hypothesis at the 5 % level.
        tested: The interval on which `is_significant` rests.
    """

    difference: Estimate
    baseline: Estimate
    treated: Estimate
    variance_reduction: VarianceReduction
    note: str
    p_adjusted: float | None = None
    is_significant: bool = False
    tested: TestedInterval = _UNTESTED

    def as_dict(self) -> dict[str, Any]:
        """The effect as the command line's JSON."""
        return {
            "baseline": self.baseline.mean,
            "mean": self.treated.mean,
            "difference": self.difference.mean,
            "ci_low": self.difference.low,
            "ci_high": self.difference.high,
            "variance_reduction": self.variance_reduction.ratio,
            "variance_reduction_ci_low": self.variance_reduction.low,
            "variance_reduction_ci_high": self.variance_reduction.high,
            "cohort_sd": self.difference.sd,
            "n": self.difference.n,
            "p_adjusted": self.p_adjusted,
            "shown": self.is_significant,
            "tested_ci_low": self.tested.low,
            "tested_ci_high": self.tested.high,
            "tested_confidence": None if self.p_adjusted is None else self.tested.confidence,
            "note": self.note or None,
        }


Key = TypeVar("Key", bound=Hashable)

EffectKey = tuple[str, str]
"""An arm and a metric."""

Effects = Mapping[str, Mapping[str, Effect]]
"""Effects by arm and metric."""

MetricValues = Sequence[float | None]
"""One metric of one arm by replication; None where it is undefined."""


def pair_values(baseline: MetricValues, treated: MetricValues) -> tuple[list[float], list[float]]:
    """The values of the baseline and of the other arm, for the replications that measured both."""
    pairs = [(a, b) for a, b in zip(baseline, treated, strict=True) if a is not None and b is not None]
    return [a for a, _ in pairs], [b for _, b in pairs]


def compute_paired_difference(baseline: MetricValues, treated: MetricValues) -> Estimate:
    """The mean paired difference, with its interval over replications."""
    return estimate_mean(paired_differences(*pair_values(baseline, treated)))


def compute_effect(baseline: MetricValues, treated: MetricValues, *, unknown: str = "") -> Effect:
    """The paired difference of one metric, before any test; `unknown` states why it can have no value, if so."""
    before, after = pair_values(baseline, treated)
    reduction = variance_reduction(before, after)
    note = reduction.reason
    if not before:
        note = unknown or "not measured in both arms in any replication"
    elif len(before) < len(baseline):
        note = f"measured in both arms in {len(before)} of {len(baseline)} replications" + (f"; {note}" if note else "")
    return Effect(
        estimate_mean(paired_differences(before, after)), estimate_mean(before), estimate_mean(after), reduction, note
    )


class Families(NamedTuple):
    """The families of tests of a comparison; every effect is in one of them at most, and has one verdict.

    Attributes:
        primary: The primary metric of every arm.
        segments: The primary metric of every arm by segment and tier.
        others: By arm, all other metrics of the whole population.
        other_parts: By arm, the other metrics by segment and tier.
    """

    primary: tuple[EffectKey, ...]
    segments: tuple[EffectKey, ...]
    others: Mapping[str, tuple[EffectKey, ...]]
    other_parts: Mapping[str, tuple[EffectKey, ...]]


def group_families(effects: Effects, primary: str) -> Families:
    """The tests that are corrected together: effects with an interval, without those that share another one's test."""
    keys = [(arm, name) for arm, metrics in effects.items() for name, effect in metrics.items() if _is_tested(effect)]
    segments = tuple(key for key in keys if _is_part_of(key[1], primary))
    others = [key for key in keys if key[1] != primary and key not in segments and key[1] not in _SAME_TEST_AS]
    return Families(
        primary=tuple(key for key in keys if key[1] == primary),
        segments=segments,
        others={arm: tuple(key for key in others if key[0] == arm and parse_part(key[1]) is None) for arm in effects},
        other_parts={
            arm: tuple(key for key in others if key[0] == arm and parse_part(key[1]) is not None) for arm in effects
        },
    )


def _is_part_of(name: str, primary: str) -> bool:
    """Whether `name` is the primary metric of one segment or tier, and not the primary metric itself."""
    return name != primary and parse_part(name) is not None and parse_base_name(name) == parse_base_name(primary)


def _is_tested(effect: Effect) -> bool:
    return effect.difference.p_value is not None


def add_tests(effects: Effects, primary: str) -> dict[str, dict[str, Effect]]:
    """The effects with adjusted p-values and the intervals of their tests, corrected within each family."""
    families = group_families(effects, primary)
    result = {arm: dict(metrics) for arm, metrics in effects.items()}
    for family in (
        families.primary, families.segments, *families.others.values(), *families.other_parts.values()
    ):  # fmt: skip
        tested = apply_holm_correction({(arm, name): effects[arm][name] for arm, name in family})
        for (arm, name), effect in tested.items():
            result[arm][name] = effect
    for metrics in result.values():
        _copy_tests(metrics, primary)
    return result


_SAME_TEST_AS = {"contacts_per_customer": "interventions"}
"""Metrics that are another metric in a different unit; they share its test and are not counted in the family."""


def _copy_tests(metrics: dict[str, Effect], primary: str) -> None:
    """Give the metrics of `_SAME_TEST_AS` the result of the test that they share."""
    for name, twin in _SAME_TEST_AS.items():
        if name != primary and name in metrics and twin in metrics:
            effect, source = metrics[name], metrics[twin]
            metrics[name] = replace(
                effect,
                p_adjusted=source.p_adjusted,
                is_significant=source.is_significant,
                tested=_build_interval(effect.difference, source.tested.confidence),
            )


def apply_holm_correction(family: Mapping[Key, Effect]) -> dict[Key, Effect]:
    """The tested effects of a family with p-values adjusted by Holm's method, and with the intervals of its steps."""
    p_values = [effect.difference.p_value or 0.0 for effect in family.values()]
    results = zip(family.items(), adjust_holm(p_values), holm_levels(p_values), strict=True)
    return {
        key: replace(
            effect,
            p_adjusted=p_value,
            is_significant=p_value < 1.0 - CONFIDENCE,
            tested=_build_interval(effect.difference, 1.0 - level),
        )
        for (key, effect), p_value, level in results
    }


def format_tested_bounds(effect: Effect, unit: Unit, missing: str = "") -> str:
    """The interval on which the significance of an effect rests, as text; `missing` where there is none."""
    # A bound that is not 0 must not look like 0 beside a significant difference.
    format_bound = partial(format_metric, unit=unit, difference=True, is_nonzero=effect.is_significant)
    return format_interval(effect.tested.low, effect.tested.high, format_bound, missing=missing)


def _build_interval(difference: Estimate, confidence: float) -> TestedInterval:
    """The interval that agrees with the test of a difference.

    A difference that is the same in every replication is tested by its sign (`estimate_mean`). The interval of the sign
    test is the difference itself if the test rejects 0, and unbounded otherwise.
    """
    if difference.sd == 0.0 and difference.mean != 0.0 and (difference.p_value or 0.0) >= 1.0 - confidence:
        return TestedInterval(None, None, confidence)
    return TestedInterval(*t_interval(difference, confidence), confidence)


def confidence_range(effects: Iterable[Effect]) -> tuple[float, float] | None:
    """The lowest and the highest confidence level of the intervals of tests; None without a test."""
    levels = [effect.tested.confidence for effect in effects if effect.p_adjusted is not None]
    return (min(levels), max(levels)) if levels else None
