"""Ciw: an open network of queues. A stage is a node with a server for every customer, and a dwell is a service.

Ciw has no process of a customer's own beside the queue, so a signal is a service that ends with the customer routed
back to the same node: with exponential dwells that is the same journey, because they have no memory.
"""

import ciw

from benchmarks.peers.model import CHURNED, LIVE, MOVES_FROM, RATE_OUT, SIGNALS_PER_DAY, START, Result, result

NEVER = float("inf")


def _network(customers: int):
    beginning = LIVE.index(START)
    arrivals = [None] * len(LIVE)
    arrivals[beginning] = ciw.dists.Sequential([0.0, NEVER])
    batches = [ciw.dists.Deterministic(1)] * len(LIVE)
    batches[beginning] = ciw.dists.Deterministic(customers)
    return ciw.create_network(
        arrival_distributions=arrivals,
        batching_distributions=batches,
        service_distributions=[ciw.dists.Exponential(rate=RATE_OUT[stage] + SIGNALS_PER_DAY) for stage in LIVE],
        routing=[_chances(stage) for stage in LIVE],
        number_of_servers=[NEVER] * len(LIVE),
    )


def _chances(stage: str) -> list[float]:
    """Probabilities of the next node: another stage, the same stage with a signal, or, with the remainder, exit."""
    total = RATE_OUT[stage] + SIGNALS_PER_DAY
    chances = dict.fromkeys(LIVE, 0.0) | {stage: SIGNALS_PER_DAY / total}
    for move in MOVES_FROM[stage]:
        if move.destination != CHURNED:
            chances[move.destination] = 1.0 / move.mean_days / total
    return list(chances.values())


def run(customers: int, days: int, seed: int) -> Result:
    """Simulate a cohort."""
    ciw.seed(seed)
    simulation = ciw.Simulation(_network(customers))
    simulation.simulate_until_max_time(days)
    records = simulation.get_all_records()
    signals = sum(record.node == record.destination for record in records)
    occupancy = {
        stage: len(node.all_individuals) for stage, node in zip(LIVE, simulation.transitive_nodes, strict=True)
    }
    occupancy[CHURNED] = simulation.nodes[-1].number_of_individuals
    return result(len(records) - signals, signals, occupancy)
