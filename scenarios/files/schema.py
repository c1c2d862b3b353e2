"""The JSON Schema of a scenario file, from which editors complete and check.

It describes the file, not the resolved scenario: `extends` may supply whatever a file leaves out, so nothing is
required here. `journey validate` checks the whole.
"""

from typing import Any

from journey.decision.policy import Policy
from scenarios.files.loader import builtin_names
from scenarios.files.model import Scenario

_NAMES = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}

_JOURNEY: dict[str, Any] = {
    "type": "object",
    "description": "Stages and legal moves.",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "stages": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "initial": _NAMES,
        "terminal": _NAMES,
        "moves": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string"},
                    "source": {"type": "string", "description": "A stage, or every_live_stage."},
                    "sources": {"type": "array", "items": {"type": "string"}},
                    "destination": {"type": "string"},
                    "guard": {"type": "object", "description": "Conditions that must all hold."},
                },
            },
        },
    },
}


def build_scenario_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a scenario file."""
    schema = Scenario.model_json_schema()
    policy = Policy.model_json_schema()
    definitions = {**schema.pop("$defs"), **policy.pop("$defs"), "Policy": policy, "Journey": _JOURNEY}
    properties = schema.pop("properties")
    arms = properties["arms"]
    arms["additionalProperties"] = {
        "anyOf": [
            arms["additionalProperties"],
            {"const": False, "description": "Leave out an arm that the scenario built upon has."},
        ]
    }
    extends = {
        "type": "string",
        "description": "The scenario that this one is laid over: a built-in name, or a path relative to this file.",
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
    """The schema without what is required, and with definitions where tables stand for them."""
    if isinstance(value, list):
        return [_finish(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("$ref") == "#/$defs/Amount":
        rest = {key: item for key, item in value.items() if key != "$ref"}
        return {**rest, "anyOf": [{"type": "number", "minimum": 0}, {"$ref": "#/$defs/Amount"}]}
    if value.get("type") == "object" and value.get("format") in ("Policy", "Reviewers", "Journey", "Acquisition"):
        rest = {key: item for key, item in value.items() if key not in ("type", "format")}
        return {**rest, "$ref": f"#/$defs/{value['format']}"}
    # A list under this name is the keyword; a table would be a property that is called so.
    return {key: _finish(item) for key, item in value.items() if key != "required" or not isinstance(item, list)}
