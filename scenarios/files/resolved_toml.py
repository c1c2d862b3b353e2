"""A resolved scenario as TOML, in which each value has a comment on where it comes from."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from journey.core.printable import escape_unprintable
from journey.core.toml_text import format_key, format_path, format_value
from scenarios.files.key_docs import describe_key
from scenarios.files.resolved_keys import Provenance, ResolvedKey

_COMMENT_COLUMN = 44
_MAX_SOURCE = 60


def format_keys(keys: Sequence[ResolvedKey], *, docs: bool = False) -> str:
    """Keys as a scenario file; defaults are comments, so that the file has the hash of the scenario.

    Args:
        keys: The keys.
        docs: Whether to write the meaning, the unit and the range above each key.
    """
    # TOML requires the values of a table before the tables in it; a table is written where its first value is.
    order: dict[tuple[str, ...], int] = {}
    for index, each in enumerate(keys):
        for depth in range(len(each.path)):
            order.setdefault(each.path[:depth], index)
    ordered = sorted(keys, key=lambda each: [order[each.path[:depth]] for depth in range(len(each.path))])
    lines: list[str] = []
    for table, group in groupby(ordered, key=lambda each: each.path[:-1]):
        items = list(group)
        if table and any(each.provenance is not Provenance.DEFAULT for each in items):
            lines += ["", f"[{format_path(table)}]"]
        elif table:
            lines += ["", f"# [{format_path(table)}]"]
        for each in items:
            lines += _format_key(each, docs=docs)
    return "\n".join(lines).lstrip("\n") + "\n"


def _format_key(each: ResolvedKey, *, docs: bool) -> Iterator[str]:
    if docs:
        yield from _describe(each)
    name = format_key(each.path[-1])
    if each.value is None:
        yield f"# {name}: not set"
        return
    line = f"{name} = {format_value(each.value)}"
    if each.provenance is Provenance.DEFAULT:
        yield from (f"# {part}" for part in f"{line}  # default value".split("\n"))
        return
    *before, last = line.split("\n")
    yield from before
    yield f"{last.ljust(_COMMENT_COLUMN)}  # {describe_source(each)}"


def describe_source(each: ResolvedKey) -> str:
    """Where a value comes from, in words on one line."""
    source = " ".join(escape_unprintable(each.source or "").split())
    if each.provenance is Provenance.OPTION:
        return f"option --{source.replace('=', ' ', 1)}"
    if each.provenance is Provenance.OVERRIDE:
        return f"--set {source if len(source) <= _MAX_SOURCE else source[: _MAX_SOURCE - 3] + '...'}"
    place = source if each.line is None else f"{source}:{each.line}"
    written = f" {each.source_key}" if each.source_key != ".".join(each.path) else ""
    return f"{'built-in ' if each.provenance is Provenance.BUILTIN else ''}{place}{written}"


def _describe(each: ResolvedKey) -> Iterator[str]:
    """The meaning of a key, and its unit and range, as comments."""
    doc = describe_key(each.path)
    facts = ", ".join(part for part in (doc.unit and f"unit: {doc.unit}", doc.range and f"range: {doc.range}") if part)
    text = " ".join(part for part in (doc.description, f"({facts})" if facts else "") if part)
    if text:
        yield f"# {text}"
