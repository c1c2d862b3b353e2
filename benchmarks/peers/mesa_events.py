"""Mesa with its scheduler of discrete events (`mesa.experimental.devs`): each move and each signal is an event."""

from collections import Counter

import mesa
from mesa.experimental.devs import DEVSimulator

from benchmarks.peers.model import CHURNED, MOVES_FROM, SIGNALS_PER_DAY, START, Result, result


class Customer(mesa.Agent):
    """One customer: the next move and the next signal are on the simulator's list."""

    def __init__(self, model):
        super().__init__(model)
        self.stage = START
        self._wait_for_move()
        self._wait_for_signal()

    def _wait_for_move(self):
        due, self.to_stage = min(
            (self.random.expovariate(1.0 / move.mean_days), move.destination) for move in MOVES_FROM[self.stage]
        )
        self.model.simulator.schedule_event_relative(self.move, due)

    def _wait_for_signal(self):
        due = self.random.expovariate(SIGNALS_PER_DAY)
        self.next_signal = self.model.simulator.schedule_event_relative(self.signal, due)

    def move(self):
        """The scheduled move."""
        self.model.moves += 1
        self.stage = self.to_stage
        if self.stage == CHURNED:
            self.model.churned += 1
            self.model.simulator.cancel_event(self.next_signal)
            self.remove()
        else:
            self._wait_for_move()

    def signal(self):
        """A signal."""
        self.model.signals += 1
        self._wait_for_signal()


class Company(mesa.Model):
    """All customers."""

    def __init__(self, customers, seed, simulator):
        super().__init__(seed=seed)
        self.moves = self.signals = self.churned = 0
        self.simulator = simulator
        simulator.setup(self)
        Customer.create_agents(self, customers)


def run(customers: int, days: int, seed: int) -> Result:
    """Simulate a cohort."""
    simulator = DEVSimulator()
    company = Company(customers, seed, simulator)
    simulator.run_until(float(days))
    occupancy = Counter(customer.stage for customer in company.agents)
    return result(company.moves, company.signals, occupancy | {CHURNED: company.churned})
