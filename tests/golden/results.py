"""What is frozen: one function for each golden file, from nothing to JSON-ready data."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from scenarios.files.loader import builtin_names, load
from simulation.model.arm import ArmSpec
from simulation.runs.run import run_arm
from simulation.trace.events import COLUMNS
from tests.golden.generated import WORLDS, generated_arm
from tests.scenarios.cli.invocation import json_of

ENGINES = ("reference", "compiled")
CUSTOMERS = 300
SEEDS = (1, 2)
DAYS_OF_GENERATED = 150.0
_SIZE = f"population.size={CUSTOMERS}"
_COMPARED = ("--replications", 4, "--engine", "compiled", "--workers", 1)
_ASKED = ("--customers", 100, "--replications", 3, "--workers", 1)
_QUESTIONS = (
    "P(reach paying within 30) by segment",
    "P(reach cancelled within 90) from paying by segment",
    "P(reach paused before at_risk) from paying",
    "P(stay in at_risk > 14)",
    "E(time to paying if reached)",
    "E(time to cancelled) from paused",
    "E(visits to at_risk within 365) from paying",
    "share(paying within 365) from paying",
)
"""Exact and simulated ones."""

_ROOT = Path(__file__).parents[2]

_FOR_PEOPLE = frozenset(
    {"message", "title", "question", "unit", "definition", "note", "notes", "reasons", "label", "teaches", "verdict"}
)
"""Keys whose texts are sentences, units or titles when they are longer than a code."""

_OF_THE_DAY = frozenset({"version", "scenario_hash", "wall_seconds", "source"})
_LONGEST_CODE = 3
"""Words: a longer text is a sentence for people under whatever key it is."""

Result = Callable[[], Any]


def results(engine: str | None = None) -> Iterator[tuple[str, Result]]:
    """Every golden file by its name, and what computes its content.

    Args:
        engine: The engine that simulates the traces; left to None for the files that hold no trace.
    """
    if engine is not None:
        for name in builtin_names():
            yield f"traces/{name}", lambda name=name: builtin_traces(name, engine)
        yield "traces/generated", lambda: generated_traces(engine)
        return
    for name in builtin_names():
        if len(load(name).arms) > 1:
            yield f"compare/{name}", lambda name=name: compared(name, "counterfactual")
            if _arms_can_share_a_run(name):
                yield f"randomised/{name}", lambda name=name: compared(name, "randomised")
    yield from (
        ("records/check", lambda: command("check")),
        ("records/check_imperfect", lambda: command("check", _ROOT / "data/imperfect")),
        ("records/check_customer_journey", lambda: command("check", _ROOT / "data/customer_journey")),
        ("records/evaluate", lambda: command("evaluate", "--replay")),
        ("records/evaluate_imperfect", lambda: command("evaluate", _ROOT / "data/imperfect", "--replay")),
        ("records/campaigns", lambda: command("campaigns")),
        ("records/campaigns_window", lambda: command("campaigns", "--window", 3)),
        ("queries/trial_to_paid", lambda: command("query", "trial_to_paid", *_ASKED, *_QUESTIONS)),
    )


def _arms_can_share_a_run(name: str) -> bool:
    """Whether customers can be assigned to the arms, as the randomised mode does."""
    first, *rest = load(name).arms
    return all((setup.reviewers, setup.population) == (first.reviewers, first.population) for setup in rest)


# -- traces ---------------------------------------------------------------------------------------


def builtin_traces(name: str, engine: str) -> dict[str, Any]:
    """Every arm of a built-in scenario with every seed, as hashes by column."""
    size = [] if load(name).scenario.population.records else [_SIZE]
    loaded = load(name, size)
    return {
        f"{setup.name}, seed {seed}": digests(setup, engine, seed, loaded.scenario.horizon_days)
        for setup in loaded.arms
        for seed in SEEDS
    }


def generated_traces(engine: str) -> dict[str, Any]:
    """The traces of generated worlds, as hashes by column."""
    return {
        f"world {number}": digests(generated_arm(number), engine, number, DAYS_OF_GENERATED) for number in range(WORLDS)
    }


def digests(setup: ArmSpec, engine: str, seed: int, days: float) -> dict[str, Any]:
    """The number of rows, and of each trace column a hash of its values to the last bit."""
    run = run_arm(setup, seed=seed, replication=0, days=days, trace=True, engine=engine)
    rows = run.trace.sorted_rows()
    columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    hashes = {
        name: hashlib.sha256("\n".join(map(repr, values)).encode()).hexdigest()[:16]
        for name, values in zip(COLUMNS, columns, strict=True)
    }
    return {"rows": len(rows), "metrics": rounded(run.metrics), **hashes}


# -- JSON of commands -----------------------------------------------------------------------------


def compared(name: str, mode: str) -> Any:
    """The JSON of `journey compare`."""
    size = () if load(name).scenario.population.records else ("--set", _SIZE)
    return command("compare", name, *size, *_COMPARED, "--mode", mode)


def command(*arguments: Any) -> Any:
    """The JSON of a command without its sentences, floats to 12 significant digits."""
    return rounded(without_sentences(json_of(*arguments)))


def without_sentences(value: Any, key: str = "") -> Any:
    """JSON with every sentence for people replaced, and what differs from version to version left out."""
    if isinstance(value, dict):
        return {name: without_sentences(each, name) for name, each in value.items() if name not in _OF_THE_DAY}
    if isinstance(value, list):
        return [without_sentences(each, key) for each in value]
    if isinstance(value, str):
        words = len(value.split())
        return "..." if words > (1 if key in _FOR_PEOPLE else _LONGEST_CODE) or key in {"unit", "title"} else value
    return value


def rounded(value: Any) -> Any:
    """JSON with floats to 12 significant digits, so that the last bits of a sum may depend on its order."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value
