"""Large cohorts in little memory: only those who wait for a reviewer, or will again, have a row of their own.

Each customer first lives in one row that all share, up to the first request for review or to the end. Most never ask:
they are booked and forgotten. Of those who ask, the number and the time are kept. When their time comes they live once
more, in a row of their own, to the very same request: their luck belongs to them and not to the moment. What happens
until then was counted the first time and is not counted again. So memory goes with the gate and not with the cohort,
for a fifth more work.
"""

from typing import Any

from simulation.clocks import NEVER
from simulation.compiled import cohort, layout
from simulation.compiled.cohort import DONE, FIRSTS_FULL, SLOTS_FULL
from simulation.compiled.crowd import settle
from simulation.compiled.diary import is_anything_due, push
from simulation.compiled.gate import ASK, CUSTOMER, has_room, live_alone, on_time_of_customer, serve_next
from simulation.compiled.layout import IN_QUEUE, NOTHING
from simulation.compiled.lives import drop_deliveries, finish
from simulation.compiled.turns import begin_life


def seek_requests(A: Any, P: Any, S: Any) -> int:
    """Let every customer live up to the first request; call again with more room until it is DONE.

    Args:
        A: The arms.
        P: What customers are drawn from.
        S: The cohort; the row that all share is the first.
    """
    while S.counters[cohort.CUSTOMERS_DONE] < P.size:
        number = S.counters[cohort.CUSTOMERS_DONE]
        if S.counters[cohort.FIRSTS] == len(S.first_who):
            return FIRSTS_FULL
        if not S.ints[0, layout.BEGUN]:
            settle(A, P, S, 0, number)
        short = seek_request(A, S, number)
        if short != DONE:
            return short
        S.ints[0, layout.BEGUN] = 0
        S.counters[cohort.CUSTOMERS_DONE] = number + 1
    return DONE


def seek_request(A: Any, S: Any, number: int) -> int:
    """Let the customer in the first row live up to the first request, and note it; DONE, or what is short."""
    T = A[S.ints[0, layout.ARM]]
    if S.floats[0, layout.ARRIVES] >= T.horizon:
        return DONE
    if not S.ints[0, layout.BEGUN]:
        begin_life(T, S, 0)
        S.ints[0, layout.BEGUN] = 1
    short = live_alone(A, S, 0)
    if short != DONE:
        return short
    if S.ints[0, layout.WAITING] == IN_QUEUE:
        place = S.counters[cohort.FIRSTS]
        S.first_times[place] = S.floats[0, layout.ASKED_AT]
        S.first_who[place] = number
        S.counters[cohort.FIRSTS] = place + 1
    else:
        finish(T, S, 0)
    drop_deliveries(S, 0)
    return DONE


def admit(A: Any, P: Any, S: Any, number: int) -> int:
    """Give a customer a row, and let the life begin again in it; returns the row."""
    S.counters[cohort.FREE_ROWS] -= 1
    i = int(S.free_rows[S.counters[cohort.FREE_ROWS]])
    settle(A, P, S, i, number)
    S.ints[i, layout.OCCUPIED] = 1
    begin_life(A[S.ints[i, layout.ARM]], S, i)
    return i


def serve_requests(A: Any, P: Any, S: Any, W: Any) -> int:
    """Let the gate work, from the first request to the horizon; call again with more room until it is DONE.

    First requests stand in order of time in ``S.first_times`` and ``S.first_who``.

    Args:
        A: The arms.
        P: What customers are drawn from.
        S: The cohort.
        W: The same cohort with totals that nobody reads, for what was counted before.
    """
    while True:
        place = S.counters[cohort.FIRSTS_SERVED]
        first = S.first_times[place] if place < S.counters[cohort.FIRSTS] else NEVER
        if is_anything_due(S, min(first, A[0].horizon)):
            short = has_room(A, S)
            if short != DONE:
                return short
            serve_next(A, S)
        elif first >= A[0].horizon:
            return DONE
        else:
            short = serve_first(A, P, S, W, S.first_who[place])
            if short != DONE:
                return short
            S.counters[cohort.FIRSTS_SERVED] = place + 1


def serve_first(A: Any, P: Any, S: Any, W: Any, number: int) -> int:
    """Let a customer live once more up to the first request, and take that up; DONE, or what is short."""
    short = has_room(A, S)
    if short != DONE:
        return short
    if S.counters[cohort.ADMITTED] == NOTHING:
        if S.counters[cohort.FREE_ROWS] == 0:
            return SLOTS_FULL
        S.counters[cohort.ADMITTED] = admit(A, P, W, number)
    i = S.counters[cohort.ADMITTED]
    short = live_alone(A, W, i)
    if short != DONE:
        return short
    S.counters[cohort.ADMITTED] = NOTHING
    asked_at = S.floats[i, layout.ASKED_AT]
    if S.counters[cohort.HEAP_SIZE] > 0 and S.heap_floats[0, 0] <= asked_at:
        # Something else is due at the very same time.
        push(S, asked_at, CUSTOMER, i, S.ints[i, layout.VERSION], ASK)
    else:
        on_time_of_customer(A, S, i, asked_at, ASK)
    return DONE


KERNELS: tuple[Any, ...] = (seek_request, seek_requests, admit, serve_first, serve_requests)
"""The functions that compiled code uses, callees before callers."""
