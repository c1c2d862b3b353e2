"""The JSON Schema of one declared rule."""

from typing import Any

from journey.core.findings import FindingSeverity
from journey.rules import TEMPLATES
from journey.rules.rule import MAX_COUNT, MAX_DAYS, MAX_MESSAGE_LENGTH, MAX_NAME_LENGTH

_EVENTS = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
}
_NAMES = _EVENTS

RULE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "What must, may or must never happen in a customer's history.",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "maxLength": MAX_NAME_LENGTH, "description": "Unique name."},
        "template": {"enum": list(TEMPLATES), "description": "What the rule demands, a template of DECLARE."},
        "a": {
            **_EVENTS,
            "description": "First event: a stage (entries into it), `move:NAME`, `signal:NAME`, `action:NAME`, "
            "`review:VERDICT` or `intervention:STATUS`; or a list, each of which counts.",
        },
        "b": {**_EVENTS, "description": "Second event, as `a`, for templates about two events."},
        "within_days": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": MAX_DAYS,
            "description": "Days between the two events; for existence and choice from the beginning of the history; "
            "for absence the days of every period. Default: no limit.",
        },
        "count": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_COUNT,
            "default": 1,
            "description": "Number of times: existence at least, absence less than, exactly exactly this number.",
        },
        "where": {
            "type": "object",
            "description": "The customers to whom the rule applies. Default: all.",
            "additionalProperties": False,
            "properties": {
                "segment": {**_NAMES, "description": "A segment, or several."},
                "tier": {**_NAMES, "description": "A risk tier, or several: low, medium, high."},
                "min_value": {"type": "number", "description": "Least account value, in US dollars per year."},
                "max_value": {"type": "number", "description": "Largest account value, in US dollars per year."},
                "consent": {"type": "boolean", "description": "Whether the customer may be contacted."},
            },
        },
        "severity": {
            "enum": [str(each) for each in FindingSeverity],
            "default": "error",
            "description": "error: decisions respect the rule. warning and notice: it is only reported.",
        },
        "message": {
            "type": "string",
            "maxLength": MAX_MESSAGE_LENGTH,
            "description": "A sentence of your own for reports.",
        },
    },
}
