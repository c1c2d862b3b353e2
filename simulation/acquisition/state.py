"""The state of a funnel that both engines share: budget lines, observations, and tracked steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.acquisition.budget_control import BudgetController
from simulation.acquisition.customer_traits import draw_traits
from simulation.acquisition.observations import Observations, Sale
from simulation.acquisition.parameters import build_lines
from simulation.acquisition.prospects import prospect_number
from simulation.acquisition.results import FunnelResult, ProspectStep, StepCounts
from simulation.acquisition.spec import MAX_POSITIONS
from simulation.acquisition.value_prediction import expected_churn_hazard, predict_retained_value
from simulation.random import streams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.acquisition.spec import AcquiredPopulation


class FunnelState:
    """The state of one arm's funnel during the simulation.

    Attributes:
        lines: The lines of the budget.
        observed: What is known so far.
        controller: Buys media and transfers budget.
        bulk_counts: Counts of the bulk steps.
        steps: Steps of the tracked prospects.
    """

    def __init__(self, population: AcquiredPopulation, *, seed: int, replication: int) -> None:
        """The state on day 0.

        Args:
            population: The arm's funnel.
            seed: The scenario's seed.
            replication: Number of the replication.
        """
        self.lines = build_lines(population)
        self.observed = Observations.empty(self.lines)
        rule = population.acquisition.reallocation
        self.controller = BudgetController(self.lines, rule, self.observed, seed=seed, replication=replication)
        self.bulk_counts: StepCounts = [
            [[[0] * len(line.periods) for _ in range(line.parameters.bulk)] for _ in population.segments]
            for line in self.lines
        ]
        self.steps: list[ProspectStep] = []
        self._population, self._run_key = population, (seed, replication)

    def campaigns(self) -> Iterator[tuple[str, list[int], tuple[tuple[float, float], ...]]]:
        """All campaigns: name, indices of the lines, and periods."""
        for name, campaign in self._population.acquisition.campaigns.items():
            yield name, [index for index, line in enumerate(self.lines) if line.key[0] == name], campaign.periods

    def review_days(self, periods: tuple[tuple[float, float], ...]) -> Iterator[tuple[int, float]]:
        """Number and day of every budget review of a campaign; none if the rule is "none"."""
        rule = self._population.acquisition.reallocation
        if rule.rule == "none":
            return
        number = 1
        while number * rule.every_days <= periods[-1][0]:
            yield number, number * rule.every_days
            number += 1

    def period_key(self, line: int, period: int) -> int:
        """The key of all random numbers of a channel's impressions in a period."""
        parameters = self.lines[line].parameters
        return streams.customer_key(
            *self._run_key, prospect_number(parameters.campaign, parameters.channel, period, MAX_POSITIONS - 1)
        )

    def prospect_key(self, number: int) -> int:
        """The key of a prospect's own random streams, which the customer keeps."""
        return streams.customer_key(*self._run_key, number)

    def record_step(self, step: ProspectStep) -> None:
        """Record a step of a tracked prospect; the last step is a sale."""
        self.steps.append(step)
        if step.step == self.lines[step.line].parameters.steps - 1:
            self.observed.sales.append(Sale(step.time, step.line, step.period, self._predict_value(step)))

    def _predict_value(self, step: ProspectStep) -> int:
        """The buyer's predicted value, in cents."""
        population, line = self._population, self.lines[step.line]
        segment = tuple(population.segments)[step.segment]
        predictor = population.acquisition.reallocation.predictor
        traits = draw_traits(population, line.spec.quality, segment, self.prospect_key(step.number))
        hazard = expected_churn_hazard(population.churn, predictor, line.key[1], segment, traits.tier)
        return round(100.0 * predict_retained_value(traits.account_value, hazard, predictor.years.amount))

    def build_result(self) -> FunnelResult:
        """The result of the funnel."""
        return FunnelResult(
            lines=self.lines,
            segments=tuple(self._population.segments),
            impressions=tuple(map(tuple, self.controller.impressions)),
            spent=tuple(map(tuple, self.observed.spent)),
            balances=tuple(self.controller.balances),
            bulk_counts=self.bulk_counts,
            steps=tuple(sorted(self.steps)),
            moves=tuple(self.controller.moves),
            log=self.controller.log.events,
        )
