"""What a detector is."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from journey.records.model import Event, Signal


@runtime_checkable
class Detector(Protocol):
    """Turns the events of one customer into signals.

    The same events give the same signals, in whatever order they were recorded, and a later event never changes a
    signal that was made before it: a signal dated ``t`` follows from events up to ``t`` alone.

    Attributes:
        name: Unique among the detectors of a run; it becomes part of the keys of its signals.
    """

    @property
    def name(self) -> str:
        """Unique name."""

    def detect(self, customer_id: str, events: Sequence[Event], as_of: datetime) -> Iterable[Signal]:
        """The signals of one customer.

        Args:
            customer_id: The customer.
            events: All events of the customer up to `as_of`, oldest first; never empty.
            as_of: Now. No signal may be dated later.

        Returns:
            Signals of this customer. Key, source and stage may be left out; they are filled in.
        """
