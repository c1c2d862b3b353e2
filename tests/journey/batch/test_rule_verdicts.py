"""The verdicts about many customers are those about each of them alone, interpreted and compiled."""

from dataclasses import replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from journey.batch import history_kernels, rule_verdicts
from journey.batch.rule_breaches import read_breaches
from journey.batch.rule_verdicts import EXEMPT, BatchJudge
from journey.decision.as_of import AsOf
from journey.decision.policy import Policy, build_policy
from journey.histories import HistoryBuilder
from journey.histories.verdicts import UNKNOWN, RuleJudge, RuleVerdict
from journey.machine import Journey, Move, default_journey
from journey.orchestrator.case_reader import CaseReader
from journey.records.folder import bundled_folder, read_folder
from journey.rules import Rule, Where
from journey.rules.templates import TEMPLATES, Days
from tests.journey.batch.test_decisions import recorded
from tests.journey.companies import ENTRY, SIGNAL, company
from tests.journey.histories.strategies import rules
from tests.journey.recorded_customers import companies, judgements

# Records are grouped by compiled code in all of them.
pytestmark = pytest.mark.compiled

# Every example reads a company into a database, which is most of the time; shrinking would read hundreds.
FEW = settings(max_examples=3, phases=(Phase.explicit, Phase.reuse, Phase.generate))
PAIR = Journey.build(
    stages=("onboarding", "engagement", "support", "churned"),
    initial="onboarding",
    terminal="churned",
    moves=(
        Move("activate", "onboarding", "engagement"),
        Move("upgrade", "onboarding", "engagement"),
        Move("stay", "engagement", "engagement"),
        Move("help", "engagement", "support"),
        Move("churn", "support", "churned"),
    ),
)
"""A journey with two moves between the same stages, and one from a stage to itself."""


def _judge_alone(records, some_rules, journey, policy, as_of):
    """The verdicts by rule, in the order of the customers' table."""
    builder = HistoryBuilder(journey, policy)
    found = {}
    for case in CaseReader(records).read_all():
        customer = case.customer
        history = builder.build(*case[1:], as_of)
        consent = customer.customer_id not in policy.contact.do_not_contact
        found[customer.customer_id] = [
            RuleJudge(rule).judge(history, as_of)
            if rule.where.admits(customer.segment, customer.risk_tier, customer.account_value, consent=consent)
            else RuleVerdict(EXEMPT)
            for rule in some_rules
        ]
    names = records.connection.execute("SELECT customer_id FROM customers ORDER BY rowid").fetchall()
    return [list(column) for column in zip(*(found[name] for (name,) in names), strict=True)]


def _judge_together(records, some_rules, journey, policy, as_of, kernels=history_kernels):
    """The same, judged in a batch."""
    judge = BatchJudge(records, journey, policy, as_of, kernels)
    judged = judge.judge(some_rules)
    verdicts = [[RuleVerdict(verdict) for verdict in found.verdicts.tolist()] for found in judged]
    names = records.connection.execute("SELECT customer_id FROM customers ORDER BY rowid").fetchall()
    places = {name: place for place, (name,) in enumerate(names)}
    for breach in read_breaches(records, judge.histories.events, judged):
        verdicts[breach.rule][places[breach.customer_id]] = breach.verdict
    return verdicts


wheres = st.sampled_from(
    [Where(), Where(segment=("SMB", "Startup")), Where(tier=("low",)), Where(min_value=900.0, max_value=60_000.0),
     Where(consent=True), Where(consent=False)]
)  # fmt: skip
POLICY = build_policy({"contact": {"do_not_contact": ["K01", "K03"]}}, "test")


@st.composite
def _subject_rules(draw):
    """Rules that apply to some of the customers."""
    return [replace(rule, where=draw(wheres)) for rule in draw(st.lists(rules(), min_size=1, max_size=12))]


MANY = settings(FEW, max_examples=40)


@FEW
@given(companies(), _subject_rules(), judgements, st.sampled_from([default_journey(), PAIR]))
def test_the_verdicts_are_those_about_each_customer_alone(people, some_rules, when, journey):
    _compare(people, some_rules, when, journey, [history_kernels, None])


@pytest.mark.slow
@MANY
@given(companies(), _subject_rules(), judgements, st.sampled_from([default_journey(), PAIR]))
def test_the_verdicts_are_those_about_each_customer_alone_in_many_companies(people, some_rules, when, journey):
    _compare(people, some_rules, when, journey, [None])


def _compare(people, some_rules, when, journey, interpreted_and_compiled):
    records, as_of = recorded(people), AsOf.of(when)
    alone = _judge_alone(records, some_rules, journey, POLICY, as_of)
    for kernels in interpreted_and_compiled:
        assert _judge_together(records, some_rules, journey, POLICY, as_of, kernels) == alone


@pytest.mark.parametrize("events", [1, 7, 1_000])
def test_the_verdicts_do_not_depend_on_the_size_of_the_parts(monkeypatch, events):
    records, as_of = read_folder(bundled_folder("imperfect")), AsOf.of("2026-03-18")
    some_rules = [Rule("r", "precedence", ("review:approved",), ("action:proactive_outreach",)),
                  Rule("s", "response", ("support",), ("retention",), within_days=5)]  # fmt: skip
    monkeypatch.setattr(rule_verdicts, "EVENTS_AT_A_TIME", events)
    given_to_both = (records, some_rules, default_journey(), Policy(), as_of)
    assert _judge_together(*given_to_both) == _judge_alone(*given_to_both)


@pytest.mark.parametrize("missing", ["journey_state_log", "signals", "interventions", "outcomes"])
def test_a_set_may_be_empty(missing):
    records, as_of = company(**{missing: []}), AsOf.of("2031-04-01")
    rule = Rule("r", "response", ("signal:usage_drop",), ("action:usage_review_checkin",))
    given_to_both = (records, [rule], default_journey(), Policy(), as_of)
    assert _judge_together(*given_to_both) == _judge_alone(*given_to_both)


@pytest.mark.parametrize("entry", [{"previous_stage": None}, {"previous_stage": "support"}, None])
def test_signals_from_before_the_log_are_judged_alike(entry):
    log = [] if entry is None else [{**ENTRY, "journey_stage": "escalation", "state_entered_at": "2031-03-22", **entry}]
    signals = [
        {**SIGNAL, "signal_id": f"S{day}", "signal_type": kind, "detected_at": f"2031-03-{day:02}T10:00"}
        for day, kind in ((1, "negative_sentiment"), (10, "usage_drop"), (15, "usage_drop"), (28, "usage_drop"))
    ]
    records, as_of = company(journey_state_log=log, signals=signals), AsOf.of("2031-05-01")
    templates = [(name, template) for name, template in TEMPLATES.items() if template.has_b]
    some_rules = [
        Rule(f"{name} {a} {days}", name, (a,), (b,), within_days=days)
        for name, template in templates
        for a, b in (("support", "signal:usage_drop"), ("signal:usage_drop", "support"), ("escalation", "support"))
        for days in (None, 4.0, 9.0)
        if days is None or template.days is not Days.UNUSED
    ]
    given_to_both = (records, some_rules, default_journey(), Policy(), as_of)
    alone = _judge_alone(*given_to_both)
    assert _judge_together(*given_to_both) == alone
    assert _judge_together(*given_to_both, None) == alone
    assert {RuleVerdict(UNKNOWN)} < {verdict for (verdict,) in alone}


def test_a_customer_with_thousands_of_records_is_sorted_fast():
    signals = [
        {**SIGNAL, "signal_id": f"S{place}", "detected_at": f"2031-03-{1 + place * 7 % 28:02}T{place % 24:02}:00",
         "source": f"{place}"}
        for place in range(4_000)
    ]  # fmt: skip
    records, as_of = company(signals=signals), AsOf.of("2031-04-01")
    rule = Rule("r", "absence", ("signal:usage_drop",), within_days=2, count=300)
    given_to_both = (records, [rule], default_journey(), Policy(), as_of)
    assert _judge_together(*given_to_both) == _judge_alone(*given_to_both)
