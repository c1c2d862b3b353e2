"""A broken rule in words: which events broke it, when, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from journey.histories.event import to_date_text
from journey.rules.templates import (
    CHAIN_PRECEDENCE,
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
        return f"{event} came {_count_days(breach.partner, breach.event)} {_name(breach.partner)}"
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


def _describe_missing(rule: Rule, breach: RuleVerdict) -> str:
    """The demand that was not met, and by when."""
    template = rule.definition.code
    end = "before the journey ended" if breach.due is None else f"by {to_date_text(breach.due)}"
    if breach.partner is None:
        if template in (CHOICE, EXCLUSIVE_CHOICE):
            return f"neither {_join(rule.a)} nor {_join(rule.b)} happened {end}"
        times = f" {rule.count} times" if rule.count > 1 else ""
        return f"{_join(rule.a)} did not happen{times} {end}"
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
