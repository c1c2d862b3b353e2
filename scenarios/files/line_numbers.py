"""The line of a key in the file of a layer."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from journey.core.toml_files import read_again
from journey.core.toml_lines import Path as KeyPath
from journey.core.toml_lines import find_lines
from scenarios.files.merging import Layer


def find_line(layer: Layer, path: Sequence[int | str]) -> int | None:
    """The line of a key, or of the innermost table around it that the file has.

    Args:
        layer: The layer.
        path: The path of the key in the scenario.

    Returns:
        The line, from 1. None for an override or option, and for a file that contains no part of the path or cannot be
        read twice, such as a pipe.
    """
    if layer.path is None:
        return None
    try:
        state = layer.path.stat()
    except OSError:
        return None
    lines = _read_lines(layer.path, state.st_mtime_ns, state.st_size)
    steps = layer.path_in_file(path)
    while steps:
        if steps in lines:
            return lines[steps]
        steps = steps[:-1]
    return None


@lru_cache(maxsize=8)
def _read_lines(path: Path, _changed_at: int, _size: int) -> Mapping[KeyPath, int]:
    """The lines of the keys of a file, read once for all errors in it."""
    text = read_again(path)
    return {} if text is None else find_lines(text)
