"""Matching the names of columns found in a source with the fields of a record."""

from collections.abc import Sequence

from journey.core.errors import InputError
from journey.core.findings import Finding, FindingSeverity
from journey.core.suggestions import did_you_mean
from journey.records.columns import Column, get_columns, normalise_field_name
from journey.records.raw_rows import RawColumn, RawSet


def match_columns(dataset: str, raw: RawSet) -> tuple[dict[str, RawColumn], list[Finding]]:
    """The raw column of each field, and findings about the names.

    Raises:
        InputError: Two columns match one field, or a required column is missing.
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
    _refuse_doubles(raw, claims)
    _refuse_absence(raw, columns, claims, unknown)
    matched = {name: _merge_spellings(found) for name, found in claims.items()}
    return matched, [
        *_build_renamed_findings(dataset, claims),
        *_build_unknown_findings(dataset, unknown, fields - claims.keys()),
        *_build_absent_findings(dataset, raw, claims, unknown),
    ]


def _merge_spellings(found: Sequence[RawColumn]) -> RawColumn:
    """Rows of JSON may spell one field in several ways; the first value that is present is used."""
    if len(found) == 1:
        return found[0]
    return RawColumn(found[0].name, f"coalesce({', '.join(column.value for column in found)})", found[0].sql_type)


def _refuse_doubles(raw: RawSet, claims: dict[str, list[RawColumn]]) -> None:
    if raw.self_describing:
        return
    for name, found in claims.items():
        if len(found) > 1:
            names = " and ".join(repr(column.name) for column in found)
            raise InputError(f"{raw.origin}: two columns stand for {name} ({names}); keep one of them")


def _refuse_absence(
    raw: RawSet, columns: Sequence[Column], claims: dict[str, list[RawColumn]], unknown: list[str]
) -> None:
    """A missing column is an error of the file; in JSON, where each row names its fields, it is an error of the row."""
    if raw.self_describing:
        return
    for column in columns:
        if column.required and column.name not in claims:
            found = ", ".join(repr(name) for name in [*claims, *unknown]) or "none"
            hint = did_you_mean(column.name, unknown) if unknown else ""
            hint = hint if hint.startswith("; did") else ""
            raise InputError(
                f"{raw.origin}: there is no column {column.name!r}, which every row needs; columns found: {found}{hint}"
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
    for name in names:
        shown = repr(name) if name.strip() else "without a name"
        hint = did_you_mean(normalise_field_name(name), sorted(free))
        hint = hint.rstrip("?") + "?" if hint.startswith("; did") else ""
        messages.append(f"The column {shown} of {dataset} is not a field and is not used{hint or '.'}")
    return [_build_notice("unknown-column", dataset, message) for message in messages]


def _build_absent_findings(
    dataset: str, raw: RawSet, claims: dict[str, list[RawColumn]], unknown: list[str]
) -> list[Finding]:
    """Fields that every row needs and no row of JSON has: the cause of as many rows that are set aside."""
    if not raw.columns:
        return []
    findings = []
    for column in get_columns(dataset):
        if column.required and column.name not in claims:
            hint = did_you_mean(column.name, unknown) if unknown else ""
            hint = hint if hint.startswith("; did") else "."
            message = f"No row of {dataset} has {column.name}, which every row needs{hint}"
            findings.append(Finding("missing-column", FindingSeverity.ERROR, dataset, None, None, message))
    return findings


def _build_notice(code: str, dataset: str, message: str) -> Finding:
    return Finding(code, FindingSeverity.NOTICE, dataset, None, None, message)
