"""Reading, replacing and removing values in nested tables by the path of their key. The tables are never changed."""

from collections.abc import Mapping, Sequence
from typing import Any


def find_value(data: Any, path: Sequence[str]) -> Any:
    """The value at `path`, or None if the path does not exist."""
    for step in path:
        data = data.get(step) if isinstance(data, Mapping) else None
    return data


def nest(value: Any, path: Sequence[str]) -> Any:
    """Nested tables with a single value, at `path`; the value itself if the path is empty."""
    for step in reversed(path):
        value = {step: value}
    return value


def replace_value(data: Mapping[str, Any], path: Sequence[str], value: object) -> dict[str, Any]:
    """A copy of the tables with another value at `path`. All tables on the path must exist."""
    step, *below = path
    return {**data, step: replace_value(data[step], below, value) if below else value}


def remove_key(data: Mapping[str, Any], path: Sequence[str]) -> Mapping[str, Any]:
    """A copy of the tables without the key at `path`; the tables themselves if the path does not exist."""
    step, *below = path
    if step not in data:
        return data
    if not below:
        return {key: value for key, value in data.items() if key != step}
    inner = data[step]
    return {**data, step: remove_key(inner, below)} if isinstance(inner, Mapping) else data
