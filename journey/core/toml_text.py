"""Values and tables as TOML text, which `journey.core.toml_files` reads back as equal values."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from journey.core.printable import escape_quoted

MAX_INLINE_ITEMS = 12
"""A longer list is written with one item per line."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def format_table(values: Mapping[str, Any]) -> str:
    """A whole file: the values at the top, and then a section for each table."""
    return "\n".join(_format_section(values, ())) + "\n"


def _format_section(values: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """The lines of one table: its own values first, then its sub-tables, as TOML requires."""
    if path:
        yield f"\n[{format_path(path)}]"
    for name, value in values.items():
        # TOML has no null: a key without a value is omitted, and its default is null.
        if not isinstance(value, dict) and value is not None:
            yield f"{format_key(name)} = {format_value(value)}"
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _format_section(value, (*path, name))


def format_value(value: Any) -> str:
    """A value, a list or an inline table. A long list has one item per line."""
    if isinstance(value, list | tuple):
        lines = len(value) > 1 and (isinstance(value[0], Mapping) or len(value) > MAX_INLINE_ITEMS)
        items = [format_value(item) for item in value]
        return "[\n    " + ",\n    ".join(items) + ",\n]" if lines else "[" + ", ".join(items) + "]"
    return format_inline(value)


def format_inline(value: Any) -> str:
    """A value, a list or an inline table on one line, as needed within an inline table and after ``key=``."""
    if isinstance(value, Mapping):
        pairs = [f"{format_key(name)} = {format_inline(item)}" for name, item in value.items() if item is not None]
        return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(format_inline, value)) + "]"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        # TOML has infinity and NaN, under these names.
        return float.__repr__(value)
    # JSON strings, integers and booleans are valid TOML, except that TOML requires DEL to be escaped.
    return escape_quoted(json.dumps(value, ensure_ascii=False))


def format_key(name: str) -> str:
    """A key, in quotes where TOML requires them."""
    return name if _BARE.fullmatch(name) else format_value(name)


def format_path(path: Sequence[str]) -> str:
    """A dotted key."""
    return ".".join(format_key(step) for step in path)
