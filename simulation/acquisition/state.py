"""What both engines share of a funnel besides the prospects' own functions: the books, and who buys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.acquisition.budget_control import Desk
from simulation.acquisition.customer_traits import traits_of
from simulation.acquisition.observations import Observed, Sale
from simulation.acquisition.parameters import lines_of
from simulation.acquisition.prospects import number_of
from simulation.acquisition.results import Counted, Lived, Step
from simulation.acquisition.spec import MOST_PLACES
from simulation.acquisition.value_prediction import hazard_of, retained_value
from simulation.random import streams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.acquisition.spec import AcquiredPopulation


class Market:
    """The books of one arm's funnel while it is lived.

    Attributes:
        lines: The lines of the budget.
        observed: What has been seen so far.
        desk: Buys media and moves budget.
        counted: Steps that are counted together.
        steps: Steps of those who are followed.
    """

    def __init__(self, population: AcquiredPopulation, *, seed: int, replication: int) -> None:
        """Open the books on day 0.

        Args:
            population: The arm's funnel.
            seed: The scenario's seed.
            replication: Which replication.
        """
        self.lines = lines_of(population)
        self.observed = Observed.nothing_yet(self.lines)
        rule = population.acquisition.reallocation
        self.desk = Desk(self.lines, rule, self.observed, seed=seed, replication=replication)
        self.counted: Counted = [
            [[[0] * len(line.periods) for _ in range(line.law.bulk)] for _ in population.segments]
            for line in self.lines
        ]
        self.steps: list[Step] = []
        self._population, self._luck = population, (seed, replication)

    def campaigns(self) -> Iterator[tuple[str, list[int], tuple[tuple[float, float], ...]]]:
        """Every campaign: its name, its lines and its periods."""
        for name, campaign in self._population.acquisition.campaigns.items():
            yield name, [place for place, line in enumerate(self.lines) if line.key[0] == name], campaign.periods

    def reviews(self, periods: tuple[tuple[float, float], ...]) -> Iterator[tuple[int, float]]:
        """Number and day of every review of a campaign; none where nothing is moved, or nothing is left to buy."""
        rule = self._population.acquisition.reallocation
        if rule.rule == "none":
            return
        nth = 1
        while nth * rule.every_days <= periods[-1][0]:
            yield nth, nth * rule.every_days
            nth += 1

    def luck_of(self, line: int, period: int) -> int:
        """The key of all that is drawn about a channel's impressions in a period."""
        law = self.lines[line].law
        return streams.customer_key(*self._luck, number_of(law.campaign, law.channel, period, MOST_PLACES - 1))

    def key_of(self, number: int) -> int:
        """The key of a prospect's own streams, which stay theirs as a customer."""
        return streams.customer_key(*self._luck, number)

    def made(self, step: Step) -> None:
        """A prospect who is followed makes a step; the last one is a sale."""
        self.steps.append(step)
        if step.step == self.lines[step.line].law.steps - 1:
            self.observed.sales.append(Sale(step.time, step.line, step.period, self._predicted(step)))

    def _predicted(self, step: Step) -> int:
        """What the buyer is predicted to be worth, in cents."""
        population, line = self._population, self.lines[step.line]
        segment = tuple(population.segments)[step.segment]
        predictor = population.acquisition.reallocation.predictor
        traits = traits_of(population, line.spec.quality, segment, self.key_of(step.number))
        hazard = hazard_of(population.churn, predictor, line.key[1], segment, traits.tier)
        return round(100.0 * retained_value(traits.account_value, hazard, predictor.years.amount))

    def lived(self) -> Lived:
        """What came of it."""
        return Lived(
            lines=self.lines,
            segments=tuple(self._population.segments),
            impressions=tuple(map(tuple, self.desk.impressions)),
            spent=tuple(map(tuple, self.observed.spent)),
            balances=tuple(self.desk.balances),
            counted=self.counted,
            steps=tuple(sorted(self.steps)),
            moves=tuple(self.desk.moves),
            log=self.desk.log.events,
        )
