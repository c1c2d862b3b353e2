"""The result of a funnel: impressions, steps, costs and budget transfers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from simulation.acquisition.parameters import BudgetLine


class ProspectStep(NamedTuple):
    """One step of one individually tracked prospect.

    Attributes:
        time: Day of the step.
        number: The prospect; see `simulation.acquisition.prospects.prospect_number`.
        line: Index of the budget line.
        period: The period of the impression.
        segment: Index of the segment.
        step: Index of the step on the campaign's path.
    """

    time: float
    number: int
    line: int
    period: int
    segment: int
    step: int


StepCounts = list[list[list[list[int]]]]
"""By line, segment and index of the step on the path (bulk steps only), then by period."""


@dataclass(frozen=True)
class FunnelResult:
    """The result of a funnel, with every prospect simulated to the last step.

    Attributes:
        lines: The lines of the budget.
        segments: Names of the segments.
        impressions: By line, then by period: number of impressions bought.
        spent: By line, then by period: millionths of a dollar.
        balances: By line: remaining budget, in millionths of a dollar.
        bulk_counts: Counts of the bulk steps.
        steps: Steps of the tracked prospects, ordered by time, then number.
        moves: All proposed budget transfers, with their outcomes.
        log: Their audit trail, as in `journey.marketing.budget.log`.
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
