"""Progress on stderr: a bar of replications with rate, remaining time and interval width, or the current step."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isfinite
from time import monotonic
from typing import TYPE_CHECKING

from scenarios.metrics.definitions import format_metric

if TYPE_CHECKING:
    from scenarios.comparison.options import ProgressCallback, RunProgress
    from scenarios.comparison.stopping_rule import IntervalWidth


@contextmanager
def progress_bar() -> Iterator["ProgressCallback | None"]:
    """A progress bar on stderr; none where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("simulating"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[text]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        text = ProgressText()

        def update(run_progress: "RunProgress") -> None:
            description = text.format(run_progress)
            if not bar.task_ids:
                # Start with the stored replications done, because they took no time in this run.
                bar.add_task("runs", total=run_progress.total, completed=run_progress.done, text=description)
            else:
                bar.update(bar.task_ids[0], completed=run_progress.done, total=run_progress.total, text=description)

        yield update


@contextmanager
def show_status(verb: str) -> Iterator[Callable[[str], None] | None]:
    """A function that shows the current step on stderr, after the verb; None where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status(verb) as status:
        yield lambda step: status.update(f"{verb}: {step}")


class ProgressText:
    """Progress as text; the rate counts only the work of this process."""

    def __init__(self) -> None:
        self._started_at = monotonic()
        self._done_at_start: int | None = None

    def format(self, progress: "RunProgress") -> str:
        """``12 of 40 replications, 3.1 per minute, churn rate ±0.31 pp (target ±0.20 pp)``."""
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
    """Replications per second, minute or hour, whichever reads best."""
    if per_second >= 1.0:
        return f"{per_second:.1f} per second"
    if per_second >= 1.0 / 60.0:
        return f"{60.0 * per_second:.1f} per minute"
    return f"{3600.0 * per_second:.1f} per hour"


def format_width(widest: "IntervalWidth") -> str:
    """The half-width furthest from its target, and the target."""
    unit = widest.definition.unit
    texts = [
        "±" + format_metric(half, unit, difference=True).lstrip("+") if isfinite(half) else "unknown"
        for half in (widest.half_width, widest.target)
    ]
    return f"{widest.definition.label} {texts[0]} (target {texts[1]})"
