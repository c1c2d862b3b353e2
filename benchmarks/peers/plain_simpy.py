"""Plain SimPy: one process a customer, as in SimPy's tutorial, and a count of what happened."""

import random
from collections import Counter

import simpy

from benchmarks.peers.model import CHURNED, MOVES_FROM, SIGNALS_PER_DAY, START, Result, result


def customer(env, rng, counts, stages, number):
    """One customer: the earliest move is made, and signals occur in the meantime."""
    stage = START
    signal_at = env.now + rng.expovariate(SIGNALS_PER_DAY)
    while stage != CHURNED:
        due, stage = min(
            (env.now + rng.expovariate(1.0 / move.mean_days), move.destination) for move in MOVES_FROM[stage]
        )
        while signal_at < due:
            yield env.timeout(signal_at - env.now)
            counts["signal"] += 1
            signal_at = env.now + rng.expovariate(SIGNALS_PER_DAY)
        yield env.timeout(due - env.now)
        counts["move"] += 1
        stages[number] = stage


def run(customers: int, days: int, seed: int) -> Result:
    """Simulate a cohort."""
    env, rng, counts = simpy.Environment(), random.Random(seed), Counter()
    stages = [START] * customers
    for number in range(customers):
        env.process(customer(env, rng, counts, stages, number))
    env.run(until=days)
    return result(counts["move"], counts["signal"], Counter(stages))
