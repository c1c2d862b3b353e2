"""Working hours: when reviewers work, and when a piece of work that takes so long is done.

Day 0 is a Monday and begins at midnight. On each of the first `days_per_week` days of a week there is one window, from
`opens` on for `length`, both as shares of a day. Plain scalar functions, the same in every engine.
"""

from math import floor

DAYS_IN_WEEK = 7


def working_time_until(time: float, opens: float, length: float, days_per_week: int) -> float:
    """Working time from day 0 up to `time`, in days.

    Args:
        time: In days, 0 or more.
        opens: When the window opens, as a share of a day in [0, 1).
        length: How long it is, as a share of a day in (0, 1 - opens].
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
    """The first moment from `time` on at which somebody works: `time` itself inside a window."""
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
    """When work of `work` days of working time, begun at `start` inside a window, is done."""
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
"""The functions that compiled code uses, callees before callers."""
