"""SimPy with the package `transitions`: a state machine checks legality, and each move is a trigger."""

import random
from collections import Counter

import simpy
from transitions import Machine

from benchmarks.peers.model import MOVES, MOVES_FROM, SIGNALS_PER_DAY, STAGES, START, Result, result


class Customer:
    """The model of the machine: it has the state, and the machine gives it a trigger for each move."""

    def __init__(self):
        self.moves = 0

    def count(self):
        """Called by the machine after each move."""
        self.moves += 1


def live(env, rng, counts, customer):
    """One customer."""
    signal_at = env.now + rng.expovariate(SIGNALS_PER_DAY)
    while not customer.is_churned():
        due, name = min((env.now + rng.expovariate(1.0 / m.mean_days), m.name) for m in MOVES_FROM[customer.state])
        while signal_at < due:
            yield env.timeout(signal_at - env.now)
            counts["signal"] += 1
            signal_at = env.now + rng.expovariate(SIGNALS_PER_DAY)
        yield env.timeout(due - env.now)
        customer.trigger(name)


def run(customers: int, days: int, seed: int) -> Result:
    """Simulate a cohort."""
    env, rng, counts = simpy.Environment(), random.Random(seed), Counter()
    moves = [{"trigger": move.name, "source": move.source, "dest": move.destination} for move in MOVES]
    cohort = [Customer() for _ in range(customers)]
    # One machine for all, as its documentation advises for many models.
    Machine(cohort, states=list(STAGES), transitions=moves, initial=START, auto_transitions=False,
            after_state_change="count")  # fmt: skip
    for each in cohort:
        env.process(live(env, rng, counts, each))
    env.run(until=days)
    return result(sum(each.moves for each in cohort), counts["signal"], Counter(each.state for each in cohort))
