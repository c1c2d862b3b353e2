"""Times until an event: compared with lifelines, with exact shares, and with the exact estimate without intervals."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.statistics.survival import (
    GroupedTimes,
    bound_grouping_error,
    estimate_incidence,
    restricted_mean,
    time_until_share,
)
from tests.journey.statistics.lifelines_results import RESULTS
from tests.journey.statistics.survival_samples import CENSORED, COMPETED, INTERVALS, REACHED, SAMPLES, Sample, group

TENTH_OF_A_POINT = 0.001


@pytest.mark.parametrize("name", SAMPLES)
def test_shares_times_and_means_are_those_of_lifelines(name):
    share, mean, quartiles = RESULTS[name]
    times = group(SAMPLES[name])
    incidence = estimate_incidence(times)
    interval = times.window / INTERVALS
    assert incidence.shares[-1] == pytest.approx(share, abs=TENTH_OF_A_POINT / 2)
    assert restricted_mean(incidence) == pytest.approx(mean, abs=interval / 2)
    for quartile, expected in zip((0.25, 0.5, 0.75), quartiles, strict=True):
        found = time_until_share(incidence, quartile)
        # The estimated curve has steps as large as one observation, so a quartile may be that of the next step.
        assert (found is None) == (expected is None)
        assert found is None or found == pytest.approx(expected, abs=2 * interval)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_grouping_changes_no_share_by_a_tenth_of_a_point(name):
    times = group(SAMPLES[name])
    bound = bound_grouping_error(times)
    assert bound < TENTH_OF_A_POINT
    assert abs(estimate_incidence(times).shares[-1] - RESULTS[name][0]) <= bound + 1e-12


def exact_incidence(sample):
    """The share that has reached the event at the end of the window, without intervals, in exact fractions."""
    free, share = Fraction(1), Fraction(0)
    ends = sorted({length for length, kind, _ in sample.observations if kind != CENSORED and length <= sample.window})
    for time in ends:
        at_risk = sum(age < time <= length for length, _, age in sample.observations)
        reached, competed = (
            sum((length, kind) == (time, each) for length, kind, _ in sample.observations)
            for each in (REACHED, COMPETED)
        )
        share += free * Fraction(reached, at_risk)
        free *= 1 - Fraction(reached + competed, at_risk)
    return share


@given(st.data())
def test_the_estimate_is_exact_where_events_have_intervals_of_their_own(data):
    intervals = data.draw(st.permutations(range(40)))
    observations, window = [], 40.0
    for index in range(data.draw(st.integers(1, 20))):
        length = intervals[index] + 0.5
        kind = data.draw(st.sampled_from([REACHED, COMPETED, CENSORED]))
        age = data.draw(st.sampled_from([0.0, *(at + 0.5 for at in intervals[20:] if at + 0.5 < length)]))
        observations.append((length, kind, age))
    sample = Sample(window, observations)
    incidence = estimate_incidence(group(sample, 40))
    assert incidence.shares[-1] == pytest.approx(float(exact_incidence_while_known(sample, incidence)), abs=1e-12)


def exact_incidence_while_known(sample, incidence):
    """The exact share at the time up to which the curve is known."""
    known = (len(incidence.shares) - 1) / incidence.intervals * sample.window
    return exact_incidence(Sample(known, sample.observations))


@given(st.integers(1, 200), st.integers(0, 200), st.integers(0, 200))
def test_without_censoring_the_share_is_a_plain_proportion(reached, competed, others):
    times = GroupedTimes(
        10.0, np.array([0, reached, 0]), np.array([competed, 0, 0]), np.array([0, 0, 0, others]), np.zeros(3, int)
    )
    assert estimate_incidence(times).shares[-1] == pytest.approx(reached / (reached + competed + others))


def test_a_curve_that_no_observation_carries_to_the_end_is_unknown_there():
    times = GroupedTimes(30.0, np.array([10, 0, 0]), np.zeros(3, int), np.array([0, 5, 0, 0]), np.zeros(3, int))
    incidence = estimate_incidence(times)
    assert not incidence.is_complete
    assert list(incidence.shares) == pytest.approx([0.0, 2 / 3, 2 / 3])
    assert restricted_mean(incidence) is None
    assert time_until_share(incidence, 0.5) == pytest.approx(7.5)
    assert time_until_share(incidence, 0.75) is None


def test_a_curve_is_known_to_the_end_if_all_had_the_event():
    times = GroupedTimes(30.0, np.array([10, 5, 0]), np.zeros(3, int), np.zeros(4, int), np.zeros(3, int))
    assert estimate_incidence(times).is_complete
    assert restricted_mean(estimate_incidence(times)) == pytest.approx(30.0 - 10.0 * (1 / 3 + 5 / 6 + 1))


def test_a_share_is_never_above_1_in_any_bit():
    # Everyone has the event, one customer in each interval; for some sizes the parts add up to more than 1.
    for size in range(2, 300):
        reached, zeros = np.ones(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
        times = GroupedTimes(1.0, reached, zeros, np.zeros(size + 1, dtype=np.int64), zeros)
        shares = estimate_incidence(times).shares
        assert shares.max() <= 1.0
        assert shares[-1] == pytest.approx(1.0, abs=1e-12)
