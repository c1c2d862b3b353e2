"""What the orchestrator does, compiled: beliefs, decisions, reviews, actions and outcomes.

The counterpart of `simulation.model.evidence` and `simulation.reference.orchestration`, function by function; what each
does is documented there.
"""

from typing import Any

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
from journey.decision.steps import UNCLEAR, approval, assess, churn_of, hold, plan, planned_at_least, quiet, stall
from simulation.compiled import state, state_columns
from simulation.compiled.customer import (
    be_harmed,
    be_helped,
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
from simulation.compiled.state_columns import AGENDA, IN_QUEUE, NOT_WAITING, NOTHING
from simulation.distributions.dwell_times import NEVER
from simulation.metrics.quantile_sketch import bucket_of
from simulation.model.calendar_effects import part_of
from simulation.model.event_types import (
    ACTION,
    CADENCE,
    CALM,
    EXPIRY,
    OUTCOME,
)
from simulation.random import streams
from simulation.random.streams import exponential, uniform

# Labels of decisions that are no action, as codes; `engine` gives them their names.
LABEL_MONITOR, LABEL_NONE = -2, -3


def left_of_evidence(T: Any, S: Any, i: int, now: float) -> float:
    """What is left now of the evidence as it was when a signal was last heard; 1 where none was."""
    if S.ints[i, state_columns.LEAD] == NO_SIGNAL and S.ints[i, state_columns.BRIGHT] == NO_SIGNAL:
        return 1.0
    return fade(now - S.floats[i, state_columns.HEARD_AT], T.sheet.fade_rate)


def hear(T: Any, S: Any, i: int, now: float, kind: int, strength: float, source: int, age: float) -> None:
    """Add one signal to the ledgers: `Beliefs.hear`."""
    f = S.floats[i]
    left, fresh = left_of_evidence(T, S, i, now), fade(age, T.sheet.fade_rate)
    weighed = evidence(T.sheet.weights[kind], strength, T.sheet.trusts[source]) * fresh
    mass = strength * T.sheet.trusts[source] * fresh
    f[state_columns.HEARD_AT] = now
    f[state_columns.NEGATIVE] *= left
    f[state_columns.POSITIVE] *= left
    f[state_columns.NEGATIVE_MASS] *= left
    f[state_columns.POSITIVE_MASS] *= left
    f[state_columns.LEAD_EVIDENCE] *= left
    f[state_columns.BRIGHT_EVIDENCE] *= left
    if T.sheet.positive[kind]:
        f[state_columns.POSITIVE] += weighed
        f[state_columns.POSITIVE_MASS] += mass
        if S.ints[i, state_columns.BRIGHT] == NO_SIGNAL or weighed > f[state_columns.BRIGHT_EVIDENCE]:
            S.ints[i, state_columns.BRIGHT] = kind
            f[state_columns.BRIGHT_EVIDENCE] = weighed
    else:
        f[state_columns.NEGATIVE] += weighed
        f[state_columns.NEGATIVE_MASS] += mass
        if S.ints[i, state_columns.LEAD] == NO_SIGNAL or weighed > f[state_columns.LEAD_EVIDENCE]:
            S.ints[i, state_columns.LEAD] = kind
            f[state_columns.LEAD_EVIDENCE] = weighed


def held(T: Any, S: Any, i: int, action: int, reason: int) -> int:
    """What the contact policy says: `Care._held`. The ring holds as many contacts as there may be in the window."""
    now, size = S.floats[i, state_columns.NOW], S.contacts.shape[1]
    recent = 0
    for place in range(min(S.ints[i, state_columns.CONTACTS], size)):
        if S.contacts[i, place] >= now - T.sheet.window_days:
            recent += 1
    touched = S.floats[i, state_columns.TOUCHED]
    since = -1.0 if touched == NEVER else now - touched
    return hold(
        T.sheet, action, reason, S.ints[i, state_columns.OPEN], since, recent, S.ints[i, state_columns.CONSENTS] == 0
    )


def decide(T: Any, S: Any, i: int) -> None:
    """Evaluate a customer with the rules and set going what they say: `Care.decide`."""
    f = S.floats[i]
    now, stage, segment = (
        f[state_columns.NOW],
        S.ints[i, state_columns.RECORDED_STAGE],
        S.ints[i, state_columns.POLICY_SEGMENT],
    )
    left = left_of_evidence(T, S, i, now)
    negative, positive = f[state_columns.NEGATIVE] * left, f[state_columns.POSITIVE] * left
    negative_mass, positive_mass = f[state_columns.NEGATIVE_MASS] * left, f[state_columns.POSITIVE_MASS] * left
    stalled = stall(T.sheet, stage, now - f[state_columns.RECORDED_SINCE])
    if not T.keep_trace:
        planned = planned_at_least(
            T.sheet, segment, stage, stalled, negative, positive, negative_mass, positive_mass, S.ints[i,
            state_columns.LEAD], S.ints[i, state_columns.BRIGHT],
        )  # fmt: skip
        if planned != NO_ACTION:
            reason = held(T, S, i, planned, ACT)
            count_evaluation(T, S, i, planned if reason == ACT else NO_ACTION, reason, NEVER)
            if reason == ACT and planned != T.sheet.monitor:
                bad = 1.0
                if approval(T.sheet, planned, bad, S.ints[i, state_columns.TIER], f[state_columns.ACCOUNT_VALUE]):
                    # Nothing is worse than 1, so it matters only here how bad it is.
                    bad = severity(negative + stalled, positive, T.sheet.relief)
                set_going(T, S, i, planned, bad)
            return
    bad, confidence = assess(T.sheet, 0, stalled, negative, positive, negative_mass, positive_mass)
    planned, why = plan(
        T.sheet, segment, stage, stalled, bad, confidence, negative_mass + positive_mass,
        S.ints[i, state_columns.LEAD], S.ints[i, state_columns.BRIGHT],
    )  # fmt: skip
    reason = held(T, S, i, planned, why)
    action = planned if reason == ACT else NO_ACTION
    count_evaluation(T, S, i, action, reason, confidence)
    if action != NO_ACTION and action != T.sheet.monitor:
        set_going(T, S, i, action, bad)


def count_evaluation(T: Any, S: Any, i: int, action: int, reason: int, confidence: float) -> None:
    """Book an evaluation, and what came of it."""
    S.counts[T.arm, state.EVALUATIONS] += 1
    S.reasons[T.arm, reason] += 1
    label, believed, stage = action, NOTHING, S.ints[i, state_columns.RECORDED_STAGE]
    if action == NO_ACTION:
        nothing = reason == NO_EVIDENCE or reason == BELOW_THRESHOLD or reason == NOT_LIVE or reason == NO_STAGE
        label = LABEL_NONE if nothing else LABEL_MONITOR
    if stage != S.ints[i, state_columns.STAGE]:
        S.counts[T.arm, state.MISSTAGED] += 1
        believed = stage
    emit(T, S, i, KIND_DECISION, label, believed, reason, NOTHING, confidence)


def set_going(T: Any, S: Any, i: int, action: int, bad: float) -> None:
    """An action is decided at such a severity: ask for it where a person must approve, else let it come."""
    f, tier = S.floats[i], S.ints[i, state_columns.TIER]
    S.ints[i, state_columns.ACTION_CODE] = action
    S.ints[i, state_columns.OPEN] = 1
    asks = approval(T.sheet, action, bad, tier, f[state_columns.ACCOUNT_VALUE])
    if asks or T.keep_trace:
        # It ranks requests, and stands in rows.
        churn = churn_of(T.sheet, S.ints[i, state_columns.POLICY_SEGMENT], tier, bad)
        f[state_columns.STAKE] = priority(churn, f[state_columns.ACCOUNT_VALUE], T.sheet.averts[action])
    if asks:
        ask(T, S, i)
    else:
        f[AGENDA + ACTION] = f[state_columns.NOW] + T.effect_delay[action]


def nothing_to_do(T: Any, S: Any, i: int, now: float, later: float) -> int:
    """The reason why no evaluation could lead to anything for some time, or UNCLEAR: `journey.decision.steps.quiet`."""
    f = S.floats[i]
    return quiet(
        T.sheet, S.ints[i, state_columns.POLICY_SEGMENT], S.ints[i, state_columns.RECORDED_STAGE], now -
        f[state_columns.RECORDED_SINCE], now - f[state_columns.HEARD_AT], later, f[state_columns.NEGATIVE],
        f[state_columns.NEGATIVE_MASS] + f[state_columns.POSITIVE_MASS], S.ints[i, state_columns.BRIGHT],
    )  # fmt: skip


def look(T: Any, S: Any, i: int) -> None:
    """Evaluate a customer now, in full only where something may come of it or rows are written."""
    reason = UNCLEAR if T.keep_trace else nothing_to_do(T, S, i, S.floats[i, state_columns.NOW], 0.0)
    if reason == UNCLEAR:
        decide(T, S, i)
    else:
        count_evaluation(T, S, i, NO_ACTION, reason, NEVER)


def look_until(T: Any, S: Any, i: int, until: float, reason: int) -> None:
    """Evaluate a customer at every turn of the cadence before `until`, with this reason for doing nothing each time."""
    at, now, turns = S.floats[i, AGENDA + CADENCE], S.floats[i, state_columns.NOW], 0
    while at < until:
        now = at
        at += T.cadence
        turns += 1
    S.floats[i, state_columns.NOW] = now
    S.floats[i, AGENDA + CADENCE] = at
    S.reasons[T.arm, reason] += turns
    S.counts[T.arm, state.EVALUATIONS] += turns
    S.kinds[T.arm, KIND_DECISION] += turns
    if S.ints[i, state_columns.RECORDED_STAGE] != S.ints[i, state_columns.STAGE]:
        S.counts[T.arm, state.MISSTAGED] += turns


def watch(T: Any, S: Any, i: int, until: float) -> None:
    """Evaluate a customer at every turn of the cadence before `until`, as long as nothing comes of it.

    Most evaluations are of this kind. Between two other events of the customer nothing changes but time, so they can be
    counted without going through the agenda, all at once where that is clear; what each counts is what `decide` would
    have counted.
    """
    at = S.floats[i, AGENDA + CADENCE]
    if at >= until:
        return
    reason = nothing_to_do(T, S, i, at, until - at)
    if reason != UNCLEAR:
        look_until(T, S, i, until, reason)
        return
    if (
        until - S.floats[i, state_columns.RECORDED_SINCE]
        <= T.sheet.typical_days[S.ints[i, state_columns.RECORDED_STAGE]]
    ):
        # What speaks against it is there from the beginning.
        return
    while at < until:
        at += T.cadence
        reason = nothing_to_do(T, S, i, S.floats[i, AGENDA + CADENCE], 0.0)
        if reason == UNCLEAR:
            break
        look_until(T, S, i, min(at, until), reason)


def ask(T: Any, S: Any, i: int) -> None:
    """Ask for a review; the gate takes it up when its time has come: `Care._ask_for_review`."""
    f = S.floats[i]
    S.ints[i, state_columns.ASKED_IN_SPELL] += 1
    unit = exponential(
        S.key[i], streams.SERVICE, S.ints[i, state_columns.SPELL], S.ints[i, state_columns.ASKED_IN_SPELL]
    )
    f[state_columns.WORK] = unit * T.service_days
    f[state_columns.ASKED_AT] = f[state_columns.NOW]
    f[state_columns.STARTED_AT] = -1.0
    S.ints[i, state_columns.WAITING] = IN_QUEUE
    S.ints[i, state_columns.VERSION] += 1
    emit(
        T, S, i, KIND_REQUESTED, S.ints[i, state_columns.ACTION_CODE], NOTHING, NOTHING, NOTHING, f[state_columns.STAKE]
    )
    f[AGENDA + EXPIRY] = f[state_columns.NOW] + T.sheet.approval_expiry_days


def close_request(T: Any, S: Any, i: int, verdict: int, reviewer: int) -> None:
    """The request is over, one way or another: `Care._close_request`."""
    f = S.floats[i]
    started = f[state_columns.NOW] if f[state_columns.STARTED_AT] < 0.0 else f[state_columns.STARTED_AT]
    S.sums[T.arm, state.WAITED] += started - f[state_columns.ASKED_AT]
    S.verdicts[T.arm, verdict] += 1
    count_wait(S, f[state_columns.ASKED_AT], started)
    stretch = part_of(S.grid, f[state_columns.NOW])
    S.closed[stretch] += 1
    S.waited[stretch] += started - f[state_columns.ASKED_AT]
    S.waits[T.arm, bucket_of(started - f[state_columns.ASKED_AT])] += 1
    f[AGENDA + EXPIRY] = NEVER
    S.ints[i, state_columns.WAITING] = NOT_WAITING
    S.ints[i, state_columns.VERSION] += 1
    emit(T, S, i, KIND_DECIDED, verdict, NOTHING, NOTHING, reviewer, f[state_columns.STAKE])


def on_verdict(T: Any, S: Any, i: int, time: float, reviewer: int) -> None:
    """A reviewer decided: `Care._on_verdict`."""
    f = S.floats[i]
    f[state_columns.NOW] = time
    spell, nth, cause = (
        S.ints[i, state_columns.SPELL],
        S.ints[i, state_columns.ASKED_IN_SPELL],
        S.ints[i, state_columns.CAUSE],
    )
    draw = uniform(S.key[i], streams.VERDICT, spell, nth)
    approved = draw < T.approve_distressed if cause != CALM else draw >= T.reject_calm
    verdict = state.REJECTED
    if approved:
        verdict = state.APPROVED
        better = NO_ACTION
        if cause != CALM and T.policy_cause[cause] >= 0:
            better = T.sheet.plays[
                S.ints[i, state_columns.POLICY_SEGMENT], S.ints[i, state_columns.STAGE], T.policy_cause[cause]
            ]
        overrides = uniform(S.key[i], streams.OVERRIDE, spell, nth) < T.override
        if overrides and better != NO_ACTION and better != S.ints[i, state_columns.ACTION_CODE]:
            S.ints[i, state_columns.ACTION_CODE] = better
            verdict = state.OVERRIDDEN
        f[AGENDA + ACTION] = time + T.effect_delay[S.ints[i, state_columns.ACTION_CODE]]
    else:
        S.ints[i, state_columns.OPEN] = 0
        f[state_columns.TOUCHED] = time
    close_request(T, S, i, verdict, reviewer)


def on_expiry(T: Any, S: Any, i: int) -> None:
    """Nobody reviewed the request in time: `Care.on_expiry`."""
    S.floats[i, AGENDA + EXPIRY] = NEVER
    if S.ints[i, state_columns.WAITING] == IN_QUEUE:
        S.ints[i, state_columns.OPEN] = 0
        close_request(T, S, i, state.EXPIRED, NOTHING)


def worn(by_contact: float, tiredness: float) -> float:
    """What a ratio for each contact comes to at a level of tiredness: a power, which costs more than to look first."""
    return by_contact**tiredness if tiredness > 0.0 and by_contact != 1.0 else 1.0


def on_action(T: Any, S: Any, i: int) -> None:
    """The action is carried out: `Care.on_action`."""
    f = S.floats[i]
    action, cause, now = S.ints[i, state_columns.ACTION_CODE], S.ints[i, state_columns.CAUSE], f[state_columns.NOW]
    tiredness = f[state_columns.FATIGUE]
    if tiredness > 0.0:
        tiredness *= fade(now - f[state_columns.TIRED_AT], T.fatigue.fade_rate)
    f[state_columns.FATIGUE] = tiredness + 1.0
    f[state_columns.TIRED_AT] = now
    f[AGENDA + ACTION] = NEVER
    emit(T, S, i, KIND_ACTION, action, NOTHING, NOTHING, NOTHING, T.cost[action])
    S.actions[T.arm, action] += 1
    S.contacts[i, S.ints[i, state_columns.CONTACTS] % S.contacts.shape[1]] = now
    S.ints[i, state_columns.CONTACTS] += 1
    f[state_columns.TOUCHED] = now
    S.ints[i, state_columns.ACTIONS_IN_SPELL] += 1
    f[AGENDA + OUTCOME] = now + T.outcome_window
    S.ints[i, state_columns.RESPONDED] = 0
    harm = worn(T.fatigue.churn_ratio, tiredness)
    if cause == CALM:
        S.ints[i, state_columns.EPISODE_ACTED_ON] = CALM
        be_harmed(T, S, i, harm * T.harm_ratio[action], T.lasts[action])
        return
    if harm != 1.0:
        be_harmed(T, S, i, harm, T.lasts[action])
    S.counts[T.arm, state.CONTACTS_NEEDED] += 1
    number = S.ints[i, state_columns.EPISODE_NUMBER]
    S.ints[i, state_columns.EPISODE_ACTED_ON] = number
    chance = T.response[action, S.ints[i, state_columns.SEGMENT]] * worn(T.fatigue.kept, tiredness)
    if uniform(S.key[i], streams.RESPONSE, number, S.ints[i, state_columns.ACTIONS_IN_SPELL]) < chance:
        S.ints[i, state_columns.RESPONDED] = 1
        be_helped(T, S, i, T.recovery_ratio[action, cause], T.lasts[action])


def measure(T: Any, S: Any, i: int, outcome: int) -> None:
    """An outcome is measured: `Care._measure`."""
    S.floats[i, AGENDA + OUTCOME] = NEVER
    S.ints[i, state_columns.OPEN] = 0
    S.outcomes[T.arm, outcome] += 1
    value = S.floats[i, state_columns.STAKE] if outcome == RESOLVED else 0.0
    emit(T, S, i, KIND_OUTCOME, outcome, NOTHING, NOTHING, NOTHING, value)


def on_outcome(T: Any, S: Any, i: int) -> None:
    """The outcome window closes: `Care.on_outcome`."""
    if S.ints[i, state_columns.EPISODE_ACTED_ON] == CALM:
        measure(T, S, i, NOT_NEEDED)
    elif S.ints[i, state_columns.RESPONDED]:
        measure(T, S, i, PARTIAL)
    else:
        measure(T, S, i, NO_RESPONSE)


KERNELS: tuple[Any, ...] = (
    left_of_evidence, hear, held, ask, count_evaluation, set_going, decide, nothing_to_do, look, look_until, watch,
    close_request, on_verdict, on_expiry, worn, on_action, measure, on_outcome,
)  # fmt: skip
"""The functions that compiled code uses, callees before callers."""
