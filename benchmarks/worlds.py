"""The worlds of the benchmarks: the peers' bare journey, and the whole world with reviewers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.peers.model import MOVES, SIGNALS_PER_DAY
from journey.decision.policy import Policy
from journey.machine import default_journey
from scenarios.files.loader import load
from simulation.model.arm import ArmSpec
from simulation.model.dwell_spec import Dwell
from simulation.model.population_spec import Population
from simulation.model.reviewers_spec import Reviewers
from simulation.model.world_spec import World

SCENARIO = Path(__file__).parent / "scale.toml"
ARM = "treated"
"""The arm with the full catalogue of actions, which requests reviews."""

SEGMENTS = {"SMB": {"share": 1, "account_value": 9000}}


def bare(customers: int) -> ArmSpec:
    """The peers' journey only: no distress, no frailty, no orchestrator, no reviewers."""
    signals = {"false_per_day": {"usage_drop": SIGNALS_PER_DAY}, "delay_mean_days": 0.0}
    return ArmSpec(
        name="bare",
        journey=default_journey(),
        world=World.model_validate({"moves": _clocks(), "signals": signals}),
        policy=Policy(),
        population=Population.model_validate({"size": customers, "segments": SEGMENTS}),
        reviewers=Reviewers(count=0),
        active=False,
    )


def _clocks() -> dict[str, dict[str, Any]]:
    clocks: dict[str, dict[str, Any]] = {}
    for move in MOVES:
        dwell = {"mean_days": move.mean_days}
        clocks.setdefault(move.name, {"dwell": dwell, "dwell_from": {}})["dwell_from"][move.source] = dwell
    return clocks


def whole(customers: int) -> ArmSpec:
    """The world of ``scale.toml`` with its orchestrator and reviewers."""
    arms = load(str(SCENARIO), [f"population.size={customers}"]).arms
    return next(arm for arm in arms if arm.name == ARM)


LAWS: dict[str, dict[str, float]] = {
    "exponential": {},
    "weibull": {"shape": 1.5},
    "gamma": {"shape": 2.0},
    "log_logistic": {"shape": 2.5},
    "log_normal": {"shape": 0.8},
    "deterministic": {},
    "empirical": {},
}
"""Every dwell distribution, with the shape parameter of the benchmark."""


def whole_by_law(customers: int, law: str) -> ArmSpec:
    """The same world with one distribution for all dwells; means are kept, except for empirical dwells."""
    setup = whole(customers)
    moves = {
        name: clock.model_copy(
            update={
                "dwell": _of_law(law, clock.dwell),
                "dwell_from": {stage: _of_law(law, dwell) for stage, dwell in clock.dwell_from.items()},
            }
        )
        for name, clock in setup.world.moves.items()
    }
    return replace(setup, world=setup.world.model_copy(update={"moves": moves}))


def _of_law(law: str, dwell: Dwell) -> Dwell:
    mean = dwell.mean_days
    if law == "empirical":
        return Dwell.model_validate({"law": law, "points": [[0.5 * mean, 0.3], [1.5 * mean, 0.8]]})
    return Dwell.model_validate({"law": law, "mean_days": mean, **LAWS[law]})
