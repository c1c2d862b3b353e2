"""Matching the names of columns found in a source with the fields of a record."""

from collections.abc import Sequence

from journey.core.errors import InputError
from journey.core.findings import Finding, FindingSeverity
from journey.core.suggestions import suggest_close
from journey.records.columns import Column, get_columns, normalise_field_name
from journey.records.database import literal
from journey.records.raw_rows import RawColumn, RawSet, build_text_sql

MAX_NAMED_COLUMNS = 50
"""Unknown columns that are named in findings; the others are counted."""


def match_columns(dataset: str, raw: RawSet) -> tuple[dict[str, RawColumn], str | None, list[Finding]]:
    """The raw column of each field, SQL for a row that gives a field twice, and findings about the names.

    Several columns may match one field, as in JSON each row names its own fields. The SQL is the reason why a row with
    two values for the field cannot be read; it is None if no field has two columns.

    Raises:
        InputError: A required column is missing, in JSON from every row.
    """
    columns = get_columns(dataset)
    fields = {column.name for column in columns}
    claims: dict[str, list[RawColumn]] = {}
    unknown: list[str] = []
    for found in raw.columns:
        name = normalise_field_name(found.name)
        if name in fields:
            claims.setdefault(name, []).append(found)
        else:
            unknown.append(found.name)
    _refuse_absence(raw, columns, claims, unknown)
    matched = {name: _merge_spellings(found) for name, found in claims.items()}
    findings = [
        *_build_renamed_findings(dataset, claims),
        *_build_unknown_findings(dataset, unknown, fields - claims.keys()),
    ]
    return matched, _build_repeat_problem(claims), findings


def _merge_spellings(found: Sequence[RawColumn]) -> RawColumn:
    """The column of a field that is spelt in several ways; a row has the same value in each of them that has one."""
    if len(found) == 1:
        return found[0]
    alike = len({column.sql_type for column in found}) == 1
    values = ", ".join(column.value if alike else build_text_sql(column) for column in found)
    shapes = [f"CASE WHEN {column.value} IS NOT NULL THEN {column.shape} END" for column in found if column.shape]
    return RawColumn(
        found[0].name,
        f"coalesce({values})",
        found[0].sql_type if alike else "VARCHAR",
        f"coalesce({', '.join(shapes)})" if shapes else None,
    )


def _build_repeat_problem(claims: dict[str, list[RawColumn]]) -> str | None:
    """SQL: the problem of a row that gives one field under two names with different values.

    It is None if no field has two names.
    """
    cases = []
    for field, found in claims.items():
        if len(found) > 1:
            values = ", ".join(f"nullif({build_text_sql(column)}, '')" for column in found)
            names = " and ".join(sorted(repr(column.name) for column in found))
            problem = literal(f"the field {field} is given twice with different values (its names are {names})")
            cases.append(f"WHEN len(list_distinct([{values}])) > 1 THEN {problem}")
    return f"CASE {' '.join(cases)} END" if cases else None


def _refuse_absence(
    raw: RawSet, columns: Sequence[Column], claims: dict[str, list[RawColumn]], unknown: list[str]
) -> None:
    """Refuse a file without a required column; in JSON, a file in which no row has the field.

    A field that only some rows of JSON lack is an error of these rows.
    """
    if raw.self_describing and not raw.columns:
        return
    what = "field" if raw.self_describing else "column"
    for column in columns:
        if column.required and column.name not in claims:
            names = [*claims, *unknown]
            found = ", ".join(repr(name) for name in names[:MAX_NAMED_COLUMNS]) or "none"
            found += f" and {len(names) - MAX_NAMED_COLUMNS:,} more" if len(names) > MAX_NAMED_COLUMNS else ""
            hint = suggest_close(column.name, unknown[:MAX_NAMED_COLUMNS])
            raise InputError(
                f"{raw.origin}: there is no {what} {column.name!r}, which every row needs; {what}s found: {found}{hint}"
            )


def _build_renamed_findings(dataset: str, claims: dict[str, list[RawColumn]]) -> list[Finding]:
    return [
        _build_notice("column-renamed", dataset, f"The column {found.name!r} of {dataset} was read as {name}.")
        for name, columns in claims.items()
        for found in columns
        if found.name != name
    ]


def _build_unknown_findings(dataset: str, names: list[str], free: set[str]) -> list[Finding]:
    messages = []
    for name in sorted(names)[:MAX_NAMED_COLUMNS]:
        shown = repr(name) if name.strip() else "without a name"
        hint = suggest_close(normalise_field_name(name), sorted(free))
        messages.append(f"The column {shown} of {dataset} is not a field and is not used{hint or '.'}")
    if len(names) > MAX_NAMED_COLUMNS:
        number = len(names) - MAX_NAMED_COLUMNS
        messages.append(f"{number:,} more columns of {dataset} are not fields and are not used.")
    return [_build_notice("unknown-column", dataset, message) for message in messages]


def _build_notice(code: str, dataset: str, message: str) -> Finding:
    return Finding(code, FindingSeverity.NOTICE, dataset, None, None, message)
