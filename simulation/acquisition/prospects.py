"""One prospect: the scalar functions that say what an impression comes to, for both engines.

**Identity.** An impression is known by its campaign, channel, period and place among the period's impressions. All its
luck is keyed by that, so a larger budget touches the same prospects and some more, and the same prospect does the same
in every arm.

**Skipping.** Most impressions come to nothing. Whether an impression makes the step is a Bernoulli trial; the number of
trials to the next success is geometric (Devroye 1986, Non-Uniform Random Variate Generation, section X.2), so the walk
goes from one success to the next: the n-th gap of a period is keyed by n. What it finds is exactly a Bernoulli trial
for every impression, at the price of one draw for each success.

**Depth.** How far down the path a prospect goes is one uniform draw against the products of the conversion rates: as
many steps as it is below them. The step counts of a channel and segment are then binomial, step by step.

**Saturation.** With an audience of ``A`` people, the impression at place ``k`` (from 0) of a period reaches somebody
who has not been reached in it with probability ``exp(-k / A)``: impressions that fall on people at random leave that
share of them out. One that reaches nobody new comes to nothing.

A place says how much was bought before, not when: the day within the period is a draw of its own, for otherwise a
prospect would come on another day when more is bought.
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
"""Place of a prospect that there is not: the period has no more."""


def prospect_number(campaign: int, channel: int, period: int, position: int) -> int:
    """The number of a prospect, who keeps it as a customer: unique, from 2^48 on and below 2^53.

    Args:
        campaign: From 0, below 31.
        channel: From 0 within the campaign, below 32.
        period: From 0, below 2,048.
        position: Among the period's impressions of the channel, from 0, below 2^32.
    """
    return ((((campaign + 1) << CHANNEL_BITS) + channel << PERIOD_BITS) + period << POSITION_BITS) + position


def next_position(key: int, occurrence: int, position: int, chance: float, impressions: int) -> int:
    """The place of the next impression that makes the first step; NOBODY where the period has none.

    Args:
        key: The key of the channel in the period.
        occurrence: Which success this is, from 0.
        position: The place of the one before; NOBODY before the first.
        chance: Probability of the step, for an impression of the channel.
        impressions: How many the period has.
    """
    if chance <= 0.0:
        return NO_POSITION
    failures = 0.0
    if chance < 1.0:
        draw = uniform(key, streams.PROSPECT_GAP, occurrence >> _OCCURRENCE_BITS, occurrence & _OCCURRENCE_MASK)
        failures = log(draw) / log1p(-chance)
    # Compared before it is rounded: a tiny chance makes gaps that no integer holds.
    if failures >= impressions - position - 1:
        return NO_POSITION
    return position + 1 + int(failures)


def reaches_new_person(key: int, occurrence: int, position: int, audience: float) -> bool:
    """Whether the impression reaches somebody who has not been reached in the period.

    Args:
        key: The key of the channel in the period.
        occurrence: Which success this is.
        position: Its place.
        audience: People who can be reached; 0 where there is no limit.
    """
    if audience <= 0.0:
        return True
    return uniform(key, streams.PROSPECT_NEW, occurrence >> _OCCURRENCE_BITS, occurrence & _OCCURRENCE_MASK) < exp(
        -position / audience
    )


def draw_segment(key: int, occurrence: int, segments: Sequence[float]) -> int:
    """The segment of whoever makes the first step; `segments` are its cumulative shares among those."""
    return pick(
        segments, uniform(key, streams.PROSPECT_SEGMENT, occurrence >> _OCCURRENCE_BITS, occurrence & _OCCURRENCE_MASK)
    )


def draw_step_count(key: int, occurrence: int, chances: Sequence[float], count: int) -> int:
    """How many further steps the prospect makes.

    Args:
        key: The key of the channel in the period.
        occurrence: Which success this is.
        chances: Of each further step, the chance to get as far; never rising.
        count: How many there are.
    """
    draw = uniform(key, streams.PROSPECT_DEPTH, occurrence >> _OCCURRENCE_BITS, occurrence & _OCCURRENCE_MASK)
    made = 0
    while made < count and draw < chances[made]:
        made += 1
    return made


def impression_time(key: int, start: float, stop: float) -> float:
    """The day on which a prospect sees the impression, within its period; `key` is the prospect's own."""
    return start + (stop - start) * uniform(key, streams.PROSPECT_TIME, 0, 0)


def draw_delay(
    key: int, step: int, distribution: int, a: float, b: float, ratio: float, knots: Sequence[float]
) -> float:
    """Days from the step before to this one.

    Args:
        key: The prospect's own key.
        step: Place of the step on the path.
        distribution: The law of the delay (`simulation.distributions.dwell_times`); below 0 where the step is made at
            once.
        a: Its first parameter.
        b: Its second parameter.
        ratio: What the segment multiplies it by.
        knots: The knots of empirical laws.
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
"""The functions that compiled code uses, callees before callers."""
