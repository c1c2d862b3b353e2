"""Scenarios, policies and options with absurd values: what is accepted can be computed with."""

import tomllib
from pathlib import Path
from random import Random

from journey.decision.policy import Policy
from journey.records.folder import bundled_folder
from scenarios.files.loader import builtin_names
from scenarios.operations.project import TEMPLATES, create_project
from simulation.model.arm_policy import format_toml
from tests.fuzz import hostile
from tests.fuzz.commands import UnsoundEndError, read_json, run
from tests.fuzz.mutation import mutate_bytes, mutate_toml

BUILTINS = Path("scenarios/builtin")
SMALL = ("--customers", 15, "--days", 40, "--engine", "reference", "--json")

ACTING = """
[world.effects.reengagement_campaign.moves]
churn = 0.5
open_ticket = 2.0

[world.effects.reengagement_campaign.discount]
share = 0.2
days = 30
stages = ["engagement"]

[[policy.plays]]
stages = ["engagement", "retention"]
action = "reengagement_campaign"
causes = ["falling_usage"]
after_days = 3
until_days = 90
"""
"""Keys that no built-in scenario has in this form."""


def fuzz_scenarios(random: Random, folder: Path) -> None:
    """What `validate` accepts, `simulate` can run; its shares lie between 0 and 1."""
    # The scenario `default` holds nearly every key; the others hold arms, policies and campaigns.
    name = "default" if random.random() < 0.4 else random.choice(builtin_names())
    text = (BUILTINS / f"{name}.toml").read_text(encoding="utf-8")
    if name == "default":
        text += ACTING
    path = folder / "scenario.toml"
    content = mutate_toml(random, text).encode()
    path.write_bytes(mutate_bytes(random, content, 1) if random.random() < 0.2 else content)
    _simulate_if_valid(path, inputs=folder)


def fuzz_overrides(random: Random, folder: Path) -> None:
    """`--set` with keys of the schema and absurd values, and options with absurd values."""
    keys = list(_paths(tomllib.loads((BUILTINS / "default.toml").read_text(encoding="utf-8"))))
    option = f"{random.choice(keys)}={random.choice((*hostile.TOML, *hostile.TEXTS))}"
    (folder / "option.txt").write_text(option, encoding="utf-8")
    _simulate_if_valid("default", "--set", option, inputs=folder)
    name = random.choice(("--customers", "--days", "--seed", "--start-date", "--arm"))
    run("simulate", "default", *SMALL, name, random.choice((*hostile.TEXTS, *hostile.NUMBERS)), inputs=folder)
    as_of = str(random.choice((*hostile.TEXTS, *hostile.NUMBERS)))
    run("evaluate", bundled_folder(), f"--as-of={as_of}", "--json", inputs=folder)


def fuzz_policies(random: Random, folder: Path) -> None:
    """A policy that is accepted evaluates every customer; severities and confidences lie between 0 and 1."""
    path = folder / "policy.toml"
    path.write_text(mutate_toml(random, format_toml(Policy())), encoding="utf-8")
    done = run("evaluate", bundled_folder(), "--policy", path, "--json", inputs=folder)
    if done.exit_code == 0:
        for decision in read_json(done.stdout)["decisions"]:
            for name in ("severity", "confidence"):
                if decision[name] is not None and not 0 <= decision[name] <= 1:
                    raise UnsoundEndError(f"{decision['customer_id']}: {name} is {decision[name]}")


def fuzz_projects(random: Random, folder: Path) -> None:
    """One damaged file of a project: what `validate` accepts, `simulate` can run and `evaluate` can use on records."""
    project = folder / "project"
    create_project(project, random.choice(list(TEMPLATES)))
    damaged = project / random.choice(["journey.toml", "policy.toml", "scenario.toml"])
    damaged.write_text(mutate_toml(random, damaged.read_text(encoding="utf-8")), encoding="utf-8")
    scenario = project / "scenario.toml"
    if _simulate_if_valid(scenario, inputs=folder):
        run("evaluate", project / "records", "--scenario", scenario, "--arm", "treated", "--json", inputs=folder)
    run("check", project / "records", "--journey", project / "journey.toml", "--json", inputs=folder)


def fuzz_marketing_policies(random: Random, folder: Path) -> None:
    """A marketing policy that is accepted evaluates the campaigns."""
    path = folder / "policy.toml"
    shown = run("campaigns", "--show-policy", inputs=folder).stdout
    path.write_text(mutate_toml(random, shown), encoding="utf-8")
    run("campaigns", "--policy", path, "--json", inputs=folder)


def _paths(table: dict, prefix: str = ""):
    for key, value in table.items():
        yield f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _paths(value, f"{prefix}{key}.")


def _simulate_if_valid(*source, inputs: Path) -> bool:
    """Simulate a scenario, and return True, if it is valid."""
    if run("validate", *source, "--json", inputs=inputs).exit_code != 0:
        return False
    done = run("simulate", *source, *SMALL, inputs=inputs)
    if done.exit_code != 0:
        raise UnsoundEndError(f"valid, but cannot be simulated: {done.stderr}")
    for name, value in _walk(read_json(done.stdout)):
        if name.endswith(("_rate", "_share", "utilisation")) and isinstance(value, float) and not 0 <= value <= 1:
            raise UnsoundEndError(f"{name} is {value}")
    return True


def _walk(value: object, name: str = ""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, name)
    else:
        yield name, value
