"""Compare a run with a saved one: ratios of times, corrected for the pace of the machine.

Each process gives one value: a percentile over customers as a multiple of the calibration loop in the same process. The
ratio and its interval compare the processes of the two runs (`journey.statistics.rank_sum`).
"""

from collections.abc import Iterator, Sequence
from math import exp, log
from statistics import median
from typing import NamedTuple

from journey.statistics.rank_sum import estimate_shift
from scenarios.latency.budget import BATCH, SINGLE, WITH_REASONS
from scenarios.latency.percentiles import Percentiles
from scenarios.latency.saved_run import SavedProcess, SavedRun


class TimeRatio(NamedTuple):
    """A time of this run divided by the same of the saved run; above 1 is slower.

    Attributes:
        name: Which time, such as ``with_reasons.p99``; ``batch`` is the time per customer in a batch.
        value_us: Median over the processes of this run, in microseconds.
        saved_us: Median over the processes of the saved run, in microseconds.
        ratio: Ratio of the two as multiples of the calibration loop.
        ci_low: Lower limit of the 95 % interval over processes; None with too few processes: 4 in each run are enough.
        ci_high: Upper limit.
        uncorrected_ratio: Ratio of the times themselves.
    """

    name: str
    value_us: float
    saved_us: float
    ratio: float
    ci_low: float | None
    ci_high: float | None
    uncorrected_ratio: float


class Comparison(NamedTuple):
    """A comparison with a saved run.

    Attributes:
        file: File of the saved run.
        version: Version of journeylab that saved it.
        processes: Number of its processes.
        pace_ratio: Duration of the calibration loop in this run, divided by that in the saved run.
        ratios: The ratios of the times.
        differences: What differs between the two runs besides the times, one sentence each.
    """

    file: str
    version: str
    processes: int
    pace_ratio: float
    ratios: tuple[TimeRatio, ...]
    differences: tuple[str, ...]


def compare_runs(current: SavedRun, saved: SavedRun, file: str) -> Comparison:
    """Compare a run with a saved one."""
    ratios = [
        _compare_times(name, now, then)
        for (name, now), (_, then) in zip(_list_times(current.by_process), _list_times(saved.by_process), strict=True)
        if now and then
    ]
    pace_ratio = _find_pace(current.by_process) / _find_pace(saved.by_process)
    return Comparison(
        file, saved.version, len(saved.by_process), pace_ratio, tuple(ratios), tuple(_find_differences(current, saved))
    )


def _find_pace(processes: Sequence[SavedProcess]) -> float:
    return median(process.pace_us for process in processes)


class _Time(NamedTuple):
    """A time of a process and the duration of its calibration loop, in microseconds."""

    time: float
    pace: float


def _list_times(processes: Sequence[SavedProcess]) -> Iterator[tuple[str, list[_Time]]]:
    """Each time by name, with its value in every process that has it."""
    for way in (WITH_REASONS, SINGLE):
        for name in Percentiles._fields:
            times = [_Time(getattr(getattr(process, way), name), process.pace_us) for process in processes]
            yield f"{way}.{name.removesuffix('_us')}", times
    batches = [(process.batch_us_per_customer, process.pace_us) for process in processes]
    yield BATCH, [_Time(time, pace) for time, pace in batches if time is not None]


def _compare_times(name: str, now: Sequence[_Time], then: Sequence[_Time]) -> TimeRatio:
    # In logarithms a ratio is a shift.
    shift = estimate_shift(*([log(each.time / each.pace) for each in times] for times in (now, then)))
    value, saved = (median(each.time for each in times) for times in (now, then))
    low, high = (None if limit is None else exp(limit) for limit in shift[1:])
    return TimeRatio(name, value, saved, exp(shift.estimate), low, high, value / saved)


def _find_differences(current: SavedRun, saved: SavedRun) -> Iterator[str]:
    for what, now, then in (
        ("records", current.source, saved.source),
        ("customers", f"{current.customers:,}", f"{saved.customers:,}"),
        ("evaluation date", current.as_of, saved.as_of),
        ("policy", current.policy, saved.policy),
        # A time is the best of the rounds of its process, so more rounds alone make it shorter.
        ("rounds in each process", _count_rounds(current), _count_rounds(saved)),
        ("processor", current.machine.processor, saved.machine.processor),
        ("system", current.machine.system, saved.machine.system),
        ("Python", current.machine.python, saved.machine.python),
    ):
        if now != then:
            yield f"{what}: {then} in the saved run, {now} now"
    if current.customers == saved.customers and current.rows != saved.rows:
        yield f"records by set: {_describe_rows(saved.rows)} in the saved run, {_describe_rows(current.rows)} now"


def _count_rounds(run: SavedRun) -> str:
    return f"{run.rounds / len(run.by_process):.3g}"


def _describe_rows(rows: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in rows.items())
