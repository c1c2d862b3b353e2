"""One prospect: the scalar functions of an impression's outcome, which both engines call.

**Identity.** An impression is identified by its campaign, channel, period and position among the period's impressions.
  All of its random numbers are keyed by this identity. A larger budget therefore reaches the same prospects and some
  more, and the same prospect makes the same steps in every arm.

**Skipping.** Most impressions have no effect. Whether an impression makes the first step is a Bernoulli trial. The
  number of trials to the next success is geometric (Devroye 1986, Non-Uniform Random Variate Generation, section X.2),
  so the simulation skips from one success to the next; the n-th gap of a period is keyed by n. The result is exactly
  one Bernoulli trial per impression, at the cost of one draw per success.

**Depth.** One uniform draw determines how far along the path a prospect gets: it is compared with the products of the
  conversion rates. The step counts of a channel and segment are then binomial, step by step.

**Saturation.** With an audience of ``A`` people, the impression at position ``k`` (from 0) of a period reaches a person
  not yet reached in that period with probability ``exp(-k / A)``: this share of people is missed by impressions that
  are shown at random. An impression that reaches no new person has no effect.

The position depends on how much was bought before and contains no time. The day within the period is a separate draw;
otherwise a prospect would arrive on another day when more media is bought.
"""

from collections.abc import Sequence
from math import exp, log, log1p

from simulation.distributions.dwell_times import due_in, initial_amount
from simulation.population.draw import pick
from simulation.random import streams
from simulation.random.streams import exponential, uniform

CHANNEL_BITS, PERIOD_BITS, POSITION_BITS = 5, 11, 32
_OCCURRENCE_BITS = 24
_OCCURRENCE_MASK = (1 << 24) - 1
NO_POSITION = -1
"""Returned if the period has no further prospect."""


def prospect_number(campaign: int, channel: int, period: int, position: int) -> int:
    """The number of a prospect, kept as a customer: unique, at least 2^48 and below 2^53.

    Args:
        campaign: From 0, below 31.
        channel: From 0 within the campaign, below 32.
        period: From 0, below 2,048.
        position: Among the period's impressions of the channel, from 0, below 2^32.
    """
    return ((((campaign + 1) << CHANNEL_BITS) + channel << PERIOD_BITS) + period << POSITION_BITS) + position


def next_position(key: int, occurrence: int, position: int, chance: float, impressions: int) -> int:
    """The position of the next impression that makes the first step; NO_POSITION if the period has none.

    Args:
        key: The key of the channel in the period.
        occurrence: Number of the success, from 0.
        position: Position of the previous success; NO_POSITION before the first.
        chance: Probability that an impression of the channel makes the step.
        impressions: Number of impressions in the period.
    """
    if chance <= 0.0:
        return NO_POSITION
    failures = 0.0
    if chance < 1.0:
        draw = uniform(key, streams.PROSPECT_GAP, occurrence >> _OCCURRENCE_BITS, occurrence & _OCCURRENCE_MASK)
        failures = log(draw) / log1p(-chance)
    # Compare before rounding: with a tiny probability a gap can exceed the range of integers.
    if failures >= impressions - position - 1:
        return NO_POSITION
    return position + 1 + int(failures)


def reaches_new_person(key: int, occurrence: int, position: int, audience: float) -> bool:
    """Whether the impression reaches a person not yet reached in the period.

    Args:
        key: The key of the channel in the period.
        occurrence: Number of the success, from 0.
        position: Position of the impression.
        audience: Number of people who can be reached; 0 means unlimited.
    """
    if audience <= 0.0:
        return True
    return uniform(key, streams.PROSPECT_NEW, occurrence >> _OCCURRENCE_BITS, occurrence & _OCCURRENCE_MASK) < exp(
        -position / audience
    )


def draw_segment(key: int, occurrence: int, segments: Sequence[float]) -> int:
    """Draw the segment of a prospect that makes the first step, from cumulative shares."""
    return pick(
        segments, uniform(key, streams.PROSPECT_SEGMENT, occurrence >> _OCCURRENCE_BITS, occurrence & _OCCURRENCE_MASK)
    )


def draw_step_count(key: int, occurrence: int, chances: Sequence[float], count: int) -> int:
    """Draw the number of further steps that the prospect makes.

    Args:
        key: The key of the channel in the period.
        occurrence: Number of the success, from 0.
        chances: Probability of reaching each further step; not increasing.
        count: Number of further steps on the path.
    """
    draw = uniform(key, streams.PROSPECT_DEPTH, occurrence >> _OCCURRENCE_BITS, occurrence & _OCCURRENCE_MASK)
    made = 0
    while made < count and draw < chances[made]:
        made += 1
    return made


def impression_time(key: int, start: float, stop: float) -> float:
    """The day of a prospect's impression within its period; `key` is the prospect's own."""
    return start + (stop - start) * uniform(key, streams.PROSPECT_TIME, 0, 0)


def draw_delay(
    key: int, step: int, distribution: int, a: float, b: float, ratio: float, knots: Sequence[float]
) -> float:
    """Days from the previous step to this one.

    Args:
        key: The prospect's own key.
        step: Index of the step on the path.
        distribution: The distribution of the delay (`simulation.distributions.dwell_times`); negative for an immediate
            step.
        a: Its first parameter.
        b: Its second parameter.
        ratio: The segment's multiplier.
        knots: Knots of the empirical distributions.
    """
    if distribution < 0:
        return 0.0
    amount = initial_amount(distribution, a, 0.0, exponential(key, streams.PROSPECT_DELAY, step, 0))
    return ratio * due_in(distribution, a, b, 0.0, amount, 1.0, knots)


KERNELS = (
    prospect_number,
    next_position,
    reaches_new_person,
    draw_segment,
    draw_step_count,
    impression_time,
    draw_delay,
)
"""Functions to compile, callees before callers."""
