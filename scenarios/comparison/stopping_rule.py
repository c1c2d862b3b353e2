"""Stopping rule: add replications until the intervals of the paired differences are narrow enough.

The rule evaluates the intervals on a fixed schedule that depends only on its minimum and maximum
(`evaluation_schedule`). The result is therefore the same for any number of workers, with or without an interruption.

Stopping at the first interval that is narrow enough favours samples that happen to vary little. Such an interval covers
the true value a little less often than 95 %. With normal differences and a minimum of 10 replications, coverage is at
least 93 % (the "sequential procedures" of Law and Kelton; `tests/scenarios/comparison/test_stopping_rule.py` measures
it), and it approaches 95 % with more replications. With a minimum of 3 it would fall to 90 %, so the minimum is 10.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, inf, isfinite
from typing import TYPE_CHECKING, Any

from journey.core.errors import InputError
from journey.statistics.means import CONFIDENCE
from scenarios.metrics.catalogue import MetricCatalogue
from scenarios.metrics.definitions import Metric, format_metric
from scenarios.metrics.effects import compute_paired_difference
from simulation.metrics.metric_names import parse_base_name

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run

MIN_REPLICATIONS = 10
"""Minimum number of replications before the first evaluation."""

DEFAULT_MAXIMUM = 1000
"""Default maximum number of replications, whether the target is reached or not."""

COVERAGE = (
    "Replications were added until the intervals were narrow enough. Intervals found this way cover the true value a "
    "little less often than 95 %: at least 93 %, and closer to 95 % with more replications."
)

_GROWTH = 1.25


@dataclass(frozen=True, slots=True)
class PrecisionTarget:
    """The requested precision.

    Attributes:
        targets: Per metric, the maximum half-width of the 95 % interval of every arm's paired difference.
        maximum: Maximum number of replications, whether the target is reached or not.
        metrics: The definitions of the metrics.
    """

    targets: Mapping[str, float]
    maximum: int
    metrics: MetricCatalogue = field(default_factory=MetricCatalogue)


@dataclass(frozen=True, slots=True)
class IntervalWidth:
    """The width of one interval.

    Attributes:
        metric: Name of the metric.
        arm: Name of the arm that is compared with the baseline.
        half_width: Half the width of the interval; infinite where there is no interval yet.
        target: Maximum half-width.
        definition: The definition of the metric.
    """

    metric: str
    arm: str
    half_width: float
    target: float
    definition: Metric

    @property
    def is_narrow_enough(self) -> bool:
        """Whether the target is met."""
        return self.half_width <= self.target

    @property
    def sentence(self) -> str:
        """``churn rate of treated: half-width 0.21 pp, target 0.20 pp``."""
        unit = self.definition.unit
        is_known = isfinite(self.half_width)
        half_width = format_metric(self.half_width, unit, difference=True).lstrip("+") if is_known else "unknown"
        target = format_metric(self.target, unit, difference=True).lstrip("+")
        return f"{self.definition.label} of {self.arm}: half-width {half_width}, target {target}"

    def as_dict(self) -> dict[str, Any]:
        """The width as the command line's JSON."""
        return {
            "metric": self.metric,
            "arm": self.arm,
            "half_width": self.half_width if isfinite(self.half_width) else None,
            "target": self.target,
            "reached": self.is_narrow_enough,
        }


@dataclass(frozen=True, slots=True)
class PrecisionResult:
    """The precision that was reached.

    Attributes:
        requested: The target.
        minimum: Replications before the first evaluation.
        replications: Replications that were run.
        widths: Every interval of the target.
    """

    requested: PrecisionTarget
    minimum: int
    replications: int
    widths: tuple[IntervalWidth, ...]

    @property
    def is_reached(self) -> bool:
        """Whether every interval is narrow enough, with at least the minimum number of replications."""
        return self.replications >= self.minimum and all(width.is_narrow_enough for width in self.widths)

    @property
    def sentence(self) -> str:
        """The result in one sentence."""
        widest = max(self.widths, key=lambda width: width.half_width / width.target)
        if self.is_reached:
            return f"Precision reached with {self.replications:,} replications ({widest.sentence})."
        if self.replications < self.requested.maximum:
            return f"Precision not reached: interrupted after {self.replications:,} replications ({widest.sentence})."
        return (
            f"Precision not reached: stopped at the maximum of {self.requested.maximum:,} replications "
            f"({widest.sentence}). Raise it with --max-replications, or request wider intervals."
        )

    def as_dict(self) -> dict[str, Any]:
        """The precision as the command line's JSON."""
        return {
            "reached": self.is_reached,
            "replications": self.replications,
            "minimum": self.minimum,
            "maximum": self.requested.maximum,
            "confidence": CONFIDENCE,
            "intervals": [width.as_dict() for width in self.widths],
            "coverage": COVERAGE,
        }


def parse_precision(
    arguments: Sequence[str],
    *,
    maximum: int | None,
    replications: int,
    metrics: MetricCatalogue,
) -> PrecisionTarget | None:
    """The precision target of ``METRIC=HALF_WIDTH`` arguments; None without arguments.

    Args:
        arguments: The arguments.
        maximum: Maximum number of replications; None for the default.
        replications: Replications of the scenario, which are run before the first evaluation.
        metrics: The metrics of the scenario.

    Raises:
        InputError: An argument cannot be understood, a metric is named twice or unknown, or the maximum is below
            the replications that the scenario starts with.
    """
    if not arguments:
        if maximum is not None:
            raise InputError("--max-replications: only limits --precision, which was not given; use --replications")
        return None
    targets: dict[str, float] = {}
    for argument in arguments:
        name, half_width = _parse_target(argument, metrics)
        if name in targets:
            raise InputError(f"--precision {argument}: {name} was already given; give one half-width per metric")
        targets[name] = half_width
    first = first_evaluation(replications)
    if maximum is None:
        maximum = max(DEFAULT_MAXIMUM, first)
    elif maximum < first:
        reason = f"{first} are run before the first evaluation"
        raise InputError(f"--max-replications {maximum}: too few, because {reason}; give {first} or more")
    return PrecisionTarget(targets, maximum, metrics)


def _parse_target(argument: str, metrics: MetricCatalogue) -> tuple[str, float]:
    # The last sign, because the name of a metric of one tier contains one: conversion[tier=high]=0.01.
    name, sign, number = argument.rpartition("=")
    name = name.strip()
    if not sign or number.endswith("]"):
        raise InputError(f"--precision {argument}: must be METRIC=HALF_WIDTH, for instance churn_rate=0.002")
    if mistake := metrics.describe_mistake(name):
        raise InputError(f"--precision {argument}: {mistake}")
    if (base := parse_base_name(name)) in metrics.unreported:
        raise InputError(f"--precision {argument}: {base} is not reported; add --set 'report=[\"{base}\"]'")
    try:
        half_width = float(number)
    except ValueError:
        half_width = 0.0
    if not 0.0 < half_width < inf:
        unit = metrics.get(name).unit
        raise InputError(f"--precision {argument}: the half-width must be a number above 0 ({unit}), not {number!r}")
    return name, half_width


def first_evaluation(replications: int) -> int:
    """Number of replications before the intervals are first evaluated."""
    return max(MIN_REPLICATIONS, replications)


def evaluation_schedule(replications: int, maximum: int) -> Iterator[int]:
    """The numbers of replications at which the intervals are evaluated, each a quarter larger than the one before.

    Few evaluations favour samples with little variation less than many do; a step of a quarter wastes few replications.
    """
    evaluation = first_evaluation(replications)
    while evaluation < maximum:
        yield evaluation
        evaluation = ceil(evaluation * _GROWTH)
    yield maximum


def compute_widths(precision: PrecisionTarget, runs: Sequence[Sequence["Run"]]) -> tuple[IntervalWidth, ...]:
    """The interval widths after these replications, each with its runs by arm, the baseline first."""
    widths = []
    for name, target in precision.targets.items():
        values = [[arms[index].metrics.get(name) for arms in runs] for index in range(len(runs[0]) if runs else 0)]
        for index, treated in enumerate(values[1:], start=1):
            difference = compute_paired_difference(values[0], treated)
            is_known = difference.low is not None and difference.high is not None
            half_width = (difference.high - difference.low) / 2.0 if is_known else inf  # type: ignore[operator]
            widths.append(IntervalWidth(name, runs[0][index].arm, half_width, target, precision.metrics.get(name)))
    return tuple(widths)
