"""The review queue over time: backlog on a grid of days; reviewer utilisation and waits between grid days."""

from collections.abc import Sequence
from math import fsum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run


class QueueDay(NamedTuple):
    """One grid day and the interval since the previous one; means over replications.

    Attributes:
        day: The day.
        backlog: Requests waiting for a reviewer on that day.
        utilisation: Share of the reviewers' time in the interval that was spent on reviews; None where
            the reviewers had no time.
        wait_days_mean: Mean wait in days of the requests decided in the interval by a reviewer; None where
            none was decided.
    """

    day: float
    backlog: float
    utilisation: float | None
    wait_days_mean: float | None


def summarise_queue(runs: Sequence["Run"]) -> tuple[QueueDay, ...]:
    """The review queue of one arm, as means over the replications in which the value is defined.

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
    values = [value for run in runs if (value := run.gate[index][key]) is not None]
    return fsum(values) / len(values) if values else None
