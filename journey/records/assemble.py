"""Load all sets of one company into one database, normalise spellings and resolve duplicates."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from journey.core.findings import Finding, FindingSeverity
from journey.decision.policy import Policy
from journey.machine import Journey, default_journey
from journey.records.database import connect, map_in_parallel
from journey.records.deduplication import resolve_duplicates
from journey.records.encoding import without_wildcards
from journey.records.loading import add_findings, create_empty, load
from journey.records.model import CUSTOMER_FAMILY, KNOWN_SOURCES, Family
from journey.records.raw_csv import open_csv
from journey.records.raw_json import open_json, open_rows
from journey.records.raw_rows import RawSet, open_frame, open_parquet
from journey.records.sources import Source
from journey.records.value_normalisation import normalise_values
from journey.records.value_notes import report_mixed_zones


def assemble_sources(
    sources: Mapping[str, Source], findings: list[Finding], journey: Journey | None, policy: Policy | None
) -> duckdb.DuckDBPyConnection:
    """The database of a company's customers, from files.

    Raises:
        InputError: A file cannot be read in its format.
    """
    one_each = {dataset: (source,) for dataset, source in sources.items()}
    return _normalise(load_sources(CUSTOMER_FAMILY, one_each, findings), journey, policy)


def assemble_tables(
    tables: Mapping[str, Any], journey: Journey | None, policy: Policy | None
) -> duckdb.DuckDBPyConnection:
    """The database of a company's customers, from frames or lists of rows.

    Raises:
        InputError: A table cannot be read as its set.
    """
    return _normalise(load_tables(CUSTOMER_FAMILY, tables), journey, policy)


def load_sources(
    family: Family, sources: Mapping[str, Sequence[Source]], findings: list[Finding]
) -> duckdb.DuckDBPyConnection:
    """The database of a family's sets, from files, before spellings and duplicates are processed.

    Args:
        family: Its sets.
        sources: The files of each set; rows of several files are numbered consecutively, which is reported as a
            finding.
        findings: Findings about the files.

    Raises:
        InputError: A file cannot be read in its format.
    """
    connection = connect()
    add_findings(connection, findings)

    def load_set(beside: duckdb.DuckDBPyConnection, dataset: str) -> None:
        create_empty(beside, dataset)
        parts = sources.get(dataset, ())
        if not parts:
            _report_missing(beside, family, dataset)
        numbers: list[int] = []
        for source in parts:
            numbers.append(_load_source(beside, family, source, numbers[-1] if numbers else 0))
        if len(parts) > 1:
            add_findings(beside, [_build_joined_finding(dataset, parts, numbers)])

    map_in_parallel(connection, load_set, family.datasets)
    add_findings(connection, report_mixed_zones(connection))
    return connection


def load_tables(family: Family, tables: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    """The database of a family's sets, from frames or lists of rows.

    Raises:
        InputError: A table cannot be read as its set.
    """
    connection = connect()
    for dataset in family.datasets:
        create_empty(connection, dataset)
        table = tables.get(dataset)
        if table is None:
            _report_missing(connection, family, dataset)
        elif hasattr(table, "__arrow_c_stream__"):
            _load_one(connection, family, dataset, open_frame(connection, dataset, table))
        else:
            _load_one(connection, family, dataset, open_rows(connection, dataset, table))
    add_findings(connection, report_mixed_zones(connection))
    return connection


def _load_source(connection: duckdb.DuckDBPyConnection, family: Family, source: Source, before: int) -> int:
    """Append a file to its set, whose last row has the number `before`, and return the number of its last row."""
    with without_wildcards(source.path) as path:
        return _load_one(connection, family, source.dataset, _open_source(connection, source, path), before)


def _build_joined_finding(dataset: str, parts: Sequence[Source], numbers: Sequence[int]) -> Finding:
    ends = ", ".join(f"{part.path} up to {number}" for part, number in zip(parts, numbers, strict=True))
    message = f"{dataset} is in {len(parts)} files; their rows are read together and numbered consecutively: {ends}."
    return Finding("set-in-several-files", FindingSeverity.NOTICE, dataset, None, None, message)


def _open_source(connection: duckdb.DuckDBPyConnection, source: Source, path: Any) -> RawSet:
    opener = {"json": open_json, "lines": open_json, "csv": open_csv, "parquet": open_parquet}[source.format]
    return opener(connection, source, path)


def _load_one(connection: duckdb.DuckDBPyConnection, family: Family, dataset: str, raw: RawSet, before: int = 0) -> int:
    last = load(connection, dataset, raw, before)
    if last == before and dataset not in family.optional:
        severity = _absence_severity(family, dataset)
        message = f"{dataset} has no rows."
        add_findings(connection, [Finding("empty-set", severity, dataset, None, None, message)])
    return last


def _report_missing(connection: duckdb.DuckDBPyConnection, family: Family, dataset: str) -> None:
    if dataset not in family.optional:
        # A folder without its required set was rejected. If the family requires none, a missing principal set is a
        # warning.
        severity = FindingSeverity.NOTICE if family.required_dataset else _absence_severity(family, dataset)
        message = f"{dataset} is missing: results that depend on it are not available."
        add_findings(connection, [Finding("missing-set", severity, dataset, None, None, message)])


def _absence_severity(family: Family, dataset: str) -> FindingSeverity:
    return FindingSeverity.WARNING if dataset == family.principal else FindingSeverity.NOTICE


def _normalise(
    connection: duckdb.DuckDBPyConnection, journey: Journey | None, policy: Policy | None
) -> duckdb.DuckDBPyConnection:
    stages = (journey or default_journey()).stages
    vocabulary = {"journey_stage": stages, "previous_stage": stages, "source": KNOWN_SOURCES}
    normalise_values(connection, CUSTOMER_FAMILY.datasets, vocabulary)
    resolve_duplicates(connection, CUSTOMER_FAMILY.datasets, policy or Policy())
    return connection
