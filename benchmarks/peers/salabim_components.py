"""salabim: a component with a process for each customer, and holds between events.

In its mode with ``yield``: the other needs a package (greenlet) that salabim does not install by itself.
"""

import random
from collections import Counter

import salabim as sim

from benchmarks.peers.model import CHURNED, MOVES_FROM, SIGNALS_PER_DAY, START, Result, result

sim.yieldless(False)


class Customer(sim.Component):
    """One customer."""

    def setup(self, rng, counts):
        self.rng, self.counts, self.stage = rng, counts, START

    def process(self):
        rng, env = self.rng, self.env
        signal_at = env.now() + rng.expovariate(SIGNALS_PER_DAY)
        while self.stage != CHURNED:
            due, stage = min(
                (env.now() + rng.expovariate(1.0 / move.mean_days), move.destination) for move in MOVES_FROM[self.stage]
            )
            while signal_at < due:
                yield self.hold(till=signal_at)
                self.counts["signal"] += 1
                signal_at = env.now() + rng.expovariate(SIGNALS_PER_DAY)
            yield self.hold(till=due)
            self.counts["move"] += 1
            self.stage = stage


def run(customers: int, days: int, seed: int) -> Result:
    """Simulate a cohort."""
    env = sim.Environment(trace=False, random_seed=seed)
    rng, counts = random.Random(seed), Counter()
    cohort = [Customer(rng=rng, counts=counts) for _ in range(customers)]
    env.run(till=days)
    return result(counts["move"], counts["signal"], Counter(each.stage for each in cohort))
