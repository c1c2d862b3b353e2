"""The progress bar of replications: how many, how fast, how long yet, and how wide the intervals are."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from time import monotonic
from typing import TYPE_CHECKING

from scenarios.metrics.definitions import format_metric, get_metric

if TYPE_CHECKING:
    from scenarios.comparison.options import ProgressCallback, RunProgress
    from scenarios.comparison.stopping_rule import IntervalWidth


@contextmanager
def progress_bar() -> Iterator["ProgressCallback | None"]:
    """A bar on stderr while runs are done; nothing where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("simulating"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[said]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        text = ProgressText()

        def update(standing: "RunProgress") -> None:
            said = text.format(standing)
            if not bar.task_ids:
                # Begun here and not updated: what was stored before took none of this run's time.
                bar.add_task("runs", total=standing.total, completed=standing.done, said=said)
            else:
                bar.update(bar.task_ids[0], completed=standing.done, total=standing.total, said=said)

        yield update


class ProgressText:
    """Says how far the work is, in words; the rate counts what this process did."""

    def __init__(self) -> None:
        self._started_at = monotonic()
        self._done_at_start: int | None = None

    def format(self, progress: "RunProgress") -> str:
        """``12 of 40 replications, 3.1 a minute, churn rate ±0.31 pp for ±0.20 pp``."""
        if self._done_at_start is None:
            self._done_at_start = progress.done
        about = "about " if progress.widest is not None else ""
        parts = [f"{progress.done // progress.parts:,} of {about}{progress.total // progress.parts:,} replications"]
        seconds, done = monotonic() - self._started_at, progress.done - self._done_at_start
        if done and seconds > 0.0:
            parts.append(format_rate(done / progress.parts / seconds))
        if progress.widest is not None:
            parts.append(format_width(progress.widest))
        return ", ".join(parts)


def format_rate(per_second: float) -> str:
    """Replications in a unit of time that makes a readable number."""
    if per_second >= 1.0:
        return f"{per_second:.1f} a second"
    if per_second >= 1.0 / 60.0:
        return f"{60.0 * per_second:.1f} a minute"
    return f"{3600.0 * per_second:.1f} an hour"


def format_width(widest: "IntervalWidth") -> str:
    """The half-width that is furthest from its target, and the target."""
    unit = get_metric(widest.metric).unit
    texts = [
        "±" + format_metric(half, unit, difference=True).lstrip("+") if isfinite(half) else "unknown"
        for half in (widest.half_width, widest.target)
    ]
    return f"{get_metric(widest.metric).label} {texts[0]} for {texts[1]}"
