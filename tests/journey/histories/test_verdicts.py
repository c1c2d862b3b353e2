"""The verdicts of rules about recorded histories."""

from datetime import datetime, timedelta
from itertools import combinations_with_replacement, pairwise, permutations
from math import floor, inf
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.decision.as_of import AsOf
from journey.decision.policy import Policy
from journey.histories import HistoryBuilder
from journey.histories.event import History, HistoryEvent
from journey.histories.verdicts import UNKNOWN, RuleJudge, RuleVerdict
from journey.machine import default_journey
from journey.records.model import StageEntry
from journey.rules import Rule
from journey.rules.event_names import split_event_name
from journey.rules.monitor import BROKEN, OTHER, PENDING, SATISFIED, A, B
from journey.rules.templates import EXCLUSIVE_CHOICE, NOT_CO_EXISTENCE, TEMPLATES, Days
from tests.journey.histories.strategies import rules
from tests.journey.recorded_customers import known
from tests.journey.rules.definitions import expect_verdict

BUILDER = HistoryBuilder(default_journey(), Policy())


@given(rules(), known(), st.integers(0, 60), st.booleans())
def test_the_verdict_is_that_of_the_definition(rule, who, days, whole_day):
    day = datetime.fromordinal(datetime(2030, 6, 1).toordinal() + days)
    as_of = AsOf.of(day.date() if whole_day else day.replace(hour=15))
    history = BUILDER.build(*who[1:], as_of)
    found = RuleJudge(rule).judge(history, as_of)
    if found.verdict != UNKNOWN:
        assert found.verdict == _expect(rule, history, as_of)
    else:
        assert not history.is_complete
        assert _expect(rule, history, as_of) == BROKEN


def _expect(rule, history, as_of, begun=None):
    """The verdict from the definition of the template, over the events that the rule names or sees."""
    hides_inferred = rule.definition.forbids and rule.within_days is not None
    seen = [
        (event.moment, A if event.name in rule.a else B if event.name in rule.b else OTHER)
        for event in history.events
        if event.kind in rule.kinds and not (event.is_inferred and hides_inferred)
    ]
    counted = [moment for moment, symbol in seen if symbol != OTHER]
    if rule.definition.days is Days.FROM_START:
        counted += [begun or event.moment for event in history.events[:1]]
    whole = any(moment == datetime(moment.year, moment.month, moment.day) for moment in counted)
    now = _days(as_of.cutoff, whole)
    begun = _days(begun or history.events[0].moment, whole) if history.events else now
    days = inf if rule.within_days is None else rule.within_days
    events = [(_days(moment, whole), symbol) for moment, symbol in seen]
    return expect_verdict(rule.template, rule.count, days, events, now, history.has_ended, begun)


def _days(moment, whole):
    days = (moment - datetime(2030, 1, 1)).total_seconds() / 86_400
    return floor(days) if whole else days


@given(rules(), known())
def test_a_broken_rule_names_an_event_or_what_is_missing(rule, who):
    as_of = AsOf.of("2030-08-01")
    history = BUILDER.build(*who[1:], as_of)
    found = RuleJudge(rule).judge(history, as_of)
    if found.verdict != BROKEN:
        assert found == RuleVerdict(found.verdict)
        return
    places = [history.events.index(each) for each in (found.partner, found.event) if each is not None]
    assert places == sorted(places)
    assert found.due is None or found.event is None
    if rule.template in ("response", "chain_response", "responded_existence", "not_succession", "not_chain_succession"):
        assert found.partner.name in rule.a
    if found.event is not None and rule.template in ("precedence", "not_succession", "absence", "exactly"):
        assert found.event.name in (rule.b or rule.a)


@given(rules(("onboarding", "support", "move:churn", "signal:usage_drop")), known(max_signals=3), st.integers(0, 60))
def test_a_verdict_is_unknown_exactly_if_stages_or_moves_before_the_log_can_keep_the_rule(rule, who, days):
    as_of = AsOf.of(datetime.fromordinal(datetime(2030, 6, 1).toordinal() + days).date())
    history = BUILDER.build(*who[1:], as_of)
    verdict = RuleJudge(rule).judge(history, as_of).verdict
    if verdict not in (BROKEN, UNKNOWN) or history.is_complete or not history.events:
        return
    before = [
        history.events[0]._replace(kind=kind, labels=(label,), moment=history.events[0].moment - timedelta(days=gap))
        for kind, label in map(split_event_name, (*rule.a, *rule.b))
        if kind in ("stage", "move")
        for gap in (5, 0)
    ]
    before.sort(key=lambda event: event.moment)
    pasts = [past for length in range(1, 4) for past in combinations_with_replacement(before, length)]
    orders = {order for past in pasts for order in permutations(past) if _is_ordered(order)}
    begun = history.events[0].moment
    kept = any(
        _expect(rule, history._replace(events=(*past, *history.events)), as_of, begun) != BROKEN for past in orders
    )
    assert (verdict == UNKNOWN) == kept


def _is_ordered(events):
    return all(one.moment <= two.moment for one, two in pairwise(events))


def _history(*events, ended=False, complete=True):
    built = tuple(
        HistoryEvent(kind, (label,), datetime.fromisoformat(at), "signals", f"R{number}")
        for number, (kind, label, at) in enumerate(events, start=1)
    )
    return History(built, built[0].moment, complete, ended)


ANSWER = Rule("answer", "response", ("signal:drop",), ("action:call",), within_days=7)


@pytest.mark.parametrize(
    ("as_of", "verdict"),
    [("2031-01-08", PENDING), ("2031-01-08T15:00", PENDING), ("2031-01-09", BROKEN)],
)
def test_a_demand_is_pending_until_its_days_have_passed(as_of, verdict):
    history = _history(("signal", "drop", "2031-01-01"))
    assert RuleJudge(ANSWER).judge(history, AsOf.of(as_of)).verdict == verdict


def test_an_unmet_demand_names_its_event_and_the_last_moment_for_it():
    found = RuleJudge(ANSWER).judge(_history(("signal", "drop", "2031-01-01T09:30")), AsOf.of("2031-02-01"))
    assert (found.event, found.partner.record, found.due) == (None, "R1", datetime(2031, 1, 8, 9, 30))


def test_an_ended_history_breaks_an_open_demand_before_its_days_have_passed():
    history = _history(("signal", "drop", "2031-01-01"), ended=True)
    assert RuleJudge(ANSWER).judge(history, AsOf.of("2031-01-02")) == RuleVerdict(BROKEN, None, history.events[0])


def test_a_bare_date_counts_calendar_days():
    for first, verdict in (("2031-01-01", SATISFIED), ("2031-01-01T14:00", BROKEN)):
        history = _history(("signal", "drop", first), ("action", "call", "2031-01-08T15:00"))
        assert RuleJudge(ANSWER).judge(history, AsOf.of("2031-02-01")).verdict == verdict


def test_two_contacts_within_a_window_are_both_named():
    rule = Rule("calm", "absence", ("action:call", "action:visit"), within_days=14, count=2)
    history = _history(
        ("action", "call", "2031-01-01"), ("action", "call", "2031-01-20"), ("action", "visit", "2031-01-29")
    )
    found = RuleJudge(rule).judge(history, AsOf.of("2031-02-01"))
    assert (found.partner.record, found.event.record) == ("R2", "R3")


def test_an_action_without_approval_has_no_partner():
    rule = Rule("approved", "precedence", ("review:approved",), ("action:call",))
    found = RuleJudge(rule).judge(_history(("action", "call", "2031-01-01")), AsOf.of("2031-02-01"))
    assert (found.event.record, found.partner) == ("R1", None)


def _log(*entries):
    log = [StageEntry(customer_id="K", journey_stage=s, state_entered_at=at, previous_stage=p) for s, at, p in entries]
    return BUILDER.build(log, [], [], [], AsOf.of("2031-06-01"))


SUPPORTED = Rule("supported", "precedence", ("support",), ("escalation",))


@pytest.mark.parametrize(
    ("log", "verdict"),
    [
        ([("escalation", "2031-01-01", "support")], SATISFIED),
        ([("retention", "2031-01-01", "engagement"), ("escalation", "2031-02-01", "retention")], UNKNOWN),
        ([("onboarding", "2031-01-01", None), ("escalation", "2031-02-01", "onboarding")], BROKEN),
    ],
)
def test_a_log_that_begins_late_does_not_break_a_rule_about_what_came_before(log, verdict):
    assert RuleJudge(SUPPORTED).judge(_log(*log), AsOf.of("2031-06-01")).verdict == verdict


def test_a_log_that_begins_late_still_breaks_a_rule_about_what_it_shows():
    rule = Rule("final", "not_succession", ("support",), ("escalation",))
    log = _log(("support", "2031-01-01", "retention"), ("escalation", "2031-02-01", "support"))
    assert RuleJudge(rule).judge(log, AsOf.of("2031-06-01")).verdict == BROKEN


@pytest.mark.parametrize(
    ("template", "a", "b", "days", "verdict"),
    [
        # The log begins on 22 January; the customer may have been in any stage from 1 to 21 January.
        ("precedence", "support", "signal:drop", 7, UNKNOWN),
        ("precedence", "support", "signal:late", 7, BROKEN),
        ("response", "signal:drop", "engagement", 3, UNKNOWN),
        ("response", "signal:late", "engagement", 3, BROKEN),
        ("chain_response", "signal:drop", "engagement", None, UNKNOWN),
        ("alternate_succession", "engagement", "signal:drop", 3, UNKNOWN),
        ("not_succession", "signal:drop", "escalation", None, BROKEN),
    ],
)
def test_what_a_log_lacks_may_lie_between_the_signals_before_it(template, a, b, days, verdict):
    events = [("signal", "first", "2031-01-01"), ("signal", "drop", "2031-01-10"), ("signal", "drop", "2031-01-15"),
              ("stage", "escalation", "2031-01-22"), ("signal", "late", "2031-02-20")]  # fmt: skip
    rule = Rule("r", template, (a,), (b,), within_days=days)
    assert RuleJudge(rule).judge(_history(*events, complete=False), AsOf.of("2031-06-01")).verdict == verdict
    if template != "not_succession":
        assert RuleJudge(rule).judge(_history(*events), AsOf.of("2031-06-01")).verdict == BROKEN


PAIRS = [name for name, template in TEMPLATES.items() if EXCLUSIVE_CHOICE < template.code < NOT_CO_EXISTENCE]


@given(
    st.sampled_from(PAIRS),
    st.booleans(),
    st.sampled_from([None, 2.0, 5.0]),
    st.lists(st.integers(0, 12), min_size=1, max_size=2, unique=True),
    st.lists(
        st.tuples(st.integers(12, 20), st.sampled_from(["support", "signal"])), max_size=3, unique_by=itemgetter(0)
    ),
)
def test_a_rule_is_broken_only_if_no_entries_before_the_log_keep_it(template, stage_first, days, early, late):
    """Entries are tried between all events before the log, up to one more than there are early signals."""
    names = ("support", "signal:drop") if stage_first else ("signal:drop", "support")
    rule = Rule("r", template, names[:1], names[1:], within_days=days)
    symbols = {"support": A if stage_first else B, "signal": B if stage_first else A, "retention": OTHER}
    events = [*((24 * day, "signal") for day in sorted(early)), (LOG_BEGINS, "retention")]
    events += sorted((24 * day + 2, name) for day, name in late)
    history = _history(*(_event_at(*event) for event in events), complete=False)
    verdict = RuleJudge(rule).judge(history, AsOf.of(MORNING + timedelta(days=31))).verdict

    def expect(added):
        seen = sorted([(hour, symbols[name]) for hour, name in events] + [(hour, symbols["support"]) for hour in added])
        return expect_verdict(template, 1, inf if days is None else 24 * days, seen, 24 * 31, ended=False, begun=0)

    hours = sorted({hour + shift for hour, _ in events[: len(early) + 1] for shift in (-0.5, 0.5)} - {LOG_BEGINS + 0.5})
    pasts = (past for count in range(1, len(early) + 2) for past in combinations_with_replacement(hours, count))
    if expect(()) != BROKEN:
        assert verdict == expect(())
    else:
        assert verdict == (UNKNOWN if any(expect(past) != BROKEN for past in pasts) else BROKEN)


MORNING, LOG_BEGINS = datetime(2031, 1, 1, 9), 24 * 12 + 1
"""When the history begins; hours until the log does."""


def _event_at(hour, name):
    kind, label = ("signal", "drop") if name == "signal" else ("stage", name)
    return kind, label, (MORNING + timedelta(hours=hour)).isoformat()


def test_a_log_that_begins_late_excuses_no_missing_approval():
    rule = Rule("approved", "precedence", ("review:approved",), ("action:call",))
    history = _history(("action", "call", "2031-01-01"), complete=False)
    assert RuleJudge(rule).judge(history, AsOf.of("2031-06-01")).verdict == BROKEN


def test_an_inferred_entry_counts_in_no_rule_that_forbids_within_days():
    log = _log(("escalation", "2031-02-01", "support"))
    forever = Rule("f", "not_succession", ("support",), ("escalation",))
    within = Rule("w", "not_succession", ("support",), ("escalation",), within_days=3)
    assert RuleJudge(forever).judge(log, AsOf.of("2031-06-01")).verdict == BROKEN
    assert RuleJudge(within).judge(log, AsOf.of("2031-06-01")).verdict == SATISFIED


def test_the_verdict_is_unknown_if_the_rule_names_one_of_two_possible_moves():
    event = HistoryEvent("move", ("push", "pull"), datetime(2031, 1, 1), "journey_state_log", "K@2031-01-01")
    history = History((event,), event.moment, is_complete=True, has_ended=False)
    one, both, other = (
        Rule("r", "absence", names) for names in (("move:push",), ("move:push", "move:pull"), ("move:back",))
    )
    verdicts = [RuleJudge(rule).judge(history, AsOf.of("2031-06-01")).verdict for rule in (one, both, other)]
    assert verdicts == [UNKNOWN, BROKEN, SATISFIED]
