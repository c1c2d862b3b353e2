"""The orchestrator, compiled: evidence, decisions, reviews, actions and outcomes.

The counterpart of `simulation.model.evidence` and `simulation.reference.orchestration`, function by function; the
reference documents the behaviour.
"""

from typing import Any

from journey.decision.bounds import UNDECIDED, idle_reason_from_bounds, plan_from_bounds
from journey.decision.rules import (
    ACT,
    BELOW_THRESHOLD,
    NO_ACTION,
    NO_EVIDENCE,
    NO_SIGNAL,
    NO_STAGE,
    NOT_LIVE,
    evidence,
    fade,
    priority,
    severity,
)
from journey.decision.steps import (
    action_needs_approval,
    apply_contact_policy,
    assess,
    compute_churn_probability,
    plan_action,
    stall_evidence,
)
from simulation.compiled import state, state_columns
from simulation.compiled.customer import (
    apply_effect,
    apply_harm,
    count_wait,
)
from simulation.compiled.primitives import (
    KIND_ACTION,
    KIND_DECIDED,
    KIND_DECISION,
    KIND_OUTCOME,
    KIND_REQUESTED,
    emit,
)
from simulation.compiled.state import NO_RESPONSE, NOT_NEEDED, PARTIAL, RESOLVED
from simulation.compiled.state_columns import EVENT_TIMES, IN_QUEUE, NO_INDEX, NOT_WAITING
from simulation.distributions.dwell_times import NEVER
from simulation.metrics.quantile_sketch import sketch_bucket
from simulation.model.calendar_effects import interval_index
from simulation.model.event_types import (
    ACTION,
    CADENCE,
    CALM,
    EXPIRY,
    OUTCOME,
)
from simulation.random import streams
from simulation.random.streams import exponential, uniform

# Codes of decisions without an action; `trace_rows` has their labels.
LABEL_MONITOR_ONLY, LABEL_NONE = -2, -3


def remaining_evidence(T: Any, S: Any, i: int, now: float) -> float:
    """The share of the evidence that has not faded since the last signal; 1 if there was no signal."""
    if (
        S.ints[i, state_columns.LEADING_NEGATIVE] == NO_SIGNAL
        and S.ints[i, state_columns.LEADING_POSITIVE] == NO_SIGNAL
    ):
        return 1.0
    return fade(now - S.floats[i, state_columns.LAST_SIGNAL_AT], T.policy_parameters.fade_rate)


def add_signal(T: Any, S: Any, i: int, now: float, kind: int, strength: float, source: int, age: float) -> None:
    """Add one signal to the evidence: `EvidenceState.add_signal`."""
    f = S.floats[i]
    remaining, fresh = remaining_evidence(T, S, i, now), fade(age, T.policy_parameters.fade_rate)
    weighted = evidence(T.policy_parameters.weights[kind], strength, T.policy_parameters.trusts[source]) * fresh
    mass = strength * T.policy_parameters.trusts[source] * fresh
    f[state_columns.LAST_SIGNAL_AT] = now
    f[state_columns.NEGATIVE] *= remaining
    f[state_columns.POSITIVE] *= remaining
    f[state_columns.NEGATIVE_MASS] *= remaining
    f[state_columns.POSITIVE_MASS] *= remaining
    f[state_columns.LEADING_NEGATIVE_EVIDENCE] *= remaining
    f[state_columns.LEADING_POSITIVE_EVIDENCE] *= remaining
    if T.policy_parameters.positive[kind]:
        f[state_columns.POSITIVE] += weighted
        f[state_columns.POSITIVE_MASS] += mass
        if (
            S.ints[i, state_columns.LEADING_POSITIVE] == NO_SIGNAL
            or weighted > f[state_columns.LEADING_POSITIVE_EVIDENCE]
        ):
            S.ints[i, state_columns.LEADING_POSITIVE] = kind
            f[state_columns.LEADING_POSITIVE_EVIDENCE] = weighted
    else:
        f[state_columns.NEGATIVE] += weighted
        f[state_columns.NEGATIVE_MASS] += mass
        if (
            S.ints[i, state_columns.LEADING_NEGATIVE] == NO_SIGNAL
            or weighted > f[state_columns.LEADING_NEGATIVE_EVIDENCE]
        ):
            S.ints[i, state_columns.LEADING_NEGATIVE] = kind
            f[state_columns.LEADING_NEGATIVE_EVIDENCE] = weighted


def contact_policy_reason(T: Any, S: Any, i: int, action: int, reason: int) -> int:
    """Apply the contact policy to a planned action: `CustomerOrchestration._contact_policy_reason`.

    ``S.contacts`` is a ring with one slot for each contact that the policy allows within its window.
    """
    now, size = S.floats[i, state_columns.NOW], S.contacts.shape[1]
    recent = 0
    for slot in range(min(S.ints[i, state_columns.CONTACTS], size)):
        if S.contacts[i, slot] >= now - T.policy_parameters.window_days:
            recent += 1
    last_contact = S.floats[i, state_columns.LAST_TOUCH_AT]
    since = -1.0 if last_contact == NEVER else now - last_contact
    return apply_contact_policy(
        T.policy_parameters,
        action,
        reason,
        S.ints[i, state_columns.HAS_OPEN_ACTION],
        since,
        recent,
        S.ints[i, state_columns.HAS_CONSENT] == 0,
    )


def decide(T: Any, S: Any, i: int) -> None:
    """Evaluate a customer with the rules and start the resulting action: `CustomerOrchestration.decide`."""
    f = S.floats[i]
    now, stage, segment = (
        f[state_columns.NOW],
        S.ints[i, state_columns.RECORDED_STAGE],
        S.ints[i, state_columns.POLICY_SEGMENT],
    )
    remaining = remaining_evidence(T, S, i, now)
    negative, positive = f[state_columns.NEGATIVE] * remaining, f[state_columns.POSITIVE] * remaining
    negative_mass, positive_mass = (
        f[state_columns.NEGATIVE_MASS] * remaining,
        f[state_columns.POSITIVE_MASS] * remaining,
    )
    stalled = stall_evidence(T.policy_parameters, stage, now - f[state_columns.RECORDED_SINCE])
    if not T.keep_trace:
        planned = plan_from_bounds(
            T.policy_parameters, segment, stage, stalled, negative, positive, negative_mass, positive_mass, S.ints[i,
            state_columns.LEADING_NEGATIVE], S.ints[i, state_columns.LEADING_POSITIVE],
        )  # fmt: skip
        if planned != NO_ACTION:
            reason = contact_policy_reason(T, S, i, planned, ACT)
            count_evaluation(T, S, i, planned if reason == ACT else NO_ACTION, reason, NEVER)
            if reason == ACT and planned != T.policy_parameters.monitor:
                severity_level = 1.0
                if action_needs_approval(
                    T.policy_parameters,
                    planned,
                    severity_level,
                    S.ints[i, state_columns.TIER],
                    f[state_columns.ACCOUNT_VALUE],
                ):
                    # Severity is at most 1, so its exact value matters only if 1 would need approval.
                    severity_level = severity(negative + stalled, positive, T.policy_parameters.relief)
                start_intervention(T, S, i, planned, severity_level)
            return
    severity_level, confidence = assess(
        T.policy_parameters, 0, stalled, negative, positive, negative_mass, positive_mass
    )
    planned, plan_reason = plan_action(
        T.policy_parameters, segment, stage, stalled, severity_level, confidence, negative_mass + positive_mass,
        S.ints[i, state_columns.LEADING_NEGATIVE], S.ints[i, state_columns.LEADING_POSITIVE],
    )  # fmt: skip
    reason = contact_policy_reason(T, S, i, planned, plan_reason)
    action = planned if reason == ACT else NO_ACTION
    count_evaluation(T, S, i, action, reason, confidence)
    if action != NO_ACTION and action != T.policy_parameters.monitor:
        start_intervention(T, S, i, action, severity_level)


def count_evaluation(T: Any, S: Any, i: int, action: int, reason: int, confidence: float) -> None:
    """Count an evaluation and its result."""
    S.counts[T.arm_index, state.EVALUATIONS] += 1
    S.reasons[T.arm_index, reason] += 1
    label, recorded_stage, stage = action, NO_INDEX, S.ints[i, state_columns.RECORDED_STAGE]
    if action == NO_ACTION:
        nothing = reason == NO_EVIDENCE or reason == BELOW_THRESHOLD or reason == NOT_LIVE or reason == NO_STAGE
        label = LABEL_NONE if nothing else LABEL_MONITOR_ONLY
    if stage != S.ints[i, state_columns.STAGE]:
        S.counts[T.arm_index, state.MISCLASSIFIED] += 1
        recorded_stage = stage
    emit(T, S, i, KIND_DECISION, label, recorded_stage, reason, NO_INDEX, confidence)


def start_intervention(T: Any, S: Any, i: int, action: int, severity_level: float) -> None:
    """Start an action: request a review if the action needs approval, otherwise schedule it."""
    f, tier = S.floats[i], S.ints[i, state_columns.TIER]
    S.ints[i, state_columns.ACTION_CODE] = action
    S.ints[i, state_columns.HAS_OPEN_ACTION] = 1
    needs_approval = action_needs_approval(
        T.policy_parameters, action, severity_level, tier, f[state_columns.ACCOUNT_VALUE]
    )
    if needs_approval or T.keep_trace:
        # The value at stake ranks requests and is written to the trace.
        churn = compute_churn_probability(
            T.policy_parameters, S.ints[i, state_columns.POLICY_SEGMENT], tier, severity_level
        )
        f[state_columns.VALUE_AT_STAKE] = priority(
            churn, f[state_columns.ACCOUNT_VALUE], T.policy_parameters.averts[action]
        )
    if needs_approval:
        request_review(T, S, i)
    else:
        f[EVENT_TIMES + ACTION] = f[state_columns.NOW] + T.effect_delay[action]


def idle_reason(T: Any, S: Any, i: int, now: float, later: float) -> int:
    """Why no evaluation before `later` can lead to an action, or UNDECIDED; see `idle_reason_from_bounds`."""
    f = S.floats[i]
    return idle_reason_from_bounds(
        T.policy_parameters,
        S.ints[i, state_columns.POLICY_SEGMENT],
        S.ints[i, state_columns.RECORDED_STAGE],
        now - f[state_columns.RECORDED_SINCE],
        now - f[state_columns.LAST_SIGNAL_AT],
        later,
        f[state_columns.NEGATIVE],
        f[state_columns.NEGATIVE_MASS] + f[state_columns.POSITIVE_MASS],
        S.ints[i, state_columns.LEADING_POSITIVE],
    )


def evaluate(T: Any, S: Any, i: int) -> None:
    """Evaluate a customer now; in full only if an action is possible or a trace is kept."""
    reason = UNDECIDED if T.keep_trace else idle_reason(T, S, i, S.floats[i, state_columns.NOW], 0.0)
    if reason == UNDECIDED:
        decide(T, S, i)
    else:
        count_evaluation(T, S, i, NO_ACTION, reason, NEVER)


def count_evaluations_until(T: Any, S: Any, i: int, until: float, reason: int) -> None:
    """Count all scheduled evaluations before `until` as evaluations without an action, for this reason."""
    at, now, evaluations = S.floats[i, EVENT_TIMES + CADENCE], S.floats[i, state_columns.NOW], 0
    while at < until:
        now = at
        at += T.cadence
        evaluations += 1
    S.floats[i, state_columns.NOW] = now
    S.floats[i, EVENT_TIMES + CADENCE] = at
    S.reasons[T.arm_index, reason] += evaluations
    S.counts[T.arm_index, state.EVALUATIONS] += evaluations
    S.kinds[T.arm_index, KIND_DECISION] += evaluations
    if S.ints[i, state_columns.RECORDED_STAGE] != S.ints[i, state_columns.STAGE]:
        S.counts[T.arm_index, state.MISCLASSIFIED] += evaluations


def count_idle_evaluations(T: Any, S: Any, i: int, until: float) -> None:
    """Count the scheduled evaluations before `until` that cannot lead to an action.

    Most evaluations are of this kind. Between two other events of the customer only time passes, so they can be counted
    without going through the event list. Where bounds settle the whole interval, they are counted in one batch. The
    counts equal those of `decide`.
    """
    at = S.floats[i, EVENT_TIMES + CADENCE]
    if at >= until:
        return
    reason = idle_reason(T, S, i, at, until - at)
    if reason != UNDECIDED:
        count_evaluations_until(T, S, i, until, reason)
        return
    if (
        until - S.floats[i, state_columns.RECORDED_SINCE]
        <= T.policy_parameters.typical_days[S.ints[i, state_columns.RECORDED_STAGE]]
    ):
        # No stall evidence arises before `until`, so it is the first evaluation that is undecided.
        return
    while at < until:
        at += T.cadence
        reason = idle_reason(T, S, i, S.floats[i, EVENT_TIMES + CADENCE], 0.0)
        if reason == UNDECIDED:
            break
        count_evaluations_until(T, S, i, min(at, until), reason)


def request_review(T: Any, S: Any, i: int) -> None:
    """Request a review; the review queue takes it up at its time: `CustomerOrchestration._request_review`."""
    f = S.floats[i]
    S.ints[i, state_columns.REQUESTS_IN_SPELL] += 1
    unit = exponential(
        S.key[i], streams.SERVICE, S.ints[i, state_columns.SPELL], S.ints[i, state_columns.REQUESTS_IN_SPELL]
    )
    f[state_columns.WORK] = unit * T.service_days
    f[state_columns.REQUESTED_AT] = f[state_columns.NOW]
    f[state_columns.STARTED_AT] = -1.0
    S.ints[i, state_columns.WAITING] = IN_QUEUE
    S.ints[i, state_columns.VERSION] += 1
    emit(
        T,
        S,
        i,
        KIND_REQUESTED,
        S.ints[i, state_columns.ACTION_CODE],
        NO_INDEX,
        NO_INDEX,
        NO_INDEX,
        f[state_columns.VALUE_AT_STAKE],
    )
    f[EVENT_TIMES + EXPIRY] = f[state_columns.NOW] + T.policy_parameters.approval_expiry_days


def close_request(T: Any, S: Any, i: int, verdict: int, reviewer: int) -> None:
    """Close a request with its verdict: `CustomerOrchestration._close_request`."""
    f = S.floats[i]
    started = f[state_columns.NOW] if f[state_columns.STARTED_AT] < 0.0 else f[state_columns.STARTED_AT]
    S.sums[T.arm_index, state.WAIT_DAYS] += started - f[state_columns.REQUESTED_AT]
    S.verdicts[T.arm_index, verdict] += 1
    count_wait(S, f[state_columns.REQUESTED_AT], started)
    interval = interval_index(S.grid, f[state_columns.NOW])
    S.closed[interval] += 1
    S.waited[interval] += started - f[state_columns.REQUESTED_AT]
    S.waits[T.arm_index, sketch_bucket(started - f[state_columns.REQUESTED_AT])] += 1
    f[EVENT_TIMES + EXPIRY] = NEVER
    S.ints[i, state_columns.WAITING] = NOT_WAITING
    S.ints[i, state_columns.VERSION] += 1
    emit(T, S, i, KIND_DECIDED, verdict, NO_INDEX, NO_INDEX, reviewer, f[state_columns.VALUE_AT_STAKE])


def on_verdict(T: Any, S: Any, i: int, time: float, reviewer: int) -> None:
    """Apply a reviewer's verdict: `CustomerOrchestration._on_verdict`."""
    f = S.floats[i]
    f[state_columns.NOW] = time
    spell, occurrence, cause = (
        S.ints[i, state_columns.SPELL],
        S.ints[i, state_columns.REQUESTS_IN_SPELL],
        S.ints[i, state_columns.CAUSE],
    )
    draw = uniform(S.key[i], streams.VERDICT, spell, occurrence)
    approved = draw < T.approve_distressed if cause != CALM else draw >= T.reject_calm
    verdict = state.REJECTED
    if approved:
        verdict = state.APPROVED
        preferred_action = NO_ACTION
        if cause != CALM and T.policy_cause[cause] >= 0:
            preferred_action = T.policy_parameters.plays[
                S.ints[i, state_columns.POLICY_SEGMENT], S.ints[i, state_columns.STAGE], T.policy_cause[cause]
            ]
        overrides = uniform(S.key[i], streams.OVERRIDE, spell, occurrence) < T.override
        if overrides and preferred_action != NO_ACTION and preferred_action != S.ints[i, state_columns.ACTION_CODE]:
            S.ints[i, state_columns.ACTION_CODE] = preferred_action
            verdict = state.OVERRIDDEN
        f[EVENT_TIMES + ACTION] = time + T.effect_delay[S.ints[i, state_columns.ACTION_CODE]]
    else:
        S.ints[i, state_columns.HAS_OPEN_ACTION] = 0
        f[state_columns.LAST_TOUCH_AT] = time
    close_request(T, S, i, verdict, reviewer)


def on_expiry(T: Any, S: Any, i: int) -> None:
    """Let a request expire that was not reviewed in time: `CustomerOrchestration.on_expiry`."""
    S.floats[i, EVENT_TIMES + EXPIRY] = NEVER
    if S.ints[i, state_columns.WAITING] == IN_QUEUE:
        S.ints[i, state_columns.HAS_OPEN_ACTION] = 0
        close_request(T, S, i, state.EXPIRED, NO_INDEX)


def faded_ratio(ratio_per_contact: float, fatigue: float) -> float:
    """A ratio per contact, at a level of fatigue: a power, which is only computed if it differs from 1."""
    return ratio_per_contact**fatigue if fatigue > 0.0 and ratio_per_contact != 1.0 else 1.0


def on_action(T: Any, S: Any, i: int) -> None:
    """Carry out the action: `CustomerOrchestration.on_action`."""
    f = S.floats[i]
    action, cause, now = S.ints[i, state_columns.ACTION_CODE], S.ints[i, state_columns.CAUSE], f[state_columns.NOW]
    fatigue = f[state_columns.FATIGUE]
    if fatigue > 0.0:
        fatigue *= fade(now - f[state_columns.FATIGUE_AT], T.fatigue.fade_rate)
    f[state_columns.FATIGUE] = fatigue + 1.0
    f[state_columns.FATIGUE_AT] = now
    f[EVENT_TIMES + ACTION] = NEVER
    emit(T, S, i, KIND_ACTION, action, NO_INDEX, NO_INDEX, NO_INDEX, T.cost[action])
    S.actions[T.arm_index, action] += 1
    S.contacts[i, S.ints[i, state_columns.CONTACTS] % S.contacts.shape[1]] = now
    S.ints[i, state_columns.CONTACTS] += 1
    f[state_columns.LAST_TOUCH_AT] = now
    S.ints[i, state_columns.ACTIONS_IN_SPELL] += 1
    f[EVENT_TIMES + OUTCOME] = now + T.outcome_window
    S.ints[i, state_columns.RESPONDED] = 0
    harm = faded_ratio(T.fatigue.churn_ratio, fatigue)
    if cause == CALM:
        S.ints[i, state_columns.EPISODE_ACTED_ON] = CALM
        apply_harm(T, S, i, harm * T.harm_ratio[action], T.lasts[action])
        return
    if harm != 1.0:
        apply_harm(T, S, i, harm, T.lasts[action])
    S.counts[T.arm_index, state.CONTACTS_NEEDED] += 1
    number = S.ints[i, state_columns.EPISODE_NUMBER]
    S.ints[i, state_columns.EPISODE_ACTED_ON] = number
    chance = T.response[action, S.ints[i, state_columns.SEGMENT]] * faded_ratio(T.fatigue.kept_response, fatigue)
    if uniform(S.key[i], streams.RESPONSE, number, S.ints[i, state_columns.ACTIONS_IN_SPELL]) < chance:
        S.ints[i, state_columns.RESPONDED] = 1
        apply_effect(T, S, i, T.recovery_ratio[action, cause], T.lasts[action])


def record_outcome(T: Any, S: Any, i: int, outcome: int) -> None:
    """Record an outcome: `CustomerOrchestration._record_outcome`."""
    S.floats[i, EVENT_TIMES + OUTCOME] = NEVER
    S.ints[i, state_columns.HAS_OPEN_ACTION] = 0
    S.outcomes[T.arm_index, outcome] += 1
    value = S.floats[i, state_columns.VALUE_AT_STAKE] if outcome == RESOLVED else 0.0
    emit(T, S, i, KIND_OUTCOME, outcome, NO_INDEX, NO_INDEX, NO_INDEX, value)


def on_outcome(T: Any, S: Any, i: int) -> None:
    """Close the outcome window: `CustomerOrchestration.on_outcome`."""
    if S.ints[i, state_columns.EPISODE_ACTED_ON] == CALM:
        record_outcome(T, S, i, NOT_NEEDED)
    elif S.ints[i, state_columns.RESPONDED]:
        record_outcome(T, S, i, PARTIAL)
    else:
        record_outcome(T, S, i, NO_RESPONSE)


KERNELS: tuple[Any, ...] = (
    remaining_evidence,
    add_signal,
    contact_policy_reason,
    request_review,
    count_evaluation,
    start_intervention,
    decide,
    idle_reason,
    evaluate,
    count_evaluations_until,
    count_idle_evaluations,
    close_request,
    on_verdict,
    on_expiry,
    faded_ratio,
    on_action,
    record_outcome,
    on_outcome,
)
"""The functions that compiled code uses, callees before callers."""

INLINED: tuple[Any, ...] = (
    remaining_evidence,
    add_signal,
    contact_policy_reason,
    count_evaluation,
    start_intervention,
    idle_reason,
    count_evaluations_until,
    count_idle_evaluations,
    faded_ratio,
)
"""The functions that are inlined where compiled code calls them, because most events call them."""
