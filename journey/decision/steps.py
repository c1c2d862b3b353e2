"""The steps of a decision, as scalar functions over one set of parameters.

Each is a few calls of `journey.decision.rules`.

The orchestrator's components call them for one customer, where the sheet holds tuples; `journey.batch` compiles the
very same functions for a million, where it holds arrays. Like the rules they use only scalars and indexable sequences.
"""

from collections.abc import Sequence
from typing import Any

from journey.decision.parameters import PolicyParameters
from journey.decision.rules import (
    ACT,
    NO_ACTION,
    NO_SIGNAL,
    NO_STAGE,
    NOT_LIVE,
    VETOED,
    choose,
    churn_probability,
    confidence,
    contact_rule,
    needs_approval,
    overstay,
    severity,
)

# States of a recorded intervention. The order is part of the compiled tables: append, never reorder.
RECOMMENDED = 0
PENDING = 1
APPROVED = 2
REJECTED = 3
OVERRIDDEN = 4
EXPIRED = 5
AWAITING_OUTCOME = 6
MEASURED = 7
UNMEASURED = 8
CLOSED = 9

STATES: tuple[str, ...] = (
    "recommended",
    "pending_approval",
    "approved",
    "rejected",
    "overridden",
    "expired",
    "awaiting_outcome",
    "measured",
    "unmeasured",
    "closed",
)
"""Stable names of the states above, by index. The intervention machine's ``executed`` is here told apart by whether
its outcome may still come (``awaiting_outcome``) or no longer will (``unmeasured``); ``closed`` is one that needed
neither action nor outcome."""

NOT_GIVEN = -1
"""The status code of a record that does not say in which state it is."""


def stall_evidence(parameters: PolicyParameters, stage: int, days: float) -> float:
    """Evidence of a stalled journey, 0 where the stage is not known."""
    if stage < 0:
        return 0.0
    return overstay(days, parameters.typical_days[stage], parameters.overstay_weight)


def assess(
    parameters: PolicyParameters,
    gaps: int,
    stalled: float,
    negative: float,
    positive: float,
    negative_mass: float,
    positive_mass: float,
) -> tuple[float, float]:
    """Severity and confidence, each in [0, 1].

    Args:
        parameters: The policy.
        gaps: How many fields of the record are missing or doubtful.
        stalled: Evidence of the stall, which joins the negative ledger.
        negative: Evidence of the negative signals.
        positive: Evidence of the positive ones.
        negative_mass: Their sum of strength x trust x fade.
        positive_mass: The same of the positive ones.
    """
    severity_score = severity(negative + stalled, positive, parameters.relief)
    confidence_score = confidence(
        negative_mass, positive_mass, gaps, parameters.mass_scale, parameters.conflict_penalty, parameters.gap_factor
    )
    return severity_score, confidence_score


def find_play(
    parameters: PolicyParameters, segment: int, stage: int, stalled: float, leading_negative_type: int
) -> int:
    """The playbook's action against the leading cause, which is a stall where nothing else is at hand; or NO_ACTION."""
    if leading_negative_type != NO_SIGNAL:
        return parameters.plays[segment][stage][parameters.causes[leading_negative_type]]
    return parameters.plays[segment][stage][parameters.stalled] if stalled > 0.0 else NO_ACTION


def find_opportunity(parameters: PolicyParameters, segment: int, stage: int, leading_positive_type: int) -> int:
    """The playbook's action on the leading positive signal, or NO_ACTION."""
    if leading_positive_type == NO_SIGNAL:
        return NO_ACTION
    return parameters.opportunities[segment][stage][min(leading_positive_type, parameters.unknown_type)]


def compute_churn_probability(parameters: PolicyParameters, segment: int, tier: int, severity_score: float) -> float:
    """Probability of churn within the policy's horizon, in [0, 1].

    Args:
        parameters: The policy.
        segment: The customer's segment, a row of `parameters.hazards`.
        tier: The risk tier, a column of it.
        severity_score: Severity.
    """
    return churn_probability(
        severity_score, parameters.hazards[segment][tier], parameters.severity_log_ratio, parameters.horizon_days
    )


def plan_action(
    parameters: PolicyParameters,
    segment: int,
    stage: int,
    stalled: float,
    severity_score: float,
    confidence_score: float,
    mass: float,
    leading_negative_type: int,
    leading_positive_type: int,
) -> tuple[int, int]:
    """Which action the playbook calls for, and why: ``(action, reason)``.

    Args:
        parameters: The policy.
        segment: The customer's segment, as the policy numbers them.
        stage: The customer's stage, or below 0 where it is not known.
        stalled: Evidence of the stall; with no negative signal at hand it is the cause.
        severity_score: Severity.
        confidence_score: Confidence.
        mass: Evidence at hand, both sides.
        leading_negative_type: Type of the strongest negative signal, or NO_SIGNAL.
        leading_positive_type: Type of the strongest positive signal, or NO_SIGNAL.
    """
    if stage < 0:
        return NO_ACTION, NO_STAGE
    if not parameters.live[stage]:
        return NO_ACTION, NOT_LIVE
    play = find_play(parameters, segment, stage, stalled, leading_negative_type)
    opportunity = find_opportunity(parameters, segment, stage, leading_positive_type)
    return choose(
        severity_score, confidence_score, mass, play, opportunity, parameters.act_severity, parameters.act_confidence
    )


def intervention_state(
    parameters: PolicyParameters,
    status: int,
    is_monitoring: bool,  # noqa: FBT001 - compiled code takes no keywords
    requires_approval: bool,  # noqa: FBT001
    has_outcome: bool,  # noqa: FBT001
    age_days: float,
) -> int:
    """State of a recorded intervention, one of the codes of `STATES`.

    Args:
        parameters: The policy, for how long an approval and an outcome are waited for.
        status: The state that the record itself gives, or NOT_GIVEN. ``has_outcome`` and ``executed`` are still held
            against the outcomes, and ``pending_approval`` against its expiry: neither becomes true by being written.
        is_monitoring: Whether the action is to do nothing but watch.
        requires_approval: Whether it needs a person's approval.
        has_outcome: Whether an outcome is known by now.
        age_days: Time since it was generated.
    """
    if REJECTED <= status <= EXPIRED:
        return status
    if has_outcome:
        return MEASURED
    if is_monitoring:
        return CLOSED
    is_pending = status == PENDING or (status == NOT_GIVEN and requires_approval)
    if is_pending:
        return EXPIRED if age_days > parameters.approval_expiry_days else PENDING
    if age_days > parameters.outcome_wait_days:
        return UNMEASURED
    if status in (RECOMMENDED, APPROVED):
        return status
    return AWAITING_OUTCOME


def is_open(state: int) -> bool:
    """Whether an intervention in this state still waits for a person or an outcome, and so blocks another."""
    return state <= APPROVED or state == AWAITING_OUTCOME


def is_contact(state: int, is_monitoring: bool, has_outcome: bool) -> bool:  # noqa: FBT001
    """Whether the customer was contacted: something was carried out that is more than watching."""
    if is_monitoring:
        return False
    return state == AWAITING_OUTCOME or MEASURED <= state <= UNMEASURED or (state == OVERRIDDEN and has_outcome)


def summarise_interventions(
    parameters: PolicyParameters,
    start: int,
    stop: int,
    ages: Sequence[float],
    statuses: Sequence[int],
    monitors: Sequence[bool],
    approvals: Sequence[bool],
    measured: Sequence[bool],
) -> tuple[int, float, int]:
    """What the contact policy needs to know of a customer's earlier interventions ``start .. stop - 1``.

    Returns:
        How many are open, days since the last contact (below 0 when there was none), contacts within the window.
    """
    open_interventions = 0
    days_since_contact = -1.0
    contacts_in_window = 0
    for i in range(start, stop):
        age = max(ages[i], 0.0)
        state = intervention_state(parameters, statuses[i], monitors[i], approvals[i], measured[i], age)
        if is_open(state):
            open_interventions += 1
        if is_contact(state, monitors[i], measured[i]):
            if days_since_contact < 0.0 or age < days_since_contact:
                days_since_contact = age
            if age <= parameters.window_days:
                contacts_in_window += 1
    return open_interventions, days_since_contact, contacts_in_window


def apply_contact_policy(
    parameters: PolicyParameters,
    action: int,
    reason: int,
    open_interventions: int,
    days_since_contact: float,
    contacts_in_window: int,
    vetoed: bool,  # noqa: FBT001
) -> int:
    """ACT when the planned action may go ahead, otherwise the reason that stands against it.

    Watching is no contact, so nothing holds it back.
    """
    if reason != ACT or action == parameters.monitor:
        return reason
    contact_reason = contact_rule(
        open_interventions, days_since_contact, contacts_in_window, parameters.cool_down_days, parameters.max_contacts
    )
    if contact_reason == ACT and vetoed:
        return VETOED
    return contact_reason


def action_needs_approval(
    parameters: PolicyParameters, action: int, severity_score: float, tier: int, account_value: float
) -> bool:
    """Whether a person must approve the action; an action outside the catalogue counts as delivered by a human."""
    if action == parameters.monitor:
        return False
    human_delivered = action == NO_ACTION or parameters.human[action]
    return needs_approval(
        severity_score,
        human_delivered,
        tier == parameters.high_tier,
        account_value,
        parameters.approve_human_severity,
        parameters.approve_high_tier_severity,
        parameters.approve_value,
        parameters.approve_value_severity,
    )


KERNELS: tuple[Any, ...] = (
    stall_evidence,
    assess,
    find_play,
    find_opportunity,
    compute_churn_probability,
    plan_action,
    intervention_state,
    is_open,
    is_contact,
    summarise_interventions,
    apply_contact_policy,
    action_needs_approval,
)
"""The functions that `journey.runtime.jit` compiles, callees before callers."""
