"""What five declared rules of a scenario cost: the CPU time of the compiled engine with and without them.

`benchmarks.extra_cost` describes the measurement. The rules are about stages and moves, contacts, signals with their
actions, and interventions. They are warnings, which decisions do not respect, so both sides simulate the same events.
"""

from dataclasses import replace

from benchmarks.extra_cost import measure_extra_cost
from benchmarks.tables import Figure, at_most
from benchmarks.worlds import bare, whole
from journey.core.findings import FindingSeverity
from journey.rules import Rule
from simulation.model.arm import ArmSpec

RULES = (
    Rule("tickets are resolved in 7 days", "response", ("support",), ("move:resolve",), within_days=7.0),
    Rule("support before escalation", "precedence", ("support",), ("escalation",)),
    Rule("no two calls in 14 days", "absence", ("action:usage_review_checkin",), within_days=14.0, count=2),
    Rule("drops are answered", "response", ("signal:usage_drop",), ("action:usage_review_checkin",), within_days=30.0),
    Rule("approval before action", "precedence", ("intervention:approved",), ("intervention:executed",)),
)


def run() -> list[Figure]:
    """The whole world, and the bare journey, in which almost all events are moves and signals that rules see."""
    return [
        measure_extra_cost("five rules, the whole world", whole, _add_rules, at_most(1.1)),
        measure_extra_cost("five rules, the bare journey", bare, _add_rules, None),
    ]


def _add_rules(arm_spec: ArmSpec) -> ArmSpec:
    return replace(arm_spec, rules=tuple(replace(rule, severity=FindingSeverity.WARNING) for rule in RULES))
