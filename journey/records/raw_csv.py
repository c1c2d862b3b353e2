"""Raw rows of CSV: header first, any of the usual separators, all values as text.

The database reads a well-formed file fast, and rejects the file at the first malformed line. Only then is the file read
again record by record, which is slower and identifies the malformed lines; these are set aside.
"""

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from journey.core.errors import InputError
from journey.records.columns import get_columns, normalise_field_name
from journey.records.database import literal
from journey.records.encoding import check_text, open_bytes
from journey.records.raw_rows import RawColumn, RawSet, build_empty_set, unreadable_file_error
from journey.records.sources import Source

SEPARATORS = ",;\t|"


def open_csv(connection: duckdb.DuckDBPyConnection, source: Source, path: Path) -> RawSet:
    """The rows of a CSV file.

    Raises:
        InputError: The file is not text, has no header, or contains an unclosed quotation mark.
    """
    if not check_text(source.path):
        return build_empty_set(source.path.name)
    separator, header, header_is_first = _detect_header(source)
    try:
        if not header_is_first:
            raise duckdb.InvalidInputException("empty lines before the header")
        _read_fast(connection, path, separator, len(header))
    except duckdb.Error:
        _read_record_by_record(connection, source, separator, len(header))
    named_values = ", ".join(f"{literal(name)}, c{place}" for place, name in enumerate(header))
    return RawSet(
        origin=source.path.name,
        relation="raw_rows AS raw",
        columns=tuple(RawColumn(name, f"c{place}", "VARCHAR") for place, name in enumerate(header)),
        row_number="place",
        content=f"coalesce(line, json_object({named_values})::VARCHAR)",
        problem="problem",
        tables=("raw_rows",),
    )


def _detect_header(source: Source) -> tuple[str, list[str], bool]:
    """Separator, names, and whether the header is the very first line."""
    fields = {column.name for column in get_columns(source.dataset)}
    with _open_text(source.path) as file:
        first = file.readline()
        header_is_first = bool(first.strip())
        while not first.strip():
            first = file.readline()
        candidates = {mark: _split_header(first, mark) for mark in SEPARATORS}
    separator = max(
        candidates, key=lambda mark: len(fields & {normalise_field_name(name) for name in candidates[mark]})
    )
    return separator, candidates[separator], header_is_first


def _split_header(first: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([first.rstrip("\r\n")], delimiter=separator))
    except (csv.Error, StopIteration):
        return [first.strip()]


def _read_fast(connection: duckdb.DuckDBPyConnection, path: Path, separator: str, width: int) -> None:
    names = ", ".join(f"c{place}: 'VARCHAR'" for place in range(width))
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE raw_rows AS "
        "SELECT *, row_number() OVER () AS place, NULL::VARCHAR AS line, NULL::VARCHAR AS problem "
        f"FROM read_csv({literal(str(path))}, auto_detect = false, header = true, columns = {{{names}}}, "
        f"delim = {literal(separator)}, quote = '\"', escape = '\"', strict_mode = true, nullstr = '')"
    )


def _read_record_by_record(connection: duckdb.DuckDBPyConnection, source: Source, separator: str, width: int) -> None:
    """Rewrite the records in one plain dialect, each with its problem, and read the result."""
    names = [f"c{place}" for place in range(width)]
    with tempfile.TemporaryDirectory(prefix="journeylab-") as folder:
        rewritten = Path(folder) / "rows.csv"
        with rewritten.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
            for place, (values, line, problem) in enumerate(_records(source, separator, width), start=1):
                row = values if problem is None else [""] * width
                writer.writerow([place, line, problem, *row])
        types = ", ".join(f"{name}: 'VARCHAR'" for name in ["line", "problem", *names])
        try:
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE raw_rows AS SELECT {', '.join(names)}, place, line, problem "
                f"FROM read_csv({literal(str(rewritten))}, auto_detect = false, header = false, "
                f"columns = {{place: 'BIGINT', {types}}}, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
                "parallel = false)"
            )
        except duckdb.Error as error:
            raise unreadable_file_error(source.path, error, "CSV") from None


def _records(source: Source, separator: str, width: int) -> Iterator[tuple[list[str], str | None, str | None]]:
    """Every record after the header: its values, its text if it is malformed, and its problem."""
    with _open_text(source.path) as file:
        consumed: list[str] = []
        reader = csv.reader(_tee_lines(file, consumed), delimiter=separator, strict=True)
        header_seen = False
        while True:
            line = reader.line_num + 1
            consumed.clear()
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if "unexpected end" in str(error):
                    raise InputError(
                        f"{source.path}: line {line}: a quotation mark opens here and is never closed; add the "
                        "closing quotation mark"
                    ) from None
                yield [], "".join(consumed).rstrip("\r\n"), f"line {line} is not valid CSV ({error})"
                continue
            if not values:
                continue
            if header_seen:
                form_problem = (
                    None if len(values) == width else f"line {line} has {len(values)} values for {width} columns"
                )
                yield values, json.dumps(values) if form_problem else None, form_problem
            header_seen = True


def _tee_lines(lines: Iterable[str], consumed: list[str]) -> Iterator[str]:
    for line in lines:
        consumed.append(line)
        yield line


def _open_text(path: Path) -> io.TextIOWrapper:
    return io.TextIOWrapper(open_bytes(path), encoding="utf-8-sig", newline="")
