"""The human gate over time: backlog on a grid of days, utilisation and waits in the stretches between."""

from collections.abc import Sequence
from math import fsum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run


class QueueDay(NamedTuple):
    """One day of the grid, and the stretch before it; means over replications.

    Attributes:
        day: The day.
        backlog: Requests that wait for a reviewer on that day.
        utilisation: Share of the reviewers' time since the row before that went into the reviews finished since;
            None where there was no such time.
        wait_days_mean: Days that the requests closed since the row before had waited, expired ones included; None
            where none was closed.
    """

    day: float
    backlog: float
    utilisation: float | None
    wait_days_mean: float | None


def summarise_queue(runs: Sequence["Run"]) -> tuple[QueueDay, ...]:
    """The gate of one arm, as means over its replications; over those in which there is something to divide by.

    Args:
        runs: The arm's runs, at least one, over the same horizon.
    """
    days = [row["day"] for row in runs[0].gate]
    return tuple(
        QueueDay(
            float(day or 0.0),
            _mean_on_day(runs, index, "backlog") or 0.0,
            _mean_on_day(runs, index, "utilisation"),
            _mean_on_day(runs, index, "wait_days_mean"),
        )
        for index, day in enumerate(days)
    )


def _mean_on_day(runs: Sequence["Run"], index: int, key: str) -> float | None:
    known = [value for run in runs if (value := run.gate[index][key]) is not None]
    return fsum(known) / len(known) if known else None
