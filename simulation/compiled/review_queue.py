"""The review queue, compiled: one event list of requests, waiting customers, verdicts and assignments.

A customer who does not wait for a review runs alone up to the next request. The counterpart of
`simulation.reference.review_queue`. Functions that concern the queue or several customers take the parameters of all
arms, `A`; the arms share the reviewers, which are those of the first arm.
"""

from typing import Any

from simulation.compiled import state, state_columns
from simulation.compiled.calendar_queue import is_event_due, pop, push
from simulation.compiled.customer import cancel_pending_signals, finish_customer, next_event, next_event_except
from simulation.compiled.orchestration import count_idle_evaluations, on_verdict
from simulation.compiled.primitives import prefetch_customer
from simulation.compiled.state import DONE, HEAP_FULL, POOL_EMPTY, QUEUE_FULL, TRACE_ROWS_FULL
from simulation.compiled.state_columns import EVENT_TIMES, IN_QUEUE, IN_REVIEW, NO_INDEX, NOT_WAITING
from simulation.compiled.transitions import handle_event, start_customer
from simulation.kernels.heap import heap_pop, heap_push
from simulation.model.calendar_effects import interval_index
from simulation.model.event_types import CADENCE
from simulation.model.working_hours import completion_time, next_opening

# Kinds of events; events of the same time happen in this order, as in the reference engine.
VERDICT, CUSTOMER, ASSIGNMENT = 0, 1, 2

# Purposes of a customer's event; a verdict has the reviewer's number in their place.
REQUEST, WAIT, ALONE = 0, 1, 2

ROWS_PER_STEP = 8
"""More trace rows than one step of a customer can write."""


def enqueue(S: Any, i: int) -> None:
    """Add a customer's request to the queue, ordered by (minus value at stake, time of the request, customer)."""
    rank, requested_at, number = (
        -S.floats[i, state_columns.VALUE_AT_STAKE],
        S.floats[i, state_columns.REQUESTED_AT],
        S.number[i],
    )
    size = S.counters[state.QUEUE_SIZE]
    heap_push(S.queue_floats, S.queue_ints, size, rank, requested_at, number, i, S.ints[i, state_columns.VERSION], 0)
    S.counters[state.QUEUE_SIZE] = size + 1


def dequeue(S: Any) -> None:
    """Remove the first request from the queue."""
    heap_pop(S.queue_floats, S.queue_ints, S.counters[state.QUEUE_SIZE])
    S.counters[state.QUEUE_SIZE] -= 1


def schedule_assignment(A: Any, S: Any, now: float) -> None:
    """Schedule the assignment of waiting requests for the next moment within working hours."""
    if S.counters[state.FREE_REVIEWERS] == 0:
        return
    time = next_opening(now, A[0].opens, A[0].open_length, A[0].days_per_week)
    if S.gate[state.NEXT_ASSIGNMENT_AT] != time:
        # All requests made overnight are assigned at the same opening, so one event is enough.
        S.gate[state.NEXT_ASSIGNMENT_AT] = time
        push(S, time, ASSIGNMENT, NO_INDEX, 0, NO_INDEX)


def take_reviewer(S: Any) -> int:
    """Take the free reviewer with the lowest number."""
    reviewer = int(S.free_ints[0, 0])
    heap_pop(S.free_floats, S.free_ints, S.counters[state.FREE_REVIEWERS])
    S.counters[state.FREE_REVIEWERS] -= 1
    return reviewer


def assign_requests(A: Any, S: Any, now: float) -> None:
    """Assign the requests with the highest value at stake to free reviewers."""
    S.gate[state.NEXT_ASSIGNMENT_AT] = -1.0
    while S.counters[state.FREE_REVIEWERS] > 0 and S.counters[state.QUEUE_SIZE] > 0:
        i, version = S.queue_ints[0, 1], S.queue_ints[0, 2]
        dequeue(S)
        if S.counters[state.QUEUE_SIZE] > 0:
            prefetch_customer(S, S.queue_ints[0, 1])
        if S.ints[i, state_columns.WAITING] != IN_QUEUE or S.ints[i, state_columns.VERSION] != version:
            continue
        reviewer, work = take_reviewer(S), S.floats[i, state_columns.WORK]
        S.ints[i, state_columns.WAITING] = IN_REVIEW
        S.floats[i, state_columns.STARTED_AT] = now
        # The customer may have left, and the row may belong to another one, before the review is done.
        S.review_work[reviewer] = work
        done = completion_time(now, work, A[0].opens, A[0].open_length, A[0].days_per_week)
        push(S, done, VERDICT, i, version, reviewer)


def has_room_for_step(T: Any, S: Any) -> int:
    """Whether the arrays have room for one more step of a customer who does not wait for a review.

    Returns DONE, or the code of the array that must grow.
    """
    if T.keep_trace and S.counters[state.TRACE_ROWS] + ROWS_PER_STEP > len(S.row_ints):
        return TRACE_ROWS_FULL
    head = S.counters[state.POOL_HEAD]
    if head == NO_INDEX or S.pool_ints[head, 5] == NO_INDEX:
        return POOL_EMPTY
    return DONE


def has_room(A: Any, S: Any) -> int:
    """Whether the arrays have room for one more step of any customer.

    Returns DONE, or the code of the array that must grow.
    """
    shortage = has_room_for_step(A[0], S)
    if shortage != DONE:
        return shortage
    if S.counters[state.HEAP_SIZE] + S.counters[state.LATER_EVENTS] + A[0].reviewers + 4 > len(S.heap_ints):
        return HEAP_FULL
    if S.counters[state.QUEUE_SIZE] + 2 > len(S.queue_ints):
        return QUEUE_FULL
    return DONE


def simulate_to_request(A: Any, S: Any, i: int) -> int:
    """Simulate a customer until the next request, the end of the journey or the end of the window.

    Returns DONE, or the code of the array that must grow.
    """
    T = A[S.ints[i, state_columns.ARM]]
    while not T.terminal[S.ints[i, state_columns.STAGE]]:
        shortage = has_room_for_step(T, S)
        if shortage != DONE:
            return shortage
        entry = next_event_except(S, i, CADENCE)
        due = S.floats[i, EVENT_TIMES + entry]
        if not T.keep_trace:
            count_idle_evaluations(T, S, i, min(S.gate[state.LIMIT], due))
        next_evaluation = S.floats[i, EVENT_TIMES + CADENCE]
        if next_evaluation < due or (next_evaluation == due and entry > CADENCE):
            entry, due = CADENCE, next_evaluation
        if due >= S.gate[state.LIMIT]:
            break
        handle_event(T, S, i, entry)
        if S.ints[i, state_columns.WAITING] == IN_QUEUE:
            break
    return DONE


def resume(A: Any, S: Any, i: int, now: float) -> None:
    """Let a customer continue alone after a review.

    The next request becomes an event of its own. So does the continuation if the arrays have no room for it.
    """
    if simulate_to_request(A, S, i) != DONE:
        push(S, now, CUSTOMER, i, S.ints[i, state_columns.VERSION], ALONE)
    elif S.ints[i, state_columns.WAITING] == IN_QUEUE:
        push(S, S.floats[i, state_columns.REQUESTED_AT], CUSTOMER, i, S.ints[i, state_columns.VERSION], REQUEST)
    elif S.ints[i, state_columns.OCCUPIED]:
        release_row(A, S, i)


def release_row(A: Any, S: Any, i: int) -> None:
    """Complete the totals of a customer without further events, and free the row."""
    finish_customer(A[S.ints[i, state_columns.ARM]], S, i)
    cancel_pending_signals(S, i)
    S.ints[i, state_columns.OCCUPIED] = 0
    S.free_rows[S.counters[state.FREE_ROWS]] = i
    S.counters[state.FREE_ROWS] += 1


def on_customer_turn(A: Any, S: Any, i: int, now: float, purpose: int) -> None:
    """Handle a customer's event: take up the request, or handle what is due next while it waits."""
    if purpose == REQUEST:
        enqueue(S, i)
        schedule_assignment(A, S, now)
    elif purpose == WAIT:
        handle_event(A[S.ints[i, state_columns.ARM]], S, i, next_event(S, i))
    # Wait as long as there is a request; otherwise continue alone, without the event list if there is room.
    if S.ints[i, state_columns.WAITING] != NOT_WAITING:
        due = S.floats[i, EVENT_TIMES + next_event(S, i)]
        push(S, due, CUSTOMER, i, S.ints[i, state_columns.VERSION], WAIT)
    else:
        resume(A, S, i, now)


def on_review_done(A: Any, S: Any, i: int, now: float, version: int, reviewer: int) -> None:
    """Free the reviewer, and give the customer the verdict unless the request was closed in the meantime."""
    work = S.review_work[reviewer]
    S.gate[state.BUSY_DAYS] += work
    S.worked[interval_index(S.grid, now)] += work
    heap_push(S.free_floats, S.free_ints, S.counters[state.FREE_REVIEWERS], 0.0, 0.0, reviewer, 0, 0, 0)
    S.counters[state.FREE_REVIEWERS] += 1
    if S.ints[i, state_columns.VERSION] == version:
        on_verdict(A[S.ints[i, state_columns.ARM]], S, i, now, reviewer)
        resume(A, S, i, now)
    if S.counters[state.QUEUE_SIZE] > 0:
        schedule_assignment(A, S, now)


def process_next_event(A: Any, S: Any) -> None:
    """Process the first event in the heap, which must not be empty."""
    now, kind = S.heap_floats[0, 0], S.heap_ints[0, 0] >> 56
    i, version, purpose = S.heap_ints[0, 1], S.heap_ints[0, 2], S.heap_ints[0, 3]
    pop(S)
    if S.counters[state.HEAP_SIZE] > 0 and S.heap_ints[0, 1] != NO_INDEX:
        prefetch_customer(S, S.heap_ints[0, 1])
    if kind == ASSIGNMENT:
        assign_requests(A, S, now)
    elif kind == VERDICT:
        on_review_done(A, S, i, now, version, purpose)
    elif S.ints[i, state_columns.VERSION] == version:
        on_customer_turn(A, S, i, now, purpose)


def simulate_customer(A: Any, S: Any, i: int) -> int:
    """Simulate a customer who does not wait for a review to the end of the window.

    Returns DONE, or the code of the array that must grow.
    """
    shortage = has_room(A, S)
    if shortage != DONE:
        return shortage
    if not S.ints[i, state_columns.STARTED]:
        if S.floats[i, state_columns.ARRIVES] >= S.gate[state.LIMIT]:
            return DONE
        start_customer(A[S.ints[i, state_columns.ARM]], S, i)
        S.ints[i, state_columns.STARTED] = 1
    if S.ints[i, state_columns.WAITING] != NOT_WAITING:
        return DONE
    shortage = simulate_to_request(A, S, i)
    if shortage == DONE and S.ints[i, state_columns.WAITING] == IN_QUEUE:
        push(S, S.floats[i, state_columns.REQUESTED_AT], CUSTOMER, i, S.ints[i, state_columns.VERSION], REQUEST)
    return shortage


def simulate_window(A: Any, S: Any) -> int:
    """Simulate all customers to the end of the window.

    Returns DONE, or the code of the array that must grow before the next call.
    """
    while S.counters[state.CUSTOMERS_DONE] < len(S.ints):
        shortage = simulate_customer(A, S, S.counters[state.CUSTOMERS_DONE])
        if shortage != DONE:
            return shortage
        S.counters[state.CUSTOMERS_DONE] += 1
    while is_event_due(S, S.gate[state.LIMIT]):
        shortage = has_room(A, S)
        if shortage != DONE:
            return shortage
        process_next_event(A, S)
    return DONE


def finish_all(A: Any, S: Any) -> None:
    """Complete the totals of all customers at the horizon."""
    for i in range(len(S.ints)):
        finish_customer(A[S.ints[i, state_columns.ARM]], S, i)


def finish_occupied(A: Any, S: Any) -> None:
    """Complete the totals of the customers that still have a row at the horizon."""
    for i in range(S.counters[state.ROWS_USED]):
        if S.ints[i, state_columns.OCCUPIED]:
            release_row(A, S, i)


KERNELS: tuple[Any, ...] = (
    enqueue,
    dequeue,
    schedule_assignment,
    take_reviewer,
    assign_requests,
    has_room_for_step,
    has_room,
    simulate_to_request,
    release_row,
    resume,
    on_customer_turn,
    on_review_done,
    process_next_event,
    simulate_customer,
    simulate_window,
    finish_all,
    finish_occupied,
)
"""The functions that compiled code uses, callees before callers."""

INLINED: tuple[Any, ...] = (has_room_for_step,)
"""The functions that are inlined where compiled code calls them, because most events call them."""
