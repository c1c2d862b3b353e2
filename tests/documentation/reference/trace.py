"""The columns of a trace, from the documentation of its rows."""

import re
from typing import get_type_hints

from simulation.trace.events import KINDS, Row
from tests.documentation.reference.markdown import build_page, build_table, code

INTRO = """The rows that `journey simulate --trace FILE.parquet` or `FILE.csv` writes: one row per event. Rows are in
the order of time, then customer, then the order in which they happened. Columns that do not apply to a kind of event
are null."""
TYPES = {float: "number", int: "whole number", str: "text"}


def build_trace() -> str:
    """The page of the columns and kinds of events."""
    meanings = _read_attributes(Row.__doc__ or "")
    hints = get_type_hints(Row)
    rows = [(code(name), meanings[name], *_describe_type(hints[name])) for name in Row._fields]
    kinds = "## Kinds of events\n\n" + ", ".join(code(kind) for kind in KINDS) + "."
    return build_page("Trace", INTRO, build_table(("column", "meaning", "type", "may be null"), rows), kinds)


def _describe_type(hint: object) -> tuple[str, str]:
    options = getattr(hint, "__args__", (hint,))
    return TYPES[options[0]], "yes" if type(None) in options else "no"


def _read_attributes(docstring: str) -> dict[str, str]:
    """The entries of a section ``Attributes`` in Google's style, with double backquotes as single ones."""
    section = docstring.partition("Attributes:\n")[2]
    entries = re.findall(r"^ {4,8}(\w+): (.*?)(?=^ {4,8}\w+: |\Z)", section, re.MULTILINE | re.DOTALL)
    return {name: " ".join(text.replace("``", "`").split()) for name, text in entries}
