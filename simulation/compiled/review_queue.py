"""The review queue, compiled: one event list of requests, waiting customers, verdicts and assignments.

A customer who does not wait for a review runs alone up to the next request. The counterpart of
`simulation.reference.review_queue`. Functions that concern several customers take the parameters of all arms; the arms
share the reviewers, which are those of the first arm.
"""

from typing import Any

from simulation.compiled.calendar_queue import is_event_due, pop, push
from simulation.compiled.event_choice import next_event, next_event_except_evaluation
from simulation.compiled.fast_paths import count_idle_evaluations
from simulation.compiled.ports import cancel_pending_signals
from simulation.compiled.state import CONTACTS_FULL, DONE, HEAP_FULL, POOL_EMPTY, QUEUE_FULL, TRACE_ROWS_FULL
from simulation.customer.events import finish_customer, handle_event, start_customer
from simulation.customer.reviews import on_verdict
from simulation.customer.state import IN_QUEUE, IN_REVIEW, NO_INDEX, NOT_WAITING
from simulation.kernels.heap import heap_pop, heap_push
from simulation.kernels.prefetch import prefetch_row
from simulation.metrics.queue_statistics import count_work
from simulation.model.event_types import CADENCE
from simulation.model.working_hours import completion_time, next_opening

# Kinds of events; events of the same time happen in this order, as in the reference engine.
VERDICT, CUSTOMER, ASSIGNMENT = 0, 1, 2

# Purposes of a customer's event; a verdict has the reviewer's number in their place.
REQUEST, WAIT, ALONE = 0, 1, 2

ROWS_PER_STEP = 8
"""More trace rows than one step of a customer can write."""


def prefetch_customer(engine: Any, row: int) -> None:
    """Load the row of the next customer into the processor's cache.

    Customers in the review queue are processed in order of time, which is not their order in memory.
    """
    prefetch_row(engine.memory, row)


def enqueue(engine: Any, customer: Any) -> None:
    """Add a customer's request to the queue, ordered by (minus value at stake, time of the request, customer)."""
    run, rank = engine.run[0], -customer.value_at_stake
    number, row, version = customer.number, customer.row, customer.version
    heap_push(engine.queue, run.queue_size, rank, customer.requested_at, number, row, version, 0)
    run.queue_size += 1


def dequeue(engine: Any) -> None:
    """Remove the first request from the queue."""
    run = engine.run[0]
    heap_pop(engine.queue, run.queue_size)
    run.queue_size -= 1


def schedule_assignment(arms: Any, engine: Any, now: float) -> None:
    """Schedule the assignment of waiting requests for the next moment within working hours."""
    run, review = engine.run[0], arms[0].review
    if run.free_reviewer_count == 0:
        return
    time = next_opening(now, review.opens, review.open_length, review.days_per_week)
    if run.next_assignment_at != time:
        # All requests made overnight are assigned at the same opening, so one event is enough.
        run.next_assignment_at = time
        push(engine, time, ASSIGNMENT, NO_INDEX, 0, NO_INDEX)


def take_reviewer(engine: Any) -> int:
    """Take the free reviewer with the lowest number."""
    run = engine.run[0]
    reviewer = int(engine.free_reviewers[0].order)
    heap_pop(engine.free_reviewers, run.free_reviewer_count)
    run.free_reviewer_count -= 1
    return reviewer


def assign_requests(arms: Any, engine: Any, now: float) -> None:
    """Assign the requests with the highest value at stake to free reviewers."""
    run, review = engine.run[0], arms[0].review
    run.next_assignment_at = -1.0
    while run.free_reviewer_count > 0 and run.queue_size > 0:
        row, version = engine.queue[0].row, engine.queue[0].version
        dequeue(engine)
        if run.queue_size > 0:
            prefetch_customer(engine, engine.queue[0].row)
        customer = engine.customers[row]
        if customer.waiting != IN_QUEUE or customer.version != version:
            continue
        reviewer = take_reviewer(engine)
        customer.waiting = IN_REVIEW
        customer.review_started_at = now
        opens, length, days_per_week = review.opens, review.open_length, review.days_per_week
        done = completion_time(now, customer.work, opens, length, days_per_week)
        count_work(engine.grid, engine.worked, now, done, opens, length, days_per_week)
        push(engine, done, VERDICT, row, version, reviewer)


def has_room_for_contact(arm: Any, customer: Any, engine: Any) -> bool:
    """Whether one more contact leaves as many contact times as the policy's cap needs."""
    slots = engine.contact_times.shape[1]
    return bool(customer.contacts < slots or slots >= arm.policy.max_contacts)


def find_shortage_for_step(engine: Any) -> int:
    """Find an array without room for one more step of a customer who does not wait for a review.

    Returns its code, or DONE if all have room.
    """
    run = engine.run[0]
    if engine.keep_trace and run.trace_rows + ROWS_PER_STEP > len(engine.trace_rows):
        return TRACE_ROWS_FULL
    if run.free_signal == NO_INDEX or engine.signals[run.free_signal].following == NO_INDEX:
        return POOL_EMPTY
    return DONE


def find_shortage(arms: Any, engine: Any) -> int:
    """Find an array without room for one more step of any customer.

    Returns its code, or DONE if all have room.
    """
    shortage = find_shortage_for_step(engine)
    if shortage != DONE:
        return shortage
    run = engine.run[0]
    if run.heap_size + run.later_events + arms[0].review.reviewers + 4 > len(engine.heap):
        return HEAP_FULL
    if run.queue_size + 2 > len(engine.queue):
        return QUEUE_FULL
    if run.contacts_full:
        return CONTACTS_FULL
    return DONE


def simulate_to_request(arms: Any, engine: Any, row: int) -> int:
    """Simulate a customer until the next request, the end of the journey or the end of the window.

    Returns DONE, or the code of the array that must grow.
    """
    customer = engine.customers[row]
    arm, limit = arms[customer.arm], engine.run[0].limit
    while not arm.terminal[customer.stage]:
        shortage = find_shortage_for_step(engine)
        if shortage != DONE:
            return shortage
        if not has_room_for_contact(arm, customer, engine):
            engine.run[0].contacts_full = 1
            return CONTACTS_FULL
        entry = next_event_except_evaluation(arm, customer)
        due = customer.event_times[entry]
        if not engine.keep_trace:
            count_idle_evaluations(arm, customer, engine, min(limit, due))
        next_evaluation = customer.event_times[CADENCE]
        if next_evaluation < due or (next_evaluation == due and entry > CADENCE):
            entry, due = CADENCE, next_evaluation
        if due >= limit:
            break
        handle_event(arm, customer, engine, entry)
        if customer.waiting == IN_QUEUE:
            break
    return DONE


def resume(arms: Any, engine: Any, row: int, now: float) -> None:
    """Let a customer continue alone after a review.

    The next request becomes an event of its own. So does the continuation if the arrays have no room for it.
    """
    customer, shortage = engine.customers[row], simulate_to_request(arms, engine, row)
    if shortage != DONE:
        push(engine, now, CUSTOMER, row, customer.version, ALONE)
    elif customer.waiting == IN_QUEUE:
        push(engine, customer.requested_at, CUSTOMER, row, customer.version, REQUEST)
    elif customer.is_occupied:
        release_row(arms, engine, row)


def release_row(arms: Any, engine: Any, row: int) -> None:
    """Complete the totals of a customer without further events, and free the row."""
    customer, run = engine.customers[row], engine.run[0]
    finish_customer(arms[customer.arm], customer, engine)
    cancel_pending_signals(customer, engine)
    customer.is_occupied = False
    engine.free_rows[run.free_row_count] = row
    run.free_row_count += 1


def on_customer_turn(arms: Any, engine: Any, row: int, now: float, purpose: int) -> None:
    """Handle a customer's event: take up the request, or handle what is due next while it waits."""
    customer = engine.customers[row]
    if purpose == REQUEST:
        enqueue(engine, customer)
        schedule_assignment(arms, engine, now)
    elif purpose == WAIT:
        arm = arms[customer.arm]
        handle_event(arm, customer, engine, next_event(arm, customer))
    # Wait as long as there is a request; otherwise continue alone, without the event list if there is room.
    if customer.waiting != NOT_WAITING:
        due = customer.event_times[next_event(arms[customer.arm], customer)]
        push(engine, due, CUSTOMER, row, customer.version, WAIT)
    else:
        resume(arms, engine, row, now)


def on_review_done(arms: Any, engine: Any, row: int, now: float, version: int, reviewer: int) -> None:
    """Free the reviewer, and give the customer the verdict unless the request was closed in the meantime."""
    run, customer = engine.run[0], engine.customers[row]
    heap_push(engine.free_reviewers, run.free_reviewer_count, 0.0, 0.0, reviewer, 0, 0, 0)
    run.free_reviewer_count += 1
    if customer.version == version:
        on_verdict(arms[customer.arm], customer, engine, now, reviewer)
        resume(arms, engine, row, now)
    if run.queue_size > 0:
        schedule_assignment(arms, engine, now)


def process_next_event(arms: Any, engine: Any) -> None:
    """Process the first event in the heap, which must not be empty."""
    event, run = engine.heap[0], engine.run[0]
    now, kind = event.first, event.order >> 56
    row, version, purpose = event.row, event.version, event.purpose
    pop(engine)
    if run.heap_size > 0 and engine.heap[0].row != NO_INDEX:
        prefetch_customer(engine, engine.heap[0].row)
    if kind == ASSIGNMENT:
        assign_requests(arms, engine, now)
    elif kind == VERDICT:
        on_review_done(arms, engine, row, now, version, purpose)
    elif engine.customers[row].version == version:
        on_customer_turn(arms, engine, row, now, purpose)


def simulate_customer(arms: Any, engine: Any, row: int) -> int:
    """Simulate a customer who does not wait for a review to the end of the window.

    Returns DONE, or the code of the array that must grow.
    """
    customer = engine.customers[row]
    shortage = find_shortage(arms, engine)
    if shortage != DONE:
        return shortage
    if not customer.is_started:
        if customer.arrives_at >= engine.run[0].limit:
            return DONE
        start_customer(arms[customer.arm], customer, engine)
    if customer.waiting != NOT_WAITING:
        return DONE
    shortage = simulate_to_request(arms, engine, row)
    if shortage == DONE and customer.waiting == IN_QUEUE:
        push(engine, customer.requested_at, CUSTOMER, row, customer.version, REQUEST)
    return shortage


def simulate_window(arms: Any, population: Any, engine: Any) -> int:
    """Simulate all customers to the end of the window.

    Returns DONE, or the code of the array that must grow before the next call.
    """
    run = engine.run[0]
    while run.customers_done < population.size:
        shortage = simulate_customer(arms, engine, run.customers_done)
        if shortage != DONE:
            return shortage
        run.customers_done += 1
    while is_event_due(engine, run.limit):
        shortage = find_shortage(arms, engine)
        if shortage != DONE:
            return shortage
        process_next_event(arms, engine)
    return DONE


def finish_all(arms: Any, population: Any, engine: Any) -> None:
    """Complete the totals of all customers at the horizon."""
    for row in range(population.size):
        customer = engine.customers[row]
        finish_customer(arms[customer.arm], customer, engine)


def finish_occupied(arms: Any, engine: Any) -> None:
    """Complete the totals of the customers that still have a row at the horizon."""
    for row in range(engine.run[0].rows_used):
        if engine.customers[row].is_occupied:
            release_row(arms, engine, row)


KERNELS: tuple[Any, ...] = (
    prefetch_customer,
    enqueue,
    dequeue,
    schedule_assignment,
    take_reviewer,
    assign_requests,
    has_room_for_contact,
    find_shortage_for_step,
    find_shortage,
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
"""Functions to compile, callees before callers."""

INLINED: tuple[Any, ...] = (has_room_for_contact, find_shortage_for_step)
"""Functions to inline, because most events call them."""
