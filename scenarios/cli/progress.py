"""The progress bar of replications: how many, how fast, how long yet, and how wide the intervals are."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from time import monotonic
from typing import TYPE_CHECKING

from scenarios.metrics.definitions import metric, shown

if TYPE_CHECKING:
    from scenarios.comparison.replications import Progress, Standing
    from scenarios.comparison.stopping_rule import Width


@contextmanager
def progress_bar() -> Iterator["Progress | None"]:
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
        teller = Teller()

        def tell(standing: "Standing") -> None:
            said = teller.say(standing)
            if not bar.task_ids:
                # Begun here and not updated: what was stored before took none of this run's time.
                bar.add_task("runs", total=standing.total, completed=standing.done, said=said)
            else:
                bar.update(bar.task_ids[0], completed=standing.done, total=standing.total, said=said)

        yield tell


class Teller:
    """Says how far the work is, in words; the rate counts what this process did."""

    def __init__(self) -> None:
        self._begun_at = monotonic()
        self._begun_with: int | None = None

    def say(self, standing: "Standing") -> str:
        """``12 of 40 replications, 3.1 a minute, churn rate ±0.31 pp for ±0.20 pp``."""
        if self._begun_with is None:
            self._begun_with = standing.done
        about = "about " if standing.widest is not None else ""
        parts = [f"{standing.done // standing.parts:,} of {about}{standing.total // standing.parts:,} replications"]
        seconds, done = monotonic() - self._begun_at, standing.done - self._begun_with
        if done and seconds > 0.0:
            parts.append(rate(done / standing.parts / seconds))
        if standing.widest is not None:
            parts.append(width(standing.widest))
        return ", ".join(parts)


def rate(per_second: float) -> str:
    """Replications in a unit of time that makes a readable number."""
    if per_second >= 1.0:
        return f"{per_second:.1f} a second"
    if per_second >= 1.0 / 60.0:
        return f"{60.0 * per_second:.1f} a minute"
    return f"{3600.0 * per_second:.1f} an hour"


def width(widest: "Width") -> str:
    """The half-width that is furthest from its target, and the target."""
    unit = metric(widest.metric).unit
    texts = [
        "±" + shown(half, unit, difference=True).lstrip("+") if isfinite(half) else "unknown"
        for half in (widest.half_width, widest.target)
    ]
    return f"{metric(widest.metric).label} {texts[0]} for {texts[1]}"
