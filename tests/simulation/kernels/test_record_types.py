"""Records of compiled code have the fields and the values of a dataclass."""

from dataclasses import fields

import numpy as np

from simulation.customer.state import Customer
from simulation.kernels.record_types import build_record_type, write_record


def test_a_blank_record_has_every_default_of_a_customer():
    records = np.zeros(2, dtype=build_record_type(Customer()))
    write_record(records[1], Customer())
    blank = Customer()
    for each in fields(blank):
        value, stored = getattr(blank, each.name), records[1][each.name]
        if hasattr(value, "__dataclass_fields__"):
            assert all(stored[part.name] == getattr(value, part.name) for part in fields(value))
        else:
            assert stored.tolist() == value
    assert not np.array_equal(records[:1].view(np.uint8), records[1:].view(np.uint8))


def test_a_record_has_no_gap_but_the_one_that_rounds_its_size():
    kind = build_record_type(Customer())
    sizes = sum(kind[name].itemsize for name in kind.names)
    assert sizes <= kind.itemsize < sizes + 8


def test_numbers_that_need_64_bits_have_them():
    records = np.zeros(2, dtype=build_record_type(Customer()))
    largest = Customer(key=2**64 - 1, number=2**63 - 1, stage=2**31 - 1)
    write_record(records[0], largest)
    assert [records[0][name].item() for name in ("key", "number", "stage")] == [2**64 - 1, 2**63 - 1, 2**31 - 1]
