"""The gate, compiled: in one order of time, requests, waiting customers, verdicts and the handing out of work.

A customer who does not wait for a review runs alone, up to the next request. The counterpart of
`simulation.reference.review_queue`. Functions that concern the gate or several customers take the tables of all arms,
`A`; the first arm's reviewers are everybody's.
"""

from typing import Any

from simulation.compiled import state, state_columns
from simulation.compiled.calendar_queue import is_anything_due, push, strike
from simulation.compiled.customer import drop_deliveries, finish, first_due, first_due_besides
from simulation.compiled.orchestration import on_verdict, watch
from simulation.compiled.state import DONE, HEAP_FULL, POOL_EMPTY, QUEUE_FULL, ROWS_FULL
from simulation.compiled.state_columns import AGENDA, IN_QUEUE, IN_REVIEW, NOT_WAITING, NOTHING
from simulation.compiled.transitions import begin_life, step
from simulation.kernels.heap import heap_pop, heap_push
from simulation.kernels.prefetch import fetch
from simulation.model.calendar_effects import part_of
from simulation.model.event_types import CADENCE
from simulation.model.working_hours import finished, opening

# What happens at one instant happens in this order, as in the reference engine.
VERDICT, CUSTOMER, HAND_OUT = 0, 1, 2

# What a customer's turn in the heap is for; of a verdict, the same place holds the reviewer.
ASK, WAIT, ALONE = 0, 1, 2

ROWS_PER_STEP = 8
"""More rows than one step of one customer can write."""


def enqueue(S: Any, i: int) -> None:
    """Put a customer's request in the queue, ordered by (minus money at stake, when it was asked, customer)."""
    rank, asked, who = -S.floats[i, state_columns.STAKE], S.floats[i, state_columns.ASKED_AT], S.number[i]
    size = S.counters[state.QUEUE_SIZE]
    heap_push(S.queue_floats, S.queue_ints, size, rank, asked, who, i, S.ints[i, state_columns.VERSION], 0)
    S.counters[state.QUEUE_SIZE] = size + 1


def dequeue(S: Any) -> None:
    """Take the first request out of the queue."""
    heap_pop(S.queue_floats, S.queue_ints, S.counters[state.QUEUE_SIZE])
    S.counters[state.QUEUE_SIZE] -= 1


def hand_out_later(A: Any, S: Any, now: float) -> None:
    """Waiting requests are handed out when somebody works next."""
    if S.counters[state.FREE_REVIEWERS] == 0:
        return
    time = opening(now, A[0].opens, A[0].open_length, A[0].days_per_week)
    if S.gate[state.HANDED_OUT_AT] != time:
        # Everybody who asks overnight is served by the same opening; one entry in the heap is enough.
        S.gate[state.HANDED_OUT_AT] = time
        push(S, time, HAND_OUT, NOTHING, 0, NOTHING)


def take_reviewer(S: Any) -> int:
    """The free reviewer with the lowest number, who is free no more."""
    reviewer = int(S.free_ints[0, 0])
    heap_pop(S.free_floats, S.free_ints, S.counters[state.FREE_REVIEWERS])
    S.counters[state.FREE_REVIEWERS] -= 1
    return reviewer


def hand_out(A: Any, S: Any, now: float) -> None:
    """Free reviewers take the dearest requests."""
    S.gate[state.HANDED_OUT_AT] = -1.0
    while S.counters[state.FREE_REVIEWERS] > 0 and S.counters[state.QUEUE_SIZE] > 0:
        i, version = S.queue_ints[0, 1], S.queue_ints[0, 2]
        dequeue(S)
        if S.counters[state.QUEUE_SIZE] > 0:
            fetch(S, S.queue_ints[0, 1])
        if S.ints[i, state_columns.WAITING] != IN_QUEUE or S.ints[i, state_columns.VERSION] != version:
            continue
        reviewer, work = take_reviewer(S), S.floats[i, state_columns.WORK]
        S.ints[i, state_columns.WAITING] = IN_REVIEW
        S.floats[i, state_columns.STARTED_AT] = now
        # The customer may be gone, and the row another's, before the review is done.
        S.review_work[reviewer] = work
        done = finished(now, work, A[0].opens, A[0].open_length, A[0].days_per_week)
        push(S, done, VERDICT, i, version, reviewer)


def has_room_alone(T: Any, S: Any) -> int:
    """DONE when one more step of a customer fits who does not wait for a review, otherwise what is short."""
    if T.keep_trace and S.counters[state.ROWS] + ROWS_PER_STEP > len(S.row_ints):
        return ROWS_FULL
    head = S.counters[state.POOL_HEAD]
    if head == NOTHING or S.pool_ints[head, 5] == NOTHING:
        return POOL_EMPTY
    return DONE


def has_room(A: Any, S: Any) -> int:
    """DONE when one more step of anybody fits, otherwise what is short."""
    short = has_room_alone(A[0], S)
    if short != DONE:
        return short
    if S.counters[state.HEAP_SIZE] + S.counters[state.LATER] + A[0].reviewers + 4 > len(S.heap_ints):
        return HEAP_FULL
    if S.counters[state.QUEUE_SIZE] + 2 > len(S.queue_ints):
        return QUEUE_FULL
    return DONE


def live_alone(A: Any, S: Any, i: int) -> int:
    """Live until the next request, the end of the journey or of the window; DONE, or what is short."""
    T = A[S.ints[i, state_columns.ARM]]
    while not T.terminal[S.ints[i, state_columns.STAGE]]:
        short = has_room_alone(T, S)
        if short != DONE:
            return short
        entry = first_due_besides(S, i, CADENCE)
        due = S.floats[i, AGENDA + entry]
        if not T.keep_trace:
            watch(T, S, i, min(S.gate[state.LIMIT], due))
        next_look = S.floats[i, AGENDA + CADENCE]
        if next_look < due or (next_look == due and entry > CADENCE):
            entry, due = CADENCE, next_look
        if due >= S.gate[state.LIMIT]:
            break
        step(T, S, i, entry)
        if S.ints[i, state_columns.WAITING] == IN_QUEUE:
            break
    return DONE


def go_on(A: Any, S: Any, i: int, now: float) -> None:
    """Live on alone; the next request waits in the heap for its turn, and so does whoever finds no room."""
    if live_alone(A, S, i) != DONE:
        push(S, now, CUSTOMER, i, S.ints[i, state_columns.VERSION], ALONE)
    elif S.ints[i, state_columns.WAITING] == IN_QUEUE:
        push(S, S.floats[i, state_columns.ASKED_AT], CUSTOMER, i, S.ints[i, state_columns.VERSION], ASK)
    elif S.ints[i, state_columns.OCCUPIED]:
        leave_row(A, S, i)


def leave_row(A: Any, S: Any, i: int) -> None:
    """Nothing is left to happen to a customer: close the books, and give the row to the next one."""
    finish(A[S.ints[i, state_columns.ARM]], S, i)
    drop_deliveries(S, i)
    S.ints[i, state_columns.OCCUPIED] = 0
    S.free_rows[S.counters[state.FREE_ROWS]] = i
    S.counters[state.FREE_ROWS] += 1


def on_time_of_customer(A: Any, S: Any, i: int, now: float, what: int) -> None:
    """A customer's turn at the gate: take up the request, or let the next thing happen while it waits."""
    if what == ASK:
        enqueue(S, i)
        hand_out_later(A, S, now)
    elif what == WAIT:
        step(A[S.ints[i, state_columns.ARM]], S, i, first_due(S, i))
    # WAIT again while there is a request; otherwise go on alone, at once and without the heap where there is room.
    if S.ints[i, state_columns.WAITING] != NOT_WAITING:
        due = S.floats[i, AGENDA + first_due(S, i)]
        push(S, due, CUSTOMER, i, S.ints[i, state_columns.VERSION], WAIT)
    else:
        go_on(A, S, i, now)


def on_review_done(A: Any, S: Any, i: int, now: float, version: int, reviewer: int) -> None:
    """A reviewer is free again, and the customer, if still there, has a verdict."""
    work = S.review_work[reviewer]
    S.gate[state.BUSY] += work
    S.worked[part_of(S.grid, now)] += work
    heap_push(S.free_floats, S.free_ints, S.counters[state.FREE_REVIEWERS], 0.0, 0.0, reviewer, 0, 0, 0)
    S.counters[state.FREE_REVIEWERS] += 1
    if S.ints[i, state_columns.VERSION] == version:
        on_verdict(A[S.ints[i, state_columns.ARM]], S, i, now, reviewer)
        go_on(A, S, i, now)
    if S.counters[state.QUEUE_SIZE] > 0:
        hand_out_later(A, S, now)


def serve_next(A: Any, S: Any) -> None:
    """Let the first thing in the heap happen; there must be one."""
    now, kind = S.heap_floats[0, 0], S.heap_ints[0, 0] >> 56
    i, version, what = S.heap_ints[0, 1], S.heap_ints[0, 2], S.heap_ints[0, 3]
    strike(S)
    if S.counters[state.HEAP_SIZE] > 0 and S.heap_ints[0, 1] != NOTHING:
        fetch(S, S.heap_ints[0, 1])
    if kind == HAND_OUT:
        hand_out(A, S, now)
    elif kind == VERDICT:
        on_review_done(A, S, i, now, version, what)
    elif S.ints[i, state_columns.VERSION] == version:
        on_time_of_customer(A, S, i, now, what)


def take_up(A: Any, S: Any, i: int) -> int:
    """Let a customer who does not wait for a review live on in this window; DONE, or what is short."""
    short = has_room(A, S)
    if short != DONE:
        return short
    if not S.ints[i, state_columns.BEGUN]:
        if S.floats[i, state_columns.ARRIVES] >= S.gate[state.LIMIT]:
            return DONE
        begin_life(A[S.ints[i, state_columns.ARM]], S, i)
        S.ints[i, state_columns.BEGUN] = 1
    if S.ints[i, state_columns.WAITING] != NOT_WAITING:
        return DONE
    short = live_alone(A, S, i)
    if short == DONE and S.ints[i, state_columns.WAITING] == IN_QUEUE:
        push(S, S.floats[i, state_columns.ASKED_AT], CUSTOMER, i, S.ints[i, state_columns.VERSION], ASK)
    return short


def live_until(A: Any, S: Any) -> int:
    """Live all lives to the end of the window, as far as there is room; call again with more until it is DONE."""
    while S.counters[state.CUSTOMERS_DONE] < len(S.ints):
        short = take_up(A, S, S.counters[state.CUSTOMERS_DONE])
        if short != DONE:
            return short
        S.counters[state.CUSTOMERS_DONE] += 1
    while is_anything_due(S, S.gate[state.LIMIT]):
        short = has_room(A, S)
        if short != DONE:
            return short
        serve_next(A, S)
    return DONE


def finish_all(A: Any, S: Any) -> None:
    """Close all books at the horizon."""
    for i in range(len(S.ints)):
        finish(A[S.ints[i, state_columns.ARM]], S, i)


def finish_occupied(A: Any, S: Any) -> None:
    """Close the books of those who still have a row at the horizon."""
    for i in range(S.counters[state.ROWS_USED]):
        if S.ints[i, state_columns.OCCUPIED]:
            leave_row(A, S, i)


KERNELS: tuple[Any, ...] = (
    enqueue, dequeue, hand_out_later, take_reviewer, hand_out, has_room_alone, has_room, live_alone, leave_row,
    go_on, on_time_of_customer, on_review_done, serve_next, take_up, live_until, finish_all, finish_occupied,
)  # fmt: skip
"""The functions that compiled code uses, callees before callers."""
