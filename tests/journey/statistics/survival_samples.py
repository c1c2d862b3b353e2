"""Samples of observations until an event: exponential and concentrated times, with every kind of incompleteness."""

from random import Random
from typing import NamedTuple

REACHED, COMPETED, CENSORED = 1, 2, 0
INTERVALS = 1024


class Sample(NamedTuple):
    """Observations as (length, kind of end, age at their beginning), and the window."""

    window: float
    observations: list[tuple[float, int, float]]


def draw_sample(seed, size, window, *, days, competing=0.0, censored=True, aged=False):
    """Draw a sample.

    Args:
        seed: Seed of the generator.
        size: Number of observations, of which some begin after their event and are dropped.
        window: Length of the window.
        days: Draws the time until the event from a generator.
        competing: Rate of the competing end.
        censored: Whether observations end at a random time, otherwise at the end of the window.
        aged: Whether observations begin at a random age.
    """
    random = Random(seed)
    observations = []
    for _ in range(size):
        event = days(random)
        other = random.expovariate(competing) if competing else float("inf")
        stop = random.uniform(0.0, 1.5 * window) if censored else window
        age = max(0.0, random.uniform(-0.5, 0.8) * window) if aged else 0.0
        length = min(event, other, stop)
        kind = CENSORED if length == stop else REACHED if length == event else COMPETED
        if length > age:
            observations.append((length, kind, age))
    return Sample(window, observations)


def group(sample, intervals=INTERVALS):
    """The observations of a sample in intervals of its window."""
    import numpy as np

    from journey.statistics.survival import GroupedTimes

    rows = {kind: np.zeros(intervals + 1, dtype=np.int64) for kind in (REACHED, COMPETED, CENSORED, "entered")}
    for length, kind, age in sample.observations:
        if age >= sample.window:
            continue
        if length > sample.window or (length == sample.window and kind == CENSORED):
            kind, at = CENSORED, intervals
        else:
            at = min(intervals - 1, int(length / sample.window * intervals))
        rows[kind][at] += 1
        if age > 0.0:
            rows["entered"][int(age / sample.window * intervals)] += 1
    return GroupedTimes(sample.window, rows[REACHED][:-1], rows[COMPETED][:-1], rows[CENSORED], rows["entered"][:-1])


def _exponential(mean):
    return lambda random: random.expovariate(1.0 / mean)


SAMPLES = {
    "complete": draw_sample(1, 500, 30.0, days=_exponential(40.0), censored=False),
    "censored": draw_sample(2, 2000, 30.0, days=_exponential(15.0)),
    "competing": draw_sample(3, 2000, 90.0, days=_exponential(60.0), competing=0.01),
    "competing and complete": draw_sample(4, 500, 90.0, days=_exponential(60.0), competing=0.01, censored=False),
    "entered late": draw_sample(5, 4000, 30.0, days=_exponential(20.0), aged=True),
    "entered late, competing": draw_sample(6, 4000, 30.0, days=_exponential(20.0), competing=0.02, aged=True),
    "at a date": draw_sample(7, 2000, 30.0, days=lambda random: 14.0 + 0.01 * random.random()),
    "rare": draw_sample(8, 3000, 365.0, days=_exponential(4000.0), competing=0.001),
}
