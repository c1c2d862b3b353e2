"""The JSON of the commands: each key and its types, from the outputs of many examples."""

import json
import re
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory
from typing import Any

from scenarios.files.loader import load
from scenarios.metrics.catalogue import MetricCatalogue
from scenarios.operations.catalogue import list_scenarios
from tests.documentation.reference.markdown import build_page, build_table, code
from tests.documentation.reference.result_types import find_stated_types
from tests.documentation.sandbox import ROOT
from tests.scenarios.cli.invocation import invoke

EMPTY, MARKETING, CUSTOMERS, CAMPAIGNS = "EMPTY", "MARKETING", "CUSTOMERS", "CAMPAIGNS"
"""Stand for folders: an empty one; a copy of the bundled campaigns, to which a command can write; customers without any
other set; campaigns with their performance only."""
FOLDERS = {
    EMPTY: ("customer_journey", "no file"),
    MARKETING: ("marketing", "*"),
    CUSTOMERS: ("customer_journey", "customers.*"),
    CAMPAIGNS: ("marketing", "campaign*"),
}
"""By name of the folder: the bundled folder, and the files that are copied from it."""

RANDOMISED = "compare --mode randomised"
SMALL = ("--set", "horizon_days=90")
FEW = ("--set", "population.size=40", *SMALL)
NO_REVIEWERS = ("--set", "reviewers.count=0")
OWN_METRIC = ("--set", 'metrics.activated={ reached = "engagement", guardrail = -0.1, smallest_effect = 0.1 }')
RULES = str(ROOT / "tests" / "documentation" / "reference" / "rules.toml")
PROVED_RULES = str(ROOT / "tests" / "documentation" / "reference" / "proved_rules.toml")
IMPERFECT = str(ROOT / "data" / "imperfect")
BUILT_IN = {
    summary.name: (summary.name, *(SMALL if summary.name == "seed_ten" else FEW)) for summary in list_scenarios()
}
"""By name of the built-in scenario: the arguments of a small run of it; `seed_ten` has ten customers from records."""
EXPERIMENTS = ("default", "act_early", "bad_data", "do_nothing", "onboarding_outreach", "renewals", "win_back")
"""Built-in scenarios whose arms can share the reviewers."""

ONE_ROUND = ("--processes", "1", "--rounds", "1")
SAVED_RUN = str(Path(__file__).with_name("saved_benchmark.json"))

COMPARE = ("compare", "--workers", "1", "--replications")
COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "init": (("init", EMPTY),),
    "check": (("check",), ("check", IMPERFECT), ("check", CUSTOMERS), ("check", "--journey", RULES)),
    "evaluate": (
        ("evaluate", "--replay"),
        ("evaluate", "--latency"),
        ("evaluate", IMPERFECT, "--replay"),
        ("evaluate", CUSTOMERS, "--as-of", "2025-01-20", "--replay"),
    ),
    "campaigns": (("campaigns",), ("campaigns", CAMPAIGNS)),
    "budget": (("budget", "propose", "PROP_CAMP_002_CH_03_CH_02_20260319", MARKETING, "--on", "2026-03-20"),),
    "scenarios": (("scenarios",),),
    "metrics": (("metrics",), ("metrics", "default")),
    "validate": (
        *(("validate", name) for name in BUILT_IN),
        ("validate", "default", "--set", "sed=1", "--set", "policy.thresholds.approve_value=1"),
    ),
    "prove": (("prove", PROVED_RULES),),
    "show": (
        ("show", "default", "population", "--docs"),
        ("show", "default", "title", "--docs"),
        ("show", "default", "arms.baseline", "--docs"),
    ),
    "simulate": (
        *(("simulate", *run) for run in BUILT_IN.values()),
        ("simulate", *BUILT_IN["do_nothing"], "--arm", "treated"),
        ("simulate", *BUILT_IN["default"], *NO_REVIEWERS),
    ),
    "compare": (
        *((*COMPARE, "3", *run) for run in BUILT_IN.values()),
        (*COMPARE, "1", *BUILT_IN["default"], *OWN_METRIC),
        (*COMPARE, "2", *BUILT_IN["default"], *NO_REVIEWERS),
        (*COMPARE, "2", *BUILT_IN["onboarding_outreach"], "--precision", "churn_rate=0.5"),
        (*COMPARE, "2", *BUILT_IN["default"], *OWN_METRIC),
    ),
    RANDOMISED: (
        *((*COMPARE, "3", *BUILT_IN[name], "--mode", "randomised") for name in EXPERIMENTS),
        (*COMPARE, "2", *BUILT_IN["default"], "--mode", "randomised", "--truth", *OWN_METRIC),
    ),
    "explain": tuple(
        ("explain", *run, "--customer", str(customer))
        for name, run in BUILT_IN.items()
        for customer in (3, 5, 7, 9)
        if name != "acquisition_quality"  # buyers of campaigns have other numbers
    ),
    "query": (
        (
            *("query", "trial_to_paid", "--customers", "40", "--replications", "2"),
            *("P(reach paying within 30) by segment", "P(reach paying within 5) for tier medium from trial"),
            *("P(reach at_risk within 30) by tier from paying", "E(time to paying)"),
        ),
    ),
    "verify": (("verify", "default", "--customers", "100"),),
    "benchmark": (
        ("benchmark", *ONE_ROUND, "--budget", "p99=1s"),
        ("benchmark", *ONE_ROUND, "--against", SAVED_RUN),
        ("benchmark", CUSTOMERS, "--as-of", "2025-01-20", *ONE_ROUND),
    ),
}
"""Examples of each command: small runs of every built-in scenario, and runs in which something is unknown."""

FREE_NAMES = {
    "metrics": "METRIC", "events_by_kind": "KIND", "decisions_by_reason": "REASON", "reviews_by_verdict": "VERDICT",
    "outcomes": "OUTCOME", "actions": "ACTION", "by": "VALUE", "occupancy": "STAGE",
    "balances": "CHANNEL", "seen": "NAME", "steps": "STEP",
}  # fmt: skip
"""What the keys of other objects are where they depend on the scenario or the data."""

INTRO = """`--json` prints one JSON value to stdout. Numbers are numbers, dates are ISO 8601, and what is unknown is
`null`. New versions may add keys; they do not rename or remove any.

Below, `a.b` is the key `b` of the object `a`, and `a[]` is each item of the list `a`. Names in capitals stand for
names of the scenario or the data, such as an arm or a metric. A key is absent where its part of the result does not
exist, for example without reviewers. The types are those found in the outputs of all built-in scenarios, the bundled
records, and runs with one replication, without reviewers or with customers only, and those that the code states for
results that are written as they are. `journey schema` prints the JSON
Schema of scenario files, not of results."""


def build_json() -> str:
    """The page of the keys of each command."""
    keys: dict[str, dict[str, str]] = {}
    for name, command in COMMANDS.items():
        # The keys of an experiment are those of any comparison, and more.
        keys[name] = _find_keys(command, without=keys["compare"] if name == RANDOMISED else ())
    return build_page("JSON", INTRO, *(_build_section(name, keys[name]) for name in COMMANDS))


def _build_section(name: str, keys: dict[str, str]) -> str:
    more = "The keys of `compare`, and these:\n\n" if name == RANDOMISED else ""
    return f"## {name}\n\n{more}{build_table(('key', 'type'), [(code(path), kind) for path, kind in keys.items()])}"


def _find_keys(examples: tuple[tuple[str, ...], ...], *, without: Collection[str] = ()) -> dict[str, str]:
    """The path of every value that the examples of a command print, and its types; `without` are left out."""
    kinds: dict[str, set[str]] = {}
    for command in examples:
        for path, kind in _walk(_run(command), ""):
            kinds.setdefault(path, set()).add(kind)
    paths = [path for path in _sort_paths(list(kinds)) if path not in without]
    return {path: _join(path, kinds[path]) for path in paths if not _is_outline(path, kinds[path], kinds)}


def _sort_paths(paths: list[str]) -> list[str]:
    """The paths with all that is inside an object or a list together, otherwise in the given order."""
    places = {path: place for place, path in enumerate(paths)}
    return sorted(paths, key=lambda path: [places[part] for part in _containers(path)])


def _containers(path: str) -> list[str]:
    """The objects and lists that contain a value, outermost first, and the value: ``a``, ``a[]``, ``a[].b``."""
    return ["", *(path[: end.start()] for end in re.finditer(r"\.|\[\]|$", path) if end.start())]


def _run(command: tuple[str, ...]) -> Any:
    """The JSON that a command prints; so do a check that fails, in so small a run, and errors of a scenario."""
    with TemporaryDirectory() as name:
        for folder, pattern in (FOLDERS[word] for word in command if word in FOLDERS):
            for path in (ROOT / "data" / folder).glob(pattern):
                copy(path, Path(name))
        done = invoke(*(name if word in FOLDERS else word for word in command), "--json")
    assert done.exit_code in (0, 1) or done.stdout, (command, done.stderr)
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
        stated = find_stated_types(frozenset(value))
        for key, item in value.items():
            step = _name_step(key, free)
            inner = f"{path}.{step}" if path else step
            yield from _walk(item, inner)
            for kind in stated.get(key, ()):
                yield inner, kind
    elif isinstance(value, list):
        yield path, "list"
        for item in value:
            yield from _walk(item, f"{path}[]")
    else:
        yield path, _name_type(value)


def _name_step(key: str, free: str | None) -> str:
    """A key, or what it stands for; the day of an occupancy is beside names of stages."""
    found = next((name for name, keys in _find_names().items() if key in keys), None)
    if found is not None:
        return found
    return free if free and key not in ("day", "total") else key


def _find_free_name(value: dict[str, Any], path: str) -> str | None:
    """What the keys of an object stand for; None where they are fixed."""
    last = path.rsplit(".", 1)[-1].removesuffix("[]")
    if last in FREE_NAMES and not path.endswith(("actions[]", "steps[]")):
        return FREE_NAMES[last]
    if len(value) > 1 and _is_by_name(value):
        return "METRIC" if set(value) & set(MetricCatalogue().names) else "NAME"
    return None


@cache
def _find_names() -> dict[str, set[str]]:
    """The names of the built-in scenarios, by what they stand for."""
    scenarios = [load(name).scenario for name in BUILT_IN]
    return {
        "ARM": {arm for scenario in scenarios for arm in scenario.arms},
        "SEGMENT": {segment for scenario in scenarios for segment in scenario.population.segments},
    }


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


NULL_IN_EXAMPLES = {
    "used.scenario": "text, or null without `--scenario`",
    "used.scenario_hash": "text, or null without `--scenario`",
    "used.arm": "text, or null without `--scenario`",
    "used.journey.file": "text, or null for a journey without a file",
    "used.policy.file": "text, or null for a policy without a file",
    "from_status": "text, or null for the first entry of a transfer or risk",
    "reason_code": "text, or null where a person proposed",
    "left": "number, or null while the campaign runs",
    "reason": "text, or null where the move was not refused",
    "note": "text, or null where the check is possible",
    "line": "number, or null for an override and an option",
}
"""What keys hold that are null in every example, by path or by the end of the path."""


def _join(path: str, kinds: set[str]) -> str:
    """The types in a fixed order; null comes last."""
    if kinds == {"null"}:
        return NULL_IN_EXAMPLES.get(path) or NULL_IN_EXAMPLES[path.rpartition(".")[2]]
    return ", ".join(sorted(kinds - {"null"}) + sorted(kinds & {"null"}))
