"""The barest world: customers who are here until they leave, by nothing but what a test switches on."""

from typing import Any

from journey.core.merging import deep_merge
from journey.decision.policy import Policy
from journey.machine import Journey, Move
from simulation.model.arm import ArmSpec
from simulation.model.population_spec import Population
from simulation.model.reviewers_spec import Reviewers
from simulation.model.world_spec import World
from simulation.runs.run import run_arm
from simulation.verification.event_histories import read_histories

NEVER = {"law": "deterministic", "mean_days": 1e6}
WORLD: dict[str, Any] = {
    "moves": {"leave": {"dwell": NEVER}, "return": {"dwell": NEVER}},
    "renewal": {"move": "leave"},
    "payments": {"move": "leave"},
    "decisions": {"cadence_days": 0.0, "on_signal": False, "on_stage_entry": False},
}
POPULATION: dict[str, Any] = {
    "size": 4000,
    "segments": {"all": {"share": 1.0, "account_value": 3650.0, "value_spread": 0.0, "tiers": {"medium": 1.0}}},
}

ALL_IN_DISTRESS: dict[str, Any] = {
    "causes": {"trouble": {"onset_per_day": {"here": 100.0}, "mean_days": 1e6, "churn_ratio": 3.0, "symptoms": {}}}
}
"""All customers are in permanent distress within hours."""


def bare(world: dict[str, Any] | None = None, *, population: dict[str, Any] | None = None, back: bool = False) -> Any:
    """An arm of the barest world, without an orchestrator; with `back` those who left may return."""
    moves = [Move("leave", "here", "gone")] + ([Move("return", "gone", "here")] if back else [])
    given = deep_merge(WORLD, world or {})
    # A dwell is replaced whole: what is left of the one that never ends would make another law of it.
    said = {name: clock["dwell"] for name, clock in (world or {}).get("moves", {}).items() if "dwell" in clock}
    given["moves"] = {name: {**clock, "dwell": said.get(name, NEVER)} for name, clock in given["moves"].items()}
    if not back:
        given = {**given, "moves": {name: clock for name, clock in given["moves"].items() if name != "return"}}
    return ArmSpec(
        name="bare",
        journey=Journey.build(
            stages=("here", "gone"), moves=tuple(moves), initial="here", terminal=() if back else "gone"
        ),
        world=World.model_validate({**given, "lost": ["gone"] if back else []}),
        policy=Policy(),
        population=Population.model_validate(deep_merge(POPULATION, population or {})),
        reviewers=Reviewers(count=0),
        active=False,
    )


def simulate(setup: ArmSpec, *, seed: int, days: float) -> Any:
    """A run with its trace."""
    return run_arm(setup, seed=seed, replication=0, days=days, trace=True)


def simulate_histories(setup: ArmSpec, *, seed: int, days: float) -> Any:
    """The histories of all customers of a run, read from its trace."""
    return read_histories(setup, simulate(setup, seed=seed, days=days), seed=seed)


def left_at(run: Any) -> dict[int, float]:
    """The day on which each customer who left did so first."""
    return {row.customer: row.time for row in reversed(run.trace.sorted_rows()) if row.label == "leave"}


def z_of(count: float, n: int, chance: float) -> float:
    """How many standard errors a binomial count is away from what is expected."""
    return float((count - n * chance) / (n * chance * (1.0 - chance)) ** 0.5)
