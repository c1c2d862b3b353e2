"""The line of a key in the file of a layer."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from journey.core.toml_files import read_again
from journey.core.toml_lines import Path, find_lines
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
    text = read_again(layer.path)
    if text is None:
        return None
    lines = _find_lines(text)
    steps = layer.path_in_file(path)
    while steps:
        if steps in lines:
            return lines[steps]
        steps = steps[:-1]
    return None


@lru_cache(maxsize=8)
def _find_lines(text: str) -> Mapping[Path, int]:
    return find_lines(text)
