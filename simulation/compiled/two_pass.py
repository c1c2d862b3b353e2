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

from simulation.compiled.calendar_queue import is_event_due, push
from simulation.compiled.population import initialise_row
from simulation.compiled.ports import cancel_pending_signals
from simulation.compiled.review_queue import (
    CUSTOMER,
    REQUEST,
    find_shortage,
    on_customer_turn,
    prefetch_customer,
    process_next_event,
    simulate_to_request,
)
from simulation.compiled.state import CUSTOMER_ROWS_FULL, DONE, FIRST_REQUESTS_FULL
from simulation.customer.events import finish_customer, start_customer
from simulation.customer.state import IN_QUEUE, NO_INDEX
from simulation.distributions.dwell_times import NEVER


def find_first_requests(arms: Any, population: Any, engine: Any) -> int:
    """Simulate every customer up to the first request.

    Returns DONE, or the code of the array that must grow before the next call.

    Args:
        arms: Parameters of the arms.
        population: The population's arrays.
        engine: The engine state; its first row is the shared one.
    """
    run, customer = engine.run[0], engine.customers[0]
    while run.customers_done < population.size:
        number = run.customers_done
        if run.first_requests == len(engine.first_customers):
            return FIRST_REQUESTS_FULL
        if not customer.is_started:
            initialise_row(arms, population, engine, 0, number)
        shortage = find_first_request(arms, engine, number)
        if shortage != DONE:
            return shortage
        customer.is_started = False
        run.customers_done = number + 1
    return DONE


def find_first_request(arms: Any, engine: Any, number: int) -> int:
    """Simulate the customer in the shared row up to the first request, and record it.

    Returns DONE, or the code of the array that must grow.
    """
    customer = engine.customers[0]
    arm = arms[customer.arm]
    if customer.arrives_at >= engine.horizon:
        return DONE
    if not customer.is_started:
        start_customer(arm, customer, engine)
    shortage = simulate_to_request(arms, engine, 0)
    if shortage != DONE:
        return shortage
    if customer.waiting == IN_QUEUE:
        record_first_request(engine, number)
    else:
        finish_customer(arm, customer, engine)
        cancel_pending_signals(customer, engine)
    return DONE


def record_first_request(engine: Any, number: int) -> None:
    """Record the first request of the customer in the shared row, who then keeps a row or is replayed later."""
    run, customer = engine.run[0], engine.customers[0]
    index, requested_at = run.first_requests, customer.requested_at
    engine.first_times[index] = requested_at
    engine.first_customers[index] = number
    run.first_requests = index + 1
    if requested_at < run.retained_from or run.rows_to_retain == 0:
        cancel_pending_signals(customer, engine)
        return
    run.rows_to_retain -= 1
    row = take_row(engine)
    copy_row(engine, 0, row)
    engine.customers[row].is_occupied = True
    engine.first_customers[index] = -1 - row


def take_row(engine: Any) -> int:
    """Take a free row; there must be one."""
    run = engine.run[0]
    run.free_row_count -= 1
    row = int(engine.free_rows[run.free_row_count])
    run.rows_used = max(run.rows_used, row + 1)
    return row


def copy_row(engine: Any, source: int, row: int) -> None:
    """Copy the customer of one row to another."""
    for word in range(len(engine.blank)):
        engine.memory[row, word] = engine.memory[source, word]
    engine.customers[row].row = row


def admit(arms: Any, population: Any, engine: Any, number: int) -> int:
    """Give a customer a row and start the simulation again in it. Returns the row."""
    row = take_row(engine)
    initialise_row(arms, population, engine, row, number)
    customer = engine.customers[row]
    customer.is_occupied = True
    start_customer(arms[customer.arm], customer, engine)
    return row


def serve_requests(arms: Any, population: Any, engine: Any, replay_engine: Any) -> int:
    """Process the review queue from the first request to the horizon.

    Returns DONE, or the code of the array that must grow before the next call. First requests are in
    ``engine.first_times`` and ``engine.first_customers``, in order of time.

    Args:
        arms: Parameters of the arms.
        population: The population's arrays.
        engine: The engine state.
        replay_engine: The same state with totals that are discarded, for what the first pass has counted.
    """
    run = engine.run[0]
    while True:
        index = run.first_requests_served
        first = engine.first_times[index] if index < run.first_requests else NEVER
        if is_event_due(engine, min(first, engine.horizon)):
            shortage = find_shortage(arms, engine)
            if shortage != DONE:
                return shortage
            process_next_event(arms, engine)
        elif first >= engine.horizon:
            return DONE
        else:
            shortage = serve_first_request(arms, population, engine, replay_engine, engine.first_customers[index])
            if shortage != DONE:
                return shortage
            run.first_requests_served = index + 1
            if index + 1 < run.first_requests and engine.first_customers[index + 1] < 0:
                prefetch_customer(engine, -1 - engine.first_customers[index + 1])


def serve_first_request(arms: Any, population: Any, engine: Any, replay_engine: Any, number_or_row: int) -> int:
    """Process a customer's first request. Returns DONE, or the code of the array that must grow."""
    shortage = find_shortage(arms, engine)
    if shortage != DONE:
        return shortage
    run, row = engine.run[0], -1 - number_or_row
    if number_or_row >= 0:
        shortage = replay(arms, population, replay_engine, number_or_row)
        if shortage != DONE:
            return shortage
        row = run.admitted
        run.admitted = NO_INDEX
    customer = engine.customers[row]
    if run.heap_size > 0 and engine.heap[0].first <= customer.requested_at:
        # Another event is due earlier or at the same time.
        push(engine, customer.requested_at, CUSTOMER, row, customer.version, REQUEST)
    else:
        on_customer_turn(arms, engine, row, customer.requested_at, REQUEST)
    return DONE


def replay(arms: Any, population: Any, replay_engine: Any, number: int) -> int:
    """Simulate a customer again up to the first request, in the row last admitted.

    Returns DONE, or the code of the array that must grow.
    """
    run = replay_engine.run[0]
    if run.admitted == NO_INDEX:
        if run.free_row_count == 0:
            return CUSTOMER_ROWS_FULL
        run.admitted = admit(arms, population, replay_engine, number)
    return simulate_to_request(arms, replay_engine, run.admitted)


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
"""Functions to compile, callees before callers."""
