"""Sizes of samples that would show a difference of the observed size, with what is known of them.

The observed difference is uncertain, and so is a size that follows from it. Each is given with the sizes for the ends
of the interval of the difference, rounded to two digits.
"""

from math import inf
from typing import TYPE_CHECKING, NamedTuple

from journey.statistics.effect_sizes import standardised_interval
from journey.statistics.means import replications_needed
from journey.statistics.proportions import customers_needed
from scenarios.metrics.definitions import Metric
from scenarios.text.phrases import round_down, round_up

if TYPE_CHECKING:
    from scenarios.metrics.effects import Effect

_MAX_CUSTOMERS = 100_000_000
MAX_REPLICATIONS = 1_000_000


class RequiredReplications(NamedTuple):
    """Replications that would show a difference of the observed size, at the level of its test and 80 % power.

    Attributes:
        estimate: The number for the observed difference, rounded up to two digits; infinite where there are too many.
        minimum: The number for the end of the difference's interval farthest from 0, or one more than were run. There
            is no maximum, because the interval contains 0.
    """

    estimate: float
    minimum: int

    def __str__(self) -> str:
        """``about 65 (interval: from 23, no upper limit)``."""
        size = f"more than {MAX_REPLICATIONS:,}" if self.estimate == inf else f"about {self.estimate:,.0f}"
        return f"{size} (interval: from {self.minimum:,}, no upper limit)"


def compute_required_replications(effect: "Effect") -> RequiredReplications | None:
    """Replications that would show the difference of an effect; None where it is 0 or has no interval.

    The interval is that of the standardised difference at the level of its test. It is exact for normal differences;
    the number for a given difference is that of `replications_needed`.
    """
    found, confidence = effect.difference, effect.tested.confidence
    interval = standardised_interval(found, confidence)
    if not found.mean or not found.sd or interval is None:
        return None
    farthest = max(map(abs, interval))
    fewest = min(MAX_REPLICATIONS, replications_needed(farthest, 1.0, confidence=confidence)) if farthest > 0.0 else 0
    minimum = max(found.n + 1, round_down(fewest))
    if abs(found.mean) / found.sd < 1e-3:
        return RequiredReplications(inf, minimum)
    runs = round_up(replications_needed(found.mean, found.sd, confidence=confidence))
    return RequiredReplications(inf if runs > MAX_REPLICATIONS else runs, minimum)


def describe_real_test(metric: Metric, effect: "Effect") -> str:
    """The size of a real randomised test, for the observed difference and for the ends of its interval.

    Empty unless the metric is a share of customers that differs between the arms.
    """
    if not metric.is_proportion:
        return ""
    before, difference, tested = effect.baseline.mean, effect.difference.mean, effect.tested
    if before is None or not difference or not 0.0 <= before + difference <= 1.0:
        return ""
    customers = customers_needed(before, before + difference)
    if customers is None:
        return ""
    size = f"about {round_up(customers):,}" if customers <= _MAX_CUSTOMERS else f"more than {_MAX_CUSTOMERS:,}"
    bounds = "" if tested.low is None or tested.high is None else _size_bounds_text(before, tested.low, tested.high)
    return (
        f"A real randomised test of an effect of this size would need {size} customers per arm{bounds}, observed for "
        "the same time."
    )


def _size_bounds_text(before: float, low: float, high: float) -> str:
    """The sizes of a real test at both ends of the difference's interval; no maximum if it contains 0."""
    farthest, nearest = (low, high) if abs(low) > abs(high) else (high, low)
    fewest = customers_needed(before, _clip_share(before + farthest))
    if fewest is None or fewest > _MAX_CUSTOMERS:
        return ""
    if low <= 0.0 <= high:
        return f" (interval: from {round_down(fewest):,}, no upper limit)"
    most = customers_needed(before, _clip_share(before + nearest))
    if most is None or most > _MAX_CUSTOMERS:
        return f" (interval: {round_down(fewest):,} to more than {_MAX_CUSTOMERS:,})"
    return f" (interval: {round_down(fewest):,} to {round_up(most):,})"


def _clip_share(share: float) -> float:
    return min(1.0, max(0.0, share))
