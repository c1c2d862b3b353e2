"""Precision: how many replications it takes until the intervals of the paired differences are narrow enough.

The rule looks at a fixed schedule of replications that depends on nothing but the two ends of it
(`evaluation_schedule`), so the answer is the same for any number of workers, with or without an interruption. Looking
more than once and stopping at the first interval that is narrow enough favours samples that happen to vary little, so
such an interval covers the truth a little less often than 95 %: with normal differences at least 93 % from 10
replications on (Law and Kelton's "sequential procedures"; `tests/scenarios/comparison/test_stopping_rule.py` measures
it), and 95 % as the replications become many. Fewer than 10 would cost more (down to 90 % from 3), which is why no
fewer are looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf, isfinite
from typing import TYPE_CHECKING, Any

from journey.core.errors import InputError
from journey.statistics.means import CONFIDENCE
from scenarios.metrics.definitions import METRICS, format_metric, get_metric, parse_base_name, parse_segment
from scenarios.metrics.effects import compute_paired_difference

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run

MIN_REPLICATIONS = 10
"""No interval of fewer replications than this ends a run."""

DEFAULT_MAXIMUM = 1000
"""Replications at which a run ends though its intervals are still wide, unless another maximum is given."""

COVERAGE = (
    "Replications were added until the intervals were narrow enough. Intervals found this way cover the truth a "
    "little less often than 95 %: at least 93 %, and the closer to 95 % the more replications it took."
)

_GROWTH = 1.25


@dataclass(frozen=True, slots=True)
class PrecisionTarget:
    """What was asked for.

    Attributes:
        targets: Per metric, the half-width that the 95 % interval of every arm's paired difference must not exceed.
        maximum: Replications that are not exceeded, reached or not.
    """

    targets: Mapping[str, float]
    maximum: int


@dataclass(frozen=True, slots=True)
class IntervalWidth:
    """How wide one interval is.

    Attributes:
        metric: Name of the metric.
        arm: Which arm's difference from the baseline.
        half_width: Half the width of the interval; infinite where there is none yet.
        target: What it must not exceed.
    """

    metric: str
    arm: str
    half_width: float
    target: float

    @property
    def is_narrow_enough(self) -> bool:
        """Whether the target is met."""
        return self.half_width <= self.target

    @property
    def sentence(self) -> str:
        """``churn rate of treated: half-width 0.21 pp, asked for 0.20 pp``."""
        unit = get_metric(self.metric).unit
        known = isfinite(self.half_width)
        found = format_metric(self.half_width, unit, difference=True).lstrip("+") if known else "unknown"
        target = format_metric(self.target, unit, difference=True).lstrip("+")
        return f"{get_metric(self.metric).label} of {self.arm}: half-width {found}, asked for {target}"

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
    """What came of it.

    Attributes:
        requested: What was asked for.
        minimum: Replications of the first look.
        replications: Replications that were run.
        widths: Every interval that was asked about.
    """

    requested: PrecisionTarget
    minimum: int
    replications: int
    widths: tuple[IntervalWidth, ...]

    @property
    def is_reached(self) -> bool:
        """Whether every interval is narrow enough; with fewer replications than the first look none counts."""
        return self.replications >= self.minimum and all(width.is_narrow_enough for width in self.widths)

    @property
    def sentence(self) -> str:
        """What came of it, for people."""
        widest = max(self.widths, key=lambda width: width.half_width / width.target)
        if self.is_reached:
            return f"Precision reached with {self.replications:,} replications ({widest.sentence})."
        if self.replications < self.requested.maximum:
            return f"Precision not reached: interrupted after {self.replications:,} replications ({widest.sentence})."
        return (
            f"Precision not reached: the maximum of {self.requested.maximum:,} replications came first "
            f"({widest.sentence}). Raise it with --max-replications, or ask for wider intervals."
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
    arguments: Sequence[str], *, maximum: int | None, replications: int, segments: Sequence[str] | None
) -> PrecisionTarget | None:
    """What ``METRIC=HALF_WIDTH`` arguments ask for; None where there are none.

    Args:
        arguments: The arguments.
        maximum: Replications that must not be exceeded; None for the default.
        replications: Those of the scenario, where the looking begins.
        segments: Segments of the population, whose metrics may be named as ``churn_rate[SMB]``; None where the
            records will tell.

    Raises:
        InputError: An argument cannot be understood, a metric is named twice or unknown, or the maximum is below
            the replications that the scenario starts with.
    """
    if not arguments:
        if maximum is not None:
            raise InputError("--max-replications: is the limit of --precision, which was not given; use --replications")
        return None
    targets: dict[str, float] = {}
    for argument in arguments:
        name, half_width = _parse_target(argument, segments)
        if name in targets:
            raise InputError(f"--precision {argument}: {name} was given already; one half-width for each metric")
        targets[name] = half_width
    first = first_evaluation(replications)
    if maximum is None:
        maximum = max(DEFAULT_MAXIMUM, first)
    elif maximum < first:
        reason = f"{first} are run before the first look"
        raise InputError(f"--max-replications {maximum}: is too few, because {reason}; give {first} or more")
    return PrecisionTarget(targets, maximum)


def _parse_target(argument: str, segments: Sequence[str] | None) -> tuple[str, float]:
    name, sign, number = argument.partition("=")
    name = name.strip()
    if not sign:
        raise InputError(f"--precision {argument}: must be METRIC=HALF_WIDTH, for instance churn_rate=0.002")
    if parse_base_name(name) not in METRICS:
        from journey.core.suggestions import did_you_mean

        raise InputError(f"--precision {argument}: {name!r} is not a metric{did_you_mean(name, list(METRICS))}")
    segment = parse_segment(name)
    if segment is not None and segments is not None and segment not in segments:
        from journey.core.suggestions import did_you_mean

        raise InputError(f"--precision {argument}: no segment {segment!r}{did_you_mean(segment, list(segments))}")
    try:
        half_width = float(number)
    except ValueError:
        half_width = 0.0
    if not 0.0 < half_width < inf:
        unit = get_metric(name).unit
        raise InputError(f"--precision {argument}: the half-width must be a number above 0 ({unit}), not {number!r}")
    return name, half_width


def first_evaluation(replications: int) -> int:
    """The replications after which the intervals are looked at for the first time."""
    return max(MIN_REPLICATIONS, replications)


def evaluation_schedule(replications: int, maximum: int) -> Iterator[int]:
    """The numbers of replications at which the intervals are looked at: each a quarter more than the one before.

    Few looks favour lucky samples less than many; a quarter more wastes little when a look comes just too early.
    """
    evaluation = first_evaluation(replications)
    while evaluation < maximum:
        yield evaluation
        evaluation = ceil(evaluation * _GROWTH)
    yield maximum


def compute_widths(precision: PrecisionTarget, runs: Sequence[Sequence["Run"]]) -> tuple[IntervalWidth, ...]:
    """How wide the intervals are after these replications, each with its runs by arm, the baseline first."""
    found = []
    for name, target in precision.targets.items():
        values = [[arms[index].metrics.get(name) for arms in runs] for index in range(len(runs[0]) if runs else 0)]
        for index, treated in enumerate(values[1:], start=1):
            difference = compute_paired_difference(values[0], treated)
            known = difference.low is not None and difference.high is not None
            half_width = (difference.high - difference.low) / 2.0 if known else inf  # type: ignore[operator]
            found.append(IntervalWidth(name, runs[0][index].arm, half_width, target))
    return tuple(found)
