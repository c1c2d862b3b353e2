"""A broken rule in words: which events broke it, when, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from journey.histories.event import to_date_text
from journey.rules.templates import (
    ALTERNATE_PRECEDENCE,
    ALTERNATE_RESPONSE,
    ALTERNATE_SUCCESSION,
    CHAIN_PRECEDENCE,
    CHAIN_RESPONSE,
    CHAIN_SUCCESSION,
    CHOICE,
    CO_EXISTENCE,
    END,
    EXCLUSIVE_CHOICE,
    EXISTENCE,
    INIT,
    RESPONDED_EXISTENCE,
)

if TYPE_CHECKING:
    from journey.histories.event import HistoryEvent
    from journey.histories.verdicts import RuleVerdict
    from journey.rules.rule import Rule


def describe_breach(rule: Rule, breach: RuleVerdict) -> str:
    """What broke a rule, with its name and its own message, or else what it demands.

    Args:
        rule: The rule.
        breach: A verdict of the rule that is BROKEN.
    """
    what = _describe_event(rule, breach) if breach.event is not None else _describe_missing(rule, breach)
    return f"Rule {rule.name!r}: {what}. {_as_sentence(rule.message or rule.describe())}"


def _describe_event(rule: Rule, breach: RuleVerdict) -> str:
    """The event that broke the rule, and its relation to its partner."""
    assert breach.event is not None
    event, template = _name(breach.event), rule.definition.code
    if breach.partner is not None:
        return _describe_pair(rule, breach.partner, breach.event)
    if template == INIT:
        return f"the history begins with {event}"
    if template == END:
        return f"the history ended with {event}"
    if template in (EXISTENCE, CHOICE):
        return f"{event} came later than {rule.within_days:g} days after the beginning"
    if template in (CHAIN_PRECEDENCE, CHAIN_SUCCESSION):
        return f"{event} came without {_join(rule.a)} immediately before it"
    is_b = breach.event.name in rule.b
    return f"{event} came without {_join(rule.a)} before it" if is_b else f"{event} happened"


def _describe_pair(rule: Rule, partner: HistoryEvent, event: HistoryEvent) -> str:
    """The event that broke the rule, after its partner."""
    template = rule.definition.code
    if CHAIN_RESPONSE <= template <= CHAIN_SUCCESSION:
        return f"the event after {_name(partner)} was {_name(event)}"
    text = f"{_name(event)} came {_count_days(partner, event)} {_name(partner)}"
    if template in (ALTERNATE_RESPONSE, ALTERNATE_SUCCESSION) and event.name in rule.a:
        return f"{text}, without {_join(rule.b)} between them"
    if template in (ALTERNATE_PRECEDENCE, ALTERNATE_SUCCESSION) and event.name in rule.b:
        days = (event.moment.date() - partner.moment.date()).days
        is_late = rule.within_days is not None and days > rule.within_days
        return text if is_late else f"{text}, and is not the first {_join(rule.b)} after it"
    return text


def _describe_missing(rule: Rule, breach: RuleVerdict) -> str:
    """The demand that was not met, and by when."""
    template = rule.definition.code
    end = "before the journey ended" if breach.due is None else f"by {to_date_text(breach.due)}"
    if breach.partner is None:
        if template in (CHOICE, EXCLUSIVE_CHOICE):
            return f"neither {_join(rule.a)} nor {_join(rule.b)} happened {end}"
        if rule.count > 1:
            return f"{_join(rule.a)} happened less than {rule.count} times {end}"
        return f"{_join(rule.a)} did not happen {end}"
    partner = _name(breach.partner)
    if template in (RESPONDED_EXISTENCE, CO_EXISTENCE):
        missing = rule.a if breach.partner.name in rule.b else rule.b
        return f"{partner} has no {_join(missing)} before it, or after it {end}"
    return f"{partner} was not followed by {_join(rule.b)} {end}"


def _name(event: HistoryEvent) -> str:
    inferred = " or earlier" if event.is_inferred else ""
    return f"{event.name} of {to_date_text(event.moment)}{inferred} ({event.record})"


def _count_days(first: HistoryEvent, second: HistoryEvent) -> str:
    """How long the second event is after the first one, in calendar days."""
    days = (second.moment.date() - first.moment.date()).days
    if not days:
        return "on the same day after"
    return f"{days} day{'s' * (days != 1)} after"


def _join(names: tuple[str, ...]) -> str:
    return " or ".join(names)


def _as_sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
