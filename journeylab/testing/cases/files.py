"""The cases of a journey file: its own statement, an expected journey or a table of examples, and its rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from journey.core.errors import InputError
from journey.core.merging import deep_merge
from journey.core.toml_files import read_toml
from journey.machine import Journey, default_journey
from journeylab.testing.cases.answers import Forms
from journeylab.testing.cases.examples import list_example_cases
from journeylab.testing.cases.moves import list_guard_cases, list_move_cases
from journeylab.testing.cases.rules import list_rule_cases
from journeylab.testing.cases.statement import Statement, read_statement
from journeylab.testing.cases.structure import list_structure_cases
from scenarios.files.included_files import extract_journey_table
from scenarios.files.journey_file import read_journey_file
from scenarios.files.loader import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journey.rules import Rule
    from journeylab.testing.cases.case import Case


class FileUnderTest(NamedTuple):
    """A journey file or scenario.

    Attributes:
        journey: Its journey.
        rules: Its declared rules.
        statement: What its keys state.
    """

    journey: Journey
    rules: tuple[Rule, ...]
    statement: Statement


def read_tested_file(path: Path, name: str) -> FileUnderTest:
    """The journey of a journey file or of a scenario file.

    Args:
        path: The file.
        name: What messages call it.

    Raises:
        InputError: The file is missing or invalid.
    """
    if path.is_dir():
        raise InputError(f"{name}: is a folder; name a journey file in it, or a scenario file")
    if not path.is_file():
        raise InputError(f"{name}: no such file; name a journey file, or a scenario file")
    # Messages name the file as the user does, where that is a path from this folder.
    source = name if Path(name).resolve() == path.resolve() else str(path)
    found = read_journey_file(source)
    if found is not None:
        table = extract_journey_table(read_toml(path, name, "journey"), name)
        return FileUnderTest(found.journey, found.rules, _read_table(table, name))
    loaded = load(source)
    return FileUnderTest(loaded.arms[0].journey, loaded.rules, _read_table(loaded.scenario.journey or {}, name))


def list_cases(path: Path, name: str, expected: Path | None = None) -> Iterator[Case]:
    """All cases of a file.

    Args:
        path: The journey file or scenario file.
        name: What messages call it.
        expected: What the journey must be: another such file, or a table of examples (CSV). Default: the text of the
            file itself.

    Raises:
        InputError: A file is missing or invalid.
    """
    tested = read_tested_file(path, name)
    forms = Forms(tested.journey)
    statement, rules = tested.statement, tested.rules
    if expected is not None and expected.suffix.lower() == ".csv":
        yield from list_example_cases(_read_text(expected), expected.name, forms)
    elif expected is not None:
        agreed = read_tested_file(expected, expected.name)
        statement = agreed.statement
        known = {rule.name for rule in agreed.rules}
        rules = (*agreed.rules, *(rule for rule in rules if rule.name not in known))
    yield from list_structure_cases(statement, forms)
    yield from list_move_cases(statement, forms)
    yield from list_guard_cases(statement, forms)
    yield from list_rule_cases(tested.journey, rules)


def _read_table(table: dict[str, object], name: str) -> Statement:
    """The statement of a table, or of the default journey with the details that the table has."""
    if "moves" not in table:
        table = deep_merge(default_journey().to_dict(), table)
    return read_statement(table, name)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path.name}: no such file; name a table of examples (CSV), or a journey file") from None
    except OSError:
        raise InputError(f"{path.name}: cannot be read; name a table of examples (CSV), or a journey file") from None
    except UnicodeDecodeError:
        raise InputError(f"{path.name}: is not UTF-8 text") from None
