"""The JSON Schema of a scenario file, for completion and checks in editors.

It describes the file, not the resolved scenario: `extends` may supply any missing key, so no key is required.
`journey validate` checks the resolved scenario.
"""

from typing import Any

from journey.decision.policy import Policy
from scenarios.files.loader import builtin_names
from scenarios.files.model import Scenario
from scenarios.files.rule_schema import RULE_SCHEMA

_NAMES = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}

_FILE = {"type": "string", "description": "Path of a file with the table, relative to this file."}
_INSERTED = ("Policy", "Reviewers", "Journey", "Acquisition", "Rule")
_NAMED_BY_FILE = ("Policy", "Journey")
"""Tables in whose place a file can be named."""

_STAGE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "pays": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "Share of the account value that customers pay in this stage. Default: 1; in terminal and "
            "lost stages 0.",
        },
        "roles": {
            **_NAMES,
            "description": "What the stage stands for. `lost`: customers have left, and may be won back; `support`: "
            "its days cost support; `escalation`: its entries are escalations. Other roles are your own.",
        },
        "typical_days": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 1e6,
            "description": "Days in this stage before it counts as stalled. Default: those of the stage of this name "
            "in the default journey; otherwise never.",
        },
    },
}

_JOURNEY: dict[str, Any] = {
    "type": "object",
    "description": "Stages and legal moves.",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "description": "Name of the journey."},
        "stages": {"type": "array", "items": {"type": "string"}, "minItems": 1, "description": "Stages, in order."},
        "initial": {**_NAMES, "description": "Stages in which a journey may begin."},
        "terminal": {**_NAMES, "description": "Stages that no move leaves, such as churned."},
        "moves": {
            "type": "array",
            "description": "Legal moves between stages.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string", "description": "Name of the move."},
                    "source": {"type": "string", "description": "A stage, or every_live_stage."},
                    "sources": {
                        "type": "array",
                        "items": {"type": "string"},
                        "description": "Several stages, instead of `source`.",
                    },
                    "destination": {"type": "string", "description": "The stage after the move."},
                    "guard": {"type": "object", "description": "Conditions that must all hold."},
                    "restarts_clocks": {
                        "type": "boolean",
                        "default": True,
                        "description": "Of a move from a stage to itself: whether it begins a new stay, so that all "
                        "clocks of the stage start again. Otherwise only its own clock does.",
                    },
                },
            },
        },
        "rules": {
            "type": "array",
            "items": {"$ref": "#/$defs/Rule"},
            "description": "Declared rules that belong to the journey. A journey file has them as `[[rules]]`.",
        },
        "stage": {
            "type": "object",
            "additionalProperties": _STAGE,
            "description": "What customers pay in single stages, their roles, and their typical days, by stage.",
        },
    },
}


def build_scenario_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a scenario file."""
    schema = Scenario.model_json_schema()
    policy = Policy.model_json_schema()
    definitions = {
        **schema.pop("$defs"),
        **policy.pop("$defs"),
        "Policy": policy,
        "Journey": _JOURNEY,
        "Rule": RULE_SCHEMA,
    }
    properties = schema.pop("properties")
    arms = properties["arms"]
    arms["additionalProperties"] = {
        "anyOf": [
            arms["additionalProperties"],
            {"const": False, "description": "Removes an arm of the extended scenario."},
        ]
    }
    extends = {
        "type": "string",
        "description": "The scenario that this file extends: a built-in name, or a path relative to this file.",
        "examples": builtin_names(),
    }
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "properties": {"extends": extends, **properties},
        "$defs": dict(sorted(definitions.items())),
    }
    finished: dict[str, Any] = _finish(document)
    return finished


def _finish(value: Any) -> Any:
    """The schema without required keys, and with the named definitions inserted."""
    if isinstance(value, list):
        return [_finish(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("$ref") == "#/$defs/Amount":
        rest = {key: item for key, item in value.items() if key != "$ref"}
        return {**rest, "anyOf": [{"type": "number", "minimum": 0}, {"$ref": "#/$defs/Amount"}]}
    if value.get("type") == "object" and value.get("format") in _INSERTED:
        rest = {key: item for key, item in value.items() if key not in ("type", "format")}
        reference = {"$ref": f"#/$defs/{value['format']}"}
        return {**rest, **({"anyOf": [_FILE, reference]} if value["format"] in _NAMED_BY_FILE else reference)}
    # `required` with a list is the keyword; with a table it is a property of that name.
    return {key: _finish(item) for key, item in value.items() if key != "required" or not isinstance(item, list)}
