"""Which machine each kind of entity in the marketing log moves through."""

from functools import cache

from journey.machine import Journey
from journey.machine.lifecycles import budget_action_lifecycle, risk_signal_lifecycle
from journey.marketing.records.model import Entity


@cache
def lifecycles() -> dict[Entity, Journey]:
    """The machine of each kind of entity."""
    return {"budget_action": budget_action_lifecycle(), "risk_signal": risk_signal_lifecycle()}
