"""What is known of a campaign by a given day: media bought, first steps, and sales. Nothing later is used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from journey.marketing.budget.channel_returns import Counts
from simulation.acquisition.spec import MICROS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.acquisition.parameters import BudgetLine


@dataclass(frozen=True, slots=True)
class Sale:
    """One purchase.

    Attributes:
        time: Day of the purchase.
        line: Index of the budget line that brought the buyer.
        period: The period of the impression.
        predicted: Predicted retained value, in whole cents, so that sums do not depend on the order.
    """

    time: float
    line: int
    period: int
    predicted: int


@dataclass
class Observations:
    """Spending, first steps and sales of the budget lines.

    Attributes:
        spent: By line, then by period: millionths of a dollar.
        first_steps: By line, then by period: number of impressions that made the first step.
        sales: Purchases, in any order.
    """

    spent: list[list[int]]
    first_steps: list[list[int]]
    sales: list[Sale] = field(default_factory=list)

    @classmethod
    def empty(cls, lines: Sequence[BudgetLine]) -> Observations:
        """Observations with no spending, steps or sales."""
        spent, first_steps = ([[0] * len(line.periods) for line in lines] for _ in range(2))
        return cls(spent, first_steps)

    def counts(self, line: int, periods: range, now: float, *, by_value: bool) -> Counts:
        """The results of a line, known by a given day, of the media bought in some periods.

        Args:
            line: Index of the line.
            periods: The periods; all of them must have ended by `now`.
            now: The day; sales on this day or later are not known yet.
            by_value: Whether a sale counts as its predicted value in dollars. Otherwise it counts as 1.
        """
        sales = [sale for sale in self.sales if sale.line == line and sale.period in periods and sale.time < now]
        revenue = sum(sale.predicted for sale in sales) / 100.0 if by_value else float(len(sales))
        return Counts(
            clicks=float(sum(self.first_steps[line][period] for period in periods)),
            conversions=float(len(sales)),
            spend=sum(self.spent[line][period] for period in periods) / MICROS,
            revenue=revenue,
            valued=float(len(sales)),
        )
