"""A policy's numbers as the steps take them.

They are tuples for one customer. `journey.runtime.nested_arrays` converts them to arrays for compiled code.
"""

from collections.abc import Sequence
from math import inf, log1p
from typing import Any, NamedTuple

from journey.decision.approval import ALWAYS, ApprovalRules, ApprovalWord
from journey.decision.policy import MONITOR_ONLY, CompiledPolicy

ROUNDING_MARGIN = 1.0 - 1e-9
"""Factor on a bound of evidence, severity or confidence, so that rounding cannot break it."""

_MAX_SEVERITY_BOUND = 0.999
"""Largest severity that is converted into evidence: close to 1 the conversion is too imprecise."""


class PolicyParameters(NamedTuple):
    """The numbers of a policy that the steps need. The last signal type stands for unknown types."""

    live: Sequence[bool]
    typical_days: Sequence[float]
    positive: Sequence[bool]
    weights: Sequence[float]
    causes: Sequence[int]
    trusts: Sequence[float]
    human: Sequence[bool]
    averts: Sequence[float]
    plays: Sequence[Sequence[Sequence[int]]]
    opportunities: Sequence[Sequence[Sequence[int]]]
    timed_plays: Sequence[Sequence[Sequence[int]]]
    timed_from: Sequence[float]
    timed_until: Sequence[float]
    hazards: Sequence[Sequence[float]]
    timed_count: int
    stalled: int
    unknown_type: int
    high_tier: int
    monitor: int
    fade_rate: float
    relief: float
    overstay_weight: float
    mass_scale: float
    conflict_penalty: float
    gap_factor: float
    severity_log_ratio: float
    horizon_days: float
    act_severity: float
    act_confidence: float
    always_approve: bool
    approve_human_severity: float
    approve_high_tier_severity: float
    approve_value: float
    approve_value_severity: float
    cool_down_days: float
    max_contacts: int
    window_days: float
    approval_expiry_days: float
    outcome_wait_days: float
    evidence_to_act: float
    """Negative evidence below which severity is below `act_severity`, with a margin for rounding."""


def _build_approval(approve: ApprovalRules | ApprovalWord) -> dict[str, Any]:
    """The parameters of approval. A word has infinite thresholds, which no severity and no account value reaches."""
    thresholds = dict(approve) if isinstance(approve, ApprovalRules) else dict.fromkeys(ApprovalRules.model_fields, inf)
    return {"always_approve": approve == ALWAYS, **{f"approve_{key}": value for key, value in thresholds.items()}}


def build_parameters(table: CompiledPolicy) -> PolicyParameters:
    """The parameters of a compiled policy, with tuples."""
    evidence, thresholds, contact, churn = table.evidence, table.thresholds, table.contact, table.churn
    return PolicyParameters(
        live=table.live,
        typical_days=table.typical_days,
        positive=table.positive,
        weights=table.weights,
        causes=table.causes,
        trusts=table.trusts,
        human=table.human,
        averts=table.averts,
        plays=table.plays,
        opportunities=table.opportunities,
        timed_plays=table.timed_plays,
        timed_from=table.timed_from,
        timed_until=table.timed_until,
        hazards=table.hazards,
        timed_count=len(table.timed_from),
        stalled=table.stalled,
        unknown_type=len(table.signal_types),
        high_tier=table.tiers.index("high"),
        monitor=table.actions.index(MONITOR_ONLY),
        fade_rate=table.fade_rate,
        relief=evidence.relief,
        overstay_weight=evidence.overstay_weight,
        mass_scale=evidence.mass_scale,
        conflict_penalty=evidence.conflict_penalty,
        gap_factor=evidence.gap_factor,
        severity_log_ratio=churn.severity_log_ratio,
        horizon_days=churn.horizon_days,
        act_severity=thresholds.act_severity,
        act_confidence=thresholds.act_confidence,
        **_build_approval(table.approve),
        cool_down_days=contact.cool_down_days,
        max_contacts=contact.max_contacts,
        window_days=contact.window_days,
        approval_expiry_days=contact.approval_expiry_days,
        outcome_wait_days=contact.outcome_wait_days,
        evidence_to_act=-log1p(-min(thresholds.act_severity, _MAX_SEVERITY_BOUND)) * ROUNDING_MARGIN,
    )
