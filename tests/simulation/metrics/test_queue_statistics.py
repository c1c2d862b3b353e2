"""The review queue over time: work counts while it is done, and a wait counts for the way in which it ends."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.metrics.queue_statistics import QueueStatistics, count_work, without_rounding_excess
from simulation.model.reviewers_spec import Reviewers
from simulation.model.working_hours import completion_time, next_opening, working_time_until
from tests.levels import examples
from tests.simulation.bare_worlds import simulate
from tests.simulation.full_worlds import full_arm
from tests.simulation.world_strategies import REVIEWERS
from tests.simulation.worlds import arm

EVERYTHING_IS_REVIEWED = {"thresholds": {"act_severity": 0.05, "approve_human_severity": 0.0}}
ROUNDING = 1e-9


def work_of(reviews, grid, hours):
    """Working time by interval of reviews that one reviewer does one after another."""
    worked, now = [0.0] * (len(grid) - 1), 0.0
    for gap, work in reviews:
        now = next_opening(now + gap, *hours)
        if now >= grid[-1]:
            break
        done = completion_time(now, work, *hours)
        count_work(grid, worked, now, done, *hours)
        now = done
    return worked


def test_a_review_counts_on_the_days_on_which_it_is_done():
    """Reviews from 9:00 to 10:00: work of two and a half hours fills two working days and half of the third."""
    hours = (9 / 24, 1 / 24, 5)
    worked = work_of([(0.0, 2.5 / 24)], [0.0, 1.0, 2.0, 3.0, 4.0], hours)
    assert worked == pytest.approx([1 / 24, 1 / 24, 0.5 / 24, 0.0])


def test_a_review_that_is_not_finished_counts_to_the_end():
    assert work_of([(0.5, 100.0)], [0.0, 1.0, 2.0], (0.0, 1.0, 7)) == [0.5, 1.0]


@given(
    st.lists(st.tuples(st.floats(0.0, 3.0), st.floats(0.0, 20.0)), max_size=30),
    st.floats(0.0, 0.5),
    st.floats(1e-6, 0.5),
    st.integers(1, 7),
)
def test_no_interval_has_more_work_than_working_time(reviews, opens, length, days_per_week):
    grid, hours = [5.0 * point for point in range(13)], (opens, length, days_per_week)
    for worked, (start, stop) in zip(work_of(reviews, grid, hours), pairwise(grid), strict=True):
        available = working_time_until(stop, *hours) - working_time_until(start, *hours)
        assert 0.0 <= without_rounding_excess(worked, available) <= available


def test_only_rounding_is_removed():
    assert without_rounding_excess(1.0 + 1e-13, 1.0) == 1.0
    assert without_rounding_excess(1.1, 1.0) == 1.1
    assert without_rounding_excess(0.9, 1.0) == 0.9


def test_statistics_of_pods_are_added_up():
    first, second = QueueStatistics([0.0, 1.0]), QueueStatistics([0.0, 1.0])
    first.worked, second.worked = [0.25], [0.5]
    assert QueueStatistics.merge([first, second]).busy == 0.75


@settings(max_examples=examples(15, otherwise=5))
@given(
    st.integers(0, 2**32),
    REVIEWERS,
    st.integers(1, 3),
    st.sampled_from([1.0, 30.0, 6000.0, 1e6]),
    st.floats(20.0, 150.0),
)
def test_utilisation_is_always_a_share(seed, reviewers, count, service_minutes, days):
    reviewers = reviewers.model_copy(update={"count": count, "service_minutes": service_minutes})
    run = simulate(full_arm(reviewers=reviewers, policy=EVERYTHING_IS_REVIEWED), seed=seed, days=days)
    shares = [run.metrics["gate_utilisation"], *(row["utilisation"] for row in run.gate)]
    assert all(0.0 <= share <= 1.0 for share in shares if share is not None)


def test_a_reviewer_with_a_backlog_is_always_busy():
    """The first review takes years; from its start to the end of the run the reviewer has no free time."""
    reviewers = Reviewers(count=1, service_minutes=1e6, minutes_per_day=60.0)
    run = simulate(arm(reviewers=reviewers, policy=EVERYTHING_IS_REVIEWED, population={"size": 200}), seed=4, days=120)
    assert run.metrics["reviews"] == 0.0
    assert run.gate[-1]["backlog"] > 10
    assert all(row["utilisation"] == pytest.approx(1.0, abs=ROUNDING) for row in run.gate[2:])


def test_without_reviewers_the_wait_for_a_reviewer_is_unknown():
    policy = EVERYTHING_IS_REVIEWED | {"contact": {"approval_expiry_days": 5.0}}
    run = simulate(arm(reviewers=Reviewers(count=0), policy=policy, population={"size": 200}), seed=4, days=120)
    assert run.metrics["reviews_expired"] > 10
    assert (run.metrics["review_wait_days_mean"], run.metrics["review_wait_days_p90"]) == (None, None)
    assert all(row["wait_days_mean"] is None for row in run.gate)
    assert run.metrics["expired_wait_days_mean"] == pytest.approx(5.0, rel=ROUNDING)


@settings(max_examples=examples(10, otherwise=3))
@given(st.integers(0, 2**32), st.sampled_from([5.0, 40.0]))
def test_each_way_in_which_a_request_ends_has_its_own_wait(seed, service_minutes):
    policy = EVERYTHING_IS_REVIEWED | {"contact": {"approval_expiry_days": 3.0}}
    reviewers = Reviewers(count=1, minutes_per_day=30.0, service_minutes=service_minutes)
    run = simulate(arm(reviewers=reviewers, policy=policy, population={"size": 150}), seed=seed, days=120)
    ends, requested = {}, {}
    for row in run.trace.sorted_rows():
        if row.kind == "review_requested":
            requested[row.customer] = row.time
        elif row.kind == "review_decided":
            ends.setdefault(row.label, []).append(row.time - requested[row.customer])
    for label, count, mean in (
        ("expired", "reviews_expired", "expired_wait_days_mean"),
        ("withdrawn", "reviews_withdrawn", "withdrawn_wait_days_mean"),
    ):
        waits = ends.get(label, [])
        assert run.metrics[count] == len(waits)
        assert (run.metrics[mean] is None) == (not waits)
    # The wait of a decided request ends when the review starts, and a request expires after three days.
    waits = [wait for label in ("approved", "rejected", "overridden") for wait in ends.get(label, [])]
    assert run.metrics["reviews"] == len(waits)
    assert 0.0 <= run.metrics["review_wait_days_mean"] <= min(3.0, sum(waits) / len(waits))
