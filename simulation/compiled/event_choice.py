"""Which of a customer's scheduled events is due first.

Which one it is, is random, so a branch would often be mispredicted. The comparisons form trees without branches, whose
depth determines the time. Types of events that no customer of an arm has are left out.
"""

from typing import Any

from simulation.kernels.branchless import select
from simulation.model.event_types import (
    ACTION,
    CADENCE,
    DELIVERY,
    DISCOUNT_END,
    EFFECT_END,
    EPISODE,
    EXPIRY,
    HARM_END,
    MOVE,
    MOVE_EFFECT_END,
    NOISE,
    OUTCOME,
    PAYMENT,
    RENEWAL,
    SEASON,
    SYMPTOM,
    VALUE,
)


def first_of_two(times: Any, entry: int, other: int) -> tuple[int, float]:
    """The event of two that is due first, and its time; of simultaneous ones `entry`, which has the lower code."""
    sooner = times[other] < times[entry]
    return select(sooner, other, entry), select(sooner, times[other], times[entry])


def earlier(entry: int, time: float, other: int, other_time: float) -> tuple[int, float]:
    """The earlier of two events; of simultaneous ones that with the lower code."""
    sooner = (other_time < time) | ((other_time == time) & (other < entry))
    return select(sooner, other, entry), select(sooner, other_time, time)


def first_of_all_customers(times: Any) -> tuple[int, float]:
    """The first of the events that every customer can have."""
    entry, time = first_of_two(times, MOVE, NOISE)
    return earlier(entry, time, DELIVERY, times[DELIVERY])


def first_of_distress(times: Any) -> tuple[int, float]:
    """The first of the events of distress and of the orchestrator, without regular evaluations."""
    entry, time = first_of_two(times, EPISODE, SYMPTOM)
    other, other_time = first_of_two(times, EFFECT_END, HARM_END)
    entry, time = earlier(entry, time, other, other_time)
    other, other_time = first_of_two(times, ACTION, OUTCOME)
    other, other_time = earlier(other, other_time, EXPIRY, times[EXPIRY])
    return earlier(entry, time, other, other_time)


def first_of_dates(times: Any) -> tuple[int, float]:
    """The first of the events at dates of the calendar and of the account."""
    entry, time = first_of_two(times, SEASON, RENEWAL)
    other, other_time = first_of_two(times, PAYMENT, VALUE)
    return earlier(entry, time, other, other_time)


def next_event_except_evaluation(arm: Any, customer: Any) -> int:
    """The customer's event that is due first, apart from the regular evaluation."""
    times = customer.event_times
    entry, time = first_of_all_customers(times)
    if arm.has_distress:
        other, other_time = first_of_distress(times)
        entry, time = earlier(entry, time, other, other_time)
    if arm.has_dates:
        other, other_time = first_of_dates(times)
        entry, time = earlier(entry, time, other, other_time)
    if arm.has_move_effects | arm.has_discounts:
        other, other_time = first_of_two(times, MOVE_EFFECT_END, DISCOUNT_END)
        entry, time = earlier(entry, time, other, other_time)
    return int(entry)


def next_event(arm: Any, customer: Any) -> int:
    """The customer's event that is due first."""
    entry = next_event_except_evaluation(arm, customer)
    times = customer.event_times
    return int(earlier(entry, times[entry], CADENCE, times[CADENCE])[0])


KERNELS: tuple[Any, ...] = (
    first_of_two,
    earlier,
    first_of_all_customers,
    first_of_distress,
    first_of_dates,
    next_event_except_evaluation,
    next_event,
)
"""Functions to compile, callees before callers."""

INLINED: tuple[Any, ...] = KERNELS[:-1]
"""Functions to inline, because most events call them."""
