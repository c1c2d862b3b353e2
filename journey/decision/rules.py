"""The decision rules: plain arithmetic on floats and ints, written once.

The orchestrator calls these functions on records, the reference engine calls them on simulated customers, and
`journey.runtime.jit` compiles the very same functions for whole populations. So they use only scalars, indexable
sequences of scalars and `exp`, `log1p` and `expm1` of `math`, which give the same bits interpreted and compiled.

The form. Each negative signal adds evidence ``-log(1 - weight * strength * trust)`` that fades with a half-life; a
positive one likewise, in a ledger of its own; time in stage beyond what is typical adds its own. Then

    severity = (1 - exp(-negative)) * exp(-relief * positive)

Severity says how bad it looks. Confidence says how good the evidence is, and is a separate number.

What always holds (property tests: `tests/journey/decision/test_rules.py`): every score is in [0, 1]; one more negative
signal never lowers severity, one more positive never raises it; an older signal never weighs more than the same one
newer.
"""

from collections.abc import Sequence
from math import exp, expm1, log1p

# A certain signal (weight * strength * trust = 1) would be infinite evidence. This cap keeps one signal at most at
# 1 - 1e-6 severity, and severity monotone in the number of signals all the way up.
MAX_WEIGHT = 1.0 - 1e-6

# exp(700) is finite, exp(710) is not: exponents are held below it so that every score is finite for finite input.
MAX_EXPONENT = 700.0

NO_ACTION = -1
"""Index that stands for "no action" wherever an action's index is expected."""

NO_SIGNAL = -1
"""Index that stands for "no signal" wherever a signal's index is expected."""

# Why a decision came out as it did. The order is part of the compiled tables: append, never reorder.
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
)
"""Stable names of the reason codes above, by index."""


def signal_weight(weight: float, strength: float, trust: float) -> float:
    """Weight x strength x trust of one signal, held in [0, MAX_WEIGHT]."""
    product = weight * strength * trust
    if product < 0.0:
        return 0.0
    if product > MAX_WEIGHT:
        return MAX_WEIGHT
    return product


def evidence(weight: float, strength: float, trust: float) -> float:
    """Evidence of one fresh signal: ``-log(1 - weight * strength * trust)``, at least 0 and finite."""
    return -log1p(-signal_weight(weight, strength, trust))


def fade(age_days: float, fade_rate: float) -> float:
    """What is left of evidence after `age_days`, in [0, 1]; `fade_rate` is log(2) / half-life in 1/day."""
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
        weight: The most that a stall can add to the negative ledger.
    """
    if typical_days <= 0.0 or days_in_stage <= typical_days:
        return 0.0
    excess = days_in_stage / typical_days - 1.0
    if excess > MAX_EXPONENT:
        return weight
    return -weight * expm1(-excess)


def severity(negative: float, positive: float, relief: float) -> float:
    """How bad it looks, in [0, 1]: ``(1 - exp(-negative)) * exp(-relief * positive)``."""
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
    """How good the evidence is, in [0, 1].

    Args:
        negative_mass: Sum of strength x trust x fade of the negative signals.
        positive_mass: The same of the positive ones.
        gaps: How many fields that the rules need are missing or doubtful in the customer's record.
        mass_scale: How fast confidence saturates with mass: ``1 - exp(-mass_scale * mass)``.
        conflict_penalty: Share of confidence lost when both sides weigh the same, in [0, 1].
        gap_factor: What each gap multiplies confidence by, in [0, 1].
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
    """Money at stake that an action can avert, in dollars: value is not risk, so it enters only here."""
    return churn * account_value * averts


def choose(
    severity_score: float,
    confidence_score: float,
    mass: float,
    play: int,
    opportunity: int,
    act_severity: float,
    act_confidence: float,
) -> tuple[int, int]:
    """Which action the evidence calls for, and why: ``(action, reason)``.

    Args:
        severity_score: Severity in [0, 1].
        confidence_score: Confidence in [0, 1].
        mass: Evidence at hand (negative plus positive mass); 0 means no live signal.
        play: The playbook's action for this stage and leading cause, or NO_ACTION.
        opportunity: The playbook's action for this stage and leading positive signal, or NO_ACTION.
        act_severity: Act from this severity on.
        act_confidence: Below this confidence nothing is done but watching.

    Returns:
        ``(action, ACT)``, or ``(NO_ACTION, reason)`` with the reason that took the decision out.
    """
    if severity_score < act_severity:
        if mass <= 0.0:
            return NO_ACTION, NO_EVIDENCE
        if opportunity == NO_ACTION:
            return NO_ACTION, BELOW_THRESHOLD
        if confidence_score < act_confidence:
            return NO_ACTION, LOW_CONFIDENCE
        return opportunity, ACT
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
    """ACT when the contact policy lets an action through, otherwise the reason that holds it back.

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

    A human-delivered action from `human_severity` on; any action for a high-tier customer from `high_tier_severity`
    on, and for an account of `approval_value` or more from `value_severity` on.
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
    """Whether signal `i` repeats a neighbour that counts in its stead.

    In canonical order (see `gather`) duplicates stand next to each other, the weakest first. The strongest of the
    negative ones counts, and the weakest of the positive ones.
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

    The signals must stand in canonical order: oldest first (ages descending), then type, source and strength. Sums
    of floats depend on their order, and this one makes the result independent of the order of reading. Rows that
    agree in age, type and source are duplicates of one signal; where their strengths conflict the strongest counts
    for a negative signal and the weakest for a positive one.

    Args:
        start: First signal of the customer.
        stop: One past the last.
        ages: Age of each signal, in days.
        types: Signal type of each, an index into `positive` and `weights`.
        sources: Source of each, an index into `trusts`.
        strengths: Strength of each, in [0, 1].
        positive: Per type: does it speak for the customer?
        weights: Per type: how much a full-strength signal weighs, in [0, 1].
        trusts: Per source: how far it is trusted, in [0, 1].
        fade_rate: log(2) / half-life, per day.

    Returns:
        Negative evidence, positive evidence, negative mass, positive mass, and the indices of the leading (strongest)
        negative and positive signal, NO_SIGNAL where there is none.
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
        weighed = evidence(weights[kind], strengths[i], trust) * remaining
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
    evidence,
    fade,
    overstay,
    severity,
    confidence,
    churn_probability,
    priority,
    choose,
    contact_rule,
    needs_approval,
    is_duplicate,
    gather,
)
"""The functions that `journey.runtime.jit` compiles, callees before callers."""
