"""The steps of a decision, as scalar functions over one set of parameters.

Each step makes a few calls to `journey.decision.rules`.

The orchestrator's components call them for one customer, with parameters of tuples. `journey.batch` compiles the same
functions for millions of customers, with parameters of arrays. Like the rules, they use only scalars and indexable
sequences.
"""

from collections.abc import Sequence
from typing import Any

from journey.decision.parameters import ROUNDING_MARGIN, PolicyParameters
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
"""Stable names of the states above, by index. The intervention machine's ``executed`` is split by whether the outcome
is still expected (``awaiting_outcome``) or no longer (``unmeasured``). ``closed`` needed neither action nor outcome."""

NOT_GIVEN = -1
"""Status code of a record without a status."""


def stall_evidence(parameters: PolicyParameters, stage: int, days: float) -> float:
    """Evidence of a stalled journey; 0 if the stage is unknown."""
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
        gaps: Number of missing or doubtful fields of the record.
        stalled: Evidence of the stall, which is added to the negative ledger.
        negative: Evidence of the negative signals.
        positive: Evidence of the positive signals.
        negative_mass: Sum of strength x trust x fade of the negative signals.
        positive_mass: The same sum for the positive signals.
    """
    severity_score = severity(negative + stalled, positive, parameters.relief)
    confidence_score = confidence(
        negative_mass, positive_mass, gaps, parameters.mass_scale, parameters.conflict_penalty, parameters.gap_factor
    )
    return severity_score, confidence_score


def find_play(
    parameters: PolicyParameters, segment: int, stage: int, stalled: float, leading_negative_type: int
) -> int:
    """The playbook's action for the leading cause, or NO_ACTION; without a negative signal the cause is a stall."""
    if leading_negative_type != NO_SIGNAL:
        return parameters.plays[segment][stage][parameters.causes[leading_negative_type]]
    return parameters.plays[segment][stage][parameters.stalled] if stalled > 0.0 else NO_ACTION


def find_opportunity(parameters: PolicyParameters, segment: int, stage: int, leading_positive_type: int) -> int:
    """The playbook's action for the leading positive signal, or NO_ACTION."""
    if leading_positive_type == NO_SIGNAL:
        return NO_ACTION
    return parameters.opportunities[segment][stage][min(leading_positive_type, parameters.unknown_type)]


def find_timed_play(parameters: PolicyParameters, segment: int, stage: int, days: float) -> int:
    """The playbook's action for these days in the stage, or NO_ACTION; earlier entries take precedence."""
    for index in range(parameters.timed_count):
        play = parameters.timed_plays[segment][stage][index]
        if play != NO_ACTION and parameters.timed_from[index] <= days < parameters.timed_until[index]:
            return play
    return NO_ACTION


def may_use_timed_play(parameters: PolicyParameters, segment: int, stage: int, first: float, last: float) -> bool:
    """Whether `find_timed_play` may give an action on any day from `first` to `last`. It allows for rounding."""
    for index in range(parameters.timed_count):
        play = parameters.timed_plays[segment][stage][index]
        begins, ends = parameters.timed_from[index], parameters.timed_until[index]
        if play != NO_ACTION and begins * ROUNDING_MARGIN <= last and first * ROUNDING_MARGIN < ends:
            return True
    return False


def compute_churn_probability(parameters: PolicyParameters, segment: int, tier: int, severity_score: float) -> float:
    """Probability of churn within the policy's horizon, in [0, 1].

    Args:
        parameters: The policy.
        segment: The customer's segment, a row index of `parameters.hazards`.
        tier: The risk tier, a column index of `parameters.hazards`.
        severity_score: Severity.
    """
    return churn_probability(
        severity_score, parameters.hazards[segment][tier], parameters.severity_log_ratio, parameters.horizon_days
    )


def plan_action(
    parameters: PolicyParameters,
    segment: int,
    stage: int,
    days: float,
    stalled: float,
    severity_score: float,
    confidence_score: float,
    mass: float,
    leading_negative_type: int,
    leading_positive_type: int,
) -> tuple[int, int]:
    """The action that the playbook requires, and the reason: ``(action, reason)``.

    Args:
        parameters: The policy.
        segment: Index of the customer's segment in the policy.
        stage: Index of the customer's stage; below 0 if unknown.
        days: Time since the stage was entered, in days.
        stalled: Evidence of the stall; it is the cause if there is no negative signal.
        severity_score: Severity.
        confidence_score: Confidence.
        mass: Negative plus positive mass.
        leading_negative_type: Type of the strongest negative signal, or NO_SIGNAL.
        leading_positive_type: Type of the strongest positive signal, or NO_SIGNAL.
    """
    if stage < 0:
        return NO_ACTION, NO_STAGE
    if not parameters.live[stage]:
        return NO_ACTION, NOT_LIVE
    play = find_play(parameters, segment, stage, stalled, leading_negative_type)
    opportunity = find_opportunity(parameters, segment, stage, leading_positive_type)
    timed_play = find_timed_play(parameters, segment, stage, days)
    return choose(
        severity_score,
        confidence_score,
        mass,
        play,
        opportunity,
        timed_play,
        parameters.act_severity,
        parameters.act_confidence,
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
        parameters: The policy, with the waiting times for approvals and outcomes.
        status: The recorded state, or NOT_GIVEN. A recorded ``executed`` or ``measured`` is still checked against the
            outcomes, and ``pending_approval`` against its expiry.
        is_monitoring: Whether the action is to monitor only.
        requires_approval: Whether it needs a person's approval.
        has_outcome: Whether an outcome is known.
        age_days: Time since it was generated, in days.
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
    """Whether an intervention in this state still waits for a person or an outcome, which blocks another one."""
    return state <= APPROVED or state == AWAITING_OUTCOME


def is_contact(state: int, is_monitoring: bool, has_outcome: bool) -> bool:  # noqa: FBT001
    """Whether the customer was contacted: an action other than monitoring was carried out."""
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
    """The facts for the contact policy, from a customer's earlier interventions ``start .. stop - 1``.

    Returns:
        Number of open interventions, days since the last contact (below 0 if none), contacts within the window.
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
    """ACT when the planned action is allowed, otherwise the reason against it.

    Monitoring is not a contact, so it is always allowed.
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
    """Whether a person must approve the action. An action outside the catalogue counts as human-delivered."""
    if action == parameters.monitor:
        return False
    if parameters.always_approve:
        return True
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
    find_timed_play,
    may_use_timed_play,
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

INLINED: tuple[Any, ...] = (
    stall_evidence,
    find_opportunity,
    find_timed_play,
    may_use_timed_play,
    apply_contact_policy,
)
"""Functions to inline, because most events call them."""
