"""The keys of scenario and policy files: meaning, type, unit, range and default, from the models' JSON Schema."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from journey.decision.policy import Policy
from journey.marketing.core.policy import MarketingPolicy
from scenarios.files.key_docs import describe_range
from scenarios.files.key_units import find_unit
from scenarios.files.schema import build_scenario_schema
from tests.documentation.reference.markdown import build_page, build_table, code, format_value

Schema = dict[str, Any]
COLUMNS = ("key", "meaning", "type", "unit", "range", "default")
PLACEHOLDERS = {
    "SEGMENT": (
        "by_segment", "share_by_segment", "delay_by_segment", "segments", "yearly_hazard", "churn", "failure",
    ),
    "TIER": ("by_tier", "tier_ratio", "tiers"),
    "STAGE": ("typical_days", "onset_per_day", "per_day", "dwell_from"),
    "SIGNAL": ("symptoms", "false_per_day", "signals"),
    "ACTION": ("effects", "actions"),
    "CAUSE": ("causes", "by_cause", "onsets"),
    "MOVE": ("moves",),
    "STEP": ("conversion", "delays", "step_costs"),
    "CHANNEL": ("channels", "by_channel"),
    "CAMPAIGN": ("campaigns",),
    "ARM": ("arms",),
    "SOURCE": ("sources",),
    "SEVERITY": ("weights", "review_days", "close_days"),
    "RISK": ("base",),
    "KPI": ("targets",),
    "METRIC": ("metrics",),
}  # fmt: skip
"""What the keys of a table with free names are, by the table's name; NAME for the others."""

TYPES = {"number": "number", "integer": "whole number", "string": "text", "boolean": "true or false", "null": ""}
PAGES_OF = {
    "Policy": "as the [policy](policy-keys.md), or text",
    "Reviewers": "as [`reviewers`](#reviewers)",
    "Acquisition": "as [`acquisition`](#acquisition)",
}
"""Tables of an arm that override another table, and where their keys are."""


@dataclass
class KeyTable:
    """One table of a file: its name, its description and the rows of its keys."""

    name: str
    description: str
    rows: list[tuple[str, ...]] = field(default_factory=list)


def build_scenario_keys() -> str:
    """The page of the keys of a scenario file."""
    schema = build_scenario_schema()
    intro = (
        'A scenario is a TOML file. Most files begin with `extends = "default"` and state what differs from the '
        "built-in scenario `default`; a key without a default must be in the file or in the one that it extends. "
        "`--set KEY=VALUE` overrides any key.\n\n"
        "**Default** is the value of a key that neither the file nor the files that it extends contain. A scenario "
        "that extends `default` has the values of [the built-in world](built-in-world.md) instead. `journey schema` "
        "prints the same as JSON Schema, for an editor.\n\n"
        "Names in capitals stand for names of your own or of the journey, such as `world.moves.MOVE.dwell.mean_days`. "
        "A share is a number from 0 to 1. An assumption is a number or a table with its provenance."
    )
    return build_page("Scenario keys", intro, *_build_sections(schema, schema["$defs"], "Scenario"))


def build_policy_keys() -> str:
    """The page of the keys of a policy file."""
    intro = (
        "A policy is a TOML file that overrides the default policy, key by key: `--policy FILE`, or the table `policy` "
        "of a scenario or an arm. The defaults are assumptions for subscription software unless the meaning names "
        "another origin."
    )
    schema = Policy.model_json_schema()
    return build_page("Policy keys", intro, *_build_sections(schema, schema["$defs"], "Policy"), _build_defaults())


def build_marketing_policy_keys() -> str:
    """The page of the keys of a marketing policy file."""
    intro = (
        "A marketing policy is a TOML file that overrides the defaults of `journey campaigns` and `journey budget`, "
        "key by key: `--policy FILE`. `journey campaigns --show-policy` prints the defaults."
    )
    schema = MarketingPolicy.model_json_schema()
    return build_page("Marketing policy keys", intro, *_build_sections(schema, schema["$defs"], "Top level"))


def _build_defaults() -> str:
    """The default signal types, actions and playbook, which have too many entries for a cell."""
    policy = Policy()
    parts = ["## Default signal types"]
    parts.append(
        build_table(
            ("signal type", "polarity", "weight", "cause"),
            [(code(name), s.polarity, f"{s.weight:g}", code(s.cause)) for name, s in policy.signals.items()],
        )
    )
    parts.append("## Default actions")
    parts.append(
        build_table(
            ("action", "delivery", "cost in US dollars", "averts"),
            [(code(name), a.delivery, f"{a.cost:g}", f"{a.averts or 0.0:g}") for name, a in policy.actions.items()],
        )
    )
    parts.append("## Default playbook\n\nEarlier entries take precedence.")
    parts.append(
        build_table(
            ("stages", "causes", "opportunities", "action"),
            [
                (", ".join(p.stages), ", ".join(p.causes), ", ".join(p.opportunities), code(p.action))
                for p in policy.plays
            ],
        )
    )
    return "\n\n".join(parts)


def _build_sections(schema: Schema, definitions: Schema, title: str) -> list[str]:
    sections = []
    for table in find_tables(schema, definitions):
        heading = f"## {table.name}" if table.name else f"## {title}"
        description = "" if not table.name else table.description
        sections.append("\n\n".join(part for part in (heading, description, build_table(COLUMNS, table.rows)) if part))
    return sections


def find_tables(schema: Schema, definitions: Schema, name: str = "") -> Iterator[KeyTable]:
    """The table of a schema, and the tables inside it."""
    table = KeyTable(name, " ".join(schema.get("description", "").split()))
    inner: list[KeyTable] = []
    of_the_file = name.startswith("journey")
    for key, raw in schema["properties"].items():
        node = _resolve(raw, definitions)
        path = f"{name}.{key}" if name else key
        child, below = _find_child(node, definitions, path, key)
        if child is None or "$override" in node:
            table.rows.append(
                _build_row(
                    key, node, definitions, is_needed="default" not in node and not of_the_file and path != "extends"
                )
            )
        else:
            # The description of the key says more than that of the model.
            own = raw.get("description") or child.get("description", "")
            properties = _with_defaults(child["properties"], node.get("default"))
            inner += find_tables({**child, "description": own, "properties": properties}, definitions, below)
    if table.rows:
        yield table
    yield from inner


def _with_defaults(properties: Schema, default: Any) -> Schema:
    """The keys of a table, with the table's own default for each key that has none."""
    own = default if isinstance(default, dict) else {}
    return {key: {"default": own[key], **node} if key in own else node for key, node in properties.items()}


def _resolve(node: Schema, definitions: Schema) -> Schema:
    """A node without a reference; tables that override another one are marked ``$override``."""
    reference = _find_reference(node).removeprefix("#/$defs/")
    if not reference:
        return node
    rest = {key: value for key, value in node.items() if key not in ("$ref", "anyOf", "oneOf")}
    if reference in PAGES_OF and rest.get("default") == {}:
        return {**rest, "$override": reference}
    return {**definitions[reference], **rest}


def _find_reference(node: Schema) -> str:
    """The reference of a node to a definition; also of a table in whose place a file or a word can be written."""
    options = _list_options(node)
    tables = [option["$ref"] for option in options if "$ref" in option]
    is_table_or_text = len(tables) == 1 and any(option.get("type") == "string" for option in options)
    return str(tables[0] if is_table_or_text else node.get("$ref", ""))


def _list_options(node: Schema) -> list[Schema]:
    """The alternatives of a node."""
    return [*node.get("anyOf", []), *node.get("oneOf", [])]


def _find_child(node: Schema, definitions: Schema, path: str, key: str) -> tuple[Schema | None, str]:
    """The table under a key, and its dotted name; None for a key with a value."""
    for option in node.get("anyOf", []):
        found = _find_child(_resolve(option, definitions), definitions, path, key)
        if found[0] is not None and not _is_amount(node):
            return found
    if "properties" in node:
        return (None, "") if _is_amount(node) else (node, path)
    values = node.get("additionalProperties")
    if isinstance(values, dict):
        child, below = _find_child(_resolve(values, definitions), definitions, f"{path}.{_placeholder(key)}", key)
        return (None, "") if _is_amount(values) else (child, below)
    items = node.get("items")
    if isinstance(items, dict):
        return _find_child(_resolve(items, definitions), definitions, f"{path}[]", key)
    return None, ""


def _is_amount(node: Schema) -> bool:
    """Whether a value is an amount with its provenance, which is one row and not a table."""
    properties = node.get("properties", {})
    named = [node, *node.get("anyOf", [])]
    return {"amount", "provenance"} <= set(properties) or any(
        option.get("$ref", "").endswith(("/Amount", "/Price")) for option in named
    )


def _placeholder(key: str) -> str:
    return next((name for name, keys in PLACEHOLDERS.items() if key in keys), "NAME")


def _build_row(key: str, node: Schema, definitions: Schema, *, is_needed: bool) -> tuple[str, ...]:
    description, stated_default = _split_default(" ".join(node.get("description", "").split()))
    if "$override" in node:
        return code(key), description, PAGES_OF[node["$override"]], "", "", ""
    shown, leaf = key, node
    while isinstance(leaf.get("additionalProperties"), dict) and not _is_amount(leaf["additionalProperties"]):
        shown += f".{_placeholder(key)}"
        leaf = _resolve(leaf["additionalProperties"], definitions)
        key = "conversion"  # a table of tables is by segment and then by step
    if isinstance(leaf.get("additionalProperties"), dict):
        shown, leaf = f"{shown}.{_placeholder(key)}", leaf["additionalProperties"]
    kind, values = _describe_type(leaf, definitions)
    low, high = _find_bounds(values)
    is_number = values.get("type") in ("number", "integer")
    unit = "US dollars" if _is_price(node) else find_unit(shown.split(".")[0], description, low, high)
    return (
        code(shown),
        description,
        kind,
        unit if is_number else "",
        describe_range(values),
        "required" if is_needed else stated_default or _describe_default(node),
    )


def _split_default(description: str) -> tuple[str, str]:
    """The meaning, and the default that the description states at its end; the second is empty where it states none.

    It states one where the value in the file's model is only a placeholder such as null.
    """
    meaning, _, default = description.partition(" Default: ")
    return meaning, default.removesuffix(".")


def _is_price(node: Schema) -> bool:
    return "properties" in node and _is_amount(node)


def _describe_type(node: Schema, definitions: Schema) -> tuple[str, Schema]:
    """The type in words, and the node that has the bounds."""
    if _is_amount(node):
        price = node.get("properties", {}).get("amount")
        kind = "`{ amount, provenance }`"
        return (kind, price) if price else (f"number, or {kind}", {"type": "number", "minimum": 0})
    options = [option for option in node.get("anyOf", []) if option.get("type") != "null"]
    if len(options) == 1:
        return _describe_type(_resolve(options[0], definitions), definitions)
    if options:
        return " or ".join(_describe_type(_resolve(option, definitions), definitions)[0] for option in options), {}
    if "prefixItems" in node:
        inner = [_describe_type(_resolve(item, definitions), definitions)[0] for item in node["prefixItems"]]
        return f"[{', '.join(inner)}]", {}
    if node.get("type") == "array":
        inner, values = _describe_type(_resolve(node.get("items", {}), definitions), definitions)
        return f"list of {inner}", {"enum": values["enum"]} if "enum" in values else {}
    if node.get("type") == "object":
        return "table", {}
    return TYPES.get(node.get("type", ""), "any"), node


def _find_bounds(node: Schema) -> tuple[float | None, float | None]:
    return node.get("minimum", node.get("exclusiveMinimum")), node.get("maximum", node.get("exclusiveMaximum"))


def _describe_default(node: Schema) -> str:
    if "default" not in node:
        return ""
    default = node["default"]
    if isinstance(default, dict) and set(default) == {"amount", "provenance"}:
        default = default["amount"]
    if default is None or default in ({}, [], ""):
        return "none"
    return format_value(default)
