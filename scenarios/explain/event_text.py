"""The events of a trace in words, a few to a line."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

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
_QUIET = ("none", "monitor_only")
_DATES = {events.RENEWAL: "at the renewal", events.PAYMENT: "a charge failed and was not made good"}
_BAD_RECORDS = {
    events.ORPHANED: "recorded for a customer nobody knows, so not heard",
    events.DUPLICATE: "recorded a second time, so not heard",
}
_OUTCOMES = {"no_action_needed": "it had not been needed", "no_response": "no response"}


def is_quiet(row: "Row") -> bool:
    """Whether a row is a decision from which nothing follows."""
    return row.kind == events.DECISION and row.label in _QUIET


def reason_words(code: str | None) -> str:
    """Why a decision came out as it did."""
    return _REASONS.get(code or "", plain(code or "no reason given"))


def described(row: "Row") -> str:
    """One event in words."""
    words = _WORDS.get(row.kind)
    return words(row) if words is not None else plain(f"{row.kind} {row.label}")


def described_run(rows: Sequence["Row"]) -> str:
    """A run of decisions from which nothing follows, in one line."""
    if len(rows) == 1:
        verb = "watches" if rows[0].label == "monitor_only" else "looks, does nothing"
        return f"{verb}: {reason_words(rows[0].reason)}{_believed(rows[0])}"
    reasons = Counter(row.reason for row in rows)
    why = ", ".join(f"{count} x {reason_words(reason)}" for reason, count in reasons.most_common())
    misled = sum(row.to_stage is not None for row in rows)
    wrong = f"; the stage on record is wrong in {misled}" if misled else ""
    return f"looks {len(rows)} times, does nothing ({why}{wrong}), up to day {rows[-1].time:.1f}"


def plain(name: str) -> str:
    """A name in plain words, which also break over lines."""
    return name.replace("_", " ")


def _move(row: "Row") -> str:
    why = f" ({_DATES[row.reason]})" if row.reason in _DATES else ""
    return f"{plain(row.label)}: {plain(row.stage)} -> {plain(row.to_stage or row.stage)}{why}"


def _arrival(row: "Row") -> str:
    return f"becomes a customer, in {plain(row.to_stage or row.stage)}"


def _funnel(row: "Row") -> str:
    return f"comes from {plain(row.stage)} to {plain(row.to_stage or row.stage)}, by {plain(row.label)}"


def _value_change(row: "Row") -> str:
    return f"{plain(row.label)}: the account is now worth ${row.value:,.0f} a year"


def _signal(row: "Row") -> str:
    source = f", {row.source}" if row.source else ""
    late = "" if row.dated is None else f", dated day {row.dated:.1f}"
    about = _BAD_RECORDS.get(row.reason or "") or f"truth, unseen: {_truth(row)}"
    return f"signal {plain(row.label)} {row.value:.2f}{source}{late} ({about})"


def _truth(row: "Row") -> str:
    return "a false alarm" if row.reason == events.NOISE else f"from {plain(row.reason or 'nothing')}"


def _believed(row: "Row") -> str:
    """What the records say of the customer's stage, where they are wrong."""
    return "" if row.to_stage is None else f" (on record in {plain(row.to_stage)}, which is wrong)"


def _decision(row: "Row") -> str:
    if is_quiet(row):
        return described_run([row])
    return f"decides on {plain(row.label)}, confidence {row.value:.2f}{_believed(row)}"


def _requested(row: "Row") -> str:
    return f"asks for approval of {plain(row.label)}, ${row.value:,.0f} at stake"


def _decided(row: "Row") -> str:
    if row.reviewer is None:
        return f"the request {'has expired' if row.label == 'expired' else 'is ' + plain(row.label)}"
    return f"reviewer {row.reviewer}: {plain(row.label)}"


def _action(row: "Row") -> str:
    return f"{plain(row.label)} is carried out, ${row.value:,.2f}"


def _outcome(row: "Row") -> str:
    return f"outcome: {_OUTCOMES.get(row.label, plain(row.label))}"


def _distress(row: "Row") -> str:
    return f"distress {'begins' if row.kind == events.DISTRESS_ON else 'ends'}: {plain(row.label)} (truth, unseen)"


_WORDS = {
    events.MOVE: _move,
    events.FUNNEL: _funnel,
    events.SIGNAL: _signal,
    events.DECISION: _decision,
    events.REVIEW_REQUESTED: _requested,
    events.REVIEW_DECIDED: _decided,
    events.ACTION: _action,
    events.OUTCOME: _outcome,
    events.DISTRESS_ON: _distress,
    events.DISTRESS_OFF: _distress,
    events.ARRIVAL: _arrival,
    events.VALUE_CHANGE: _value_change,
}
