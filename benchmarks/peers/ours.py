"""Ours: both engines on the peers' journey, and on the whole world with reviewers, without a trace."""

from benchmarks.peers.model import LIVE, STAGES, Result
from benchmarks.worlds import bare, whole
from simulation.metrics.run_results import Run
from simulation.model.arm import ArmSpec
from simulation.runs.run import run_arm


def run_reference(customers: int, days: int, seed: int) -> Result:
    """The journey by the reference engine."""
    return _result(_simulate(bare(customers), days, seed, "reference"))


def run_compiled(customers: int, days: int, seed: int) -> Result:
    """The journey by the compiled engine."""
    return _result(_simulate(bare(customers), days, seed, "compiled"))


def run_whole_reference(customers: int, days: int, seed: int) -> Result:
    """The whole world by the reference engine."""
    return _result(_simulate(whole(customers), days, seed, "reference"))


def run_whole_compiled(customers: int, days: int, seed: int) -> Result:
    """The whole world by the compiled engine."""
    return _result(_simulate(whole(customers), days, seed, "compiled"))


def _simulate(arm: ArmSpec, days: int, seed: int, engine: str) -> Run:
    return run_arm(arm, seed=seed, replication=0, days=float(days), engine=engine)


def _result(run: Run) -> Result:
    """All rows that a trace would have are events: in the whole world decisions and reviews are among them."""
    last = run.occupancy[-1]
    occupancy = {stage: round(last[stage] * run.customers) for stage in STAGES}
    churned = run.customers - sum(occupancy[stage] for stage in LIVE)
    return Result(run.events, occupancy, run.events_by_kind.get("signal", 0), churned)
