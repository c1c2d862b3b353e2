"""What the actions of an arm avert, and whether it is stated, a default, or computed from the simulated effect."""

from typing import TYPE_CHECKING, Any, NamedTuple

from journey.core.nested_tables import find_value
from journey.decision.policy import MONITOR_ONLY, SIMULATED, Policy

if TYPE_CHECKING:
    from scenarios.files.loader import LoadedScenario
    from simulation.model.arm import ArmSpec


class Averted(NamedTuple):
    """What an action averts.

    Attributes:
        value: Share of the expected churn loss, from 0 to 1.
        source: ``stated`` in the policy of the scenario, ``default`` of the default policy, or ``simulated``: computed
            from `world.effects`.
    """

    value: float
    source: str


def list_averted(loaded: "LoadedScenario", arm: "ArmSpec") -> dict[str, Averted]:
    """What each action that the arm may take averts; only actions of the playbook, which can be recommended."""
    stated = [loaded.scenario.policy, loaded.scenario.arms[arm.name].policy]
    recommended = {play.action for play in arm.policy.plays} - {MONITOR_ONLY}
    return {
        name: Averted(action.averts or 0.0, _find_source(name, stated))
        for name, action in arm.policy.actions.items()
        if name in recommended and (arm.actions is None or name in arm.actions)
    }


def _find_source(action: str, overrides: list[dict[str, Any]]) -> str:
    """Where the number is from; a later override replaces an earlier one."""
    for override in reversed(overrides):
        own = find_value(override, ("actions", action, "averts"))
        if own is not None:
            return SIMULATED if own == SIMULATED else "stated"
    return "default" if action in Policy().actions else SIMULATED
