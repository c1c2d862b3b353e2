"""Lifecycle machines of the entities in the marketing log."""

from functools import cache

from journey.machine import Journey
from journey.machine.lifecycles import budget_action_lifecycle, risk_signal_lifecycle
from journey.marketing.records.model import Entity


@cache
def lifecycles() -> dict[Entity, Journey]:
    """The lifecycle machine of each kind of entity."""
    return {"budget_action": budget_action_lifecycle(), "risk_signal": risk_signal_lifecycle()}
