"""The effective policy of an arm, as a policy file, for evaluating the arm's exported records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from journey.core.toml_text import format_table
from journey.decision.policy import MONITOR_ONLY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel

    from journey.decision.policy import Play, Policy
    from simulation.model.arm import ArmSpec

_WITHOUT_ACTION = {"action": MONITOR_ONLY, "after_days": None, "until_days": None}
"""Changes of a play whose action the arm may not take."""


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
    return format_table(policy.model_dump(mode="json"))
