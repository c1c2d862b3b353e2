"""Keyed streams: every key moves the draw, nothing else does, and the draws are uniform and uncorrelated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from simulation.random import streams

WORDS = st.integers(min_value=0, max_value=2**64 - 1)
IDENTITY = st.integers(min_value=0, max_value=streams.IDENTITY_LIMIT - 1)


def test_the_mixer_is_the_published_one():
    """SplitMix64's first outputs from seed 1234567, as printed in the Rosetta Code entry "Pseudo-random
    numbers/Splitmix64"; the sequence is mix(seed + i * golden)."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    ours = [streams.mix((1234567 + (i + 1) * streams.GOLDEN) & streams.MASK) for i in range(4)]
    assert ours == published


@given(WORDS, WORDS)
def test_two_words_never_mix_to_the_same(one, other):
    assert (streams.mix(one) == streams.mix(other)) == (one == other)


@given(WORDS, st.integers(1, 60), IDENTITY, IDENTITY)
def test_a_draw_lies_strictly_between_0_and_1_and_its_exponential_is_positive_and_finite(key, purpose, which, nth):
    assert 0.0 < streams.uniform(key, purpose, which, nth) < 1.0
    assert 0.0 < streams.exponential(key, purpose, which, nth) < 50.0


@given(st.integers(0, 2**31), st.integers(0, 10_000), st.integers(0, 2**31), st.integers(1, 60), IDENTITY, IDENTITY)
def test_changing_any_part_of_the_identity_changes_the_draw(seed, replication, customer, purpose, which, nth):
    def draw(seed, replication, customer, purpose, which, nth):
        return streams.uniform(streams.customer_key(seed, replication, customer), purpose, which, nth)

    here = (seed, replication, customer, purpose, which, nth)
    limits = (None, None, None, None, streams.IDENTITY_LIMIT, streams.IDENTITY_LIMIT)
    for place, limit in enumerate(limits):
        moved = list(here)
        moved[place] = here[place] + 1 if limit is None or here[place] + 1 < limit else here[place] - 1
        assert draw(*moved) != draw(*here)


def test_even_the_largest_and_the_smallest_word_stay_inside():
    """The mixer is a bijection: for each end of the range there is a key that gives it."""

    def key_for(word):
        undone = word
        undone = undone ^ (undone >> 31) ^ (undone >> 62)
        undone = undone * pow(streams.MIX_2, -1, 1 << 64) & streams.MASK
        undone = undone ^ (undone >> 27) ^ (undone >> 54)
        undone = undone * pow(streams.MIX_1, -1, 1 << 64) & streams.MASK
        undone = undone ^ (undone >> 30) ^ (undone >> 60)
        return (undone - streams.GOLDEN * (1 << 48)) & streams.MASK

    low, high = streams.uniform(key_for(0), 1, 0, 0), streams.uniform(key_for(streams.MASK), 1, 0, 0)
    assert low == 2.0**-53
    assert high == 1.0 - 2.0**-53
    assert streams.exponential(key_for(streams.MASK), 1, 0, 0) > 0.0


def _draws(axis, n=20_000):
    """n draws along one axis of the identity, everything else fixed."""
    base = {"seed": 7, "replication": 0, "customer": 0, "purpose": 1, "which": 0, "nth": 0}
    values = []
    for i in range(n):
        at = {**base, axis: i}
        key = streams.customer_key(at["seed"], at["replication"], at["customer"])
        values.append(streams.uniform(key, at["purpose"], at["which"], at["nth"]))
    return np.array(values)


@pytest.mark.parametrize("axis", ["seed", "replication", "customer", "which", "nth"])
def test_draws_along_every_axis_are_uniform_and_uncorrelated(axis):
    """False-alarm rate 1e-4 per assertion and axis; the seed is fixed, so the outcome is too."""
    values = _draws(axis)
    assert stats.kstest(values, "uniform").pvalue > 1e-4
    bound = stats.norm.isf(5e-5) / np.sqrt(len(values))
    for lag in (1, 2, 7, 64):
        assert abs(np.corrcoef(values[:-lag], values[lag:])[0, 1]) < bound
    pairs, _, _ = np.histogram2d(values[::2], values[1::2], bins=16)
    assert stats.chisquare(pairs.ravel()).pvalue > 1e-4


def test_two_customers_streams_are_uncorrelated():
    def stream(customer):
        key = streams.customer_key(1, 0, customer)
        return [streams.uniform(key, streams.MOVE, 0, n) for n in range(20_000)]

    # Two-sided bound of a correlation of independent draws at a false-alarm rate of 1e-4.
    assert abs(np.corrcoef(stream(0), stream(1))[0, 1]) < stats.norm.isf(5e-5) / np.sqrt(20_000)
