"""Conventions of what the commands print: results to stdout, everything else to stderr.

`--json` prints exactly one JSON value. Tables are rich's, without colour when stdout is not a terminal or `NO_COLOR` is
set. The console prints text literally: it interprets no markup, and control characters are escaped. Use `styled` for
bold or coloured text.
"""

import io
import json
import math
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from scenarios.cli.messages import print_message as print_message  # noqa: PLC0414 - commands import it from here
from scenarios.text.escaping import escape_json, escape_terminal

if TYPE_CHECKING:
    from typing import TextIO

    from rich.console import Console
    from rich.text import Text

    from scenarios.cli.fitted_table import FittedTable

PIPED_WIDTH = 120
"""Width in columns of output to a file or a pipe."""

MIN_WIDTH = 20
"""Smallest width in columns; narrower terminals wrap the lines themselves."""


LONG_LIST = 1_000
"""A list with more items is printed one item per line, because indenting it takes minutes for large companies."""


def print_json(value: Any) -> None:
    """Print one JSON value to stdout: dates as ISO 8601, unknown and not finite numbers as null.

    The output is indented, except for long lists and iterators: they are printed one item per line. Items of an
    iterator are printed as they are produced.
    """
    long_keys = [key for key, part in value.items() if _is_long(part)] if isinstance(value, Mapping) else []
    if not long_keys:
        encoder = json.JSONEncoder(indent=2, ensure_ascii=_is_limited(), allow_nan=False)
        sys.stdout.writelines(map(escape_json, encoder.iterencode(to_json_value(value))))
        sys.stdout.write("\n")
        return
    separator = "{"
    for key, part in value.items():
        sys.stdout.write(f"{separator}\n  {_compact(str(key))}: ")
        if key in long_keys:
            _print_items(part)
        else:
            sys.stdout.write(_compact(part))
        separator = ","
    sys.stdout.write("\n}\n")


def _is_long(part: Any) -> bool:
    return isinstance(part, Iterator) or (isinstance(part, list | tuple) and len(part) > LONG_LIST)


def _print_items(items: Iterable[Any]) -> None:
    sys.stdout.write("[")
    separator = ""
    for item in items:
        sys.stdout.write(f"{separator}\n    {_compact(item)}")
        separator = ","
    sys.stdout.write("\n  ]")


def _compact(value: Any) -> str:
    try:
        # The C encoder handles most values; only the others go through `to_json_value`.
        text = json.dumps(value, ensure_ascii=_is_limited(), allow_nan=False, default=to_json_value)
    except ValueError:
        text = json.dumps(to_json_value(value), ensure_ascii=_is_limited(), allow_nan=False)
    return escape_json(text)


def _is_limited() -> bool:
    r"""Whether stdout's encoding lacks characters, which JSON then has as codes such as ``\u00eb``."""
    return not (sys.stdout.encoding or "").lower().startswith("utf")


def to_json_value(value: Any) -> Any:
    """`value` converted to JSON types."""
    if value is None or (isinstance(value, bool | int) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return to_json_value(value.value)
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime):
        return format_date(value)
    if isinstance(value, date | Path):
        return value.isoformat() if isinstance(value, date) else str(value)
    if isinstance(value, Mapping):
        return {str(key): to_json_value(item) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [to_json_value(item) for item in value]
    if hasattr(value, "item"):
        # A NumPy scalar.
        return to_json_value(value.item())
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def format_date(moment: datetime) -> str:
    """A time as ISO 8601; the date alone at midnight."""
    text = moment.isoformat()
    return text.removesuffix("T00:00:00")


@cache
def _console_class() -> "type[Console]":
    from rich.console import Console

    from scenarios.cli.error_handling import exit_quietly

    class QuietConsole(Console):
        """A console that ends the program without an error when the reader of stdout closes the pipe."""

        def on_broken_pipe(self) -> None:
            exit_quietly()

        def render_str(self, text: str, **options: Any) -> "Text":
            """Every text that is printed or put in a table comes through here."""
            return super().render_str(escape_terminal(text), **options)

    return QuietConsole


class _TrimmedLines(io.TextIOBase):
    """Writes to another stream without the blanks at the end of lines, with which rich fills tables."""

    def __init__(self, stream: "TextIO") -> None:
        super().__init__()
        self._stream = stream
        self.trims = not stream.isatty()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute in the base class
        return self._stream.encoding

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def write(self, text: str, /) -> int:
        return self._stream.write(_TRAILING_BLANKS.sub("", text) if self.trims else text)

    def flush(self) -> None:
        self._stream.flush()


_TRAILING_BLANKS = re.compile(r"[ \t]+$", re.MULTILINE)


def console() -> "Console":
    """The console for results on stdout."""
    return _console_class()(
        file=cast("TextIO", _TrimmedLines(sys.stdout)),
        width=_width(),
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
    )


def _width() -> int:
    """The width in columns: that of COLUMNS, or of the terminal; for a pipe, rich would assume 80."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return max(int(columns), MIN_WIDTH)
    if not sys.stdout.isatty():
        return PIPED_WIDTH
    # Rich would take any number in COLUMNS, and print nothing at a width of 0.
    return max(shutil.get_terminal_size().columns, MIN_WIDTH)


def styled(text: str, style: str, rest: str = "") -> "Text":
    """`text` in a style of rich, such as ``bold``, followed by `rest` in the ordinary style."""
    from rich.text import Text

    return Text.assemble((escape_terminal(text), style), escape_terminal(rest))


def table(heading: str, *columns: str, right: Sequence[str] = ()) -> "FittedTable":
    """An empty table in the common style; the columns in `right` are aligned right."""
    from scenarios.cli.fitted_table import FittedTable

    result = FittedTable(heading)
    for column in columns:
        result.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return result


def print_omitted_rows(out: "Console", total: int, limit: int, noun: str) -> None:
    """Print how many rows of a table are beyond `limit`; nothing where there are none."""
    from scenarios.text.phrases import describe_omitted_rows

    note = describe_omitted_rows(total, limit, noun, remedy="raise --limit, or use --json for all")
    if note:
        out.print(f"{note}\n")
