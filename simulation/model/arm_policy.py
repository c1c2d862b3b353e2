"""The effective policy of an arm, as a policy file, for evaluating the arm's exported records."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from journey.core.printable import escape_quoted
from journey.decision.policy import MONITOR_ONLY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic import BaseModel

    from journey.decision.policy import Play, Policy
    from simulation.model.arm import ArmSpec

MAX_INLINE_ITEMS = 12
"""A longer list is written with one item per line."""

_WITHOUT_ACTION = {"action": MONITOR_ONLY, "after_days": None, "until_days": None}
"""Changes of a play whose action the arm may not take."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def build_effective_policy(arm_spec: ArmSpec, do_not_contact: Sequence[str] | None = None) -> Policy:
    """The policy of an arm, without the actions that the arm may not take.

    A play whose action the arm may not take gets the action `monitor_only` for its causes and opportunities. As in the
    simulation, later plays do not replace it; but another play for the same days in the stage does.

    Args:
        arm_spec: The arm.
        do_not_contact: IDs of the arm's simulated customers without consent to be contacted. They replace the policy's
            own list, which cannot name simulated customers. Default: the policy's list.
    """
    policy = arm_spec.policy.model_copy(update={"plays": _effective_plays(arm_spec)})
    if do_not_contact is None:
        return policy
    contact = policy.contact.model_copy(update={"do_not_contact": tuple(do_not_contact)})
    return policy.model_copy(update={"contact": contact})


def _effective_plays(arm_spec: ArmSpec) -> tuple[Play, ...]:
    allowed = arm_spec.actions
    if allowed is None:
        return arm_spec.policy.plays
    return tuple(
        play if play.action in allowed else play.model_copy(update=_WITHOUT_ACTION)
        for play in arm_spec.policy.plays
        if play.action in allowed or play.causes or play.opportunities
    )


def format_toml(policy: BaseModel) -> str:
    """A policy in the format of a policy file; `journey.decision.policy.read_policy` reads back an equal policy.

    Marketing policies are supported too; `journey.marketing.core.policy.read_marketing_policy` reads them back.
    """
    return "\n".join(_table(policy.model_dump(mode="json"), ())) + "\n"


def _table(values: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """The lines of one table: its own values first, then its sub-tables, as TOML requires."""
    if path:
        yield f"\n[{'.'.join(_key(step) for step in path)}]"
    for name, value in values.items():
        if not isinstance(value, dict) and value is not None:
            yield f"{_key(name)} = {_value(value)}"
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _table(value, (*path, name))


def _value(value: Any) -> str:
    if isinstance(value, dict):
        # TOML has no null: a key without a value is omitted, and its default is null.
        pairs = [f"{_key(name)} = {_value(item)}" for name, item in value.items() if item is not None]
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list):
        lines = len(value) > 1 and (isinstance(value[0], dict) or len(value) > MAX_INLINE_ITEMS)
        items = [_value(item) for item in value]
        return "[\n    " + ",\n    ".join(items) + ",\n]" if lines else "[" + ", ".join(items) + "]"
    # JSON strings, numbers and booleans are valid TOML, except that TOML requires DEL to be escaped.
    return escape_quoted(json.dumps(value, ensure_ascii=False))


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)
