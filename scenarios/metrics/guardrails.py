"""A guardrail: the worst change of a metric that a scenario accepts."""

from dataclasses import dataclass
from typing import Literal

from scenarios.metrics.definitions import Metric

Direction = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True)
class Guardrail:
    """The worst accepted change of one metric.

    Attributes:
        metric: Name of the metric.
        margin: The worst accepted difference, arm minus baseline, in the unit of the metric.
        worse: The direction in which the metric becomes worse.
    """

    metric: str
    margin: float
    worse: Direction


def find_worse_direction(metric: Metric, margin: float) -> Direction | None:
    """The direction in which a metric becomes worse, from the sign of its margin; None if a margin of 0 has none."""
    if margin:
        return "lower" if margin < 0.0 else "higher"
    return None if metric.better is None else _OPPOSITE[metric.better]


def describe_wrong_margin(name: str, metric: Metric, margin: float) -> str:
    """What is wrong with a margin, and what to write instead; empty if it is usable.

    Args:
        name: Name of the metric.
        metric: Its definition.
        margin: The worst accepted difference.
    """
    if metric.unit == "share" and abs(margin) >= 1.0:
        return f"{margin:g} is {100 * margin:g} points, which a share cannot change by; write 0.01 for one point"
    worse = find_worse_direction(metric, margin)
    if worse is None:
        return (
            f"0 does not say in which direction {name} becomes worse; write a small number with the sign of the worse "
            f"direction{'' if metric.is_built_in else ', or set `better` of the metric'}"
        )
    if metric.better == worse:
        change = "fall" if worse == "lower" else "rise"
        return f"{margin:g} accepts a {change} of {name} as the worst change, but {worse} is better; write {-margin:g}"
    return ""


_OPPOSITE: dict[Direction, Direction] = {"lower": "higher", "higher": "lower"}
