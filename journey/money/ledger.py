"""The ROI ledger: quantity x unit price, line by line, with each dollar counted once.

Each line's amount is rounded to cents before totals are computed, so totals are the sums of the printed amounts. A line
with an unknown quantity or price has no amount and is excluded from the totals; it is never counted as 0. If a required
line of value (or of cost), or all of them, are unknown, the total is unknown, and so are the net and the ROI. Memos are
reported next to the ledger and never added to it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from journey.decision.economics import Provenance

LineKind = Literal["value", "cost"]


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line of a ledger.

    Attributes:
        name: Name of the line, unique in its ledger.
        kind: Value or cost.
        quantity: The quantity; None if unknown.
        unit: Unit of the quantity, for instance ``hours``.
        unit_price: Dollars per unit; None if unknown.
        provenance: Provenance of the unit price.
        note: Origin of the quantity, or why the amount is unknown.
        is_required: Whether the total is unknown without this line, because the line is most of it.
    """

    name: str
    kind: LineKind
    quantity: float | None
    unit: str
    unit_price: float | None
    provenance: Provenance
    note: str = ""
    is_required: bool = False

    @property
    def cents(self) -> int | None:
        """The amount in whole cents, or None if unknown."""
        if self.quantity is None or self.unit_price is None:
            return None
        return round(self.quantity * self.unit_price * 100.0)

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
    """An additional amount, for instance another estimate of a value in the ledger; never added to the ledger.

    Attributes:
        name: Name of the memo.
        amount: Dollars; None if unknown.
        note: Meaning of the amount.
        roi: Net divided by cost with this estimate in the ledger, if the memo is such an estimate.
    """

    name: str
    amount: float | None
    note: str
    roi: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The memo as a JSON-ready mapping; with ``roi`` only if the memo has one."""
        values = {"name": self.name, "amount": self.amount, "note": self.note}
        return values if self.roi is None else values | {"roi": self.roi}


@dataclass(frozen=True)
class Ledger:
    """Lines of value and cost, with totals.

    Attributes:
        lines: The lines, in order.
        memos: Additional amounts that are not part of the totals.
        label: Interpretation of the totals, for instance ``directional``.
        periods: The period that ``value`` and ``cost`` are for, in words, where it is stated.

    Raises:
        ValueError: Two lines have the same name.
    """

    lines: tuple[LedgerLine, ...]
    memos: tuple[Memo, ...] = ()
    label: str = ""
    periods: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [line.name for line in self.lines]
        duplicates = sorted({name for name in names if names.count(name) > 1})
        if duplicates:
            raise ValueError(f"line names of a ledger must be unique; duplicates: {', '.join(duplicates)}")

    @property
    def value(self) -> float | None:
        """Sum of the known value lines, in dollars; None if a required one or all of them are unknown."""
        return _to_dollars(_total_cents(self.lines, "value"))

    @property
    def cost(self) -> float | None:
        """Sum of the known cost lines, in dollars; None if a required one or all of them are unknown."""
        return _to_dollars(_total_cents(self.lines, "cost"))

    @property
    def net(self) -> float | None:
        """Value minus cost, in dollars; None if one of the two is unknown."""
        value, cost = _total_cents(self.lines, "value"), _total_cents(self.lines, "cost")
        return None if value is None or cost is None else _to_dollars(value - cost)

    @property
    def roi(self) -> float | None:
        """Net divided by cost; None if the net is unknown or the cost is 0."""
        value, cost = _total_cents(self.lines, "value"), _total_cents(self.lines, "cost")
        return None if value is None or not cost else (value - cost) / cost

    @property
    def not_counted(self) -> tuple[str, ...]:
        """Names of the lines with an unknown amount."""
        return tuple(line.name for line in self.lines if line.cents is None)

    def as_dict(self) -> dict[str, Any]:
        """The ledger as a JSON-ready mapping; with ``periods`` only if they are stated."""
        values = {
            "value": self.value,
            "cost": self.cost,
            "net": self.net,
            "roi": self.roi,
            "label": self.label,
            "lines": [line.as_dict() for line in self.lines],
            "not_counted": list(self.not_counted),
            "memos": [memo.as_dict() for memo in self.memos],
        }
        return values | {"periods": dict(self.periods)} if self.periods else values


def _total_cents(lines: Iterable[LedgerLine], kind: LineKind) -> int | None:
    """Sum of the known amounts of a kind, 0 without lines; None if a required line or all lines are unknown."""
    of_kind = [line for line in lines if line.kind == kind]
    known = [line.cents for line in of_kind if line.cents is not None]
    if (of_kind and not known) or any(line.is_required and line.cents is None for line in of_kind):
        return None
    return sum(known)


def _to_dollars(cents: int | None) -> float | None:
    return None if cents is None else cents / 100.0
