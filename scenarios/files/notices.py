"""Notices of a scenario: keys that are accepted and have another name now."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from journey.core.messages import format_location
from scenarios.files.line_numbers import find_line
from scenarios.files.merging import Layer
from scenarios.files.messages import FileMessage

ANY = "*"
"""Stands for any name in the path of an old key."""


class OldKey(NamedTuple):
    """A key of earlier versions.

    Attributes:
        path: Its path in the scenario; `ANY` stands for any name.
        replacement: What to write instead, as the end of a sentence.
    """

    path: tuple[str, ...]
    replacement: str


OLD_KEYS: tuple[OldKey, ...] = (
    OldKey(("world", "lost"), 'write `roles = ["lost"]` in [journey.stage.NAME] for each of these stages'),
    OldKey(("policy", "evidence", "typical_days"), "write `typical_days` in [journey.stage.NAME] for each stage"),
)
"""The old keys that are accepted. A built-in scenario does not use them."""


def find_notices(layers: Sequence[Layer]) -> tuple[FileMessage, ...]:
    """The notices of a scenario, in the order of its layers and of the lines in each."""
    return tuple(notice for layer in layers for notice in _find_in_layer(layer))


def _find_in_layer(layer: Layer) -> list[FileMessage]:
    found = [_build_notice(layer, new, f"write `{format_location(new)}`") for new in layer.old_paths]
    found += [_build_notice(layer, path, old.replacement) for old in OLD_KEYS for path in _match(layer.data, old.path)]
    return sorted(found, key=lambda notice: notice.line or 0)


def _build_notice(layer: Layer, path: Sequence[int | str], replacement: str) -> FileMessage:
    key = format_location(layer.path_in_file(path))
    return FileMessage(layer.source, find_line(layer, path), key, f"is an old key; {replacement}")


def _match(data: Any, pattern: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The paths of a layer that a pattern describes."""
    if not pattern:
        yield ()
    elif isinstance(data, Mapping):
        step, *below = pattern
        for name in data if step == ANY else [name for name in (step,) if name in data]:
            yield from ((name, *path) for path in _match(data[name], below))
