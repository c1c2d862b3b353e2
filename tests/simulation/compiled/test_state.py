"""The arrays of a compiled run keep their types and their contents, whatever the size of the run."""

import numpy as np
import pytest

from simulation.compiled.guards import build_guard_tables
from simulation.compiled.state import (
    CONTACTS_FULL,
    CUSTOMER_ROWS_FULL,
    FIRST_REQUESTS_FULL,
    HEAP_FULL,
    POOL_EMPTY,
    QUEUE_FULL,
    TRACE_ROWS_FULL,
    StateSize,
    allocate_state,
    grow,
)
from simulation.customer.state import NO_INDEX
from simulation.kernels.named_arrays import packed_type
from simulation.model.arm import compile_arm
from tests.simulation.worlds import arm

SEGMENTS = ("SMB", "Mid-Market", "Enterprise")
SHORTAGES = (
    TRACE_ROWS_FULL, POOL_EMPTY, HEAP_FULL, QUEUE_FULL, FIRST_REQUESTS_FULL, CUSTOMER_ROWS_FULL, CONTACTS_FULL,
)  # fmt: skip


def allocate(customers):
    compiled = compile_arm(arm(policy={"contact": {"max_contacts": 40}}), SEGMENTS)
    size = StateSize(len(SEGMENTS), customers, customers, customers)
    return allocate_state([compiled], build_guard_tables(compiled, SEGMENTS), size, 90.0, keep_trace=True)


@pytest.mark.medium
@pytest.mark.parametrize("customers", [0, 1, 2, 300])
def test_runs_of_any_size_use_the_same_compiled_code(customers):
    engine = allocate(customers)
    assert packed_type(engine) is packed_type(allocate(50))
    for shortage in SHORTAGES:
        assert packed_type(grow(engine, shortage)) is packed_type(engine), shortage


def free_slots(records, first):
    slots = []
    while first != NO_INDEX:
        slots.append(int(first))
        first = records["following"][first]
    return slots


@pytest.mark.parametrize(
    ("shortage", "linked", "head"), [(POOL_EMPTY, "signals", "free_signal"), (HEAP_FULL, "later", "free_later_event")]
)
def test_a_longer_list_has_every_free_slot_once_and_keeps_the_used_ones(shortage, linked, head):
    engine = allocate(100)
    records = getattr(engine, linked)
    records["time"] = np.arange(len(records))
    # All slots but the last two are in use.
    engine.run[head] = len(records) - 2
    grown = grow(engine, shortage)
    longer = getattr(grown, linked)
    assert sorted(free_slots(longer, grown.run[head][0])) == list(range(len(records) - 2, 2 * len(records)))
    assert longer["time"][: len(records)].tolist() == records["time"].tolist()


@pytest.mark.parametrize("contacts", [0, 3, 8, 21])
def test_a_longer_ring_keeps_the_last_contacts(contacts):
    engine = allocate(5)
    slots = engine.contact_times.shape[1]
    for contact in range(contacts):
        engine.contact_times[3, contact % slots] = contact
    engine.customers["contacts"][3] = contacts
    engine.visits[3] = np.arange(engine.visits.shape[1])
    engine.clocks["due"][3] = 7.0
    grown = grow(engine, CONTACTS_FULL)
    assert grown.contact_times.shape[1] == 2 * slots
    kept = range(max(0, contacts - slots), contacts)
    assert [grown.contact_times[3, contact % (2 * slots)] for contact in kept] == list(kept)
    assert (grown.customers == engine.customers).all()
    assert (grown.visits == engine.visits).all()
    assert (grown.clocks == engine.clocks).all()
    assert len(grown.blank) == grown.memory.shape[1]


def test_more_rows_keep_the_customers_and_are_free():
    engine = allocate(5)
    engine.customers["number"] = np.arange(5)
    grown = grow(engine, CUSTOMER_ROWS_FULL)
    assert grown.customers["number"][:5].tolist() == [0, 1, 2, 3, 4]
    assert sorted(grown.free_rows[: grown.run["free_row_count"][0]].tolist()) == [5, 6, 7, 8, 9]
