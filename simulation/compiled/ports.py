"""The ports of `simulation.customer.ports` in the compiled engine, which replace the functions of the same names.

A customer's pending signals are a linked list in a pool of records, ordered by delivery time and then by order of
sending. A request enters the review queue at its time, which comes later: see `simulation.compiled.review_queue`.
"""

from typing import Any

from simulation.customer.state import NO_INDEX
from simulation.distributions.dwell_times import NEVER
from simulation.kernels.branchless import select
from simulation.model.event_types import DELIVERY


def emit(
    customer: Any,
    engine: Any,
    kind: int,
    label: int,
    to_stage: int,
    reason: int,
    detail: int,
    value: float,
    dated: float,
) -> None:
    """Count an event, and write its row if a trace is kept."""
    engine.kinds[customer.arm, kind] += 1
    if engine.keep_trace:
        run = engine.run[0]
        row = engine.trace_rows[run.trace_rows]
        run.trace_rows += 1
        row.time = customer.now
        row.value = value
        row.dated = dated
        row.account_value = customer.account_value
        row.customer = customer.number
        row.arm = customer.arm
        row.segment = customer.segment
        row.kind = kind
        row.stage = customer.stage
        row.to_stage = to_stage
        row.label = label
        row.reason = reason
        row.detail = detail


def push_signal(
    customer: Any,
    engine: Any,
    time: float,
    dated: float,
    kind: int,
    strength: float,
    source: int,
    cause: int,
    record: int,
) -> None:
    """Insert a signal into the list of pending signals, for which the pool must have room."""
    run = engine.run[0]
    slot = run.free_signal
    signal = engine.signals[slot]
    run.free_signal = signal.following
    signal.time = time
    signal.dated = dated
    signal.strength = strength
    signal.kind = kind
    signal.source = source
    signal.cause = cause
    signal.episode = customer.episode
    signal.record = record
    before, after = NO_INDEX, customer.first_pending_signal
    # Signals due at the same time are delivered in order of sending, so the search passes all of them.
    while after != NO_INDEX and engine.signals[after].time <= time:
        before, after = after, engine.signals[after].following
    signal.following = after
    if before == NO_INDEX:
        customer.first_pending_signal = slot
        customer.event_times[DELIVERY] = time
    else:
        engine.signals[before].following = slot


def pop_signal(customer: Any, engine: Any) -> Any:
    """Remove the first pending signal. Its slot is free from now on."""
    run = engine.run[0]
    slot = customer.first_pending_signal
    signal = engine.signals[slot]
    first = signal.following
    customer.first_pending_signal = first
    customer.event_times[DELIVERY] = NEVER if first == NO_INDEX else engine.signals[first].time
    signal.following = run.free_signal
    run.free_signal = slot
    return signal


def cancel_pending_signals(customer: Any, engine: Any) -> None:
    """Remove all pending signals of a customer."""
    run = engine.run[0]
    slot = customer.first_pending_signal
    while slot != NO_INDEX:
        signal = engine.signals[slot]
        following = signal.following
        signal.following = run.free_signal
        run.free_signal = slot
        slot = following
    customer.first_pending_signal = NO_INDEX


def submit_request(_customer: Any, _engine: Any) -> None:
    """Nothing: a customer whose request waits is added to the review queue at the time of the request."""


def add_contact(customer: Any, engine: Any) -> None:
    """Write the time of a contact into the ring of the customer, which has a slot for it."""
    slots = engine.contact_times.shape[1]
    engine.contact_times[customer.row, customer.contacts % slots] = customer.now
    customer.contacts += 1


def count_contacts_since(customer: Any, engine: Any, time: float) -> int:
    """Number of contacts in the ring since a time."""
    recent = 0
    for slot in range(min(customer.contacts, engine.contact_times.shape[1])):
        if engine.contact_times[customer.row, slot] >= time:
            recent += 1
    return recent


def guard_allows(_arm: Any, customer: Any, engine: Any, slot: int) -> bool:
    """Look a guard up in the tables of `simulation.compiled.guards`."""
    guards = engine.guards
    guard = guards.number[customer.stage, slot]
    if customer.now - customer.entered_at < guards.min_days[guard]:
        return False
    return bool(guards.allowed[guard, customer.previous_stage + 1, customer.segment, customer.tier])


def earlier_slot(due: float, slot: int, first: float, first_slot: int) -> int:
    """Choose between two slots without a branch."""
    return int(select(due < first, slot, first_slot))


KERNELS: tuple[Any, ...] = (
    earlier_slot,
    emit,
    push_signal,
    pop_signal,
    cancel_pending_signals,
    submit_request,
    add_contact,
    count_contacts_since,
    guard_allows,
)
"""Functions to compile."""

INLINED: tuple[Any, ...] = (emit, earlier_slot, count_contacts_since)
"""Functions to inline, because most events call them."""
