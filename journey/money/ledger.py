"""The ROI ledger: quantity x unit price, line by line, every dollar once.

A ledger is a list of lines and adds up: each line's amount is rounded to cents first, and totals are sums of what is
shown. A quantity that is not known leaves its line without an amount and out of the totals; it is never taken for 0.
Memos stand beside the ledger and are never added to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from journey.decision.policy import Provenance

LineKind = Literal["value", "cost"]


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line of a ledger.

    Attributes:
        name: What it is, unique in its ledger.
        kind: Whether it is a value or a cost.
        quantity: How much of it; None when that is not known.
        unit: What the quantity counts, for instance ``hours``.
        unit_price: Dollars per unit.
        provenance: Where the unit price comes from.
        note: Where the quantity comes from, or why it is not known.
    """

    name: str
    kind: LineKind
    quantity: float | None
    unit: str
    unit_price: float
    provenance: Provenance
    note: str = ""

    @property
    def cents(self) -> int | None:
        """The amount in whole cents, or None when it is not known."""
        return None if self.quantity is None else round(self.quantity * self.unit_price * 100.0)

    @property
    def amount(self) -> float | None:
        """The amount in dollars, rounded to cents, or None when it is not known."""
        return None if self.cents is None else self.cents / 100.0

    def as_dict(self) -> dict[str, Any]:
        """The line as a JSON-ready mapping."""
        return {
            "name": self.name,
            "kind": self.kind,
            "quantity": self.quantity,
            "unit": self.unit,
            "unit_price": self.unit_price,
            "amount": self.amount,
            "provenance": self.provenance,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Memo:
    """A sum worth knowing beside the ledger, for instance another estimate of the same value; never added to it."""

    name: str
    amount: float | None
    note: str

    def as_dict(self) -> dict[str, Any]:
        """The memo as a JSON-ready mapping."""
        return {"name": self.name, "amount": self.amount, "note": self.note}


@dataclass(frozen=True)
class Ledger:
    """Lines of value and cost, and what they come to.

    Attributes:
        lines: The lines, in order.
        memos: What stands beside them.
        label: How the totals are to be read, for instance ``directional``.

    Raises:
        ValueError: Two lines have the same name.
    """

    lines: tuple[LedgerLine, ...]
    memos: tuple[Memo, ...] = ()
    label: str = ""

    def __post_init__(self) -> None:
        names = [line.name for line in self.lines]
        duplicates = sorted({name for name in names if names.count(name) > 1})
        if duplicates:
            raise ValueError(f"a ledger has every line once; twice there: {', '.join(duplicates)}")

    @property
    def value(self) -> float:
        """Sum of the known value lines, in dollars."""
        return _total_dollars(self.lines, "value")

    @property
    def cost(self) -> float:
        """Sum of the known cost lines, in dollars."""
        return _total_dollars(self.lines, "cost")

    @property
    def net(self) -> float:
        """Value less cost, in dollars."""
        return (_total_cents(self.lines, "value") - _total_cents(self.lines, "cost")) / 100.0

    @property
    def roi(self) -> float | None:
        """Net per dollar of cost; None where nothing was spent."""
        cost = _total_cents(self.lines, "cost")
        return None if cost == 0 else (_total_cents(self.lines, "value") - cost) / cost

    @property
    def not_counted(self) -> tuple[str, ...]:
        """Names of the lines whose quantity is not known."""
        return tuple(line.name for line in self.lines if line.cents is None)

    def as_dict(self) -> dict[str, Any]:
        """The ledger as a JSON-ready mapping."""
        return {
            "value": self.value,
            "cost": self.cost,
            "net": self.net,
            "roi": self.roi,
            "label": self.label,
            "lines": [line.as_dict() for line in self.lines],
            "not_counted": list(self.not_counted),
            "memos": [memo.as_dict() for memo in self.memos],
        }


def _total_cents(lines: Iterable[LedgerLine], kind: LineKind) -> int:
    return sum(line.cents for line in lines if line.kind == kind and line.cents is not None)


def _total_dollars(lines: Iterable[LedgerLine], kind: LineKind) -> float:
    return _total_cents(lines, kind) / 100.0
