"""The prospects of one channel in one period, compiled; as in `simulation.acquisition.reference_engine`.

Called again with more room where `found` says that there are more than fit.
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
    """Find everybody who makes the first step, count them, and list those who are followed.

    Args:
        key: The key of the channel in the period.
        line: `simulation.acquisition.parameters.LineParameters`, as arrays.
        period: The period.
        impressions: How many it has.
        bulk_counts: Shape (segments, steps): how many made each step; written to. Column 0 counts those of the first
            step.
        prospects: Shape (n, 3): number, segment and last step of those who are followed; written to.

    Returns:
        How many are followed, which may be more than `prospects` has room for.
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
    """When everybody who is followed makes each step.

    Args:
        seed: The scenario's seed.
        replication: Which replication.
        line: `simulation.acquisition.parameters.LineParameters`, as arrays.
        start: Begin of the period.
        stop: End of the period.
        prospects: Shape (n, 3): see `find_prospects`.
        times: Shape (n, steps): day of each step; written to from the first step that is followed to the last made.
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
"""The functions that compiled code uses."""
