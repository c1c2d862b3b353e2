"""The properties of each field that SQL needs, derived from the models of `journey.records.model`.

Names, types, ranges, choices and defaults are read from the models, so that validation by column and validation of a
single record agree.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from annotated_types import Ge, Le

from journey.records.database import literal, quoted
from journey.records.model import get_model

ColumnKind = Literal["text", "number", "whole", "flag", "date", "texts", "mapping"]

SQL_TYPES: dict[ColumnKind, str] = {
    "text": "VARCHAR",
    "number": "DOUBLE",
    "whole": "BIGINT",
    "flag": "BOOLEAN",
    "date": "TIMESTAMP",
    "texts": "VARCHAR[]",
    "mapping": "JSON",
}
"""The column type of each kind of field in the clean tables."""


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a record, with the properties that SQL needs.

    Attributes:
        name: Name of the field and of the column.
        kind: Kind of its values.
        required: Whether a row without it is set aside.
        default: Value in place of a missing one; None if it stays null.
        minimum: Smallest value of a number, if bounded.
        maximum: Largest value of a number, if bounded.
        choices: The allowed values; empty if any text is allowed.
    """

    name: str
    kind: ColumnKind
    required: bool
    default: object
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]

    @property
    def sql_type(self) -> str:
        """Type of the column in the clean table."""
        return SQL_TYPES[self.kind]


@cache
def get_columns(dataset: str) -> tuple[Column, ...]:
    """The columns of a set, in the order of its model's fields."""
    return tuple(_build_column(name, field) for name, field in get_model(dataset).model_fields.items())


@cache
def get_date_columns(dataset: str) -> tuple[str, ...]:
    """Names of the date columns."""
    return tuple(column.name for column in get_columns(dataset) if column.kind == "date")


def get_key(dataset: str) -> str | None:
    """The column that identifies a row; None if rows have no key."""
    return get_model(dataset).key


def build_label_sql(dataset: str, alias: str = "") -> str:
    """SQL for a row's label: its key, or its subject (the customer) and day if it has no key."""
    prefix = f"{alias}." if alias else ""
    key, dates, model = get_key(dataset), get_date_columns(dataset), get_model(dataset)
    place = "NULL"
    if dates and model.subject in model.model_fields:
        place = f"{prefix}{quoted(model.subject)} || '@' || {prefix}{quoted(dates[0])}::DATE::VARCHAR"
    if key is None:
        return place
    return f"coalesce({prefix}{quoted(key)}, {place}, {literal(dataset)})"


def _build_column(name: str, field: Any) -> Column:
    constraints = list(field.metadata)
    kind, choices = _resolve_kind(field.annotation, constraints)
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    return Column(
        name=name,
        kind=kind,
        required=field.is_required(),
        default=default,
        minimum=next((float(cast("float", mark.ge)) for mark in constraints if isinstance(mark, Ge)), None),
        maximum=next((float(cast("float", mark.le)) for mark in constraints if isinstance(mark, Le)), None),
        choices=choices,
    )


def _resolve_kind(annotation: Any, constraints: list[Any]) -> tuple[ColumnKind, tuple[str, ...]]:
    """Kind and choices of an annotation; bounds found on the way are appended to `constraints`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *found = get_args(annotation)
        for mark in found:
            constraints.extend(getattr(mark, "metadata", [mark]))
        return _resolve_kind(inner, constraints)
    if origin in (Union, UnionType):
        (inner,) = (part for part in get_args(annotation) if part is not NoneType)
        return _resolve_kind(inner, constraints)
    if origin is Literal:
        return "text", tuple(str(choice) for choice in get_args(annotation))
    if origin in (tuple, dict):
        return ("texts", ()) if origin is tuple else ("mapping", ())
    simple: dict[Any, ColumnKind] = {str: "text", float: "number", int: "whole", bool: "flag", datetime: "date"}
    return simple[annotation], ()


def normalise_field_name(name: str) -> str:
    """A column's name in the spelling of a field: ``" Customer ID "`` gives ``customer_id``."""
    return "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())
