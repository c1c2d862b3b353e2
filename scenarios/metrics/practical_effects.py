"""Whether a difference is large enough to matter in practice."""

from typing import Literal

from scenarios.metrics.definitions import Metric, format_metric
from scenarios.metrics.effects import Effect

Practical = Literal["matters", "too_small", "not_shown"]
"""The interval is wholly beyond the smallest effect that matters, or wholly below it, or neither."""


def compare_with_smallest_effect(effect: Effect, metric: Metric) -> Practical | None:
    """Compare the interval on which a difference is tested with the smallest effect that matters.

    "Too small" is a test of equivalence: the interval lies between minus and plus the smallest effect.

    Args:
        effect: The difference.
        metric: The definition of its metric, with its smallest effect.

    Returns:
        The result; None where the metric states no smallest effect, or where there is no interval.
    """
    smallest, low, high = metric.smallest_effect, effect.tested.low, effect.tested.high
    if smallest is None or low is None or high is None:
        return None
    if -smallest < low and high < smallest:
        return "too_small"
    return "matters" if low >= smallest or high <= -smallest else "not_shown"


def describe_practical_effect(effect: Effect, metric: Metric) -> str:
    """The comparison in one sentence; empty where there is none."""
    practical = compare_with_smallest_effect(effect, metric)
    if practical is None or metric.smallest_effect is None:
        return ""
    smallest = format_metric(metric.smallest_effect, metric.unit, difference=True, is_nonzero=True).lstrip("+")
    return {
        "matters": f"The whole interval is beyond the smallest effect that matters ({smallest}).",
        "too_small": f"The whole interval is smaller than the smallest effect that matters ({smallest}).",
        "not_shown": "The interval includes effects both smaller and larger than the smallest effect that matters "
        f"({smallest}).",
    }[practical]
