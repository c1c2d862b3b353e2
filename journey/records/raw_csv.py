"""Raw rows of CSV: header first, any of the usual separators, all values as text.

The database reads a well-formed file fast, and rejects the file at the first malformed record. Only then is the file
read again record by record, which is slower and identifies the malformed records; these are set aside.
"""

import csv
import io
import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from journey.core.errors import InputError
from journey.records.columns import get_columns, normalise_field_name
from journey.records.database import execute_reading, literal, one_row
from journey.records.encoding import CHUNK, check_text, open_bytes
from journey.records.raw_rows import RawColumn, RawSet, build_empty_set, unreadable_file_error
from journey.records.sources import Source

SEPARATORS = ",;\t|"

_NO_VALUE = "\x01no value\x01"


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
        _read_fast(connection, source, path, separator, len(header))
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
    """Separator, names, and whether the header begins in the very first line."""
    fields = {column.name for column in get_columns(source.dataset)}
    with _open_text(source.path) as file:
        header_is_first = bool(file.readline().strip())
    candidates = {mark: _read_header(source.path, mark) for mark in SEPARATORS}
    separator = max(
        candidates, key=lambda mark: len(fields & {normalise_field_name(name) for name in candidates[mark]})
    )
    return separator, candidates[separator], header_is_first


def _read_header(path: Path, separator: str) -> list[str]:
    """The first record that is not empty; a quoted name may contain line breaks."""
    with _open_text(path) as file:
        consumed: list[str] = []
        try:
            # `strict` refuses a quotation mark that is never closed, which would make the whole file one name.
            records = csv.reader(_tee_lines(file, consumed), delimiter=separator, strict=True)
            return next(values for values in records if "".join(values).strip())
        except (csv.Error, StopIteration):
            return [next((line.strip() for line in consumed if line.strip()), "")]


def _read_fast(connection: duckdb.DuckDBPyConnection, source: Source, path: Path, separator: str, width: int) -> None:
    """Read a well-formed file with the database.

    Raises:
        duckdb.Error: The file is malformed.
    """
    if _has_line_with_empty_end(source.path, separator):
        _read_with_empty_ends(connection, path, separator, width)
        return
    _run_read_csv(connection, path, separator, width, "*", "nullstr = ''")


def _has_line_with_empty_end(path: Path, separator: str) -> bool:
    """Whether a line ends in a separator: its last value is empty, or it has one value too many."""
    sought, before = re.compile(re.escape(separator.encode()) + rb"\s*?(?:[\r\n]|\Z)"), b""
    with open_bytes(path) as file:
        while chunk := file.read(CHUNK):
            # The end of a chunk counts as the end of a line; at worst, this is a false alarm.
            if sought.search(before + chunk):
                return True
            before = chunk[-1:]
    return False


def _read_with_empty_ends(connection: duckdb.DuckDBPyConnection, path: Path, separator: str, width: int) -> None:
    """Read lines that end in a separator, which the database accepts whatever their number of values.

    One more column is read. It must be empty in every row (each line of the file ends in a separator), or in none.
    """
    values = ", ".join(f"nullif(c{place}, '') AS c{place}" for place in range(width))
    # Missing values at the end of a row are null, and empty values are not.
    selected, options = f"{values}, c{width - 1} IS NULL AS short, c{width} AS extra", "null_padding = true"
    options += f", nullstr = {literal(_NO_VALUE)}"
    try:
        _run_read_csv(connection, path, separator, width + 1, selected, options)
    except duckdb.Error:
        # Line breaks within quotation marks are not read in parallel.
        _run_read_csv(connection, path, separator, width + 1, selected, f"{options}, parallel = false")
    rows, short, extra, filled = one_row(
        connection, "SELECT count(*), count_if(short), count(extra), count_if(extra <> '') FROM raw_rows"
    )
    if short or filled or extra not in (0, rows):
        raise duckdb.InvalidInputException("rows of several widths")


def _run_read_csv(
    connection: duckdb.DuckDBPyConnection, path: Path, separator: str, width: int, selected: str, options: str
) -> None:
    names = ", ".join(f"c{place}: 'VARCHAR'" for place in range(width))
    execute_reading(
        connection,
        "CREATE OR REPLACE TEMP TABLE raw_rows AS "
        f"SELECT {selected}, row_number() OVER () AS place, NULL::VARCHAR AS line, NULL::VARCHAR AS problem "
        f"FROM read_csv({literal(str(path))}, auto_detect = false, header = true, columns = {{{names}}}, "
        f"delim = {literal(separator)}, quote = '\"', escape = '\"', strict_mode = true, {options})",
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
            execute_reading(
                connection,
                f"CREATE OR REPLACE TEMP TABLE raw_rows AS SELECT {', '.join(names)}, place, line, problem "
                f"FROM read_csv({literal(str(rewritten))}, auto_detect = false, header = false, "
                f"columns = {{place: 'BIGINT', {types}}}, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
                "parallel = false)",
            )
        except duckdb.Error as error:
            raise unreadable_file_error(source.path, error, "CSV") from None


def _records(source: Source, separator: str, width: int) -> Iterator[tuple[list[str], str | None, str | None]]:
    """Every record after the header: its values, its text if it is malformed, and its problem.

    If every record ends in a separator, its last value, which is empty, is no value.
    """
    extra = _count_extra_values(source, separator, width)
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
                form_problem = None
                if len(values) != width + extra:
                    form_problem = f"line {line} has {len(values)} values for {width} columns"
                elif extra:
                    values = values[:width]
                yield values, json.dumps(values) if form_problem else None, form_problem
            header_seen = True


def _count_extra_values(source: Source, separator: str, width: int) -> int:
    """1 if every record after the header ends in one separator too many, otherwise 0."""
    with _open_text(source.path) as file:
        reader = csv.reader(file, delimiter=separator, strict=True)
        header_seen, found = False, 0
        while True:
            try:
                values = next(reader)
            except StopIteration:
                return found
            except csv.Error:
                continue
            if not values:
                continue
            if header_seen:
                if len(values) != width + 1 or values[-1]:
                    return 0
                found = 1
            header_seen = True


def _tee_lines(lines: Iterable[str], consumed: list[str]) -> Iterator[str]:
    for line in lines:
        consumed.append(line)
        yield line


def _open_text(path: Path) -> io.TextIOWrapper:
    return io.TextIOWrapper(open_bytes(path), encoding="utf-8-sig", newline="")
