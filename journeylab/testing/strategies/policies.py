"""Strategies for policies: any evidence, thresholds, approval, contact rules and timed plays."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from journey.core.merging import deep_merge
from journey.decision.policy import Policy, build_policy
from journey.machine import Journey, default_journey
from journeylab.testing.strategies.tables import tables

_SHARE = st.floats(0.0, 1.0)
CUSTOMER_IDS = ("A", "K00", "K01")
"""Customers that a drawn do-not-contact list may name: those that the strategies for records draw first."""


def policies(*, base: Policy | None = None, journey: Journey | None = None) -> st.SearchStrategy[Policy]:
    """Variations of a policy; the smallest one is the policy itself.

    Args:
        base: The policy, whose signals, actions, segments and playbook stay; timed plays are added. Default: the
            default policy.
        journey: The journey of the stages that timed plays name. Default: the default journey.
    """
    start = base or Policy()
    data = {} if base is None else base.model_dump(exclude_unset=True)
    return _overrides(start, journey or default_journey()).map(
        lambda override: build_policy(deep_merge(data, override), "a drawn policy")
    )


def _overrides(policy: Policy, journey: Journey) -> st.SearchStrategy[dict[str, Any]]:
    """Keys of a policy that override the defaults; each may be left out."""
    plays = [play.model_dump() for play in policy.plays]
    return tables(
        {
            "evidence": tables(
                {
                    "half_life_days": st.floats(0.5, 200.0),
                    "trust_manual": _SHARE,
                    "trust_other": _SHARE,
                    "relief": st.floats(0.0, 5.0),
                    "overstay_weight": st.floats(0.0, 3.0),
                    "mass_scale": st.floats(0.1, 10.0),
                    "conflict_penalty": _SHARE,
                    "gap_factor": _SHARE,
                },
            ),
            "thresholds": tables({"act_severity": _SHARE, "act_confidence": _SHARE}),
            "approve": st.sampled_from(["never", "always"])
            | tables({"human_severity": _SHARE, "value": st.floats(0.0, 1e6)}),
            "contact": tables(
                {
                    "cool_down_days": st.floats(0.0, 60.0),
                    "max_contacts": st.integers(0, 3),
                    "approval_expiry_days": st.floats(0.5, 40.0),
                    "outcome_wait_days": st.floats(0.5, 60.0),
                    "do_not_contact": st.lists(st.sampled_from(CUSTOMER_IDS), max_size=2),
                },
            ),
            "plays": st.lists(timed_plays(policy, journey), min_size=1, max_size=3).map(lambda timed: [*plays, *timed]),
            "unknown_signal": st.fixed_dictionaries(
                {
                    "polarity": st.sampled_from(["negative", "positive"]),
                    "weight": st.floats(0.01, 1.0),
                    "cause": st.just("other"),
                }
            ),
        },
    )


def timed_plays(policy: Policy | None = None, journey: Journey | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Entries of the playbook for days in a stage, as keys of a policy.

    Args:
        policy: The policy whose actions and segments are drawn. Default: the default policy.
        journey: The journey whose stages are drawn. Default: the default journey.
    """
    policy, journey = policy or Policy(), journey or default_journey()
    return tables(
        {
            "until_days": st.floats(41.0, 90.0),
            "segments": st.lists(st.sampled_from(policy.segments), max_size=2),
        },
        required={
            "stages": st.lists(st.sampled_from(journey.stages), min_size=1, max_size=3),
            "action": st.sampled_from(list(policy.actions)),
            "after_days": st.floats(0.0, 40.0) | st.integers(0, 20).map(float),
        },
    )
