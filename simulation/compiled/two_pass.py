"""Two-pass simulation of large populations in little memory: only customers in the review process have a row.

In the first pass each customer is simulated in one shared row, up to the first review request or to the end. Most
customers never request a review: their totals are added and their state is discarded. For the others the time of the
first request is recorded. As far as rows are available, the customers with the latest requests keep theirs
(`simulation.compiled.row_retention`). In the second pass the others are simulated again up to the same request, in a
row of their own. Their random streams belong to the customer, so the replay is identical; its totals are discarded,
because they were counted in the first pass. Memory thus grows with the review queue more than with the population, at
the price of simulating some customers twice.
"""

from typing import Any

from simulation.compiled import state, state_columns
from simulation.compiled.calendar_queue import is_event_due, push
from simulation.compiled.customer import cancel_pending_signals, finish_customer
from simulation.compiled.population import initialise_row
from simulation.compiled.primitives import prefetch_customer
from simulation.compiled.review_queue import (
    CUSTOMER,
    REQUEST,
    has_room,
    on_customer_turn,
    process_next_event,
    simulate_to_request,
)
from simulation.compiled.state import CUSTOMER_ROWS_FULL, DONE, FIRST_REQUESTS_FULL
from simulation.compiled.state_columns import IN_QUEUE, NO_INDEX
from simulation.compiled.transitions import start_customer
from simulation.distributions.dwell_times import NEVER


def find_first_requests(A: Any, P: Any, S: Any) -> int:
    """Simulate every customer up to the first request.

    Returns DONE, or the code of the array that must grow before the next call.

    Args:
        A: Parameters of the arms.
        P: The population's arrays.
        S: The engine state; its first row is the shared one.
    """
    while S.counters[state.CUSTOMERS_DONE] < P.size:
        number = S.counters[state.CUSTOMERS_DONE]
        if S.counters[state.FIRST_REQUESTS] == len(S.first_who):
            return FIRST_REQUESTS_FULL
        if not S.ints[0, state_columns.STARTED]:
            initialise_row(A, P, S, 0, number)
        shortage = find_first_request(A, S, number)
        if shortage != DONE:
            return shortage
        S.ints[0, state_columns.STARTED] = 0
        S.counters[state.CUSTOMERS_DONE] = number + 1
    return DONE


def find_first_request(A: Any, S: Any, number: int) -> int:
    """Simulate the customer in the shared row up to the first request, and record it.

    Returns DONE, or the code of the array that must grow.
    """
    T = A[S.ints[0, state_columns.ARM]]
    if S.floats[0, state_columns.ARRIVES] >= T.horizon:
        return DONE
    if not S.ints[0, state_columns.STARTED]:
        start_customer(T, S, 0)
        S.ints[0, state_columns.STARTED] = 1
    shortage = simulate_to_request(A, S, 0)
    if shortage != DONE:
        return shortage
    if S.ints[0, state_columns.WAITING] == IN_QUEUE:
        record_first_request(S, number)
    else:
        finish_customer(T, S, 0)
        cancel_pending_signals(S, 0)
    return DONE


def record_first_request(S: Any, number: int) -> None:
    """Record the first request of the customer in the shared row, who then keeps a row or is replayed later."""
    index, requested_at = S.counters[state.FIRST_REQUESTS], S.floats[0, state_columns.REQUESTED_AT]
    S.first_times[index] = requested_at
    S.first_who[index] = number
    S.counters[state.FIRST_REQUESTS] = index + 1
    if requested_at < S.gate[state.RETAINED_FROM] or S.counters[state.ROWS_TO_RETAIN] == 0:
        cancel_pending_signals(S, 0)
        return
    S.counters[state.ROWS_TO_RETAIN] -= 1
    i = take_row(S)
    copy_row(S, 0, i)
    S.ints[i, state_columns.OCCUPIED] = 1
    S.first_who[index] = -1 - i


def take_row(S: Any) -> int:
    """Take a free row; there must be one."""
    S.counters[state.FREE_ROWS] -= 1
    i = int(S.free_rows[S.counters[state.FREE_ROWS]])
    S.counters[state.ROWS_USED] = max(S.counters[state.ROWS_USED], i + 1)
    return i


def copy_row(S: Any, source: int, i: int) -> None:
    """Copy the customer of one row to another."""
    for column in range(S.floats.shape[1]):
        S.floats[i, column] = S.floats[source, column]
    for column in range(S.ints.shape[1]):
        S.ints[i, column] = S.ints[source, column]
    for slot in range(S.contacts.shape[1]):
        S.contacts[i, slot] = S.contacts[source, slot]
    S.key[i] = S.key[source]
    S.number[i] = S.number[source]


def admit(A: Any, P: Any, S: Any, number: int) -> int:
    """Give a customer a row and start the simulation again in it. Returns the row."""
    i = take_row(S)
    initialise_row(A, P, S, i, number)
    S.ints[i, state_columns.OCCUPIED] = 1
    start_customer(A[S.ints[i, state_columns.ARM]], S, i)
    return i


def serve_requests(A: Any, P: Any, S: Any, W: Any) -> int:
    """Process the review queue from the first request to the horizon.

    Returns DONE, or the code of the array that must grow before the next call. First requests are in ``S.first_times``
    and ``S.first_who``, in order of time.

    Args:
        A: Parameters of the arms.
        P: The population's arrays.
        S: The engine state.
        W: The same state with totals that are discarded, for what the first pass has counted.
    """
    while True:
        index = S.counters[state.FIRST_REQUESTS_SERVED]
        first = S.first_times[index] if index < S.counters[state.FIRST_REQUESTS] else NEVER
        if is_event_due(S, min(first, A[0].horizon)):
            shortage = has_room(A, S)
            if shortage != DONE:
                return shortage
            process_next_event(A, S)
        elif first >= A[0].horizon:
            return DONE
        else:
            shortage = serve_first_request(A, P, S, W, S.first_who[index])
            if shortage != DONE:
                return shortage
            S.counters[state.FIRST_REQUESTS_SERVED] = index + 1
            if index + 1 < S.counters[state.FIRST_REQUESTS] and S.first_who[index + 1] < 0:
                prefetch_customer(S, -1 - S.first_who[index + 1])


def serve_first_request(A: Any, P: Any, S: Any, W: Any, number_or_row: int) -> int:
    """Process a customer's first request. Returns DONE, or the code of the array that must grow."""
    shortage = has_room(A, S)
    if shortage != DONE:
        return shortage
    i = -1 - number_or_row
    if number_or_row >= 0:
        shortage = replay(A, P, S, W, number_or_row)
        if shortage != DONE:
            return shortage
        i = S.counters[state.ADMITTED]
        S.counters[state.ADMITTED] = NO_INDEX
    requested_at = S.floats[i, state_columns.REQUESTED_AT]
    if S.counters[state.HEAP_SIZE] > 0 and S.heap_floats[0, 0] <= requested_at:
        # Another event is due earlier or at the same time.
        push(S, requested_at, CUSTOMER, i, S.ints[i, state_columns.VERSION], REQUEST)
    else:
        on_customer_turn(A, S, i, requested_at, REQUEST)
    return DONE


def replay(A: Any, P: Any, S: Any, W: Any, number: int) -> int:
    """Simulate a customer again up to the first request, in the row last admitted.

    Returns DONE, or the code of the array that must grow.
    """
    if S.counters[state.ADMITTED] == NO_INDEX:
        if S.counters[state.FREE_ROWS] == 0:
            return CUSTOMER_ROWS_FULL
        S.counters[state.ADMITTED] = admit(A, P, W, number)
    return simulate_to_request(A, W, S.counters[state.ADMITTED])


KERNELS: tuple[Any, ...] = (
    take_row,
    copy_row,
    record_first_request,
    find_first_request,
    find_first_requests,
    admit,
    replay,
    serve_first_request,
    serve_requests,
)
"""The functions that compiled code uses, callees before callers."""
