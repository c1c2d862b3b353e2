"""Scenarios, policies and options with absurd values: what is accepted can be computed with."""

import tomllib
from pathlib import Path
from random import Random

from journey.decision.policy import Policy
from journey.records.folder import bundled_folder
from scenarios.files.loader import builtin_names, load
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


QUESTIONS = (
    "P(reach {one} within {days})",
    "P(reach {one} before {other})",
    "P(reach {one} before {other} within {days}) by tier",
    "P(stay in {one} > {days})",
    "P(stay in {one} > {days}) from {other}",
    "E(time to {one})",
    "E(time to {one} if reached) from {other}",
    "E(time to {one} within {days}) by segment",
    "E(visits to {one})",
    "E(visits to {one} within {days}) from {other}",
    "share({one}) from {other}",
    "share({one} within {days}) by segment by tier",
)


def fuzz_questions(random: Random, folder: Path) -> None:
    """A question, whole or damaged, about a scenario with absurd values: an answer within its bounds, or a message."""
    name = random.choice(("default", "trial_to_paid", "win_back", "renewals"))
    path = folder / "scenario.toml"
    content = (BUILTINS / f"{name}.toml").read_text(encoding="utf-8")
    # Few mutated scenarios are valid.
    path.write_text(mutate_toml(random, content, 1) if random.random() < 0.5 else content, encoding="utf-8")
    arm = random.choice(("baseline", "treated"))
    stages = load(name).arms[0].journey.stages
    one, other = (random.choice(stages) for _ in range(2))
    text = random.choice(QUESTIONS).format(one=one, other=other, days=random.choice((0.01, 1, 30.5, 365)))
    if random.random() < 0.3:
        text = mutate_bytes(random, text.encode(), 2).decode(errors="replace").replace("\0", "")
    (folder / "question.txt").write_text(text, encoding="utf-8")
    small = ("--arm", arm, "--customers", 15, "--replications", 2, "--days", 200, "--workers", 1, "--json")
    done = run("query", path, *small, "--", text, inputs=folder)
    for answer in read_json(done.stdout) if done.exit_code == 0 else ():
        value, low, high = answer["value"], answer["ci_low"], answer["ci_high"]
        if value is None:
            continue
        if value < 0 or (answer["unit"] == "share" and value > 1):
            raise UnsoundEndError(f"{text}: {value}")
        if low is not None and not low - 1e-9 <= value <= high + 1e-9:
            raise UnsoundEndError(f"{text}: {value} is not between {low} and {high}")


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
