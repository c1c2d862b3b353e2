"""Events of a trace as short texts."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from journey.money.format import format_dollars, format_exact_dollars
from scenarios.text.phrases import format_name
from simulation.trace import events

if TYPE_CHECKING:
    from simulation.trace.events import Row

_REASONS = {
    "act": "as planned",
    "no_evidence": "no active signal",
    "below_threshold": "below the severity threshold",
    "low_confidence": "below the confidence threshold",
    "no_play": "no matching playbook action",
    "open_intervention": "intervention in progress",
    "cooling_down": "in cool-down",
    "capped": "contact cap reached",
    "not_live": "no longer a customer",
    "no_stage": "stage unknown",
    "vetoed": "vetoed by governance",
    "breaks_rule": "would break a declared rule",
}
_IDLE_LABELS = ("none", "monitor_only")
_MOVE_CAUSES = {events.RENEWAL: "at the renewal", events.PAYMENT: "a payment failed and was not recovered"}
_BAD_RECORDS = {
    events.ORPHANED: "recorded for an unknown customer, ignored",
    events.DUPLICATE: "duplicate record, ignored",
}
_OUTCOMES = {"no_action_needed": "no action was needed", "no_response": "no response"}


def is_idle_evaluation(row: "Row") -> bool:
    """Whether a row is a decision without an action."""
    return row.kind == events.DECISION and row.label in _IDLE_LABELS


def format_reason(code: str | None) -> str:
    """The reason for a decision."""
    return _REASONS.get(code or "", format_name(code or "no reason recorded"))


def describe_event(row: "Row") -> str:
    """One event as text."""
    describe = _DESCRIBERS.get(row.kind)
    return describe(row) if describe is not None else format_name(f"{row.kind} {row.label}")


def describe_idle_evaluations(rows: Sequence["Row"]) -> str:
    """Consecutive decisions without an action, as one text."""
    if len(rows) == 1:
        result = "monitoring only" if rows[0].label == "monitor_only" else "no action"
        return f"evaluated: {result} ({format_reason(rows[0].reason)}){_wrong_stage_note(rows[0])}"
    reasons = Counter(row.reason for row in rows)
    why = ", ".join(f"{count} x {format_reason(reason)}" for reason, count in reasons.most_common())
    wrong_stage_count = sum(row.to_stage is not None for row in rows)
    wrong_stage_text = f"; wrong recorded stage in {wrong_stage_count}" if wrong_stage_count else ""
    return f"evaluated {len(rows)} times until day {rows[-1].time:.1f}: no action ({why}{wrong_stage_text})"


def _describe_move(row: "Row") -> str:
    why = f" ({_MOVE_CAUSES[row.reason]})" if row.reason in _MOVE_CAUSES else ""
    return f"{format_name(row.label)}: {format_name(row.stage)} -> {format_name(row.to_stage or row.stage)}{why}"


def _describe_arrival(row: "Row") -> str:
    return f"becomes a customer, in {format_name(row.to_stage or row.stage)}"


def _describe_funnel(row: "Row") -> str:
    return (
        f"moves from {format_name(row.stage)} to {format_name(row.to_stage or row.stage)}, via {format_name(row.label)}"
    )


def _describe_value_change(row: "Row") -> str:
    return f"{format_name(row.label)}: account value now {format_dollars(row.value)} per year"


def _describe_signal(row: "Row") -> str:
    source = f", {row.source}" if row.source else ""
    late = "" if row.dated is None else f", dated day {row.dated:.1f}"
    about = _BAD_RECORDS.get(row.reason or "") or f"hidden truth: {_true_cause(row)}"
    return f"signal {format_name(row.label)} {row.value:.2f}{source}{late} ({about})"


def _true_cause(row: "Row") -> str:
    return "false alarm" if row.reason == events.NOISE else f"caused by {format_name(row.reason or 'nothing')}"


def _wrong_stage_note(row: "Row") -> str:
    """The recorded stage of the customer, where it is wrong."""
    return "" if row.to_stage is None else f" (wrong recorded stage: {format_name(row.to_stage)})"


def _describe_decision(row: "Row") -> str:
    if is_idle_evaluation(row):
        return describe_idle_evaluations([row])
    return f"decides on {format_name(row.label)}, confidence {row.value:.2f}{_wrong_stage_note(row)}"


def _describe_request(row: "Row") -> str:
    return f"requests approval of {format_name(row.label)}, {format_dollars(row.value)} at stake"


def _describe_review(row: "Row") -> str:
    if row.reviewer is None:
        return f"the request {'has expired' if row.label == 'expired' else 'is ' + format_name(row.label)}"
    return f"reviewer {row.reviewer}: {format_name(row.label)}"


def _describe_action(row: "Row") -> str:
    return f"executes {format_name(row.label)}, {format_exact_dollars(row.value)}"


def _describe_outcome(row: "Row") -> str:
    return f"outcome: {_OUTCOMES.get(row.label, format_name(row.label))}"


def _describe_distress(row: "Row") -> str:
    return f"distress {'begins' if row.kind == events.DISTRESS_ON else 'ends'}: {format_name(row.label)} (hidden truth)"


def _describe_effect(row: "Row") -> str:
    changed = "moves" if row.reason == events.ON_MOVES else "the price"
    verb = "begins" if row.kind == events.EFFECT_ON else "ends"
    return f"effect of {format_name(row.label)} on {changed} {verb} (hidden truth)"


_DESCRIBERS = {
    events.MOVE: _describe_move,
    events.FUNNEL: _describe_funnel,
    events.SIGNAL: _describe_signal,
    events.DECISION: _describe_decision,
    events.REVIEW_REQUESTED: _describe_request,
    events.REVIEW_DECIDED: _describe_review,
    events.ACTION: _describe_action,
    events.OUTCOME: _describe_outcome,
    events.DISTRESS_ON: _describe_distress,
    events.DISTRESS_OFF: _describe_distress,
    events.ARRIVAL: _describe_arrival,
    events.VALUE_CHANGE: _describe_value_change,
    events.EFFECT_ON: _describe_effect,
    events.EFFECT_OFF: _describe_effect,
}
