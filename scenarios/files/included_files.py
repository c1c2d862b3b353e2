"""Files that a scenario names in place of a table: ``journey = "FILE"``, and ``policy = "FILE"`` (also of an arm).

A journey file contains the table ``[journey]`` and the rules of the journey, ``[[rules]]``, alone. Without the table,
the rules are about the default journey. A policy file contains what `journey evaluate --policy` accepts.
A file replaces the table of earlier layers as a whole, because a policy file means the same policy in every place.
Keys that are set beside it, or in later layers, override its keys.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from journey.core.errors import InputError
from journey.core.nested_tables import find_value, nest, remove_key
from journey.core.toml_files import read_toml
from scenarios.files.merging import Layer, normalise
from scenarios.files.paths import resolve_named_path
from scenarios.files.policy_tables import POLICY, list_policy_paths

JOURNEY, RULES = "journey", "rules"
JOURNEY_FILE_KEYS = (JOURNEY, RULES)
"""Top-level keys of a journey file. In a scenario, the rules of the journey are a key of its table."""


def include_files(layer: Layer, folder: Path) -> list[Layer]:
    """The layers of the files that a layer names in place of tables, and then the layer without these keys.

    Args:
        layer: The layer of a file, or of an override.
        folder: Folder from which relative paths start.

    Raises:
        InputError: A file is missing or invalid, or the value is neither a table nor a path.
    """
    included = [_read_included(layer, path, value, folder) for path, value in _list_file_names(layer)]
    data = layer.data
    for part in included:
        data = remove_key(data, part.replaces)
    # An override has no other keys, and the layer of a file stays even if it is empty.
    return [*included, replace(layer, data=data)] if data or layer.path is not None else included


def is_journey_file(data: Mapping[str, Any]) -> bool:
    """Whether the content of a file is a journey, or rules of the default journey, and not a scenario."""
    return bool(data) and set(data) <= set(JOURNEY_FILE_KEYS)


def extract_journey_table(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The table ``[journey]`` of the content of a journey file, with its rules under the key ``rules``.

    Args:
        data: The content.
        name: The file as the user named it, for messages.

    Raises:
        InputError: The content has neither a table ``[journey]`` nor rules, or has other keys.
    """
    other = [key for key in data if key not in JOURNEY_FILE_KEYS]
    if JOURNEY not in data and RULES not in data:
        reason = "; put its keys below a line [journey]" if {"stages", "moves"} & set(data) else ""
        raise InputError(f"{name}: has no table [journey]{reason}")
    if other:
        keys = ", ".join(other)
        raise InputError(
            f"{name}: {keys}: not part of a journey file, which contains the table [journey] and [[rules]] alone"
        )
    table = data.get(JOURNEY, {})
    if not isinstance(table, dict):
        raise InputError(f"{name}: journey: must be a table, because this is the journey file itself")
    if RULES in data and RULES in table:
        raise InputError(f"{name}: has both [[rules]] and [[journey.rules]]; write all rules as [[rules]]")
    return normalise({**table, **({RULES: data[RULES]} if RULES in data else {})})


def _list_file_names(layer: Layer) -> Iterator[tuple[tuple[str, ...], str]]:
    """The paths of the tables in whose place a layer names a file, and the names."""
    for path in ((JOURNEY,), *list_policy_paths(layer.data)):
        value = find_value(layer.data, path)
        if isinstance(value, str):
            yield path, value
        elif value is not None and not isinstance(value, Mapping):
            raise InputError(
                f"{layer.source}: {'.'.join(path)}: must be a table or the path of a file, but {value!r} was given"
            )


def _read_included(layer: Layer, path: tuple[str, ...], name: str, folder: Path) -> Layer:
    """The layer of one file that is named at `path`."""
    key = ".".join(path)
    if not name:
        raise InputError(f"{layer.source}: {key}: names no file; write its path, or remove the key")
    try:
        file = resolve_named_path(name, folder)
    except InputError as error:
        raise InputError(f"{layer.source}: {key}: {error}") from None
    if file.is_dir():
        raise InputError(f"{layer.source}: {key}: {file}: is a folder; name the {path[-1]} file in it")
    try:
        content = read_toml(file, str(file), path[-1])
        data = extract_journey_table(content, str(file)) if path[-1] == JOURNEY else normalise(content)
    except InputError as error:
        if file.exists():
            raise
        raise InputError(f"{layer.source}: {key}: {error}") from None
    return Layer(str(file), nest(data, path), file, replaces=path, content_of=path if path[-1] == POLICY else ())
