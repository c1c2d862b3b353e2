"""Large cohorts in little memory: only those who wait for a reviewer, or will again, have a row of their own.

Each customer first lives in one row that all share, up to the first request for review or to the end. Most never ask:
they are booked and forgotten. Of those who ask, the time is noted. As far as there are rows for it, who asks last moves
into one and waits there (`simulation.compiled.row_retention`). The others live once more when their time comes, in a
row of their own, to the very same request: their luck belongs to them and not to the moment. What happens until then
was counted the first time and is not counted again. So memory goes with the gate more than with the cohort, for some
work that is done twice.
"""

from typing import Any

from simulation.compiled import state, state_columns
from simulation.compiled.calendar_queue import is_anything_due, push
from simulation.compiled.customer import drop_deliveries, finish
from simulation.compiled.population import settle
from simulation.compiled.review_queue import ASK, CUSTOMER, has_room, live_alone, on_time_of_customer, serve_next
from simulation.compiled.state import DONE, FIRSTS_FULL, SLOTS_FULL
from simulation.compiled.state_columns import IN_QUEUE, NOTHING
from simulation.compiled.transitions import begin_life
from simulation.distributions.dwell_times import NEVER
from simulation.kernels.prefetch import fetch


def seek_requests(A: Any, P: Any, S: Any) -> int:
    """Let every customer live up to the first request; call again with more room until it is DONE.

    Args:
        A: The arms.
        P: What customers are drawn from.
        S: The cohort; the row that all share is the first.
    """
    while S.counters[state.CUSTOMERS_DONE] < P.size:
        number = S.counters[state.CUSTOMERS_DONE]
        if S.counters[state.FIRSTS] == len(S.first_who):
            return FIRSTS_FULL
        if not S.ints[0, state_columns.BEGUN]:
            settle(A, P, S, 0, number)
        short = seek_request(A, S, number)
        if short != DONE:
            return short
        S.ints[0, state_columns.BEGUN] = 0
        S.counters[state.CUSTOMERS_DONE] = number + 1
    return DONE


def seek_request(A: Any, S: Any, number: int) -> int:
    """Let the customer in the first row live up to the first request, and note it; DONE, or what is short."""
    T = A[S.ints[0, state_columns.ARM]]
    if S.floats[0, state_columns.ARRIVES] >= T.horizon:
        return DONE
    if not S.ints[0, state_columns.BEGUN]:
        begin_life(T, S, 0)
        S.ints[0, state_columns.BEGUN] = 1
    short = live_alone(A, S, 0)
    if short != DONE:
        return short
    if S.ints[0, state_columns.WAITING] == IN_QUEUE:
        note_first(S, number)
    else:
        finish(T, S, 0)
        drop_deliveries(S, 0)
    return DONE


def note_first(S: Any, number: int) -> None:
    """Note the first request of the customer in the first row, who waits for its time in a row, or lives once more."""
    place, asked_at = S.counters[state.FIRSTS], S.floats[0, state_columns.ASKED_AT]
    S.first_times[place] = asked_at
    S.first_who[place] = number
    S.counters[state.FIRSTS] = place + 1
    if asked_at < S.gate[state.KEPT_FROM] or S.counters[state.ROWS_TO_KEEP] == 0:
        drop_deliveries(S, 0)
        return
    S.counters[state.ROWS_TO_KEEP] -= 1
    i = take_row(S)
    copy_row(S, 0, i)
    S.ints[i, state_columns.OCCUPIED] = 1
    S.first_who[place] = -1 - i


def take_row(S: Any) -> int:
    """A free row, which is free no more; there must be one."""
    S.counters[state.FREE_ROWS] -= 1
    i = int(S.free_rows[S.counters[state.FREE_ROWS]])
    S.counters[state.ROWS_USED] = max(S.counters[state.ROWS_USED], i + 1)
    return i


def copy_row(S: Any, source: int, i: int) -> None:
    """Put the customer of one row into another."""
    for column in range(S.floats.shape[1]):
        S.floats[i, column] = S.floats[source, column]
    for column in range(S.ints.shape[1]):
        S.ints[i, column] = S.ints[source, column]
    for place in range(S.contacts.shape[1]):
        S.contacts[i, place] = S.contacts[source, place]
    S.key[i] = S.key[source]
    S.number[i] = S.number[source]


def admit(A: Any, P: Any, S: Any, number: int) -> int:
    """Give a customer a row, and let the life begin again in it; returns the row."""
    i = take_row(S)
    settle(A, P, S, i, number)
    S.ints[i, state_columns.OCCUPIED] = 1
    begin_life(A[S.ints[i, state_columns.ARM]], S, i)
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
        place = S.counters[state.FIRSTS_SERVED]
        first = S.first_times[place] if place < S.counters[state.FIRSTS] else NEVER
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
            S.counters[state.FIRSTS_SERVED] = place + 1
            if place + 1 < S.counters[state.FIRSTS] and S.first_who[place + 1] < 0:
                fetch(S, -1 - S.first_who[place + 1])


def serve_first(A: Any, P: Any, S: Any, W: Any, who: int) -> int:
    """Take up the first request of a customer; DONE, or what is short."""
    short = has_room(A, S)
    if short != DONE:
        return short
    i = -1 - who
    if who >= 0:
        short = live_again(A, P, S, W, who)
        if short != DONE:
            return short
        i = S.counters[state.ADMITTED]
        S.counters[state.ADMITTED] = NOTHING
    asked_at = S.floats[i, state_columns.ASKED_AT]
    if S.counters[state.HEAP_SIZE] > 0 and S.heap_floats[0, 0] <= asked_at:
        # Something else is due at the very same time.
        push(S, asked_at, CUSTOMER, i, S.ints[i, state_columns.VERSION], ASK)
    else:
        on_time_of_customer(A, S, i, asked_at, ASK)
    return DONE


def live_again(A: Any, P: Any, S: Any, W: Any, number: int) -> int:
    """Let a customer live once more up to the first request, in the row last admitted; DONE, or what is short."""
    if S.counters[state.ADMITTED] == NOTHING:
        if S.counters[state.FREE_ROWS] == 0:
            return SLOTS_FULL
        S.counters[state.ADMITTED] = admit(A, P, W, number)
    return live_alone(A, W, S.counters[state.ADMITTED])


KERNELS: tuple[Any, ...] = (
    take_row, copy_row, note_first, seek_request, seek_requests, admit, live_again, serve_first, serve_requests,
)  # fmt: skip
"""The functions that compiled code uses, callees before callers."""
