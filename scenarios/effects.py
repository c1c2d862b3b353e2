"""Paired differences: one metric, arm minus baseline, over the replications in which both could be measured."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from scenarios.statistics import CONFIDENCE, Estimate, differences, estimate, holm, variance_reduction


@dataclass(frozen=True, slots=True)
class Effect:
    """One metric's paired difference, arm minus baseline.

    Attributes:
        difference: Mean difference with its interval; the standard deviation is that of one cohort.
        baseline: Mean of the baseline over the same replications.
        variance_reduction: (Var A + Var B) / Var(B - A); None where undefined.
        note: Why something is undefined; empty where nothing is.
        shown: Whether the null "no difference in this metric" is refuted at the stated confidence. The primary metric
            is tested over the arms, the others as one family of theirs, each with Holm's correction.
    """

    difference: Estimate
    baseline: float | None
    variance_reduction: float | None
    note: str
    shown: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The effect as the command line's JSON."""
        return {
            "difference": self.difference.mean,
            "ci_low": self.difference.low,
            "ci_high": self.difference.high,
            "variance_reduction": self.variance_reduction,
            "cohort_sd": self.difference.sd,
            "n": self.difference.n,
            "shown": self.shown,
            "note": self.note or None,
        }


Measured = Sequence[float | None]
"""One metric in one arm, by replication; None where nothing happened that it could be measured on."""


def paired(baseline: Measured, treated: Measured) -> tuple[list[float], list[float]]:
    """The replications in which both arms could be measured: the baseline's values and the other arm's."""
    pairs = [(a, b) for a, b in zip(baseline, treated, strict=True) if a is not None and b is not None]
    return [a for a, _ in pairs], [b for _, b in pairs]


def paired_difference(baseline: Measured, treated: Measured) -> Estimate:
    """The mean paired difference, with its interval over replications."""
    return estimate(differences(*paired(baseline, treated)))


def effect_of(baseline: Measured, treated: Measured) -> Effect:
    """What can be said about one metric's paired difference, before anything is tested."""
    before, after = paired(baseline, treated)
    reduction = variance_reduction(before, after)
    note = reduction.reason
    if not before:
        note = "never measured in both arms"
    elif len(before) < len(baseline):
        note = f"measured in both arms in {len(before)} of {len(baseline)} replications" + (f"; {note}" if note else "")
    return Effect(estimate(differences(before, after)), estimate(before).mean, reduction.ratio, note)


def tested(effects: dict[str, dict[str, Effect]], primary: str) -> dict[str, dict[str, Effect]]:
    """The effects with `shown` filled in: the primary metric over all arms, then the others of each arm."""
    families = [[(arm, primary) for arm in effects if primary in effects[arm]]]
    families += [[(arm, name) for name in metrics if name != primary] for arm, metrics in effects.items()]
    result = {arm: dict(metrics) for arm, metrics in effects.items()}
    for family in families:
        testable = [(arm, name) for arm, name in family if effects[arm][name].difference.p_value is not None]
        p_values = [effects[arm][name].difference.p_value or 0.0 for arm, name in testable]
        for (arm, name), adjusted in zip(testable, holm(p_values), strict=True):
            result[arm][name] = replace(effects[arm][name], shown=adjusted < 1.0 - CONFIDENCE)
    return result
