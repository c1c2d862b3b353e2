"""What a funnel adds to a run: metrics, quantities that money is made of, rows of the trace, and its own totals.

Everything is counted up to the horizon. Media counts when it is bought, which is at the beginning of a period; clicks
and visits with the media of their period, later steps by the day on which they are made.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import fsum
from typing import TYPE_CHECKING, Any

from simulation.acquisition.customers import lived
from simulation.acquisition.spec import IMPRESSION, MICROS, PURCHASE, STEPS, AcquiredPopulation
from simulation.trace import events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.acquisition.results import Lived, Step
    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSetup

PLURALS = {
    IMPRESSION: "impressions", "click": "clicks", "visit": "visits", "signup": "signups",
    "demo_request": "demo_requests", PURCHASE: "purchases",
}  # fmt: skip
"""The metric that counts each step."""

Cells = dict[tuple[int, int, int, int], int]
"""By line, segment, place of the step on the path, and period: how many."""


def with_funnel(run: Run, setup: ArmSetup, *, seed: int, replication: int) -> Run:
    """A run of buyers, with the funnel they came through.

    Args:
        run: What the engine made of the customers.
        setup: The arm.
        seed: The scenario's seed.
        replication: Which replication.
    """
    assert isinstance(setup.population, AcquiredPopulation)
    found = lived(setup.population, seed=seed, replication=replication)
    books = Books(found, run.days)
    steps = books.followed
    if run.trace is not None:
        run.trace.rows[:0] = funnel_rows(setup, run.days, seed=seed, replication=replication)
    kinds = {**run.events_by_kind, **({events.FUNNEL: len(steps)} if steps else {})}
    margin = setup.policy.economics.margin_rate
    return replace(
        run,
        metrics={**run.metrics, **books.metrics(run, margin)},
        quantities={**run.quantities, **books.quantities(setup.population)},
        events=run.events + len(steps),
        events_by_kind=dict(sorted(kinds.items())),
        acquisition=books.as_dict(),
    )


def funnel_rows(setup: ArmSetup, days: float, *, seed: int, replication: int) -> list[events.Row]:
    """The steps that are followed one by one, up to the horizon, as rows of the trace.

    Args:
        setup: The arm.
        days: The horizon.
        seed: The scenario's seed.
        replication: Which replication.
    """
    assert isinstance(setup.population, AcquiredPopulation)
    found = lived(setup.population, seed=seed, replication=replication)
    return [_row(found, setup.name, step) for step in Books(found, days).followed]


def _row(found: Lived, arm: str, step: Step) -> events.Row:
    """A step as an event: from where to where, with the channel as its label."""
    line = found.lines[step.line]
    return events.Row(
        time=step.time,
        customer=step.number,
        arm=arm,
        kind=events.FUNNEL,
        stage=line.path[step.step - 1],
        to_stage=line.path[step.step],
        label="/".join(line.key),
        reason=found.segments[step.segment],
        reviewer=None,
        value=None,
    )


class Books:
    """Totals of a funnel up to a horizon."""

    def __init__(self, found: Lived, days: float) -> None:
        """Count.

        Args:
            found: The funnel, lived to its end.
            days: The horizon.
        """
        self._lived, self._days = found, days
        self.followed = [step for step in found.steps if step.time < days]
        self._cells: Cells = Counter((s.line, s.segment, s.step, s.period) for s in self.followed)
        for line, segments in enumerate(found.counted):
            for segment, steps in enumerate(segments):
                for step, periods in enumerate(steps):
                    for period in self._bought(line):
                        if periods[period]:
                            self._cells[line, segment, step, period] = periods[period]

    def _bought(self, line: int) -> Iterator[int]:
        """The periods whose media is bought by the horizon."""
        periods = self._lived.lines[line].periods
        return (place for place, (start, _) in enumerate(periods) if start < self._days)

    def spend(self, line: int) -> float:
        """Dollars spent on a line."""
        return sum(self._lived.spent[line][period] for period in self._bought(line)) / MICROS

    def impressions(self, line: int) -> int:
        """Impressions bought on a line."""
        return sum(self._lived.impressions[line][period] for period in self._bought(line))

    def made(self, line: int, step: str) -> int:
        """How many made a step; 0 where the path does not have it."""
        path = self._lived.lines[line].path
        if step == IMPRESSION:
            return self.impressions(line)
        if step not in path:
            return 0
        place = path.index(step)
        return sum(many for (of, _, at, _), many in self._cells.items() if of == line and at == place)

    def _could_make(self, line: int, step: str) -> int:
        """How many made the step before it, on a path that has it."""
        path = self._lived.lines[line].path
        return self.made(line, path[path.index(step) - 1]) if step in path else 0

    def metrics(self, run: Run, margin: float) -> dict[str, float | None]:
        """What a person reads.

        Args:
            run: What became of the buyers.
            margin: Share of revenue that is margin.
        """
        lines = range(len(self._lived.lines))
        steps = [step for step in STEPS if any(step in line.path for line in self._lived.lines)]
        spend = sum(self.spend(line) for line in lines)
        made = {step: sum(self.made(line, step) for line in lines) for step in steps}
        could = {step: sum(self._could_make(line, step) for line in lines) for step in steps[1:]}
        earned = margin * run.quantities["revenue"]
        gone = (run.metrics.get("churn_rate") or 0.0) * run.customers
        return {
            "media_spend": spend,
            **{PLURALS[step]: float(many) for step, many in made.items()},
            **{f"{step}_rate": _ratio(made[step], could[step]) for step in steps[1:]},
            "cost_per_acquisition": _ratio(spend, made[PURCHASE]),
            "retained_buyers": float(round(run.customers - gone)),
            "retained_margin": earned,
            "margin_per_media_dollar": _ratio(earned, spend),
            "budget_moved": fsum(move["amount"] for move in self.moves if move["status"] == "executed"),
        }

    def quantities(self, population: AcquiredPopulation) -> dict[str, float]:
        """What money is made of: thousands of impressions by line, and the steps that cost something."""
        lines = self._lived.lines
        return {
            **{f"media_spend.{'/'.join(line.key)}": self.impressions(at) / 1000.0 for at, line in enumerate(lines)},
            **{
                f"funnel_step.{step}": float(sum(self.made(at, step) for at in range(len(lines))))
                for step in population.acquisition.step_costs
            },
        }

    @property
    def moves(self) -> list[dict[str, Any]]:
        """Moves of budget proposed before the horizon; one decided after it still waits."""
        proposed = [move for move in self._lived.moves if move["proposed_on"] < self._days]
        waits = {"status": "proposed", "decided_on": None, "reason": None}
        return [move if (move["decided_on"] or 0.0) < self._days else {**move, **waits} for move in proposed]

    def as_dict(self) -> dict[str, Any]:
        """The totals as JSON-ready data: spend by line and period, steps by line and segment, and the moves.

        Whom an impression was shown to nobody knows, so impressions have no segment.
        """
        return {
            "lines": [self._line(place) for place in range(len(self._lived.lines))],
            "steps": [row for place in range(len(self._lived.lines)) for row in self._steps(place)],
            "moves": self.moves,
        }

    def _line(self, place: int) -> dict[str, Any]:
        line, bought = self._lived.lines[place], list(self._bought(place))
        return {
            "campaign": line.key[0],
            "channel": line.key[1],
            "cost_per_1000": line.spec.cost_per_1000.amount,
            "opening_budget": line.spec.budget,
            "left": self._lived.balances[place] / MICROS if self._is_over(place) else None,
            "spend": [self._lived.spent[place][period] / MICROS for period in bought],
            "impressions": [self._lived.impressions[place][period] for period in bought],
        }

    def _is_over(self, place: int) -> bool:
        return self._lived.lines[place].periods[-1][0] < self._days

    def _steps(self, place: int) -> Iterator[dict[str, Any]]:
        line, bought = self._lived.lines[place], list(self._bought(place))
        for segment, name in enumerate(self._lived.segments):
            for step, label in enumerate(line.path[1:], start=1):
                yield {
                    "campaign": line.key[0],
                    "channel": line.key[1],
                    "segment": name,
                    "step": label,
                    "by_period": [self._cells.get((place, segment, step, period), 0) for period in bought],
                }


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
