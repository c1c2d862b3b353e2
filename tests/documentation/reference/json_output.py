"""The JSON of the commands: each key and its type, from real outputs."""

import json
from collections.abc import Iterator
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

from scenarios.metrics.definitions import METRICS
from tests.documentation.reference.markdown import build_page, build_table, code
from tests.documentation.sandbox import ROOT
from tests.scenarios.cli.invocation import invoke

FOLDER = "FOLDER"
"""Stands for a copy of the bundled campaigns, to which a command can write."""
RANDOMISED = "compare --mode randomised"
SMALL = ("--set", "population.size=40", "--set", "horizon_days=90")
COMMANDS = {
    "check": ("check",),
    "evaluate": ("evaluate", "--replay"),
    "campaigns": ("campaigns",),
    "budget": ("budget", "propose", "PROP_CAMP_002_CH_03_CH_02_20260319", FOLDER, "--on", "2026-03-20"),
    "scenarios": ("scenarios",),
    "validate": ("validate", "default"),
    "simulate": ("simulate", "onboarding_outreach", *SMALL),
    "compare": ("compare", "onboarding_outreach", *SMALL, "--replications", "3", "--workers", "1"),
    RANDOMISED: (
        "compare", "onboarding_outreach", *SMALL, "--replications", "3", "--workers", "1", "--mode", "randomised",
    ),
    "explain": ("explain", "onboarding_outreach", *SMALL, "--customer", "3"),
    "verify": ("verify", "default", "--customers", "100"),
}  # fmt: skip
"""An example of each command, with a run that is large enough to have all parts."""

NAMES = {
    "ARM": ("baseline", "treated"), "SEGMENT": ("SMB", "Mid-Market", "Enterprise"), "METRIC": tuple(METRICS),
}  # fmt: skip
"""The names of the examples, and what they stand for."""

FREE_NAMES = {
    "metrics": "METRIC", "events_by_kind": "KIND", "decisions_by_reason": "REASON", "reviews_by_verdict": "VERDICT",
    "outcomes": "OUTCOME", "actions": "ACTION", "by": "VALUE", "occupancy": "STAGE",
    "balances": "CHANNEL", "seen": "NAME",
}  # fmt: skip
"""What the keys of other objects are where they depend on the scenario or the data."""

INTRO = """`--json` prints one JSON value to stdout. Numbers are numbers, dates are ISO 8601, and what is unknown is
`null`. New versions may add keys; they do not rename or remove any.

Below, `a.b` is the key `b` of the object `a`, and `a[]` is each item of the list `a`. Names in capitals stand for
names of the scenario or the data, such as an arm or a metric. A key is absent where its part of the result does not
exist, for example without reviewers. `journey schema` prints the JSON Schema of scenario files, not of results."""


def build_json() -> str:
    """The page of the keys of each command."""
    keys = {name: _find_keys(command) for name, command in COMMANDS.items()}
    # The keys of an experiment are those of any comparison, and more.
    keys[RANDOMISED] = {path: kind for path, kind in keys[RANDOMISED].items() if path not in keys["compare"]}
    return build_page("JSON", INTRO, *(_build_section(name, keys[name]) for name in COMMANDS))


def _build_section(name: str, keys: dict[str, str]) -> str:
    more = "The keys of `compare`, and these:\n\n" if name == RANDOMISED else ""
    return f"## {name}\n\n{more}{build_table(('key', 'type'), [(code(path), kind) for path, kind in keys.items()])}"


def _find_keys(command: tuple[str, ...]) -> dict[str, str]:
    """The path of every value that a command prints, and its types."""
    kinds: dict[str, set[str]] = {}
    for path, kind in _walk(_run(command), ""):
        kinds.setdefault(path, set()).add(kind)
    return {path: _join(found) for path, found in kinds.items() if not _is_outline(path, found, kinds)}


def _run(command: tuple[str, ...]) -> Any:
    """The JSON that a command prints; a check that fails, in so small a run, has the same keys."""
    with TemporaryDirectory() as folder:
        if FOLDER in command:
            copytree(ROOT / "data" / "marketing", folder, dirs_exist_ok=True)
        done = invoke(*(folder if word == FOLDER else word for word in command), "--json")
    assert done.exit_code in (0, 1), done.stderr
    return json.loads(done.stdout)


def _is_outline(path: str, found: set[str], kinds: dict[str, set[str]]) -> bool:
    """Whether the paths inside an object or a list say all about it."""
    return not path or (
        found <= {"object", "list"} and any(other.startswith((f"{path}.", f"{path}[")) for other in kinds)
    )


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """The path and type of every value."""
    if isinstance(value, dict):
        yield path, "object"
        free = _find_free_name(value, path)
        for key, item in value.items():
            step = _name_step(key, free)
            yield from _walk(item, f"{path}.{step}" if path else step)
    elif isinstance(value, list):
        yield path, "list"
        for item in value:
            yield from _walk(item, f"{path}[]")
    else:
        yield path, _name_type(value)


def _name_step(key: str, free: str | None) -> str:
    """A key, or what it stands for; the day of an occupancy is beside names of stages."""
    if key in NAMES["ARM"]:
        return "ARM"
    if key in NAMES["SEGMENT"]:
        return "SEGMENT"
    return free if free and key not in ("day", "total") else key


def _find_free_name(value: dict[str, Any], path: str) -> str | None:
    """What the keys of an object stand for; None where they are fixed."""
    last = path.rsplit(".", 1)[-1].removesuffix("[]")
    if last in FREE_NAMES and not path.endswith("actions[]"):
        return FREE_NAMES[last]
    if len(value) > 1 and _is_by_name(value):
        return "METRIC" if set(value) & set(NAMES["METRIC"]) else "NAME"
    return None


def _is_by_name(value: dict[str, Any]) -> bool:
    """Whether all values are objects with mostly the same keys."""
    if not all(isinstance(item, dict) for item in value.values()):
        return False
    keys = [set(item) for item in value.values()]
    return len(set.intersection(*keys)) * 2 > len(set.union(*keys))


def _name_type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    return "number" if isinstance(value, int | float) else "text"


def _join(kinds: set[str]) -> str:
    """The types in a fixed order; null comes last."""
    return ", ".join(sorted(kinds - {"null"}) + sorted(kinds & {"null"}))
