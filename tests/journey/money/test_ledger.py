"""The ledger adds up, counts every dollar once and never takes the unknown for zero."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.money.ledger import Ledger, LedgerLine, Memo

amounts = st.none() | st.floats(-1e6, 1e6)
KINDS = st.sampled_from(["value", "cost"])


def line(name, kind, quantity, price=1.0):
    return LedgerLine(name, kind, quantity, "units", price, "assumed")


@given(st.lists(st.tuples(KINDS, amounts, st.floats(0.0, 1e4)), max_size=20))
def test_totals_are_the_sums_of_what_is_shown(rows):
    ledger = Ledger(tuple(line(str(n), *row) for n, row in enumerate(rows)))
    shown = ledger.as_dict()

    def cents(kind):
        amounts = [row["amount"] for row in shown["lines"] if row["kind"] == kind]
        known = [round(amount * 100) for amount in amounts if amount is not None]
        return sum(known) if known or not amounts else None

    totals = {name: None if shown[name] is None else round(shown[name] * 100) for name in ("value", "cost", "net")}
    unknown = None in (cents("value"), cents("cost"))
    assert totals["value"] == cents("value")
    assert totals["cost"] == cents("cost")
    assert totals["net"] == (None if unknown else cents("value") - cents("cost"))
    assert (shown["roi"] is None) == (unknown or cents("cost") == 0)
    assert set(ledger.not_counted) == {row["name"] for row in shown["lines"] if row["quantity"] is None}


def test_what_is_not_known_has_no_amount_and_is_not_counted():
    ledger = Ledger((line("known", "value", 3.0, 40.0), line("unknown", "value", None, 45.0)))
    assert ledger.value == 120.0
    assert ledger.lines[1].amount is None
    assert ledger.not_counted == ("unknown",)


def test_a_value_of_which_no_part_is_known_is_unknown_and_so_are_net_and_roi():
    ledger = Ledger((line("a", "value", None), line("b", "value", None, 45.0), line("c", "cost", 1720.74)))
    assert (ledger.value, ledger.cost, ledger.net, ledger.roi) == (None, 1720.74, None, None)
    without_cost = Ledger((line("a", "value", 5.0), line("c", "cost", None)))
    assert (without_cost.value, without_cost.cost, without_cost.net, without_cost.roi) == (5.0, None, None, None)


def test_a_total_without_a_required_part_is_unknown():
    required = LedgerLine("most of it", "value", None, "units", 1.0, "assumed", is_required=True)
    ledger = Ledger((required, line("rest", "value", 5.0), line("c", "cost", 2.0)))
    assert (ledger.value, ledger.cost, ledger.net, ledger.roi) == (None, 2.0, None, None)


def test_a_known_number_of_unpriced_actions_has_no_amount():
    ledger = Ledger((line("flowers", "cost", 3.0, None), line("calls", "cost", 2.0)))
    assert ledger.lines[0].amount is None
    assert ledger.cost == 2.0
    assert ledger.not_counted == ("flowers",)


def test_a_return_on_nothing_is_not_defined():
    assert Ledger((line("a", "value", 5.0),)).roi is None
    assert Ledger((line("a", "value", 5.0), line("b", "cost", 2.0))).roi == pytest.approx(1.5)


def test_memos_are_beside_the_ledger():
    ledger = Ledger((line("a", "value", 5.0),), (Memo("another estimate of it", 100.0, "not added"),))
    assert ledger.value == ledger.net == 5.0


def test_a_line_stands_there_once():
    with pytest.raises(ValueError, match="duplicates: a"):
        Ledger((line("a", "value", 1.0), line("a", "cost", 1.0)))
