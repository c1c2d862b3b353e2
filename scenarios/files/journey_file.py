"""A journey file: the table ``[journey]`` alone, which is enough to check, evaluate, draw and validate."""

from pathlib import Path

from journey.core.errors import InputError
from journey.core.messages import format_location
from journey.core.toml_files import read_toml
from journey.machine import Journey
from scenarios.files.included_files import JOURNEY, extract_journey_table, is_journey_file
from scenarios.files.journey_checks import examine_journey
from scenarios.files.line_numbers import find_line
from scenarios.files.merging import Layer
from scenarios.files.messages import FileMessage, ScenarioError


def read_journey_file(source: str | Path) -> Journey | None:
    """The journey of a journey file.

    Args:
        source: A path, or the name of a built-in scenario.

    Returns:
        The journey. None for a scenario, and for what is not a regular file.

    Raises:
        InputError: The file is not TOML.
        ScenarioError: The journey is invalid; every mistake is listed with its line.
    """
    path, name = Path(source), str(source)
    if not path.is_file():
        return None
    data = read_toml(path, name, "scenario")
    if not is_journey_file(data):
        return None
    table = extract_journey_table(data, name)
    examined = examine_journey(table)
    if examined.problems:
        layer = Layer(name, {JOURNEY: table}, path)
        places = [(JOURNEY, *each.path) for each in examined.problems]
        errors = [
            FileMessage(name, find_line(layer, place), format_location(place), each.message)
            for place, each in zip(places, examined.problems, strict=True)
        ]
        raise ScenarioError(sorted(errors, key=lambda error: error.line or 0))
    if examined.journey is None:
        raise InputError(f"{name}: journey: has no stages and moves")
    return examined.journey
