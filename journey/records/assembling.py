"""All sets of one company into one database: load each, tidy spelling, resolve duplicates."""

from collections.abc import Callable, Mapping
from typing import Any

import duckdb

from journey.findings import Finding, FindingSeverity
from journey.machine import Journey, default_journey
from journey.policy import Policy
from journey.records.database import connect, one_value
from journey.records.duplicates import resolve_duplicates
from journey.records.loading import add_findings, create_empty, load
from journey.records.model import DATASETS
from journey.records.raw import RawSet, open_frame, open_parquet
from journey.records.raw_csv import open_csv
from journey.records.raw_json import open_json, open_rows
from journey.records.sources import Source
from journey.records.text import plainly_named
from journey.records.vocabulary import tidy_spelling

Reader = Callable[[duckdb.DuckDBPyConnection], RawSet]

OPTIONAL_SILENTLY = frozenset({"events"})
"""Sets whose absence is not worth a notice."""


def from_sources(
    sources: Mapping[str, Source], findings: list[Finding], journey: Journey | None, policy: Policy | None
) -> duckdb.DuckDBPyConnection:
    """The database of the sets that files hold.

    Raises:
        InputError: A file cannot be read as what it is meant to be.
    """
    connection = connect()
    add_findings(connection, findings)
    for dataset in DATASETS:
        source = sources.get(dataset)
        if source is None:
            create_empty(connection, dataset)
            _say_missing(connection, dataset)
            continue
        with plainly_named(source.path) as path:
            _load_one(connection, dataset, _open(connection, source, path))
    return _tidied(connection, journey, policy)


def from_tables(tables: Mapping[str, Any], journey: Journey | None, policy: Policy | None) -> duckdb.DuckDBPyConnection:
    """The database of the sets that frames or lists of rows hold.

    Raises:
        InputError: A table cannot be read as its set.
    """
    connection = connect()
    for dataset in DATASETS:
        table = tables.get(dataset)
        if table is None:
            create_empty(connection, dataset)
            _say_missing(connection, dataset)
        elif hasattr(table, "__arrow_c_stream__"):
            _load_one(connection, dataset, open_frame(connection, dataset, table))
        else:
            _load_one(connection, dataset, open_rows(connection, dataset, table))
    return _tidied(connection, journey, policy)


def _open(connection: duckdb.DuckDBPyConnection, source: Source, path: Any) -> RawSet:
    opener = {"json": open_json, "lines": open_json, "csv": open_csv, "parquet": open_parquet}[source.format]
    return opener(connection, source, path)


def _load_one(connection: duckdb.DuckDBPyConnection, dataset: str, raw: RawSet) -> None:
    load(connection, dataset, raw)
    rows = one_value(connection, f"SELECT count(*) FROM {dataset}")
    aside = one_value(connection, "SELECT count(*) FROM set_aside WHERE dataset = ?", [dataset])
    if not rows and not aside and dataset not in OPTIONAL_SILENTLY:
        message = f"{raw.origin} holds no rows."
        add_findings(connection, [Finding("empty-set", _severity_of_absence(dataset), dataset, None, None, message)])


def _say_missing(connection: duckdb.DuckDBPyConnection, dataset: str) -> None:
    if dataset not in OPTIONAL_SILENTLY:
        message = f"There are no {dataset}: nothing that depends on them can be said."
        add_findings(connection, [Finding("missing-set", FindingSeverity.NOTICE, dataset, None, None, message)])


def _severity_of_absence(dataset: str) -> FindingSeverity:
    return FindingSeverity.WARNING if dataset == "customers" else FindingSeverity.NOTICE


def _tidied(
    connection: duckdb.DuckDBPyConnection, journey: Journey | None, policy: Policy | None
) -> duckdb.DuckDBPyConnection:
    tidy_spelling(connection, (journey or default_journey()).stages)
    resolve_duplicates(connection, policy or Policy())
    return connection
