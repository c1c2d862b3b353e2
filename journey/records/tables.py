"""The tables of records after reading: clean and typed, with the rows set aside and the findings."""

import json
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import duckdb

from journey.core.errors import InputError
from journey.core.findings import Finding, FindingSeverity, sort_findings
from journey.core.suggestions import did_you_mean
from journey.records.columns import get_columns, get_date_columns
from journey.records.database import one_value, quoted
from journey.records.model import Family, Record, get_model
from journey.records.sources import FORMATS, split_name
from journey.runtime.atomic_files import atomic_file

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that is not used, and the reason.

    Attributes:
        dataset: The set of the row.
        row_number: Its 1-based position in the file.
        code: Stable code of the reason, for instance ``out-of-range``.
        reason: The reason as text.
        content: The original row, as text.
    """

    dataset: str
    row_number: int
    code: str
    reason: str
    content: str


class RecordTables:
    """All records of a family of sets.

    Attributes:
        connection: An in-memory DuckDB connection with a table for each set. Columns are the fields of the models,
            dates are TIMESTAMP. Two more columns follow: ``row_number`` (1-based position in the file) and ``gaps``
            (number of missing fields that got their default).
        source: Origin of the records, as text.
        family: The sets.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: str, family: Family) -> None:
        self.connection = connection
        self.source = source
        self.family = family

    @cached_property
    def set_aside(self) -> tuple[SetAside, ...]:
        """The rows that are not used, ordered by set and position."""
        rows = self.connection.execute(
            "SELECT dataset, row_number, code, reason, content FROM set_aside ORDER BY dataset, row_number"
        ).fetchall()
        return tuple(SetAside(*row) for row in rows)

    @cached_property
    def findings(self) -> list[Finding]:
        """The findings of reading, most serious first."""
        rows = self.connection.execute(LOAD_FINDINGS).fetchall()
        return sort_findings(Finding(row[0], FindingSeverity(row[1]), *row[2:]) for row in rows)

    def counts(self) -> dict[str, int]:
        """Number of clean rows by set."""
        return {name: int(one_value(self.connection, f"SELECT count(*) FROM {name}")) for name in self.family.datasets}

    def latest_date(self) -> datetime | None:
        """The latest date of an event in any record; None if no record has one."""
        return self._find_latest_date(self.family.datasets)

    def _find_latest_date(self, datasets: Iterable[str]) -> datetime | None:
        parts = [
            f"(SELECT max({quoted(column)}) FROM {name})"
            for name in datasets
            for column in get_date_columns(name)
            if column not in get_model(name).planned
        ]
        return cast("datetime | None", one_value(self.connection, f"SELECT greatest({', '.join(parts)})"))

    def objects(self, dataset: str) -> tuple[Record, ...]:
        """All records of a set as objects, in canonical order.

        Raises:
            InputError: The set is unknown.
        """
        if dataset not in self.family.datasets:
            raise InputError(f"{dataset!r} is not a record set{did_you_mean(dataset, self.family.datasets)}")
        return self._fetch(get_model(dataset))

    def write_quarantine(self, folder: Path, *, overwrite: bool = False) -> list[Path]:
        """Write the rows set aside, one JSON Lines file for each set, and return the files.

        Each line has set, row number, code, reason and the original row. All files appear, or none.

        Args:
            folder: The target folder; it is created if it does not exist.
            overwrite: Whether files of an earlier quarantine may be replaced.

        Raises:
            InputError: A file already exists, the folder contains records, or it cannot be written to.
        """
        by_set: dict[str, list[SetAside]] = {}
        for row in self.set_aside:
            by_set.setdefault(row.dataset, []).append(row)
        targets = {folder / f"{dataset}.jsonl": rows for dataset, rows in by_set.items()}
        _refuse_record_folder(folder, set(by_set))
        existing = [path.name for path in targets if path.exists()]
        if existing and not overwrite:
            raise InputError(f"{folder}: {', '.join(existing)} already exists; give another folder, or remove it first")
        with ExitStack() as stack:
            # The files are complete before the first one gets its name: on a full disk none appears.
            for path, rows in targets.items():
                _write_set_aside(stack.enter_context(atomic_file(path)), rows)
        return list(targets)

    def _order(self, kind: type[Record]) -> str:
        """SQL of a set's canonical order; it depends on the content of records, not on their position in a file."""
        return f"{quoted(kind.key)}, row_number" if kind.key else "ALL"

    def _fetch(self, kind: type[R], customer_id: str | None = None) -> tuple[R, ...]:
        columns = get_columns(kind.dataset)
        names = [column.name for column in columns]
        fields = ", ".join(quoted(name) for name in names)
        where = "" if customer_id is None else "WHERE customer_id = ?"
        parameters = [] if customer_id is None else [customer_id]
        rows = self.connection.execute(
            f"SELECT {fields} FROM {kind.dataset} {where} ORDER BY {self._order(kind)}", parameters
        ).fetchall()
        list_indices = [place for place, column in enumerate(columns) if column.kind == "texts"]
        mapping_indices = [place for place, column in enumerate(columns) if column.kind == "mapping"]
        if list_indices or mapping_indices:
            rows = [_decode_containers(row, list_indices, mapping_indices) for row in rows]
        # The rows were validated by column with the bounds of this model, so they are not validated again.
        objects = (kind.model_construct(None, **dict(zip(names, row, strict=True))) for row in rows)
        return cast("tuple[R, ...]", tuple(objects))


DUPLICATE_CODES = ("duplicate-record", "duplicate-key", "conflicting-duplicate")
"""Rows set aside with these codes fit the schema and repeat another row."""

LOAD_FINDINGS = f"""
SELECT code, severity, dataset, record, customer_id, message FROM load_findings
UNION ALL
SELECT code, severity, dataset, record, customer_id,
    'Row ' || row_number || ' of ' || dataset || ' is set aside: it ' || reason || '.'
FROM set_aside WHERE code IN {DUPLICATE_CODES}
UNION ALL
SELECT code, severity, dataset, record, customer_id,
    'Row ' || row_number || ' of ' || dataset || ' is set aside: ' || reason || '.'
FROM set_aside WHERE code NOT IN {DUPLICATE_CODES}
"""
"""SQL for all findings of reading."""


def _decode_containers(row: tuple[Any, ...], lists: list[int], mappings: list[int]) -> tuple[Any, ...]:
    values = list(row)
    for index in lists:
        values[index] = tuple(values[index] or ())
    for index in mappings:
        values[index] = json.loads(values[index]) if values[index] else {}
    return tuple(values)


def _refuse_record_folder(folder: Path, datasets: set[str]) -> None:
    """Refuse a folder with another file of one of these sets, because the set would then be there twice."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        dataset, ending = split_name(path)
        if dataset in datasets and ending in FORMATS and path.name != f"{dataset}.jsonl":
            raise InputError(
                f"{folder}: contains records ({path.name}), and rows set aside beside them would be read as records; "
                "give another folder"
            )


def _write_set_aside(path: Path, rows: list[SetAside]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps({name: getattr(row, name) for name in row.__slots__}, ensure_ascii=False) + "\n")
