"""Records in compiled code with the fields of a dataclass in interpreted code."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

LENGTH = "length"
"""Metadata key of a field that is a list: its length."""

_TYPE = "type"
INT64 = {_TYPE: "i8"}
"""Metadata of a field that needs 64 bits; other integers have 32."""
UINT64 = {_TYPE: "u8"}
"""Metadata of a field that needs 64 bits without a sign."""


def build_record_type(blank: Any) -> Any:
    """The structured NumPy type with the fields of a dataclass, the largest fields first, so that there are no gaps.

    Floats have 64 bits, integers 32 unless the metadata of the field differ, and Booleans 8. A list of numbers becomes
    an array of fixed length, and a dataclass becomes a record within the record.

    Args:
        blank: An instance with its default values.
    """
    import numpy as np

    members = [(each.name, _field_type(getattr(blank, each.name), dict(each.metadata))) for each in fields(blank)]
    members.sort(key=lambda member: -np.dtype(member[1]).alignment)
    return np.dtype(members, align=True)


def _field_type(value: Any, metadata: dict[str, Any]) -> Any:
    import numpy as np

    if _TYPE in metadata:
        return np.dtype(metadata[_TYPE])
    if isinstance(value, list):
        return np.dtype((_field_type(value[0], {}), (metadata[LENGTH],)))
    if isinstance(value, bool):
        return np.dtype("?")
    if isinstance(value, int):
        return np.dtype("i4")
    return np.dtype("f8") if isinstance(value, float) else build_record_type(value)


def write_record(record: Any, source: Any) -> None:
    """Write the field values of a dataclass into a record of its type, which may be one element of an array."""
    for each in fields(source):
        value = getattr(source, each.name)
        if hasattr(value, "__dataclass_fields__"):
            write_record(record[each.name], value)
        else:
            record[each.name] = value
