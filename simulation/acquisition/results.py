"""What came of a funnel: who was touched, what they did and when, what it cost, and how budget was moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from simulation.acquisition.parameters import BudgetLine


class ProspectStep(NamedTuple):
    """One step of one prospect who is followed.

    Attributes:
        time: Day on which it is made.
        number: The prospect; see `simulation.acquisition.prospects.prospect_number`.
        line: Index of the line of the budget.
        period: The period of the impression.
        segment: Index of the segment.
        step: Place of the step on the campaign's path.
    """

    time: float
    number: int
    line: int
    period: int
    segment: int
    step: int


StepCounts = list[list[list[list[int]]]]
"""By line, segment and place of the step on the path (those counted together only), then by period."""


@dataclass(frozen=True)
class FunnelResult:
    """A funnel lived to the end, every prospect to the last step.

    Attributes:
        lines: The lines of the budget.
        segments: Names of the segments.
        impressions: By line, then by period: bought.
        spent: By line, then by period: millionths of a dollar.
        balances: By line: what is left of the budget, in the same.
        bulk_counts: Steps that are counted together.
        steps: Steps of those who are followed, by time, then number.
        moves: Every move of budget that was proposed, and what became of it.
        log: Its audit trail, as `journey.marketing.budget.log` keeps it.
    """

    lines: tuple[BudgetLine, ...]
    segments: tuple[str, ...]
    impressions: tuple[tuple[int, ...], ...]
    spent: tuple[tuple[int, ...], ...]
    balances: tuple[int, ...]
    bulk_counts: StepCounts
    steps: tuple[ProspectStep, ...]
    moves: tuple[dict[str, Any], ...]
    log: tuple[Any, ...]

    @property
    def purchases(self) -> list[ProspectStep]:
        """The last steps, by which prospects become customers."""
        last = [line.parameters.steps - 1 for line in self.lines]
        return [step for step in self.steps if step.step == last[step.line]]
