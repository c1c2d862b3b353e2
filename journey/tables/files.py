"""Write a table to a CSV or Parquet file."""

from pathlib import Path
from typing import TYPE_CHECKING

from journey.core.errors import InputError
from journey.runtime.atomic_files import atomic_file
from journey.tables.column_table import quote_name
from journey.tables.csv_text import disarm_sql

if TYPE_CHECKING:
    import duckdb

FORMATS = (".parquet", ".csv")
"""File extensions of tables."""


def write_table(rows: "duckdb.DuckDBPyRelation", path: Path, what: str) -> None:
    """Write a table to a file, atomically; the file extension determines the format.

    In CSV a list of texts is one field, separated by semicolons, and no text is evaluated by a spreadsheet.

    Args:
        rows: The table.
        path: The file.
        what: What the rows are, in the plural, for messages.

    Raises:
        InputError: The file extension is neither ``.parquet`` nor ``.csv``, or the file cannot be written.
    """
    import duckdb

    refuse_unknown_format(path, what)
    with atomic_file(path) as part:
        try:
            if path.suffix.lower() == ".csv":
                rows.project(", ".join(map(_csv_field_sql, rows.columns, rows.types))).write_csv(str(part), header=True)
            else:
                rows.write_parquet(str(part))
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            raise InputError(f"{path}: the {what} cannot be written: {error}") from None


def _csv_field_sql(name: str, kind: object) -> str:
    """SQL for a column of a CSV file."""
    column = quote_name(name)
    if str(kind) == "VARCHAR":
        return f"{disarm_sql(column)} AS {column}"
    if str(kind) == "VARCHAR[]":
        return f"array_to_string([{disarm_sql('each')} FOR each IN {column}], ';') AS {column}"
    return column


def refuse_unknown_format(path: Path, what: str) -> None:
    """Raise an error, before any work, if a table cannot be written to this type of file.

    Args:
        path: The file.
        what: What the rows are, in the plural, for the message.

    Raises:
        InputError: The file extension is not in `FORMATS`.
    """
    if path.suffix.lower() not in FORMATS:
        raise InputError(
            f"{path}: unsupported file extension {path.suffix!r}; {what} are written as {' or '.join(FORMATS)}"
        )
