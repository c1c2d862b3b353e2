"""What a campaign has seen by a day: media bought, first steps, and who has bought so far. Never anything later."""

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
        line: Index of the line of the budget that brought the buyer.
        period: The period in which the buyer saw the impression.
        predicted: Predicted retained value, in cents: sums of whole numbers do not depend on their order.
    """

    time: float
    line: int
    period: int
    predicted: int


@dataclass
class Observations:
    """The books of the marketing side.

    Attributes:
        spent: By line, then by period: millionths of a dollar.
        first_steps: By line, then by period: impressions that made the first step.
        sales: Purchases, in any order.
    """

    spent: list[list[int]]
    first_steps: list[list[int]]
    sales: list[Sale] = field(default_factory=list)

    @classmethod
    def empty(cls, lines: Sequence[BudgetLine]) -> Observations:
        """Empty books."""
        spent, first_steps = ([[0] * len(line.periods) for line in lines] for _ in range(2))
        return cls(spent, first_steps)

    def counts(self, line: int, periods: range, now: float, *, by_value: bool) -> Counts:
        """What a line has brought by a day, of the media bought in some periods.

        Args:
            line: The line.
            periods: Of which periods; all of them over by `now`.
            now: The day; a sale on it or after it is not known yet.
            by_value: Whether a sale counts by its predicted value in dollars, or as one.
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
