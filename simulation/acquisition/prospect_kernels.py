"""The prospects of one channel in one period, compiled; as in `simulation.acquisition.reference_engine`.

If `find_prospects` returns more prospects than fit into its array, it must be called again with a larger one.
"""

from typing import Any

from simulation.acquisition.prospects import (
    NO_POSITION,
    draw_delay,
    draw_segment,
    draw_step_count,
    impression_time,
    next_position,
    prospect_number,
    reaches_new_person,
)
from simulation.random.streams import customer_key


def find_prospects(key: int, line: Any, period: int, impressions: int, bulk_counts: Any, prospects: Any) -> int:
    """Find all prospects that make the first step, count them, and list those that are tracked individually.

    Args:
        key: The key of the channel in the period.
        line: `simulation.acquisition.parameters.LineParameters`, as arrays.
        period: The period, from 0.
        impressions: Number of impressions in the period.
        bulk_counts: Shape (segments, steps): number of prospects per step; written to. Column 0 counts
            first steps.
        prospects: Shape (n, 3): number, segment and last step of each tracked prospect; written to.

    Returns:
        The number of tracked prospects, which may exceed the rows of `prospects`.
    """
    found, occurrence, position = 0, 0, NO_POSITION
    while True:
        position = next_position(key, occurrence, position, line.chance, impressions)
        if position == NO_POSITION:
            return found
        if reaches_new_person(key, occurrence, position, line.audience):
            segment = draw_segment(key, occurrence, line.segments)
            last = 1 + draw_step_count(key, occurrence, line.chances[segment], line.steps - 2)
            bulk_counts[segment, 0] += 1
            for step in range(1, min(last + 1, line.bulk)):
                bulk_counts[segment, step] += 1
            if last >= line.bulk:
                if found < len(prospects):
                    prospects[found, 0] = prospect_number(line.campaign, line.channel, period, position)
                    prospects[found, 1] = segment
                    prospects[found, 2] = last
                found += 1
        occurrence += 1


def compute_step_times(
    seed: int, replication: int, line: Any, start: float, stop: float, prospects: Any, times: Any
) -> None:
    """Compute the day of each step of the tracked prospects.

    Args:
        seed: The scenario's seed.
        replication: Number of the replication.
        line: `simulation.acquisition.parameters.LineParameters`, as arrays.
        start: Start of the period, in days.
        stop: End of the period, in days.
        prospects: Shape (n, 3): see `find_prospects`.
        times: Shape (n, steps): day of each step; written to from the first tracked step to the last step made.
    """
    for index in range(len(prospects)):
        key = customer_key(seed, replication, prospects[index, 0])
        time = impression_time(key, start, stop)
        for step in range(line.bulk, prospects[index, 2] + 1):
            time += draw_delay(
                key,
                step,
                line.delay_distributions[step],
                line.a[step],
                line.b[step],
                line.ratios[prospects[index, 1]],
                line.knots,
            )
            times[index, step] = time


KERNELS: tuple[Any, ...] = (find_prospects, compute_step_times)
"""Functions to compile."""
