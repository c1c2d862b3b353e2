"""The ROI ledger: quantity x unit price, line by line, with each dollar counted once.

Each line's amount is rounded to cents before totals are computed, so totals are the sums of the printed amounts. A line
with an unknown quantity has no amount and is excluded from the totals; it is never counted as 0. Memos are reported
next to the ledger and never added to it.
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
        name: Name of the line, unique in its ledger.
        kind: Value or cost.
        quantity: The quantity; None if unknown.
        unit: Unit of the quantity, for instance ``hours``.
        unit_price: Dollars per unit.
        provenance: Provenance of the unit price.
        note: Origin of the quantity, or why it is unknown.
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
        """The amount in whole cents, or None if unknown."""
        return None if self.quantity is None else round(self.quantity * self.unit_price * 100.0)

    @property
    def amount(self) -> float | None:
        """The amount in dollars, rounded to cents, or None if unknown."""
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
    """An additional amount, for instance another estimate of a value in the ledger; never added to the ledger."""

    name: str
    amount: float | None
    note: str

    def as_dict(self) -> dict[str, Any]:
        """The memo as a JSON-ready mapping."""
        return {"name": self.name, "amount": self.amount, "note": self.note}


@dataclass(frozen=True)
class Ledger:
    """Lines of value and cost, with totals.

    Attributes:
        lines: The lines, in order.
        memos: Additional amounts that are not part of the totals.
        label: Interpretation of the totals, for instance ``directional``.

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
            raise ValueError(f"line names of a ledger must be unique; duplicates: {', '.join(duplicates)}")

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
        """Value minus cost, in dollars."""
        return (_total_cents(self.lines, "value") - _total_cents(self.lines, "cost")) / 100.0

    @property
    def roi(self) -> float | None:
        """Net per dollar of cost; None if the cost is 0."""
        cost = _total_cents(self.lines, "cost")
        return None if cost == 0 else (_total_cents(self.lines, "value") - cost) / cost

    @property
    def not_counted(self) -> tuple[str, ...]:
        """Names of the lines with unknown quantity."""
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
