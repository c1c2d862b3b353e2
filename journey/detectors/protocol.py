"""The interface of detectors."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from journey.records.model import Event, Signal


@runtime_checkable
class Detector(Protocol):
    """Derives signals from the events of one customer.

    The same events give the same signals, regardless of the order in which they were recorded. A signal dated ``t``
    depends only on events up to ``t``, so later events never change it.

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
            as_of: The current moment. No signal may be dated later.

        Returns:
            Signals of this customer. Key, source and stage are optional; missing ones are filled in.
        """
