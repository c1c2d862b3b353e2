"""What broke a rule, in words, for every template."""

from datetime import datetime

import pytest

from journey.decision.as_of import AsOf
from journey.histories.breach_text import describe_breach
from journey.histories.event import History, HistoryEvent
from journey.histories.verdicts import RuleJudge
from journey.rules import TEMPLATES, Rule
from journey.rules.monitor import BROKEN

A1, A2, A5 = "signal:a of 2031-01-01 (R1)", "signal:a of 2031-01-02 (R2)", "signal:a of 2031-01-05 (R2)"
B1, B2, B5 = "signal:b of 2031-01-01 (R1)", "signal:b of 2031-01-02 (R2)", "signal:b of 2031-01-05 (R2)"

EXAMPLES = [
    ("existence", {"within_days": 3}, "x1", "signal:a did not happen by 2031-01-04"),
    ("existence", {"within_days": 3}, "x1 a5", f"{A5} came later than 3 days after the beginning"),
    ("existence", {"count": 2}, "a1 end", "signal:a happened less than 2 times before the journey ended"),
    ("absence", {}, "a1", f"{A1} happened"),
    ("absence", {"count": 2, "within_days": 9}, "a1 a5", f"{A5} came 4 days after {A1}"),
    ("exactly", {}, "a1 a2", f"{A2} came 1 day after {A1}"),
    ("init", {}, "x1", "the history begins with signal:x of 2031-01-01 (R1)"),
    ("end", {}, "x1 end", "the history ended with signal:x of 2031-01-01 (R1)"),
    ("choice", {}, "x1 end", "neither signal:a nor signal:b happened before the journey ended"),
    ("exclusive_choice", {}, "a1 b2", f"{B2} came 1 day after {A1}"),
    ("responded_existence", {"within_days": 2}, "a1", f"{A1} has no signal:b before it, or after it by 2031-01-03"),
    ("co_existence", {"within_days": 2}, "b1", f"{B1} has no signal:a before it, or after it by 2031-01-03"),
    ("co_existence", {"within_days": 2}, "b1 a5", f"{A5} came 4 days after {B1}"),
    ("response", {}, "a1 end", f"{A1} was not followed by signal:b before the journey ended"),
    ("response", {"within_days": 2}, "a1", f"{A1} was not followed by signal:b by 2031-01-03"),
    ("response", {"within_days": 2}, "a1 b5", f"{B5} came 4 days after {A1}"),
    ("precedence", {}, "b1", f"{B1} came without signal:a before it"),
    ("precedence", {"within_days": 2}, "a1 b5", f"{B5} came 4 days after {A1}"),
    ("succession", {}, "b1", f"{B1} came without signal:a before it"),
    ("alternate_response", {}, "a1 a2", f"{A2} came 1 day after {A1}, without signal:b between them"),
    ("alternate_precedence", {}, "a1 b1 b1",
     f"signal:b of 2031-01-01 (R3) came on the same day after {A1}, and is not the first signal:b after it"),
    ("alternate_precedence", {"within_days": 2}, "a1 b5", f"{B5} came 4 days after {A1}"),
    ("alternate_succession", {}, "a1 a2", f"{A2} came 1 day after {A1}, without signal:b between them"),
    ("chain_response", {}, "a1 x2", f"the event after {A1} was signal:x of 2031-01-02 (R2)"),
    ("chain_precedence", {}, "x1 b2", f"{B2} came without signal:a immediately before it"),
    ("chain_succession", {}, "a1 end", f"{A1} was not followed by signal:b before the journey ended"),
    ("not_co_existence", {}, "b1 a2", f"{A2} came 1 day after {B1}"),
    ("not_succession", {}, "a1 b2", f"{B2} came 1 day after {A1}"),
    ("not_chain_succession", {}, "a1 b2", f"{B2} came 1 day after {A1}"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "keys", "history", "what"), EXAMPLES)
def test_a_broken_rule_is_described_by_its_events(template, keys, history, what):
    rule = Rule("n", template, ("signal:a",), ("signal:b",) if TEMPLATES[template].has_b else (), message="Why", **keys)
    words = history.split()
    events = tuple(
        HistoryEvent("signal", (word[0],), datetime(2031, 1, int(word[1])), "signals", f"R{number}")
        for number, word in enumerate(words, start=1)
        if word != "end"
    )
    found = RuleJudge(rule).judge(
        History(events, events[0].moment, is_complete=True, has_ended="end" in words), AsOf.of("2031-02-01")
    )
    assert found.verdict == BROKEN
    assert describe_breach(rule, found) == f"Rule 'n': {what}. Why."


def test_every_template_has_an_example():
    assert {template for template, *_ in EXAMPLES} == set(TEMPLATES)


def test_an_inferred_entry_is_dated_or_earlier():
    entry = HistoryEvent("stage", ("trial",), datetime(2031, 1, 1, 9, 5), "journey_state_log", "K@2031-01-01", True)
    rule = Rule("n", "absence", ("trial",))
    found = RuleJudge(rule).judge(History((entry,), entry.moment, True, False), AsOf.of("2031-02-01"))
    text = "Rule 'n': trial of 2031-01-01 09:05 or earlier (K@2031-01-01) happened. 'trial' never happens."
    assert describe_breach(rule, found) == text
