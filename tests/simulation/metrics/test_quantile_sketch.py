"""The quantile sketch: within 1 % of the exact quantile, and merged exactly by adding counts."""

from collections import Counter
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from simulation.metrics.quantile_sketch import ACCURACY, BUCKET_COUNT, MIN_AMOUNT, quantile, sketch_bucket

amounts = st.floats(MIN_AMOUNT, 1e6)
# Rounding in the logarithm may put an amount that lies on a bound into the bucket beside it.
TOLERANCE = ACCURACY * (1.0 + 1e-6)


@given(amounts, st.floats(0.01, 1.0))
def test_everything_in_a_bucket_lies_within_the_accuracy_of_the_others(amount, share):
    assert abs(quantile({sketch_bucket(amount): 7}, share) - amount) <= TOLERANCE * amount


@given(st.floats(0.0, 1e300), st.floats(0.0, 1e300))
def test_larger_amounts_never_have_smaller_buckets(one, other):
    low, high = sorted((one, other))
    assert 0 <= sketch_bucket(low) <= sketch_bucket(high) < BUCKET_COUNT


@given(st.lists(amounts | st.just(0.0), min_size=1), st.floats(0.01, 1.0))
def test_a_quantile_is_the_exact_one_within_the_accuracy(waits, share):
    exact = sorted(waits)[max(0, ceil(share * len(waits) - 1e-9) - 1)]
    found = quantile(Counter(map(sketch_bucket, waits)), share)
    assert abs(found - exact) <= TOLERANCE * exact


@given(st.lists(amounts), st.lists(amounts))
def test_merging_two_sketches_is_sketching_both_lists(one, other):
    merged = Counter(map(sketch_bucket, one)) + Counter(map(sketch_bucket, other))
    assert merged == Counter(map(sketch_bucket, one + other))


def test_of_nothing_there_is_no_quantile():
    assert quantile({}, 0.9) is None


def test_a_quantile_moves_with_the_counts_within_a_bucket():
    bucket = sketch_bucket(3.0)
    low, high = (quantile({1: 50, bucket: many}, 0.9) for many in (60, 6000))
    assert low < high
