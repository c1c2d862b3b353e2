"""NumPy by events: pass k computes the k-th event of every customer, with exact times."""

import numpy as np

from benchmarks.peers.model import CHURNED, LIVE, MOVES, RATE_OUT, SIGNALS_PER_DAY, STAGES, START, Result, result


def _tables():
    """Total rate of each live stage, and cumulative probabilities of the first event (staying: a signal)."""
    rates = np.zeros((len(LIVE), len(STAGES)))
    for move in MOVES:
        rates[LIVE.index(move.source), STAGES.index(move.destination)] = 1.0 / move.mean_days
    np.fill_diagonal(rates, SIGNALS_PER_DAY)
    total = np.array([RATE_OUT[stage] + SIGNALS_PER_DAY for stage in LIVE])
    return total, np.cumsum(rates / total[:, None], axis=1)


def run(customers: int, days: int, seed: int) -> Result:
    """Simulate a cohort."""
    rng = np.random.default_rng(seed)
    total, chances = _tables()
    mean, churned = 1.0 / total, STAGES.index(CHURNED)
    time, stage = np.zeros(customers), np.full(customers, STAGES.index(START))
    moves = signals = gone = 0
    ended = np.zeros(len(STAGES), dtype=int)
    while stage.size:
        time = time + rng.standard_exponential(stage.size) * mean[stage]
        within = time < days
        ended += np.bincount(stage[~within], minlength=len(STAGES))
        time, stage = time[within], stage[within]
        # Values beyond the last cumulative probability are rounding errors.
        point = rng.random(stage.size) * chances[stage, -1]
        to_stage = (point[:, None] >= chances[stage]).sum(axis=1)
        heard = np.count_nonzero(to_stage == stage)
        signals, moves = signals + heard, moves + stage.size - heard
        live = to_stage != churned
        gone += stage.size - np.count_nonzero(live)
        time, stage = time[live], to_stage[live]
    return result(moves, signals, dict(zip(STAGES, ended.tolist(), strict=True)) | {CHURNED: gone})
