"""What a funnel adds to a run: metrics, quantities for the money calculation, trace rows, and its own totals.

Everything is counted up to the horizon. Media counts when it is bought, at the start of a period. Clicks and visits
count with the media of their period, later steps on the day on which they are made.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import fsum
from typing import TYPE_CHECKING, Any

from simulation.acquisition.customers import get_funnel_result
from simulation.acquisition.spec import IMPRESSION, MICROS, PURCHASE, STEPS, AcquiredPopulation
from simulation.trace import events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.acquisition.results import FunnelResult, ProspectStep
    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec

STEP_METRICS = {
    IMPRESSION: "impressions", "click": "clicks", "visit": "visits", "signup": "signups",
    "demo_request": "demo_requests", PURCHASE: "purchases",
}  # fmt: skip
"""The metric that counts each step."""

Cells = dict[tuple[int, int, int, int], int]
"""Counts by line, segment, index of the step on the path, and period."""


def add_funnel_metrics(run: Run, arm_spec: ArmSpec, *, seed: int, replication: int) -> Run:
    """A run with the results of the funnel that brought its customers.

    Args:
        run: The simulated run of the customers.
        arm_spec: The arm.
        seed: The scenario's seed.
        replication: Number of the replication.
    """
    assert isinstance(arm_spec.population, AcquiredPopulation)
    result = get_funnel_result(arm_spec.population, seed=seed, replication=replication)
    totals = FunnelTotals(result, run.days)
    steps = totals.tracked_steps
    if run.trace is not None:
        run.trace.rows[:0] = build_funnel_rows(arm_spec, run.days, seed=seed, replication=replication)
    kinds = {**run.events_by_kind, **({events.FUNNEL: len(steps)} if steps else {})}
    margin = arm_spec.policy.economics.margin_rate
    return replace(
        run,
        metrics={**run.metrics, **totals.metrics(run, margin)},
        quantities={**run.quantities, **totals.quantities(arm_spec.population)},
        events=run.events + len(steps),
        events_by_kind=dict(sorted(kinds.items())),
        acquisition=totals.as_dict(),
    )


def build_funnel_rows(arm_spec: ArmSpec, days: float, *, seed: int, replication: int) -> list[events.Row]:
    """The individually tracked steps up to the horizon, as rows of the trace.

    Args:
        arm_spec: The arm.
        days: The horizon in days.
        seed: The scenario's seed.
        replication: Number of the replication.
    """
    assert isinstance(arm_spec.population, AcquiredPopulation)
    result = get_funnel_result(arm_spec.population, seed=seed, replication=replication)
    return [_build_row(result, arm_spec.name, step) for step in FunnelTotals(result, days).tracked_steps]


def _build_row(result: FunnelResult, arm: str, step: ProspectStep) -> events.Row:
    """A step as an event with its two steps of the path and the channel as its label."""
    line = result.lines[step.line]
    return events.Row(
        time=step.time,
        customer=step.number,
        arm=arm,
        kind=events.FUNNEL,
        stage=line.path[step.step - 1],
        to_stage=line.path[step.step],
        label="/".join(line.key),
        reason=result.segments[step.segment],
        reviewer=None,
        value=None,
        segment=result.segments[step.segment],
    )


class FunnelTotals:
    """Totals of a funnel up to a horizon."""

    def __init__(self, result: FunnelResult, days: float) -> None:
        """Count the funnel's steps.

        Args:
            result: The complete result of the funnel.
            days: The horizon in days.
        """
        self._result, self._days = result, days
        self.tracked_steps = [step for step in result.steps if step.time < days]
        self._cells: Cells = Counter((s.line, s.segment, s.step, s.period) for s in self.tracked_steps)
        for line, segments in enumerate(result.bulk_counts):
            for segment, steps in enumerate(segments):
                for step, periods in enumerate(steps):
                    for period in self._bought_periods(line):
                        if periods[period]:
                            self._cells[line, segment, step, period] = periods[period]

    def _bought_periods(self, line: int) -> Iterator[int]:
        """The periods whose media is bought before the horizon."""
        periods = self._result.lines[line].periods
        return (period for period, (start, _) in enumerate(periods) if start < self._days)

    def spend(self, line: int) -> float:
        """Dollars spent on a line."""
        return sum(self._result.spent[line][period] for period in self._bought_periods(line)) / MICROS

    def impressions(self, line: int) -> int:
        """Impressions bought on a line."""
        return sum(self._result.impressions[line][period] for period in self._bought_periods(line))

    def count_step(self, line: int, step: str) -> int:
        """Number of prospects that made a step; 0 if the path does not have it."""
        path = self._result.lines[line].path
        if step == IMPRESSION:
            return self.impressions(line)
        if step not in path:
            return 0
        index = path.index(step)
        return sum(count for (cell_line, _, at, _), count in self._cells.items() if cell_line == line and at == index)

    def _count_eligible(self, line: int, step: str) -> int:
        """Number of prospects that made the step before it; 0 if the path does not have the step."""
        path = self._result.lines[line].path
        return self.count_step(line, path[path.index(step) - 1]) if step in path else 0

    def metrics(self, run: Run, margin: float) -> dict[str, float | None]:
        """The funnel's metrics.

        Args:
            run: The simulated run of the buyers.
            margin: Share of revenue that is margin.
        """
        lines = range(len(self._result.lines))
        steps = [step for step in STEPS if any(step in line.path for line in self._result.lines)]
        spend = sum(self.spend(line) for line in lines)
        made = {step: sum(self.count_step(line, step) for line in lines) for step in steps}
        eligible = {step: sum(self._count_eligible(line, step) for line in lines) for step in steps[1:]}
        discounts = run.quantities.get("discounts", 0.0)
        earned = margin * (run.quantities["revenue"] + discounts) - discounts
        churned = (run.metrics.get("churn_rate") or 0.0) * run.customers
        return {
            "media_spend": spend,
            **{STEP_METRICS[step]: float(count) for step, count in made.items()},
            **{f"{step}_rate": _ratio(made[step], eligible[step]) for step in steps[1:]},
            "cost_per_acquisition": _ratio(spend, made[PURCHASE]),
            "retained_buyers": float(round(run.customers - churned)),
            "retained_margin": earned,
            "margin_per_media_dollar": _ratio(earned, spend),
            "budget_moved": fsum(move["amount"] for move in self.moves if move["status"] == "executed"),
        }

    def quantities(self, population: AcquiredPopulation) -> dict[str, float]:
        """The quantities that have a price: thousands of impressions by line, and steps with a cost."""
        lines = self._result.lines
        return {
            **{
                f"media_spend.{'/'.join(line.key)}": self.impressions(index) / 1000.0
                for index, line in enumerate(lines)
            },
            **{
                f"funnel_step.{step}": float(sum(self.count_step(index, step) for index in range(len(lines))))
                for step in population.acquisition.step_costs
            },
        }

    @property
    def moves(self) -> list[dict[str, Any]]:
        """Budget transfers proposed before the horizon; those decided after it are pending."""
        proposed = [move for move in self._result.moves if move["proposed_on"] < self._days]
        pending = {"status": "proposed", "decided_on": None, "reason": None}
        return [move if (move["decided_on"] or 0.0) < self._days else {**move, **pending} for move in proposed]

    def as_dict(self) -> dict[str, Any]:
        """The totals as JSON-ready data: spend by line and period, steps by line and segment, and budget transfers.

        The segment of an impression is unknown, so impressions are not counted by segment.
        """
        return {
            "lines": [self._line_as_dict(index) for index in range(len(self._result.lines))],
            "steps": [row for index in range(len(self._result.lines)) for row in self._steps_as_dict(index)],
            "moves": self.moves,
        }

    def _line_as_dict(self, index: int) -> dict[str, Any]:
        line, bought = self._result.lines[index], list(self._bought_periods(index))
        return {
            "campaign": line.key[0],
            "channel": line.key[1],
            "cost_per_1000": line.spec.cost_per_1000.amount,
            "opening_budget": line.spec.budget,
            "left": self._result.balances[index] / MICROS if self._is_over(index) else None,
            "spend": [self._result.spent[index][period] / MICROS for period in bought],
            "impressions": [self._result.impressions[index][period] for period in bought],
        }

    def _is_over(self, index: int) -> bool:
        return self._result.lines[index].periods[-1][0] < self._days

    def _steps_as_dict(self, index: int) -> Iterator[dict[str, Any]]:
        line, bought = self._result.lines[index], list(self._bought_periods(index))
        for segment, name in enumerate(self._result.segments):
            for step, label in enumerate(line.path[1:], start=1):
                yield {
                    "campaign": line.key[0],
                    "channel": line.key[1],
                    "segment": name,
                    "step": label,
                    "by_period": [self._cells.get((index, segment, step, period), 0) for period in bought],
                }


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
