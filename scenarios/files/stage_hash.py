"""What `[journey.stage.NAME]` states, in its old places, so that both forms of a scenario have one hash."""

from collections.abc import Mapping
from typing import Any

from journey.machine.stages import LOST


def restore_old_stage_keys(content: dict[str, Any]) -> dict[str, Any]:
    """The content of a scenario with lost stages in `world.lost`, and typical days in the policy.

    Args:
        content: The resolved scenario as plain data; it is not changed.
    """
    journey = content.get("journey")
    if not isinstance(journey, Mapping) or not isinstance(journey.get("stage"), Mapping):
        return content
    stages = {name: dict(stage) for name, stage in journey["stage"].items()}
    typical = {name: stage.pop("typical_days") for name, stage in stages.items() if "typical_days" in stage}
    lost = [name for name in journey.get("stages", stages) if name in stages and _drop_role(stages[name])]
    rest = {name: stage for name, stage in stages.items() if stage}
    own = {key: value for key, value in journey.items() if key != "stage"} | ({"stage": rest} if rest else {})
    world = content["world"]
    return {
        **content,
        "journey": own or None,
        "world": {**world, "lost": world["lost"] or lost},
        "policy": _with_typical_days(content["policy"], typical) if typical else content["policy"],
    }


def _drop_role(stage: dict[str, Any]) -> bool:
    """Remove the role `lost` from a stage's table, and return whether it had it."""
    roles = stage.get("roles", ())
    roles = [roles] if isinstance(roles, str) else list(roles)
    if LOST not in roles:
        return False
    roles.remove(LOST)
    stage["roles"] = roles
    if not roles:
        del stage["roles"]
    return True


def _with_typical_days(policy: Mapping[str, Any], typical: Mapping[str, float]) -> dict[str, Any]:
    evidence = policy.get("evidence", {})
    return {**policy, "evidence": {**evidence, "typical_days": {**typical, **evidence.get("typical_days", {})}}}
