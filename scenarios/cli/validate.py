"""`journey validate`: the errors of a scenario, or "valid" and a summary."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from journey.core.errors import InputError
from scenarios.cli.common_options import JsonOption, ScenarioArgument, SetOption, load_scenario
from scenarios.text.phrases import format_name

_LINE = re.compile(r"\bat line (\d+)")
"""The line in a message about TOML syntax."""

if TYPE_CHECKING:
    from journey.rules import Rule
    from scenarios.files.journey_file import JourneyFile
    from scenarios.files.loader import LoadedScenario
    from scenarios.files.model import Scenario


def command(source: ScenarioArgument, *, set_: SetOption = None, json_: JsonOption = False) -> None:
    """Check a scenario, or a file with a journey alone.

    Prints a summary, or every error with its file, line and key.
    """
    from scenarios.cli.console import console, print_json
    from scenarios.cli.terminal_document import print_document
    from scenarios.files.journey_file import read_journey_file
    from scenarios.reports.document import Items

    try:
        if not set_ and (file := read_journey_file(source)) is not None:
            _print_journey(file, json_=json_)
            return
        scenario = load_scenario(source, set_)
        _refuse_unusable_population(scenario)
    except InputError as error:
        if json_:
            print_json({"valid": False, **_list_messages(source, error)})
        raise
    summary = _summarise(scenario)
    if json_:
        notices = [notice._asdict() for notice in scenario.notices]
        print_json({"valid": True, "errors": [], "notices": notices, **summary})
        return
    out = console()
    out.print("valid")
    items = (*_describe_summary(summary), *_describe_idle_moves(scenario), *_describe_arms(summary["arms"]))
    print_document(out, [Items(items)])


def _print_journey(file: "JourneyFile", *, json_: bool) -> None:
    """Print what a valid journey file contains."""
    from scenarios.cli.console import console, print_json
    from scenarios.cli.terminal_document import print_document
    from scenarios.reports.document import Items

    machine = file.journey
    summary = {
        "journey": machine.name,
        "stages": ", ".join(machine.stages),
        "moves": ", ".join(machine.move_names),
        **_name_rules(file.rules),
    }
    if json_:
        print_json({"valid": True, "errors": [], "notices": [], **summary})
        return
    out = console()
    out.print("valid")
    print_document(out, [Items(tuple(_describe_summary(summary)))])


def _name_rules(rules: "Sequence[Rule]") -> dict[str, str]:
    """The names of the declared rules, if there are any."""
    return {"rules": ", ".join(rule.name for rule in rules)} if rules else {}


def _list_messages(source: str, error: InputError) -> dict[str, Any]:
    """The errors and notices of a scenario that is not valid."""
    from scenarios.files.messages import FileMessage, ScenarioError

    if isinstance(error, ScenarioError):
        errors, notices = error.errors, error.notices
    else:
        text = str(error)
        line = _LINE.search(text)
        errors = (FileMessage(source, int(line[1]) if line else None, "", text.removeprefix(f"{source}: ")),)
        notices = ()
    return {"errors": [each._asdict() for each in errors], "notices": [each._asdict() for each in notices]}


def _describe_summary(summary: dict[str, Any]) -> Iterator[str]:
    return (f"{format_name(key)}: {value}" for key, value in summary.items() if key != "arms")


def _describe_idle_moves(loaded: "LoadedScenario") -> Iterator[str]:
    """The moves of the journey that have no dwell, which is legal, but easily forgotten."""
    idle = [move for move in loaded.arms[0].journey.move_names if move not in loaded.scenario.world.moves]
    if idle:
        yield f"moves that never happen, because world.moves has no dwell for them: {', '.join(idle)}"


def _describe_arms(arms: dict[str, dict[str, Any]]) -> Iterator[str]:
    for name, arm in arms.items():
        shown = {**arm, "averts": _describe_averted(arm["averts"])}
        details = (f"{format_name(key)}: {value}" for key, value in shown.items() if value not in ("", None))
        yield f"arm {name}: {'; '.join(details)}"


def _describe_averted(averts: dict[str, dict[str, Any]]) -> str:
    """What the actions avert, such as ``call 0.2 (stated), e-mail 0.05 (default)``."""
    return ", ".join(f"{name} {each['value']:.2g} ({each['source']})" for name, each in averts.items())


def _refuse_unusable_population(loaded: "LoadedScenario") -> None:
    """Read the records and build the review pods, so that errors appear before any run.

    Raises:
        InputError: The folder of records cannot be used, or a pod would be empty.
    """
    from simulation.runs.cohort import build_cohort
    from simulation.runs.run import refuse_empty_pods

    for arm in loaded.arms:
        refuse_empty_pods(arm)
    arm = loaded.arms[0]
    if arm.population.records is not None:
        build_cohort(arm.population, arm.journey.compile(), seed=loaded.scenario.seed, replication=0)


def _summarise_campaigns(scenario: "Scenario") -> dict[str, Any]:
    """The acquisition campaigns, if there are any; `customers` is then the number that reviewers are planned for."""
    if scenario.acquisition is None:
        return {}
    named = scenario.acquisition.campaigns.items()
    return {"campaigns": "; ".join(f"{name}: {', '.join(campaign.channels)}" for name, campaign in named)}


def _summarise(loaded: "LoadedScenario") -> dict[str, Any]:
    from scenarios.operations.averts import list_averted
    from simulation.acquisition.spec import find_acquisition

    scenario = loaded.scenario
    population = scenario.population
    return {
        "scenario": loaded.name,
        "title": scenario.title,
        "scenario_hash": loaded.hash,
        "customers": population.size,
        "population": f"records: {population.records}" if population.records else ", ".join(population.segments),
        **_summarise_campaigns(scenario),
        "days": scenario.horizon_days,
        "seed": scenario.seed,
        "replications": scenario.replications,
        "stages": ", ".join(loaded.arms[0].journey.stages),
        "primary_metric": scenario.primary_metric,
        **_name_rules(loaded.rules),
        "arms": {
            arm.name: {
                "label": loaded.describe(scenario.arms[arm.name].label),
                "reviewers": arm.reviewers.count_for(population.size) if arm.active else None,
                "actions": None if arm.actions is None else ", ".join(arm.actions) or "none",
                "active": None if arm.active else "no",
                "averts": {name: each._asdict() for name, each in list_averted(loaded, arm).items()},
                **(
                    {}
                    if (acquisition := find_acquisition(arm.population)) is None
                    else {"budget": acquisition.reallocation.rule}
                ),
            }
            for arm in loaded.arms
        },
    }
