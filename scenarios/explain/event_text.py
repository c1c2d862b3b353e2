"""The events of a trace in words, a few to a line."""

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
    "no_evidence": "no live signal",
    "below_threshold": "not bad enough to act",
    "low_confidence": "the evidence is too thin",
    "no_play": "no play for it",
    "open_intervention": "an intervention is under way",
    "cooling_down": "contacted or refused too recently",
    "capped": "contacted too often of late",
    "not_live": "no longer a customer",
    "no_stage": "the stage is not known",
    "vetoed": "governance forbids it",
}
_IDLE_LABELS = ("none", "monitor_only")
_MOVE_CAUSES = {events.RENEWAL: "at the renewal", events.PAYMENT: "a charge failed and was not made good"}
_BAD_RECORDS = {
    events.ORPHANED: "recorded for a customer nobody knows, so not heard",
    events.DUPLICATE: "recorded a second time, so not heard",
}
_OUTCOMES = {"no_action_needed": "it had not been needed", "no_response": "no response"}


def is_idle_evaluation(row: "Row") -> bool:
    """Whether a row is a decision from which nothing follows."""
    return row.kind == events.DECISION and row.label in _IDLE_LABELS


def format_reason(code: str | None) -> str:
    """Why a decision came out as it did."""
    return _REASONS.get(code or "", format_name(code or "no reason given"))


def describe_event(row: "Row") -> str:
    """One event in words."""
    words = _DESCRIBERS.get(row.kind)
    return words(row) if words is not None else format_name(f"{row.kind} {row.label}")


def describe_idle_evaluations(rows: Sequence["Row"]) -> str:
    """A run of decisions from which nothing follows, in one line."""
    if len(rows) == 1:
        verb = "watches" if rows[0].label == "monitor_only" else "looks, does nothing"
        return f"{verb}: {format_reason(rows[0].reason)}{_wrong_stage_note(rows[0])}"
    reasons = Counter(row.reason for row in rows)
    why = ", ".join(f"{count} x {format_reason(reason)}" for reason, count in reasons.most_common())
    wrong_stage_count = sum(row.to_stage is not None for row in rows)
    wrong_stage_text = f"; the stage on record is wrong in {wrong_stage_count}" if wrong_stage_count else ""
    return f"looks {len(rows)} times, does nothing ({why}{wrong_stage_text}), up to day {rows[-1].time:.1f}"


def _describe_move(row: "Row") -> str:
    why = f" ({_MOVE_CAUSES[row.reason]})" if row.reason in _MOVE_CAUSES else ""
    return f"{format_name(row.label)}: {format_name(row.stage)} -> {format_name(row.to_stage or row.stage)}{why}"


def _describe_arrival(row: "Row") -> str:
    return f"becomes a customer, in {format_name(row.to_stage or row.stage)}"


def _describe_funnel(row: "Row") -> str:
    return (
        f"comes from {format_name(row.stage)} to {format_name(row.to_stage or row.stage)}, by {format_name(row.label)}"
    )


def _describe_value_change(row: "Row") -> str:
    return f"{format_name(row.label)}: the account is now worth {format_dollars(row.value)} a year"


def _describe_signal(row: "Row") -> str:
    source = f", {row.source}" if row.source else ""
    late = "" if row.dated is None else f", dated day {row.dated:.1f}"
    about = _BAD_RECORDS.get(row.reason or "") or f"truth, unseen: {_true_cause(row)}"
    return f"signal {format_name(row.label)} {row.value:.2f}{source}{late} ({about})"


def _true_cause(row: "Row") -> str:
    return "a false alarm" if row.reason == events.NOISE else f"from {format_name(row.reason or 'nothing')}"


def _wrong_stage_note(row: "Row") -> str:
    """What the records say of the customer's stage, where they are wrong."""
    return "" if row.to_stage is None else f" (on record in {format_name(row.to_stage)}, which is wrong)"


def _describe_decision(row: "Row") -> str:
    if is_idle_evaluation(row):
        return describe_idle_evaluations([row])
    return f"decides on {format_name(row.label)}, confidence {row.value:.2f}{_wrong_stage_note(row)}"


def _describe_request(row: "Row") -> str:
    return f"asks for approval of {format_name(row.label)}, {format_dollars(row.value)} at stake"


def _describe_review(row: "Row") -> str:
    if row.reviewer is None:
        return f"the request {'has expired' if row.label == 'expired' else 'is ' + format_name(row.label)}"
    return f"reviewer {row.reviewer}: {format_name(row.label)}"


def _describe_action(row: "Row") -> str:
    return f"{format_name(row.label)} is carried out, {format_exact_dollars(row.value)}"


def _describe_outcome(row: "Row") -> str:
    return f"outcome: {_OUTCOMES.get(row.label, format_name(row.label))}"


def _describe_distress(row: "Row") -> str:
    return (
        f"distress {'begins' if row.kind == events.DISTRESS_ON else 'ends'}: {format_name(row.label)} (truth, unseen)"
    )


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
}
