"""A customer's events: their dates, their order, and what the log does not show."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.decision.as_of import AsOf
from journey.decision.policy import Policy
from journey.histories import HistoryBuilder
from journey.histories.event import to_time
from journey.machine import Journey, Move, default_journey
from journey.records.model import Intervention, Outcome, Signal, StageEntry
from tests.journey.recorded_customers import known

BUILDER = HistoryBuilder(default_journey(), Policy())
AS_OF = AsOf.of("2031-06-30")


def _entry(stage, at, previous=None):
    return StageEntry(customer_id="K", journey_stage=stage, state_entered_at=at, previous_stage=previous)


def _signal(name, at, **more):
    return Signal(customer_id="K", signal_type=name, signal_strength=0.5, detected_at=at, **more)


def _intervention(identity, at, **more):
    values = {"recommended_action": "proactive_outreach", "requires_human_approval": True, **more}
    return Intervention(intervention_id=identity, customer_id="K", generated_at=at, **values)


def _names(*records, as_of=AS_OF, builder=BUILDER):
    sets = [
        [each for each in records if isinstance(each, kind)] for kind in (StageEntry, Signal, Intervention, Outcome)
    ]
    return [event.name for event in builder.build(*sets, as_of).events]


def test_a_move_is_named_by_its_two_stages_and_comes_before_the_entry():
    log = [_entry("onboarding", "2031-01-01"), _entry("engagement", "2031-01-09", "onboarding")]
    assert _names(*log) == ["onboarding", "move:activate", "engagement"]


def test_an_illegal_pair_of_stages_has_no_move():
    assert _names(_entry("onboarding", "2031-01-01"), _entry("escalation", "2031-01-09")) == [
        "onboarding",
        "escalation",
    ]


def test_several_moves_between_two_stages_are_one_event_with_all_their_names():
    journey = Journey.build(
        stages=("a", "b"), initial="a", moves=(Move("push", "a", "b"), Move("pull", "a", "b"), Move("back", "b", "a"))
    )
    builder = HistoryBuilder(journey, Policy())
    names = _names(_entry("a", "2031-01-01"), _entry("b", "2031-01-02"), builder=builder)
    assert names == ["a", "move:push or pull", "b"]


def test_a_repeated_entry_counts_only_where_the_journey_moves_from_the_stage_to_itself():
    log = [_entry("a", "2031-01-01"), _entry("a", "2031-01-05")]
    once = HistoryBuilder(Journey.build(stages=("a",), initial="a", moves=()), Policy())
    renewing = HistoryBuilder(Journey.build(stages=("a",), initial="a", moves=(Move("renew", "a", "a"),)), Policy())
    assert _names(*log, builder=once) == ["a"]
    assert _names(*log, builder=renewing) == ["a", "move:renew", "a"]


def test_a_previous_stage_that_the_log_lacks_is_an_inferred_entry():
    history = BUILDER.build([_entry("escalation", "2031-01-09", "support")], [], [], [], AS_OF)
    assert [(event.name, event.is_inferred) for event in history.events] == [
        ("support", True), ("move:escalate", False), ("escalation", False)
    ]  # fmt: skip
    assert not history.is_complete


def test_a_signal_happens_when_it_becomes_known_and_its_repetition_does_not():
    late = _signal("usage_drop", "2031-01-01", recorded_at="2031-02-01", source="manual")
    twice = _signal("usage_drop", "2031-01-01", source="manual")
    event = BUILDER.build([], [late], [], [], AS_OF).events[0]
    assert event.moment == datetime(2031, 2, 1)
    assert _names(late, as_of=AsOf.of("2031-01-31")) == []
    assert BUILDER.build([], [late, twice], [], [], AS_OF).events[0].moment == datetime(2031, 1, 1)
    assert _names(late, twice) == ["signal:usage_drop"]


def test_monitoring_has_no_events():
    assert _names(_intervention("I", "2031-01-01", recommended_action="monitor_only")) == []


def test_an_outcome_of_another_customer_or_without_a_date_is_not_used():
    action = _intervention("I", "2031-06-29")
    undated = Outcome(intervention_id="I", outcome="resolved")
    foreign = Outcome(intervention_id="I", outcome="resolved", customer_id="L", measured_at="2031-06-30")
    assert _names(action, undated, foreign) == ["intervention:recommended", "intervention:pending_approval"]


def test_a_day_without_times_is_in_order_of_stages_signals_and_lifecycles():
    day = "2031-05-01"
    records = [
        _intervention("I2", day, status="rejected"), _intervention("I1", day, status="approved"),
        _signal("usage_drop", day), _entry("onboarding", day),
        _intervention("I0", "2031-04-30", status="executed"),
        Outcome(intervention_id="I0", outcome="resolved", measured_at=day),
    ]  # fmt: skip
    lifecycle = ["intervention:recommended", "intervention:pending_approval"]
    assert _names(*records) == [
        *lifecycle, "review:approved", "intervention:approved", "action:proactive_outreach", "intervention:executed",
        "onboarding", "signal:usage_drop", "intervention:measured",
        *lifecycle, "review:approved", "intervention:approved",
        *lifecycle, "review:rejected", "intervention:rejected",
    ]  # fmt: skip


def test_times_of_day_decide_the_order_of_a_day():
    signal, entry = _signal("usage_drop", "2031-05-01T09:00"), _entry("onboarding", "2031-05-01T10:00")
    assert _names(signal, entry) == ["signal:usage_drop", "onboarding"]


@pytest.mark.parametrize(("as_of", "expired"), [("2031-01-15", False), ("2031-01-16", True)])
def test_an_approval_expires_after_its_days(as_of, expired):
    names = _names(_intervention("I", "2031-01-01"), as_of=AsOf.of(as_of))
    assert ("review:expired" in names) == expired


@given(known(), st.integers(0, 60), st.randoms())
def test_a_history_is_in_order_never_later_than_its_time_and_independent_of_the_order_of_records(who, days, random):
    as_of = AsOf.of((datetime(2030, 6, 1) + timedelta(days=days)).date())
    history = BUILDER.build(*who[1:], as_of)
    days_of_events = [event.moment.date() for event in history.events]
    assert days_of_events == sorted(days_of_events)
    assert all(event.moment <= as_of.cutoff for event in history.events)
    shuffled = [random.sample(records, len(records)) for records in who[1:]]
    assert BUILDER.build(*shuffled, as_of) == history


@given(st.datetimes(datetime(1900, 1, 1), datetime(2199, 1, 1)), st.integers(0, 360))
def test_moments_whole_days_apart_differ_by_exactly_these_days(moment, days):
    assert to_time(moment + timedelta(days=days)) - to_time(moment) == days
