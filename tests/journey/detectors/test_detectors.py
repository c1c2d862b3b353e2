"""Detectors: events become signals, deterministically and without looking ahead."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from importlib.metadata import EntryPoint
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.detectors import (
    Detector,
    FailedOnboardingStep,
    Inactivity,
    PriceComplaint,
    TicketSpike,
    UsageDrop,
    builtin_detectors,
    detect,
    entry_points,
    load_detectors,
)
from journey.detectors.builtin import build_signal, read_amount
from journey.records.model import Event, Signal
from tests.journey.companies import ENTRY, company
from tests.levels import examples

START = datetime(2031, 3, 1)


def event(kind: str, day: float, **metadata: Any) -> Event:
    return Event(customer_id="K1", event_type=kind, timestamp=START + timedelta(days=day), metadata=metadata)


def run(detector: Detector, events: Iterable[Event], until: float = 100.0) -> list[tuple[float, float]]:
    """Day and strength of each signal."""
    seen = sorted(events, key=lambda e: e.timestamp)
    as_of = START + timedelta(days=until)
    signals = detector.detect("K1", [e for e in seen if e.timestamp <= as_of], as_of) if seen else []
    return [((s.detected_at - START) / timedelta(days=1), round(s.signal_strength, 6)) for s in signals]


class TestTicketSpike:
    def test_it_fires_once_when_the_threshold_is_reached(self) -> None:
        tickets = [event("support_ticket_created", day) for day in (0, 1, 2, 3)]
        assert run(TicketSpike(), tickets) == [(2.0, 0.5)]

    def test_it_fires_again_after_a_calm(self) -> None:
        tickets = [event("support_ticket_created", day) for day in (0, 1, 2, 30, 31, 32)]
        assert [day for day, _ in run(TicketSpike(), tickets)] == [2.0, 32.0]

    def test_one_event_may_stand_for_many(self) -> None:
        assert run(TicketSpike(), [event("support_ticket_created", 0, ticket_count=9)]) == [(0.0, 1.0)]

    def test_spread_out_tickets_are_no_spike(self) -> None:
        assert run(TicketSpike(), [event("support_ticket_created", 7.0 * week) for week in range(9)]) == []


class TestUsageDrop:
    def test_the_strength_is_the_share_lost(self) -> None:
        uses = [event("product_used", day, amount=10) for day in range(14)]
        uses += [event("product_used", day, amount=4) for day in range(14, 28)]
        found = run(UsageDrop(min_drop=0.55), uses)
        assert len(found) == 1
        assert 0.55 <= found[0][1] <= 0.6

    def test_steady_use_is_no_drop(self) -> None:
        assert run(UsageDrop(), [event("product_used", day, amount=10) for day in range(60)]) == []

    def test_a_new_customer_has_nothing_to_compare_with(self) -> None:
        assert run(UsageDrop(), [event("product_used", 0, amount=100), event("product_used", 15, amount=1)]) == []


class TestInactivity:
    def test_it_grows_while_the_silence_lasts(self) -> None:
        assert run(Inactivity(), [event("product_used", 0)]) == [(14.0, 0.5), (28.0, 0.75), (42.0, 0.875)]

    def test_a_sign_of_life_ends_it(self) -> None:
        assert run(Inactivity(), [event("login", 0), event("login", 15), event("login", 20)], until=30) == [(14.0, 0.5)]

    def test_what_the_company_sent_is_no_sign_of_life(self) -> None:
        assert run(Inactivity(), [event("login", 0), event("email_sent", 10)], until=15) == [(14.0, 0.5)]


def test_failing_again_is_worse() -> None:
    failures = [event("onboarding_step_failed", day) for day in (0, 3, 40)]
    assert run(FailedOnboardingStep(), failures) == [(0.0, 0.5), (3.0, 0.75), (40.0, 0.5)]


def test_an_objection_to_the_price_is_a_complaint() -> None:
    assert run(PriceComplaint(), [event("discount_requested", 2), event("login", 3)]) == [(2.0, 0.6)]


@pytest.mark.parametrize("given", [None, True, "many", "nan", -3, float("inf"), [1], {"a": 1}, "1e999"])
def test_metadata_without_sense_counts_as_one(given: Any) -> None:
    assert read_amount(event("x", 0, amount=given), "amount") == 1.0


_EVENTS = st.lists(
    st.builds(
        event,
        st.sampled_from(["support_ticket_created", "product_used", "onboarding_step_failed", "price_objection"]),
        st.integers(0, 120).map(lambda half_days: half_days / 2),
        amount=st.integers(0, 9),
    ),
    max_size=25,
)


@pytest.mark.slow
@pytest.mark.parametrize("detector", builtin_detectors(), ids=lambda d: d.name)
@settings(max_examples=examples(50, otherwise=15))
@given(events=_EVENTS, until=st.integers(0, 70), data=st.data())
def test_no_detector_looks_ahead_or_minds_the_order(
    detector: Detector, events: list[Event], until: int, data: st.DataObject
) -> None:
    everything = run(detector, events)
    assert run(detector, events, until) == [(day, strength) for day, strength in everything if day <= until]
    assert run(detector, data.draw(st.permutations(events))) == everything
    assert all(0.0 <= strength <= 1.0 for _, strength in everything)


EVENTS = [
    {"event_id": "E1", "customer_id": "K1", "event_type": "onboarding_step_failed", "timestamp": "2031-03-05T10:00"},
    {"event_id": "E2", "customer_id": "nobody", "event_type": "onboarding_step_failed", "timestamp": "2031-03-05"},
    {"event_id": "E3", "customer_id": "K1", "event_type": "price_objection", "timestamp": "2031-03-09"},
]


def test_signals_come_complete_and_only_for_known_customers() -> None:
    records = company(events=EVENTS)
    first, second = detect(records)
    assert first.signal_id == "failed_onboarding_step:K1:2031-03-05T10:00:00"
    assert (first.source, first.journey_stage) == ("automated", "engagement")
    assert second.signal_type == "price_complaint"
    assert detect(records, as_of=datetime(2031, 3, 6)) == [first]
    assert records.add_signals(detect(records)) == 2
    assert records.add_signals(detect(records)) == 0


class Impossible:
    name = "impossible"

    def __init__(self, signal: Signal) -> None:
        self.signal = signal

    def detect(self, customer_id: str, events: Sequence[Event], as_of: datetime) -> list[Signal]:
        return [self.signal]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (build_signal("K2", "usage_drop", 0.5, START), "of customer 'K2'"),
        (build_signal("K1", "usage_drop", 0.5, datetime(2040, 1, 1)), "dated 2040-01-01"),
        (build_signal("K1", "usage_drop", 0.5, START).model_copy(update={"signal_strength": 7}), "of strength 7"),
    ],
)
def test_an_impossible_signal_is_the_detectors_fault(signal: Signal, message: str) -> None:
    with pytest.raises(InputError, match=f"detector 'impossible' returned a signal {message}"):
        detect(company(events=EVENTS), [Impossible(signal)])


def test_two_detectors_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="several detectors are called ticket_spike"):
        detect(company(), [TicketSpike(), TicketSpike(threshold=9)])


def _plug(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    entry = EntryPoint("mine", value, entry_points.ENTRY_POINT_GROUP)
    monkeypatch.setattr(entry_points, "entry_points", lambda group: [entry])


def test_a_plug_in_is_loaded_after_the_built_in_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    _plug(monkeypatch, "journey.detectors.builtin:TicketSpike")
    assert load_detectors() == (*builtin_detectors(), TicketSpike())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("nowhere.at_all:Thing", "cannot be loaded: No module named 'nowhere'"),
        ("journey.detectors.builtin:Nothing", "cannot be loaded"),
        ("journey.detectors.builtin:signal_of", "cannot be loaded"),
        ("builtins:dict", "is not a detector"),
    ],
)
def test_a_broken_plug_in_is_named(monkeypatch: pytest.MonkeyPatch, value: str, message: str) -> None:
    _plug(monkeypatch, value)
    with pytest.raises(InputError, match=f"detector plug-in 'mine' .*{message}"):
        load_detectors()


def test_the_stage_of_a_signal_does_not_depend_on_the_order_of_entries_at_one_moment() -> None:
    chain = [
        ENTRY,
        ENTRY | {"journey_stage": "support", "previous_stage": "engagement"},
        ENTRY | {"journey_stage": "escalation", "previous_stage": "support"},
    ]
    ticket = {"customer_id": "K1", "event_type": "support_ticket_created", "timestamp": "2031-03-08", "metadata": {
        "ticket_count": 9}}  # fmt: skip
    for log in permutations(chain):
        records = company(journey_state_log=list(log), events=[ticket])
        assert [signal.journey_stage for signal in detect(records, [TicketSpike()])] == ["escalation"]
