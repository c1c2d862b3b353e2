"""The steps of a decision, as scalar functions over one set of parameters.

Each is a few calls of `journey.decision.rules`.

The orchestrator's components call them for one customer, where the sheet holds tuples; `journey.batch` compiles the
very same functions for a million, where it holds arrays. Like the rules they use only scalars and indexable sequences.
"""

from collections.abc import Sequence
from math import log1p
from typing import Any, NamedTuple

from journey.decision.policy import MONITOR_ONLY, PolicyTable
from journey.decision.rules import (
    ACT,
    BELOW_THRESHOLD,
    NO_ACTION,
    NO_EVIDENCE,
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

UNCLEAR = -1
"""No reason: `quiet` cannot tell."""

_ROUNDED_DOWN = 1.0 - 1e-9
"""Less than rounding can leave of evidence, of a severity or of a confidence."""

_NEARLY_1 = 0.999
"""Nearer to 1, a severity says too little about the evidence behind it."""


class PolicySheet(NamedTuple):
    """The numbers of a policy that the steps need; the last signal type is the unknown one."""

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
    hazards: Sequence[Sequence[float]]
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
    """Negative evidence below which severity stays below `act_severity`, with a margin for rounding."""


def sheet_of(table: PolicyTable) -> PolicySheet:
    """The sheet of a compiled policy, with tuples."""
    evidence, thresholds, contact, churn = table.evidence, table.thresholds, table.contact, table.churn
    return PolicySheet(
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
        hazards=table.hazards,
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
        approve_human_severity=thresholds.approve_human_severity,
        approve_high_tier_severity=thresholds.approve_high_tier_severity,
        approve_value=thresholds.approve_value,
        approve_value_severity=thresholds.approve_value_severity,
        cool_down_days=contact.cool_down_days,
        max_contacts=contact.max_contacts,
        window_days=contact.window_days,
        approval_expiry_days=contact.approval_expiry_days,
        outcome_wait_days=contact.outcome_wait_days,
        evidence_to_act=-log1p(-min(thresholds.act_severity, _NEARLY_1)) * _ROUNDED_DOWN,
    )


def stall(sheet: PolicySheet, stage: int, days: float) -> float:
    """Evidence of a stalled journey, 0 where the stage is not known."""
    if stage < 0:
        return 0.0
    return overstay(days, sheet.typical_days[stage], sheet.overstay_weight)


def assess(
    sheet: PolicySheet,
    gaps: int,
    stalled: float,
    negative: float,
    positive: float,
    negative_mass: float,
    positive_mass: float,
) -> tuple[float, float]:
    """Severity and confidence, each in [0, 1].

    Args:
        sheet: The policy.
        gaps: How many fields of the record are missing or doubtful.
        stalled: Evidence of the stall, which joins the negative ledger.
        negative: Evidence of the negative signals.
        positive: Evidence of the positive ones.
        negative_mass: Their sum of strength x trust x fade.
        positive_mass: The same of the positive ones.
    """
    bad = severity(negative + stalled, positive, sheet.relief)
    good = confidence(negative_mass, positive_mass, gaps, sheet.mass_scale, sheet.conflict_penalty, sheet.gap_factor)
    return bad, good


def kept_at_least(x: float) -> float:
    """At most ``exp(-x)``, for x from 0 on: ``((8 - x) / (8 + x))^4`` as far as x = 8, and 0 from there.

    Because ``exp(y) <= (2 + y) / (2 - y)`` for y < 2, whose series has no smaller term; here y is x / 4.
    """
    if x >= 8.0:
        return 0.0
    root = (8.0 - x) / (8.0 + x)
    return root * root * root * root


def grown_at_least(x: float) -> float:
    """At most ``exp(x) - 1``, for x from 0 on: the first terms of its series, all of which are positive."""
    return x * (1.0 + x * (0.5 + x * (1.0 / 6.0)))


def kept_at_most(x: float) -> float:
    """At least ``exp(-x)``, for x from 0 on."""
    return 1.0 / (1.0 + grown_at_least(x))


def loss_at_least(x: float) -> float:
    """At most ``1 - exp(-x)``, for x from 0 on, however small it is."""
    return grown_at_least(x) * kept_at_most(x)


def play_of(sheet: PolicySheet, segment: int, stage: int, stalled: float, lead_type: int) -> int:
    """The playbook's action against the leading cause, which is a stall where nothing else is at hand; or NO_ACTION."""
    if lead_type != NO_SIGNAL:
        return sheet.plays[segment][stage][sheet.causes[lead_type]]
    return sheet.plays[segment][stage][sheet.stalled] if stalled > 0.0 else NO_ACTION


def opportunity_of(sheet: PolicySheet, segment: int, stage: int, bright_type: int) -> int:
    """The playbook's action on the leading positive signal, or NO_ACTION."""
    if bright_type == NO_SIGNAL:
        return NO_ACTION
    return sheet.opportunities[segment][stage][min(bright_type, sheet.unknown_type)]


def quiet(
    sheet: PolicySheet,
    segment: int,
    stage: int,
    days: float,
    age: float,
    later: float,
    negative: float,
    mass: float,
    bright_type: int,
) -> int:
    """The reason why nothing comes of evaluations in some time, where bounds tell; UNCLEAR where `plan` has to.

    Cheap, because it takes no exponential but bounds of it. Where it is clear, it is what `assess` and `plan` would say
    at any moment of that time: evidence is strongest in the beginning, and a stay longest in the end.

    Args:
        sheet: The policy.
        segment: The customer's segment, as the policy numbers them.
        stage: The customer's stage.
        days: Time since it was entered until the first evaluation, in days.
        age: Time since the evidence was what follows until then, in days, 0 or more.
        later: Time from the first evaluation to the last one, in days, 0 or more.
        negative: Evidence of the negative signals then.
        mass: Evidence at hand then, both sides.
        bright_type: Type of the strongest positive signal, or NO_SIGNAL.

    Returns:
        NO_EVIDENCE, BELOW_THRESHOLD or UNCLEAR.
    """
    if stage < 0 or not sheet.live[stage]:
        return UNCLEAR
    if opportunity_of(sheet, segment, stage, bright_type) != NO_ACTION:
        return UNCLEAR
    stalled, typical, longest = 0.0, sheet.typical_days[stage], days + later
    if typical > 0.0 and longest > typical:
        stalled = sheet.overstay_weight
        if negative + stalled >= sheet.evidence_to_act:
            stalled *= 1.0 - kept_at_least(longest / typical - 1.0)
    faded = age * sheet.fade_rate
    if negative + stalled >= sheet.evidence_to_act and (
        negative * kept_at_most(faded) + stalled >= sheet.evidence_to_act
    ):
        return UNCLEAR
    if mass <= 0.0:
        return NO_EVIDENCE
    # So much evidence for so short a time does not fade to 0.
    return BELOW_THRESHOLD if mass > 1e-30 and faded + later * sheet.fade_rate < 300.0 else UNCLEAR


def planned_at_least(
    sheet: PolicySheet,
    segment: int,
    stage: int,
    stalled: float,
    negative: float,
    positive: float,
    negative_mass: float,
    positive_mass: float,
    lead_type: int,
    bright_type: int,
) -> int:
    """The action that `plan` calls for, where bounds tell; NO_ACTION where there is none or `plan` has to say.

    For a record without gaps. Cheap, because it takes no exponential; see `quiet`.

    Args:
        sheet: The policy.
        segment: The customer's segment, as the policy numbers them.
        stage: The customer's stage, or below 0 where it is not known.
        stalled: Evidence of the stall.
        negative: Evidence of the negative signals.
        positive: Evidence of the positive ones.
        negative_mass: Their sum of strength x trust x fade.
        positive_mass: The same of the positive ones.
        lead_type: Type of the strongest negative signal, or NO_SIGNAL.
        bright_type: Type of the strongest positive signal, or NO_SIGNAL.
    """
    stronger = max(negative_mass, positive_mass)
    if stage < 0 or not sheet.live[stage] or stronger <= 0.0:
        return NO_ACTION
    ratio = min(negative_mass, positive_mass) / stronger
    good = loss_at_least(sheet.mass_scale * (negative_mass + positive_mass))
    if good * (1.0 - sheet.conflict_penalty * ratio * ratio) * _ROUNDED_DOWN < sheet.act_confidence:
        return NO_ACTION
    bad = negative + stalled
    if loss_at_least(bad) * kept_at_least(sheet.relief * positive) * _ROUNDED_DOWN >= sheet.act_severity:
        return play_of(sheet, segment, stage, stalled, lead_type)
    if bad < sheet.evidence_to_act:
        return opportunity_of(sheet, segment, stage, bright_type)
    return NO_ACTION


def churn_of(sheet: PolicySheet, segment: int, tier: int, bad: float) -> float:
    """Probability of churn within the policy's horizon, in [0, 1].

    Args:
        sheet: The policy.
        segment: The customer's segment, a row of `sheet.hazards`.
        tier: The risk tier, a column of it.
        bad: Severity.
    """
    return churn_probability(bad, sheet.hazards[segment][tier], sheet.severity_log_ratio, sheet.horizon_days)


def plan(
    sheet: PolicySheet,
    segment: int,
    stage: int,
    stalled: float,
    bad: float,
    good: float,
    mass: float,
    lead_type: int,
    bright_type: int,
) -> tuple[int, int]:
    """Which action the playbook calls for, and why: ``(action, reason)``.

    Args:
        sheet: The policy.
        segment: The customer's segment, as the policy numbers them.
        stage: The customer's stage, or below 0 where it is not known.
        stalled: Evidence of the stall; with no negative signal at hand it is the cause.
        bad: Severity.
        good: Confidence.
        mass: Evidence at hand, both sides.
        lead_type: Type of the strongest negative signal, or NO_SIGNAL.
        bright_type: Type of the strongest positive signal, or NO_SIGNAL.
    """
    if stage < 0:
        return NO_ACTION, NO_STAGE
    if not sheet.live[stage]:
        return NO_ACTION, NOT_LIVE
    play = play_of(sheet, segment, stage, stalled, lead_type)
    opportunity = opportunity_of(sheet, segment, stage, bright_type)
    return choose(bad, good, mass, play, opportunity, sheet.act_severity, sheet.act_confidence)


def intervention_state(
    sheet: PolicySheet,
    status: int,
    monitors: bool,  # noqa: FBT001 - compiled code takes no keywords
    approval: bool,  # noqa: FBT001
    measured: bool,  # noqa: FBT001
    age_days: float,
) -> int:
    """State of a recorded intervention, one of the codes of `STATES`.

    Args:
        sheet: The policy, for how long an approval and an outcome are waited for.
        status: The state that the record itself gives, or NOT_GIVEN. ``measured`` and ``executed`` are still held
            against the outcomes, and ``pending_approval`` against its expiry: neither becomes true by being written.
        monitors: Whether the action is to do nothing but watch.
        approval: Whether it needs a person's approval.
        measured: Whether an outcome is known by now.
        age_days: Time since it was generated.
    """
    if REJECTED <= status <= EXPIRED:
        return status
    if measured:
        return MEASURED
    if monitors:
        return CLOSED
    waits = status == PENDING or (status == NOT_GIVEN and approval)
    if waits:
        return EXPIRED if age_days > sheet.approval_expiry_days else PENDING
    if age_days > sheet.outcome_wait_days:
        return UNMEASURED
    if status in (RECOMMENDED, APPROVED):
        return status
    return AWAITING_OUTCOME


def is_open(state: int) -> bool:
    """Whether an intervention in this state still waits for a person or an outcome, and so blocks another."""
    return state <= APPROVED or state == AWAITING_OUTCOME


def is_contact(state: int, monitors: bool, measured: bool) -> bool:  # noqa: FBT001
    """Whether the customer was contacted: something was carried out that is more than watching."""
    if monitors:
        return False
    return state == AWAITING_OUTCOME or MEASURED <= state <= UNMEASURED or (state == OVERRIDDEN and measured)


def look_back(
    sheet: PolicySheet,
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
    waiting = 0
    since = -1.0
    recent = 0
    for i in range(start, stop):
        age = max(ages[i], 0.0)
        state = intervention_state(sheet, statuses[i], monitors[i], approvals[i], measured[i], age)
        if is_open(state):
            waiting += 1
        if is_contact(state, monitors[i], measured[i]):
            if since < 0.0 or age < since:
                since = age
            if age <= sheet.window_days:
                recent += 1
    return waiting, since, recent


def hold(
    sheet: PolicySheet,
    action: int,
    reason: int,
    waiting: int,
    since: float,
    recent: int,
    vetoed: bool,  # noqa: FBT001
) -> int:
    """ACT when the planned action may go ahead, otherwise the reason that stands against it.

    Watching is no contact, so nothing holds it back.
    """
    if reason != ACT or action == sheet.monitor:
        return reason
    held = contact_rule(waiting, since, recent, sheet.cool_down_days, sheet.max_contacts)
    if held == ACT and vetoed:
        return VETOED
    return held


def approval(sheet: PolicySheet, action: int, bad: float, tier: int, account_value: float) -> bool:
    """Whether a person must approve the action; an action outside the catalogue counts as delivered by a human."""
    if action == sheet.monitor:
        return False
    human = action == NO_ACTION or sheet.human[action]
    return needs_approval(
        bad,
        human,
        tier == sheet.high_tier,
        account_value,
        sheet.approve_human_severity,
        sheet.approve_high_tier_severity,
        sheet.approve_value,
        sheet.approve_value_severity,
    )


KERNELS: tuple[Any, ...] = (
    stall,
    assess,
    kept_at_least,
    grown_at_least,
    kept_at_most,
    loss_at_least,
    play_of,
    opportunity_of,
    quiet,
    planned_at_least,
    churn_of,
    plan,
    intervention_state,
    is_open,
    is_contact,
    look_back,
    hold,
    approval,
)
"""The functions that `journey.runtime.jit` compiles, callees before callers."""
