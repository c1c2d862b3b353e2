"""Simulated days as dates."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.errors import InputError
from simulation.trace.dates import DEFAULT_START, Dates

DATES = Dates.starting_on("2031-03-01", 365.0)


def test_day_0_is_a_monday_when_nothing_is_said_because_working_weeks_begin_on_day_0():
    assert Dates.starting_on(None, 1.0).start.date() == DEFAULT_START
    assert DEFAULT_START.weekday() == 0
    assert Dates.starting_on(date(2030, 1, 1), 1.0).start == datetime(2030, 1, 1)


def test_a_day_and_a_half_later_it_is_noon():
    assert DATES.to_datetime(1.5) == datetime(2031, 3, 2, 12)
    assert DATES.to_datetime(-0.25) == datetime(2031, 2, 28, 18)


def test_in_records_a_midnight_of_the_run_has_a_time_of_day_and_one_before_it_is_a_bare_date():
    assert DATES.to_record_datetime(3.0) == datetime(2031, 3, 4, 0, 0, 0, 1)
    assert DATES.to_record_datetime(0.0) == datetime(2031, 3, 1)
    assert DATES.to_record_datetime(-3.0) == datetime(2031, 2, 26)
    assert DATES.to_record_datetime(3.5) == DATES.to_datetime(3.5)


@given(st.floats(0.0, 36_000.0), st.floats(0.0, 36_000.0))
def test_order_is_kept_and_times_are_right_to_the_microsecond(one, other):
    early, late = sorted((one, other))
    assert DATES.to_record_datetime(early) <= DATES.to_record_datetime(late)
    assert abs(DATES.to_record_datetime(late) - DATES.start - timedelta(days=late)) <= timedelta(microseconds=1)


def test_the_first_moment_of_the_calendar_is_the_earliest():
    assert Dates.starting_on("0001-01-01", 1.0).to_datetime(-10.0) == datetime(1, 1, 1)


@pytest.mark.parametrize(
    ("start", "message"),
    [("soon", "not a valid date; write it like 2025"), ("9999-12-01", "would end after the year 9999")],
)
def test_a_start_that_cannot_be_is_refused(start, message):
    with pytest.raises(InputError, match=message):
        Dates.starting_on(start, 60.0)
