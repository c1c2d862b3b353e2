"""Mesa: agents with one step per day, in an order shuffled each day, as in Mesa's tutorial.

The tutorial collects data after every step; this model does not, which is to Mesa's advantage.
"""

from collections import Counter

import mesa

from benchmarks.peers.model import (
    CHURNED,
    LEAVE_CHANCE,
    LIVE,
    MOVES_FROM,
    SIGNAL_CHANCE,
    START,
    Result,
    result,
    shares_of_moves,
)

DESTINATIONS = {stage: [move.destination for move in MOVES_FROM[stage]] for stage in LIVE}
SHARES = {stage: shares_of_moves(stage) for stage in LIVE}


class Customer(mesa.Agent):
    """One customer."""

    def __init__(self, model):
        super().__init__(model)
        self.stage = START

    def step(self):
        """One day."""
        model, rng = self.model, self.random
        if rng.random() < SIGNAL_CHANCE:
            model.signals += 1
        if rng.random() < LEAVE_CHANCE[self.stage]:
            self.stage = rng.choices(DESTINATIONS[self.stage], SHARES[self.stage])[0]
            model.moves += 1
            if self.stage == CHURNED:
                model.churned += 1
                self.remove()


class Company(mesa.Model):
    """All customers."""

    def __init__(self, customers, seed):
        super().__init__(seed=seed)
        self.moves = self.signals = self.churned = 0
        Customer.create_agents(self, customers)

    def step(self):
        """One day of all customers."""
        self.agents.shuffle_do("step")


def run(customers: int, days: int, seed: int) -> Result:
    """Simulate a cohort."""
    company = Company(customers, seed)
    for _ in range(days):
        company.step()
    occupancy = Counter(customer.stage for customer in company.agents)
    return result(company.moves, company.signals, occupancy | {CHURNED: company.churned})
