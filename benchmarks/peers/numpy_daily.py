"""NumPy by days: all customers advance one day in a few array operations."""

import numpy as np

from benchmarks.peers.model import CHURNED, LEAVE_CHANCE, LIVE, SIGNAL_CHANCE, STAGES, START, Result, result


def _tables():
    """Cumulative probabilities of each destination of leaving customers, by stage, from the daily matrix."""
    from benchmarks.peers.exact import matrix_of_a_day

    chances = matrix_of_a_day()[: len(LIVE)]
    chances[range(len(LIVE)), range(len(LIVE))] = 0.0
    return np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)


def run(customers: int, days: int, seed: int) -> Result:
    """Simulate a cohort."""
    rng = np.random.default_rng(seed)
    leave = np.array([LEAVE_CHANCE[stage] for stage in LIVE])
    destinations, churned = _tables(), STAGES.index(CHURNED)
    stage = np.full(customers, STAGES.index(START), dtype=np.int8)
    moves = signals = 0
    for _ in range(days):
        signals += np.count_nonzero(rng.random(stage.size) < SIGNAL_CHANCE)
        leaving = np.flatnonzero(rng.random(stage.size) < leave[stage])
        point = rng.random(leaving.size)
        stage[leaving] = (point[:, None] >= destinations[stage[leaving]]).sum(axis=1)
        moves += leaving.size
        stage = stage[stage != churned]
    occupancy = dict(zip(STAGES, np.bincount(stage, minlength=len(STAGES)).tolist(), strict=True))
    return result(moves, signals, occupancy | {CHURNED: customers - stage.size})
