"""The prospects of one channel in one period, compiled; as in `simulation.acquisition.reference_engine`.

Called again with more room where `found` says that there are more than fit.
"""

from typing import Any

from simulation.acquisition.prospects import (
    NOBODY,
    delay,
    is_new,
    next_place,
    number_of,
    segment_of,
    steps_made,
    touched_at,
)
from simulation.random.streams import customer_key


def walk(key: int, law: Any, period: int, impressions: int, counted: Any, ints: Any) -> int:
    """Find everybody who makes the first step, count them, and list those who are followed.

    Args:
        key: The key of the channel in the period.
        law: `simulation.acquisition.parameters.LineLaw`, as arrays.
        period: The period.
        impressions: How many it has.
        counted: Shape (segments, steps): how many made each step; written to. Column 0 counts those of the first step.
        ints: Shape (n, 3): number, segment and last step of those who are followed; written to.

    Returns:
        How many are followed, which may be more than `ints` has room for.
    """
    found, nth, place = 0, 0, NOBODY
    while True:
        place = next_place(key, nth, place, law.chance, impressions)
        if place == NOBODY:
            return found
        if is_new(key, nth, place, law.audience):
            segment = segment_of(key, nth, law.segments)
            last = 1 + steps_made(key, nth, law.chances[segment], law.steps - 2)
            counted[segment, 0] += 1
            for step in range(1, min(last + 1, law.bulk)):
                counted[segment, step] += 1
            if last >= law.bulk:
                if found < len(ints):
                    ints[found, 0] = number_of(law.campaign, law.channel, period, place)
                    ints[found, 1] = segment
                    ints[found, 2] = last
                found += 1
        nth += 1


def follow(seed: int, replication: int, law: Any, start: float, stop: float, ints: Any, times: Any) -> None:
    """When everybody who is followed makes each step.

    Args:
        seed: The scenario's seed.
        replication: Which replication.
        law: `simulation.acquisition.parameters.LineLaw`, as arrays.
        start: Begin of the period.
        stop: End of the period.
        ints: Shape (n, 3): see `walk`.
        times: Shape (n, steps): day of each step; written to from the first step that is followed to the last made.
    """
    for i in range(len(ints)):
        key = customer_key(seed, replication, ints[i, 0])
        time = touched_at(key, start, stop)
        for step in range(law.bulk, ints[i, 2] + 1):
            time += delay(key, step, law.laws[step], law.a[step], law.b[step], law.ratios[ints[i, 1]], law.knots)
            times[i, step] = time


KERNELS: tuple[Any, ...] = (walk, follow)
"""The functions that compiled code uses."""
