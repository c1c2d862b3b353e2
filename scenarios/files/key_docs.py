"""What a key of a scenario means: its description, unit and range, from the JSON Schema of the models."""

from functools import cache
from typing import Any, NamedTuple

from scenarios.files.key_units import find_unit

Schema = dict[str, Any]

_ASSUMPTION = {"amount", "provenance"}


class KeyDoc(NamedTuple):
    """What a key means.

    Attributes:
        description: Its meaning; empty for a name of the user's own.
        unit: Unit of the number; empty for other values.
        range: Limits of the number, or the allowed values; empty if there are none.
    """

    description: str
    unit: str
    range: str


def describe_key(path: tuple[str, ...]) -> KeyDoc:
    """The meaning of a key of a scenario; empty texts for a key that does not exist."""
    schema = _load_schema()
    nodes, description = [schema], ""
    for step in path:
        nodes = [child for node in nodes for option in _list_options(node) for child in _list_children(option, step)]
        description = next((text for node in nodes if (text := node.get("description", ""))), "")
    options = [option for node in nodes for option in _list_options(node)]
    # Of an assumption, the range of its amount is that of the number.
    number = next((option for option in options if option.get("type") in ("number", "integer")), None)
    values = number or next((option for option in options if "enum" in option), {})
    low = values.get("minimum", values.get("exclusiveMinimum"))
    high = values.get("maximum", values.get("exclusiveMaximum"))
    is_price = not number and any(set(option.get("properties", ())) >= _ASSUMPTION for option in options)
    unit = "US dollars" if is_price else find_unit(path[-1], description, low, high) if number and path else ""
    return KeyDoc(" ".join(description.split()), unit, describe_range(values))


@cache
def _load_schema() -> Schema:
    from scenarios.files.schema import build_scenario_schema

    return build_scenario_schema()


def _list_options(node: Schema) -> list[Schema]:
    """A node without references, or its alternatives."""
    if "$ref" in node:
        target = _load_schema()["$defs"][node["$ref"].removeprefix("#/$defs/")]
        return _list_options({**target, **{key: value for key, value in node.items() if key != "$ref"}})
    alternatives = [*node.get("anyOf", []), *node.get("oneOf", [])]
    return [option for each in alternatives for option in _list_options(each)] if alternatives else [node]


def _list_children(node: Schema, step: str) -> list[Schema]:
    if step in node.get("properties", {}):
        return [node["properties"][step]]
    values = node.get("additionalProperties")
    if not isinstance(values, dict):
        return []
    # The values of a table of numbers by name are described by the table.
    return [{"description": node.get("description", ""), **values}]


def describe_range(node: Schema) -> str:
    """``0 to 1``, ``above 0``, or the allowed values in backticks."""
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "const" in node:
        return f"`{node['const']}`"
    parts = []
    limits = {
        "minimum": "from {}",
        "exclusiveMinimum": "above {}",
        "maximum": "to {}",
        "exclusiveMaximum": "to below {}",
    }
    for name, text in limits.items():
        if name in node:
            parts.append(text.format(_format_limit(node[name])))
    return " ".join(parts).removeprefix("from ") if len(parts) > 1 else " ".join(parts)


def _format_limit(limit: float) -> str:
    return f"{limit:g}" if isinstance(limit, float) and not limit.is_integer() else f"{int(limit):,d}"
