"""Notices of a scenario: keys of earlier versions that are still accepted."""

from collections.abc import Sequence
from typing import NamedTuple

from journey.core.messages import format_location
from journey.core.nested_tables import find_value
from scenarios.files.line_numbers import find_line
from scenarios.files.merging import Layer
from scenarios.files.messages import FileMessage


class OldKey(NamedTuple):
    """A key of earlier versions.

    Attributes:
        path: Its path in the scenario.
        replacement: What to write instead, as the end of a sentence.
    """

    path: tuple[str, ...]
    replacement: str


OLD_KEYS: tuple[OldKey, ...] = (
    OldKey(("world", "lost"), 'write `roles = ["lost"]` in [journey.stage.NAME] for each of these stages'),
    OldKey(("policy", "evidence", "typical_days"), "write `typical_days` in [journey.stage.NAME] for each stage"),
)
"""Old keys that are read where they are; `scenarios.files.old_keys` moves the others. No built-in scenario has one."""


def find_notices(layers: Sequence[Layer]) -> tuple[FileMessage, ...]:
    """The notices of a scenario, in the order of its layers and of the lines in each."""
    return tuple(notice for layer in layers for notice in _find_in_layer(layer))


def _find_in_layer(layer: Layer) -> list[FileMessage]:
    found = [_build_notice(layer, new, f"write `{format_location(new)}`") for new in layer.old_paths]
    old_keys = (old for old in OLD_KEYS if find_value(layer.data, old.path) is not None)
    found += [_build_notice(layer, old.path, old.replacement) for old in old_keys]
    return sorted(found, key=lambda notice: notice.line or 0)


def _build_notice(layer: Layer, path: Sequence[int | str], replacement: str) -> FileMessage:
    key = format_location(layer.path_in_file(path))
    return FileMessage(layer.source, find_line(layer, path), key, f"is an old key; {replacement}")
