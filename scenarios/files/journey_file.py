"""A journey file: the table ``[journey]`` and its ``[[rules]]`` alone: enough to check, evaluate, draw and validate."""

from pathlib import Path
from typing import NamedTuple

from journey.core.errors import InputError
from journey.core.messages import KeyProblem, format_location
from journey.core.toml_files import read_toml
from journey.machine import Journey
from journey.rules import Rule
from scenarios.files.included_files import JOURNEY, RULES, extract_journey_table, is_journey_file
from scenarios.files.journey_checks import examine_journey
from scenarios.files.line_numbers import find_line
from scenarios.files.merging import Layer
from scenarios.files.messages import FileMessage, ScenarioError
from scenarios.files.rule_checks import examine_journey_rules, find_unknown_names


class JourneyFile(NamedTuple):
    """The content of a journey file.

    Attributes:
        journey: The journey.
        rules: Its declared rules.
    """

    journey: Journey
    rules: tuple[Rule, ...] = ()


def read_journey_file(source: str | Path) -> JourneyFile | None:
    """The content of a journey file.

    Args:
        source: A path, or the name of a built-in scenario.

    Returns:
        The content. None for a scenario, and for what is not a regular file.

    Raises:
        InputError: The file is not TOML.
        ScenarioError: The journey or a rule is invalid; every mistake is listed with its line.
    """
    path, name = Path(source), str(source)
    if not path.is_file():
        return None
    data = read_toml(path, name, "scenario")
    if not is_journey_file(data):
        return None
    table = extract_journey_table(data, name)
    examined = examine_journey(table)
    rules = examine_journey_rules(table.get(RULES, ()))
    problems = [KeyProblem((JOURNEY, *each.path), each.message) for each in (*examined.problems, *rules.problems)]
    if examined.journey is not None and not problems:
        problems += [
            KeyProblem((JOURNEY, *each.path), each.message) for each in find_unknown_names(rules, examined.journey)
        ]
    if problems:
        layer = Layer(name, {JOURNEY: table}, path, replaces=(JOURNEY,))
        errors = [
            FileMessage(
                name,
                find_line(layer, each.path),
                format_location(layer.path_in_file(each.path)),
                each.message,
            )
            for each in problems
        ]
        raise ScenarioError(sorted(errors, key=lambda error: error.line or 0))
    if examined.journey is None:
        raise InputError(f"{name}: journey: has no stages and moves")
    return JourneyFile(examined.journey, rules.rules)
