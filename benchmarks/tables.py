"""The results of a benchmark: figures, with their aims if any, and additional tables."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["at least", "at most"]


@dataclass(frozen=True)
class Aim:
    """The aim of a figure.

    Attributes:
        kind: Whether the figure should be at least or at most the bound.
        bound: The bound, in the figure's unit.
    """

    kind: Kind
    bound: float

    def met(self, value: float) -> bool:
        """Whether a figure meets the aim."""
        return value >= self.bound if self.kind == "at least" else value <= self.bound

    def __str__(self) -> str:
        return f"{self.kind} {shown(self.bound)}"


def at_least(bound: float) -> Aim:
    """An aim with a lower bound."""
    return Aim("at least", bound)


def at_most(bound: float) -> Aim:
    """An aim with an upper bound."""
    return Aim("at most", bound)


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        name: What was measured.
        value: The number.
        unit: Its unit.
        aim: What it should come to, if anything was aimed at.
        note: Sizes, and how it was measured.
    """

    name: str
    value: float
    unit: str
    aim: Aim | None = None
    note: str = ""


@dataclass(frozen=True)
class Beside:
    """An additional table; cells are text.

    Attributes:
        title: What it is about.
        columns: Headings.
        rows: Cells.
        right: Headings of the columns that are set to the right.
        notes: Sentences below it.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[str] = field(default=())
    notes: Sequence[str] = field(default=())


Reported = Figure | Beside


def shown(value: float) -> str:
    """A number with three significant digits; a large number is rounded to an integer."""
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


_SAID = re.compile(r"\s*(at least|at most|>=|<=|>|<|under|within|over|)\s*(\d[\d,._]*(?:e\+?\d+)?)")
_KINDS: dict[str, Kind] = {
    "at least": "at least", ">=": "at least", ">": "at least", "over": "at least",
    "at most": "at most", "<=": "at most", "<": "at most", "under": "at most", "within": "at most",
}  # fmt: skip


def reported(row: "Reported | dict[str, Any]") -> Reported:
    """A row of a benchmark: a `Figure`, a `Beside`, or a mapping with name, value, unit, aim and note.

    The aim of a mapping is an `Aim` or words that begin like "at most 3"; a bare number is the most that a duration or
    a size may come to, and the least that anything by the second may.

    Raises:
        ValueError: The aim says neither.
    """
    if isinstance(row, Figure | Beside):
        return row
    unit = str(row["unit"])
    return Figure(str(row["name"]), float(row["value"]), unit, _aim(row.get("aim"), unit), str(row.get("note", "")))


def _aim(given: Any, unit: str) -> Aim | None:
    if given is None or given == "" or isinstance(given, Aim):
        return given or None
    said = _SAID.match(str(given))
    if said is None:
        raise ValueError(f"an aim must be 'at least' or 'at most' and a number, got {given!r}")
    kind, bound = said.groups()
    bare: Kind = "at least" if unit.endswith("/s") else "at most"
    return Aim(_KINDS.get(kind, bare), float(bound.replace(",", "").replace("_", "")))
