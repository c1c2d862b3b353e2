"""The columns of recorded sets: type, unit, need, range and an example from the bundled data."""

import json
from typing import Any

from journey.marketing.records.model import MARKETING_FAMILY
from journey.records.columns import Column, get_columns
from journey.records.model import CUSTOMER_FAMILY, Family, Record
from scenarios.files.key_units import find_unit
from tests.documentation.reference.markdown import build_page, build_table, code
from tests.documentation.sandbox import ROOT

FOLDERS = ("customer_journey", "imperfect", "marketing")
TYPES = {
    "text": "text", "number": "number", "whole": "whole number", "flag": "true or false", "date": "date",
    "texts": "list of text", "mapping": "table",
}  # fmt: skip
COLUMNS = ("column", "meaning", "type", "unit", "need", "range", "example")

FILES = """Each set is one file, or several, named after the set: `{first}.json`, `{first}.jsonl`,
`{first}.csv` or `{first}.parquet`. Column names are matched without regard to case, spaces, `-` and `_`. Unknown
columns are not used, and are reported. A date is `2025-01-31`, which means midnight, or `2025-01-31T14:30:00`.

A row without a value in a required column is set aside with a [finding](findings.md). So is a row with a value of a
wrong type in any column, or with a required value outside its range. The other rows are used. An optional column may be
missing or null; then its default is used, or the value is unknown. An optional value outside its range is not
used.{more}"""
MORE = """

[Rows that cannot be used](../guides/own-records.md#rows-that-cannot-be-used) has all that can happen to a row."""
CUSTOMERS = """The records of customers, for `journey check` and `journey evaluate`. Only `customers` is required;
results that need another set are not available without it."""
CAMPAIGNS = """The records of campaigns, for `journey campaigns` and `journey budget`. No set is required; results
that need a set are not available without it. Amounts are in the currency of the records, US dollars by default."""


def build_records() -> str:
    """The page of the sets and columns of customers."""
    return _build_family("Records of customers", CUSTOMERS, CUSTOMER_FAMILY)


def build_marketing_records() -> str:
    """The page of the sets and columns of campaigns."""
    return _build_family("Records of campaigns", CAMPAIGNS, MARKETING_FAMILY)


def _build_family(title: str, intro: str, family: Family) -> str:
    return build_page(
        title,
        intro,
        FILES.format(first=family.models[0].dataset, more=MORE if family is CUSTOMER_FAMILY else ""),
        *(_build_set(model) for model in family.models),
    )


def _build_set(model: type[Record]) -> str:
    key = f"Key: {code(model.key)}." if model.key else "Rows have no key."
    description = " ".join((model.__doc__ or "").split())
    examples = _read_rows(model.dataset)
    rows = [_build_row(model, column, examples) for column in get_columns(model.dataset)]
    return f"## {model.dataset}\n\n{description} {key}\n\n{build_table(COLUMNS, rows)}"


def _build_row(model: type[Record], column: Column, examples: list[dict[str, Any]]) -> tuple[str, ...]:
    description = model.model_fields[column.name].description or ""
    is_number = column.kind in ("number", "whole")
    unit = find_unit(column.name, description, column.minimum, column.maximum) if is_number else ""
    example = next((row[column.name] for row in examples if row.get(column.name) not in (None, [], {}, "")), None)
    return (
        code(column.name),
        description,
        TYPES[column.kind],
        unit or ("count" if column.kind == "whole" else ""),
        _describe_need(column),
        _describe_range(column),
        "" if example is None else code(json.dumps(example, ensure_ascii=False)),
    )


def _describe_need(column: Column) -> str:
    if column.required:
        return "required"
    has_default = column.default not in (None, (), {})
    return f"optional, default {code(json.dumps(column.default))}" if has_default else "optional"


def _describe_range(column: Column) -> str:
    if column.choices:
        return ", ".join(code(choice) for choice in column.choices)
    low, high = column.minimum, column.maximum
    if low is not None and high is not None:
        return f"{low:,.0f} to {high:,.0f}"
    return "" if low is None else f"from {low:,.0f}"


def _read_rows(dataset: str) -> list[dict[str, Any]]:
    """The rows of a set in the bundled data; the first folder that has it."""
    for folder in FOLDERS:
        path = ROOT / "data" / folder / f"{dataset}.json"
        if path.exists():
            return list(json.loads(path.read_text(encoding="utf-8")))
    return []
