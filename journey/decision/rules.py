"""The decision rules: plain arithmetic on floats and integers, written once.

The orchestrator calls these functions on records, the reference engine calls them on simulated customers, and
`journey.runtime.jit` compiles the same functions for whole populations. So they use only scalars, indexable
sequences of scalars and `exp`, `log1p` and `expm1` of `math`, whose results are bit-identical interpreted and compiled.

The model: each negative signal adds evidence ``-log(1 - weight * strength * trust)``, which fades with a half-life. A
positive signal adds evidence to a separate ledger in the same way. Time in a stage beyond the typical time adds
negative evidence. Then

    severity = (1 - exp(-negative)) * exp(-relief * positive)

Severity measures the risk. Confidence measures the quality of the evidence, and is a separate number.

Invariants (property tests: `tests/journey/decision/test_rules.py`): every score is in [0, 1]; one more negative signal
never lowers severity, and one more positive signal never raises it; an older signal never weighs more than the same
signal at a younger age.
"""

from collections.abc import Sequence
from math import exp, expm1, log1p

# A certain signal (weight * strength * trust = 1) would be infinite evidence. This cap keeps one signal at most at
# 1 - 1e-6 severity, and severity monotone in the number of signals all the way up.
MAX_WEIGHT = 1.0 - 1e-6

# exp(700) is finite, exp(710) is not: exponents are limited to 700 so that every score is finite for finite input.
MAX_EXPONENT = 700.0

NO_ACTION = -1
"""Index that stands for "no action" wherever an action's index is expected."""

NO_SIGNAL = -1
"""Index that stands for "no signal" wherever a signal's index is expected."""

# The reasons for a decision. The order is part of the compiled tables: append, never reorder.
ACT = 0
NO_EVIDENCE = 1
BELOW_THRESHOLD = 2
LOW_CONFIDENCE = 3
NO_PLAY = 4
OPEN_INTERVENTION = 5
COOLING_DOWN = 6
CAPPED = 7
NOT_LIVE = 8
NO_STAGE = 9
VETOED = 10
BREAKS_RULE = 11

REASONS: tuple[str, ...] = (
    "act",
    "no_evidence",
    "below_threshold",
    "low_confidence",
    "no_play",
    "open_intervention",
    "cooling_down",
    "capped",
    "not_live",
    "no_stage",
    "vetoed",
    "breaks_rule",
)
"""Stable names of the reason codes above, by index."""


def signal_weight(weight: float, strength: float, trust: float) -> float:
    """Weight x strength x trust of one signal, limited to [0, MAX_WEIGHT]."""
    product = weight * strength * trust
    if product < 0.0:
        return 0.0
    if product > MAX_WEIGHT:
        return MAX_WEIGHT
    return product


def signal_evidence(weight: float, strength: float, trust: float) -> float:
    """Evidence of one fresh signal: ``-log(1 - weight * strength * trust)``, at least 0 and finite."""
    return -log1p(-signal_weight(weight, strength, trust))


def fade(age_days: float, fade_rate: float) -> float:
    """Remaining share of evidence after `age_days`, in [0, 1]; `fade_rate` is log(2) / half-life in 1/day."""
    if age_days <= 0.0:
        return 1.0
    exponent = age_days * fade_rate
    if exponent > MAX_EXPONENT:
        return 0.0
    return exp(-exponent)


def overstay(days_in_stage: float, typical_days: float, weight: float) -> float:
    """Evidence of a stalled journey: 0 up to the typical stay, then rising towards `weight`.

    Args:
        days_in_stage: Time since the stage was entered, in days.
        typical_days: The stay beyond which a stage counts as stalling; 0 or less switches the rule off.
        weight: The maximum that a stall can add to the negative ledger.
    """
    if typical_days <= 0.0 or days_in_stage <= typical_days:
        return 0.0
    excess = days_in_stage / typical_days - 1.0
    if excess > MAX_EXPONENT:
        return weight
    return -weight * expm1(-excess)


def severity(negative: float, positive: float, relief: float) -> float:
    """Severity of the risk, in [0, 1]: ``(1 - exp(-negative)) * exp(-relief * positive)``."""
    if negative <= 0.0:
        return 0.0
    damped = relief * positive
    if damped <= 0.0:
        return -expm1(-negative)
    if damped > MAX_EXPONENT:
        return 0.0
    return -expm1(-negative) * exp(-damped)


def confidence(
    negative_mass: float,
    positive_mass: float,
    gaps: int,
    mass_scale: float,
    conflict_penalty: float,
    gap_factor: float,
) -> float:
    """Quality of the evidence, in [0, 1].

    Args:
        negative_mass: Sum of strength x trust x fade of the negative signals.
        positive_mass: The same sum for the positive signals.
        gaps: Number of fields of the customer's record that the rules need and that are missing or doubtful.
        mass_scale: How fast confidence saturates with mass: ``1 - exp(-mass_scale * mass)``.
        conflict_penalty: Share of confidence lost when both sides have equal mass, in [0, 1].
        gap_factor: Factor on confidence for each gap, in [0, 1].
    """
    mass = negative_mass + positive_mass
    if mass <= 0.0:
        return 0.0
    weaker = min(positive_mass, negative_mass)
    stronger = max(negative_mass, positive_mass)
    ratio = weaker / stronger
    score = -expm1(-mass_scale * mass) * (1.0 - conflict_penalty * ratio * ratio)
    for _ in range(gaps):
        score *= gap_factor
    return score


def churn_probability(severity_score: float, hazard: float, severity_log_ratio: float, horizon_days: float) -> float:
    """Probability of churn within the horizon, in [0, 1]: proportional hazards in severity.

    Args:
        severity_score: Severity in [0, 1].
        hazard: Churn hazard of such a customer at severity 0, per day.
        severity_log_ratio: Log hazard ratio between severity 1 and severity 0.
        horizon_days: The horizon, in days.
    """
    exponent = severity_log_ratio * severity_score
    if exponent > MAX_EXPONENT:
        return 1.0
    return -expm1(-hazard * exp(exponent) * horizon_days)


def priority(churn: float, account_value: float, averts: float) -> float:
    """Expected loss that an action can avert, in dollars. Account value enters only here, because value is not risk.

    With `averts` 1 it is the whole expected loss.
    """
    return churn * account_value * averts


def takes_opportunity(confidence_score: float, mass: float, opportunity: int, act_confidence: float) -> bool:
    """Whether a customer who is not at risk gets the action of a positive signal; see `choose`."""
    return mass > 0.0 and opportunity != NO_ACTION and confidence_score >= act_confidence


def choose(
    severity_score: float,
    confidence_score: float,
    mass: float,
    play: int,
    opportunity: int,
    timed_play: int,
    act_severity: float,
    act_confidence: float,
) -> tuple[int, int]:
    """The action that the evidence requires, and the reason: ``(action, reason)``.

    Args:
        severity_score: Severity in [0, 1].
        confidence_score: Confidence in [0, 1].
        mass: Negative plus positive mass; 0 means no live signal.
        play: The playbook's action for this stage and leading cause, or NO_ACTION.
        opportunity: The playbook's action for this stage and leading positive signal, or NO_ACTION.
        timed_play: The playbook's action for these days in the stage, or NO_ACTION; it needs no evidence.
        act_severity: Smallest severity at which to act.
        act_confidence: Below this confidence the customer is only monitored.

    Returns:
        ``(action, ACT)``, or ``(NO_ACTION, reason)`` with the reason for not acting.
    """
    if severity_score < act_severity:
        if takes_opportunity(confidence_score, mass, opportunity, act_confidence):
            return opportunity, ACT
        if timed_play != NO_ACTION:
            return timed_play, ACT
        if mass <= 0.0:
            return NO_ACTION, NO_EVIDENCE
        if opportunity == NO_ACTION:
            return NO_ACTION, BELOW_THRESHOLD
        return NO_ACTION, LOW_CONFIDENCE
    if confidence_score < act_confidence:
        return NO_ACTION, LOW_CONFIDENCE
    if play == NO_ACTION:
        return NO_ACTION, NO_PLAY
    return play, ACT


def contact_rule(
    open_interventions: int,
    days_since_contact: float,
    contacts_in_window: int,
    cool_down_days: float,
    max_contacts: int,
) -> int:
    """ACT when the contact policy allows an action, otherwise the reason against it.

    Args:
        open_interventions: Earlier interventions of this customer still waiting for approval or outcome.
        days_since_contact: Days since the last contact; negative when there was none.
        contacts_in_window: Contacts within the policy's window.
        cool_down_days: Least days between two contacts.
        max_contacts: Most contacts within the window.
    """
    if open_interventions > 0:
        return OPEN_INTERVENTION
    if 0.0 <= days_since_contact < cool_down_days:
        return COOLING_DOWN
    if contacts_in_window >= max_contacts:
        return CAPPED
    return ACT


def needs_approval(
    severity_score: float,
    human_delivered: bool,  # noqa: FBT001 - compiled code takes no keywords
    high_tier: bool,  # noqa: FBT001
    account_value: float,
    human_severity: float,
    high_tier_severity: float,
    approval_value: float,
    value_severity: float,
) -> bool:
    """Whether a person must approve the action before it is carried out.

    This applies to human-delivered actions at a severity of `human_severity` or more, to all actions for high-tier
    customers at `high_tier_severity` or more, and to accounts of `approval_value` or more at `value_severity` or more.
    """
    if human_delivered and severity_score >= human_severity:
        return True
    if high_tier and severity_score >= high_tier_severity:
        return True
    return account_value >= approval_value and severity_score >= value_severity


def is_duplicate(
    i: int,
    start: int,
    stop: int,
    ages: Sequence[float],
    types: Sequence[int],
    sources: Sequence[int],
    is_positive: bool,  # noqa: FBT001 - compiled code takes no keywords
) -> bool:
    """Whether signal `i` repeats a neighbour that is counted instead.

    In canonical order (see `gather`) duplicates are adjacent, the weakest first. The strongest negative duplicate and
    the weakest positive duplicate are counted.
    """
    twin = i - 1 if is_positive else i + 1
    if twin < start or twin >= stop:
        return False
    return types[twin] == types[i] and sources[twin] == sources[i] and ages[twin] == ages[i]


def gather(
    start: int,
    stop: int,
    ages: Sequence[float],
    types: Sequence[int],
    sources: Sequence[int],
    strengths: Sequence[float],
    positive: Sequence[bool],
    weights: Sequence[float],
    trusts: Sequence[float],
    fade_rate: float,
) -> tuple[float, float, float, float, int, int]:
    """Sum one customer's signals ``start .. stop - 1`` into the two ledgers.

    The signals must be in canonical order: oldest first (ages descending), then type, source and strength. Sums of
    floats depend on their order; this order makes the result independent of the order of reading. Rows that agree in
    age, type and source are duplicates of one signal. If their strengths conflict, the strongest counts for a negative
    signal and the weakest for a positive one.

    Args:
        start: First signal of the customer.
        stop: One past the last.
        ages: Age of each signal, in days.
        types: Signal type of each, an index into `positive` and `weights`.
        sources: Source of each, an index into `trusts`.
        strengths: Strength of each, in [0, 1].
        positive: Per type: whether it is a positive signal.
        weights: Per type: weight of a full-strength signal, in [0, 1].
        trusts: Per source: trust in it, in [0, 1].
        fade_rate: log(2) / half-life, per day.

    Returns:
        Negative evidence, positive evidence, negative mass, positive mass, and the indices of the leading (strongest)
        negative and positive signal, or NO_SIGNAL.
    """
    negative_evidence = 0.0
    positive_evidence = 0.0
    negative_mass = 0.0
    positive_mass = 0.0
    leading_negative = NO_SIGNAL
    leading_negative_evidence = 0.0
    leading_positive = NO_SIGNAL
    leading_positive_evidence = 0.0
    for i in range(start, stop):
        kind = types[i]
        is_positive = positive[kind]
        if is_duplicate(i, start, stop, ages, types, sources, is_positive):
            continue
        trust = trusts[sources[i]]
        remaining = fade(ages[i], fade_rate)
        weighed = signal_evidence(weights[kind], strengths[i], trust) * remaining
        mass = strengths[i] * trust * remaining
        if is_positive:
            positive_evidence += weighed
            positive_mass += mass
            if leading_positive == NO_SIGNAL or weighed > leading_positive_evidence:
                leading_positive = i
                leading_positive_evidence = weighed
        else:
            negative_evidence += weighed
            negative_mass += mass
            if leading_negative == NO_SIGNAL or weighed > leading_negative_evidence:
                leading_negative = i
                leading_negative_evidence = weighed
    return negative_evidence, positive_evidence, negative_mass, positive_mass, leading_negative, leading_positive


KERNELS = (
    signal_weight,
    signal_evidence,
    fade,
    overstay,
    severity,
    confidence,
    churn_probability,
    priority,
    takes_opportunity,
    choose,
    contact_rule,
    needs_approval,
    is_duplicate,
    gather,
)
"""The functions that `journey.runtime.jit` compiles, callees before callers."""

INLINED = (fade,)
"""Functions to inline, because most events call them."""
