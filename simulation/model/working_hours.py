"""Working hours: when reviewers work, and when a review is completed.

Day 0 is a Monday and begins at midnight. Each of the first `days_per_week` days of a week has one working window, from
`opens` for `length`, both as shares of a day. Both engines use these scalar functions.
"""

from math import floor

DAYS_IN_WEEK = 7


def working_time_until(time: float, opens: float, length: float, days_per_week: int) -> float:
    """Working time from day 0 to `time`, in days.

    Args:
        time: In days, 0 or more.
        opens: Start of the window, as a share of a day in [0, 1).
        length: Length of the window, as a share of a day in (0, 1 - opens].
        days_per_week: Number of working days, 1 to 7.
    """
    day = floor(time)
    week = day // DAYS_IN_WEEK
    weekday = day - week * DAYS_IN_WEEK
    whole_days = week * days_per_week + min(weekday, days_per_week)
    today = 0.0
    if weekday < days_per_week:
        today = min(max(time - day - opens, 0.0), length)
    return whole_days * length + today


def next_opening(time: float, opens: float, length: float, days_per_week: int) -> float:
    """The first time in a working window at or after `time`; inside a window, `time` itself."""
    day = floor(time)
    weekday = day % DAYS_IN_WEEK
    if weekday < days_per_week:
        if time - day < opens:
            return day + opens
        if time - day < opens + length:
            return time
        day += 1
        weekday += 1
    if weekday >= days_per_week:
        day += DAYS_IN_WEEK - weekday
    return day + opens


def completion_time(start: float, work: float, opens: float, length: float, days_per_week: int) -> float:
    """The time at which `work` days of working time are completed, begun at `start` inside a window."""
    left_today = floor(start) + opens + length - start
    if work <= left_today:
        return start + work
    rest = work - left_today
    more_days = floor(rest / length)
    day = _working_day_after(floor(start), 1 + more_days, days_per_week)
    return day + opens + (rest - more_days * length)


def _working_day_after(day: int, count: int, days_per_week: int) -> int:
    """The `count`-th working day after a working day."""
    index = day % DAYS_IN_WEEK + count
    return day - day % DAYS_IN_WEEK + index // days_per_week * DAYS_IN_WEEK + index % days_per_week


KERNELS = (working_time_until, next_opening, _working_day_after, completion_time)
"""Functions to compile, callees before callers."""
