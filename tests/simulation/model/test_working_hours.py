"""Working hours, against a count minute by minute."""

from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.model.working_hours import completion_time, next_opening, working_time_until

MINUTE = 1.0 / 1440.0


@st.composite
def hours(draw):
    opens = draw(st.integers(0, 1380))
    length = draw(st.integers(30, 1440 - opens))
    return opens * MINUTE, length * MINUTE, draw(st.integers(1, 7))


def works(minute, opens, length, days_per_week):
    """Whether the minute that begins at this number of minutes from day 0 is working time."""
    day, within = divmod(minute, 1440)
    return day % 7 < days_per_week and round(opens * 1440) <= within < round((opens + length) * 1440)


@given(hours(), st.integers(0, 30 * 1440))
def test_working_time_is_the_number_of_working_minutes(window, minutes):
    counted = sum(works(minute, *window) for minute in range(minutes))
    assert working_time_until(minutes * MINUTE, *window) == pytest.approx(counted * MINUTE, abs=1e-9)


@given(hours(), st.integers(0, 20 * 1440))
def test_the_opening_is_the_first_working_minute(window, minutes):
    first = next(minute for minute in range(minutes, minutes + 8 * 1440) if works(minute, *window))
    assert next_opening(minutes * MINUTE, *window) == pytest.approx(first * MINUTE, abs=1e-9)


@given(hours(), st.floats(0.0, 30.0), st.floats(1e-4, 3.0))
def test_work_done_between_start_and_finish_is_the_work_there_was(window, time, work):
    start = next_opening(time, *window)
    done = completion_time(start, work, *window)
    assert done > start
    assert working_time_until(done, *window) - working_time_until(start, *window) == pytest.approx(work, abs=1e-9)


@given(hours(), st.floats(0.0, 30.0), st.floats(1e-4, 3.0))
def test_work_ends_in_working_time(window, time, work):
    done = completion_time(next_opening(time, *window), work, *window)
    opens, length, days_per_week = window
    assert floor(done) % 7 < days_per_week
    assert opens - 1e-9 <= done - floor(done) <= opens + length + 1e-9 or done == floor(done)


@given(hours(), st.floats(0.0, 30.0), st.floats(1e-4, 3.0), st.floats(1e-4, 3.0))
def test_more_work_never_ends_earlier(window, time, work, more):
    start = next_opening(time, *window)
    assert completion_time(start, work, *window) <= completion_time(start, work + more, *window)


def test_around_the_clock_work_takes_as_long_as_it_takes():
    assert completion_time(2.25, 1.5, 0.0, 1.0, 7) == 3.75
