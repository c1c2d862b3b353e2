"""The built-in detectors. Every threshold is a parameter with a documented default, all of them assumptions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from math import isfinite

from journey.detectors.protocol import Detector
from journey.records.model import Event, Signal


@dataclass(frozen=True, slots=True)
class TicketSpike:
    """Several support tickets within a few days.

    A spike is reported once, when the threshold is reached, and again only after the tickets have fallen below it.
    The strength is tickets / (2 x threshold), at most 1: 0.5 at the threshold, and 1 at twice the threshold.

    Attributes:
        event_type: Type of the events to count.
        count_field: Metadata field with the number of tickets of an event. Default: one ticket.
        window_days: Length of the window, in days.
        threshold: Tickets within the window that make a spike.
    """

    event_type: str = "support_ticket_created"
    count_field: str = "ticket_count"
    window_days: float = 7.0
    threshold: float = 3.0
    name: str = "ticket_spike"

    def detect(self, customer_id: str, events: Sequence[Event], as_of: datetime) -> Iterator[Signal]:
        """One signal for each time that the tickets within the window reach the threshold."""
        del as_of
        tickets = [
            (event.timestamp, read_amount(event, self.count_field))
            for event in events
            if event.event_type == self.event_type
        ]
        window = timedelta(days=self.window_days)
        was_high = False
        for now in sorted({when for when, _ in tickets}):
            count = sum(amount for when, amount in tickets if now - window < when <= now)
            # The count just before this moment, because it may have fallen below the threshold without an event.
            before = sum(amount for when, amount in tickets if now - window < when < now)
            if count >= self.threshold and not (was_high and before >= self.threshold):
                strength = min(1.0, count / (2.0 * self.threshold))
                yield build_signal(customer_id, "support_ticket_spike", strength, now)
            was_high = count >= self.threshold


@dataclass(frozen=True, slots=True)
class UsageDrop:
    """Usage that falls compared with the previous weeks.

    At each usage event the latest window is compared with the previous one, once data cover both. A drop is reported
    when it reaches the threshold, and again only after usage has recovered. The strength is the share lost.

    Attributes:
        event_type: Type of the events that report usage.
        amount_field: Metadata field with the amount. Default: 1 per event.
        window_days: Length of each of the two windows, in days.
        min_drop: Smallest share lost that counts as a drop.
    """

    event_type: str = "product_used"
    amount_field: str = "amount"
    window_days: float = 14.0
    min_drop: float = 0.3
    name: str = "usage_drop"

    def detect(self, customer_id: str, events: Sequence[Event], as_of: datetime) -> Iterator[Signal]:
        """One signal for each time that the share lost reaches the threshold."""
        del as_of
        uses = [
            (event.timestamp, read_amount(event, self.amount_field))
            for event in events
            if event.event_type == self.event_type
        ]
        window = timedelta(days=self.window_days)
        was_low = False
        for now in sorted({when for when, _ in uses}):
            if now - uses[0][0] < 2 * window - timedelta(days=1):
                continue
            latest = sum(amount for when, amount in uses if now - window < when <= now)
            earlier = sum(amount for when, amount in uses if now - 2 * window < when <= now - window)
            share_lost = 1.0 - latest / earlier if earlier > 0.0 else 0.0
            if share_lost >= self.min_drop and not was_low:
                yield build_signal(customer_id, "usage_drop", share_lost, now)
            was_low = share_lost >= self.min_drop


@dataclass(frozen=True, slots=True)
class Inactivity:
    """No event for some time.

    A warning is given after each further `quiet_days` without an event, up to `max_warnings` times, dated the day it is
    reached. The k-th warning has strength 1 - 0.5^k.

    Attributes:
        quiet_days: Days without an event before each warning.
        max_warnings: Maximum warnings for one period without events.
        ignored: Event types that are not customer activity, such as messages from the company.
    """

    quiet_days: float = 14.0
    max_warnings: int = 3
    ignored: tuple[str, ...] = ("email_sent",)
    name: str = "inactivity"

    def detect(self, customer_id: str, events: Sequence[Event], as_of: datetime) -> Iterator[Signal]:
        """Signals for every period without events, including the one that lasts until `as_of`."""
        active_times = sorted({event.timestamp for event in events if event.event_type not in self.ignored})
        for last, following in zip_longest(active_times, active_times[1:]):
            for warning in range(1, self.max_warnings + 1):
                warned_at = last + timedelta(days=self.quiet_days * warning)
                if warned_at > as_of or (following is not None and warned_at >= following):
                    break
                yield build_signal(customer_id, "inactivity_warning", 1.0 - 0.5**warning, warned_at)


@dataclass(frozen=True, slots=True)
class FailedOnboardingStep:
    """A failed onboarding step. After n failures in the window the strength is 1 - 0.5^n.

    Attributes:
        event_type: Type of the events that report a failure.
        window_days: Length of the window, in days.
    """

    event_type: str = "onboarding_step_failed"
    window_days: float = 14.0
    name: str = "failed_onboarding_step"

    def detect(self, customer_id: str, events: Sequence[Event], as_of: datetime) -> Iterator[Signal]:
        """One signal for each day with a failure."""
        del as_of
        failures = [event.timestamp for event in events if event.event_type == self.event_type]
        window = timedelta(days=self.window_days)
        for now in sorted(set(failures)):
            recent = sum(now - window < when <= now for when in failures)
            yield build_signal(customer_id, "failed_onboarding_step", 1.0 - 0.5**recent, now)


@dataclass(frozen=True, slots=True)
class PriceComplaint:
    """The customer objects to the price or asks for a discount.

    Attributes:
        event_types: Types of the events that report it.
        strength: Strength of each such signal, in [0, 1].
    """

    event_types: tuple[str, ...] = ("price_objection", "discount_requested")
    strength: float = 0.6
    name: str = "price_complaint"

    def detect(self, customer_id: str, events: Sequence[Event], as_of: datetime) -> Iterator[Signal]:
        """One signal for each moment at which the customer objected."""
        del as_of
        for now in sorted({event.timestamp for event in events if event.event_type in self.event_types}):
            yield build_signal(customer_id, "price_complaint", self.strength, now)


def builtin_detectors() -> tuple[Detector, ...]:
    """The built-in detectors with their default parameters."""
    return (TicketSpike(), UsageDrop(), Inactivity(), FailedOnboardingStep(), PriceComplaint())


def read_amount(event: Event, field: str) -> float:
    """A number in an event's metadata; 1 if it is missing or invalid."""
    given = event.metadata.get(field, 1.0)
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return 1.0
    try:
        amount = float(given)
    except (ValueError, OverflowError):
        return 1.0
    return amount if isfinite(amount) and amount >= 0.0 else 1.0


def build_signal(customer_id: str, signal_type: str, strength: float, when: datetime) -> Signal:
    """A signal without key, stage and source, which `detect` fills in."""
    return Signal(customer_id=customer_id, signal_type=signal_type, signal_strength=strength, detected_at=when)
