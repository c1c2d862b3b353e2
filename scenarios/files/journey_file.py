"""A journey file: the table ``[journey]`` alone, which is enough to check, evaluate and draw."""

from pathlib import Path

from journey.core.errors import InputError
from journey.core.toml_files import read_toml
from journey.machine import Journey
from journey.machine.errors import JourneyDefinitionError
from scenarios.files.included_files import is_journey_file, read_journey_table


def read_journey_file(source: str | Path) -> Journey | None:
    """The journey of a journey file.

    Args:
        source: A path, or the name of a built-in scenario.

    Returns:
        The journey. None for a scenario, and for what is not a regular file.

    Raises:
        InputError: The file is not TOML, or its journey is invalid.
    """
    path, name = Path(source), str(source)
    if not path.is_file() or not is_journey_file(read_toml(path, name, "scenario")):
        return None
    try:
        return Journey.from_dict(read_journey_table(path, name))
    except JourneyDefinitionError as error:
        raise InputError("\n".join(f"{name}: journey: {problem}" for problem in error.problems)) from None
