"""What the simulated customer needs from an engine: the ports, and the tables of customers and totals.

The functions of this package take the arm's parameters, the customer and the engine. In the reference engine they run
as they are, and the functions below call the engine's methods. In the compiled engine these functions are replaced by
those of `simulation.compiled.ports`, because the list of pending signals, the trace and the review queue are organised
in another way there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from simulation.customer.totals import RunningTotals

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

    from simulation.customer.state import Customer
    from simulation.distributions.dwell_times import Clock
    from simulation.model.arm import ArmParameters


class PendingSignal(NamedTuple):
    """A signal that the orchestrator has not received yet.

    Attributes:
        time: Day on which the orchestrator receives it.
        order: Number of the signal among those of the run in order of sending, which breaks ties.
        dated: Day in its record, at most `time`.
        kind: Code of its type.
        strength: Strength, in [0, 1].
        source: AUTOMATED or MANUAL.
        cause: The cause it is a symptom of; CALM for a false alarm.
        episode: The episode in which it was sent.
        record: Kind of its record, a code of `simulation.model.record_errors`.
    """

    time: float
    order: int
    dated: float
    kind: int
    strength: float
    source: int
    cause: int
    episode: int
    record: int


class Engine(RunningTotals, ABC):
    """An engine: the totals of its run, its tables of customers, and what it does for a customer.

    Attributes:
        horizon: Length of the run, in days.
        keep_trace: Whether the trace is kept.
        clocks: By customer's row and slot: the clock of each move out of the current stage.
        visits: By customer's row and stage: number of visits.
        observed: By customer's row: the marks of `simulation.customer.own_metrics`, by metric, then those of
            `simulation.customer.rules`.
        trial_marks: A copy of one customer's marks (`simulation.customer.rules`).
    """

    horizon: float
    keep_trace: bool
    clocks: Sequence[Sequence[Clock]]
    visits: Sequence[MutableSequence[int]]
    observed: Sequence[MutableSequence[float]]
    trial_marks: MutableSequence[float]

    @abstractmethod
    def emit(
        self,
        customer: Customer,
        kind: int,
        label: int,
        to_stage: int,
        reason: int,
        detail: int,
        value: float,
        dated: float,
    ) -> None:
        """See the function of the same name."""

    @abstractmethod
    def push_signal(
        self,
        customer: Customer,
        time: float,
        dated: float,
        kind: int,
        strength: float,
        source: int,
        cause: int,
        record: int,
    ) -> None:
        """See the function of the same name."""

    @abstractmethod
    def pop_signal(self, customer: Customer) -> PendingSignal:
        """See the function of the same name."""

    @abstractmethod
    def cancel_pending_signals(self, customer: Customer) -> None:
        """See the function of the same name."""

    @abstractmethod
    def submit_request(self, customer: Customer) -> None:
        """See the function of the same name."""

    @abstractmethod
    def add_contact(self, customer: Customer) -> None:
        """See the function of the same name."""

    @abstractmethod
    def count_contacts_since(self, customer: Customer, time: float) -> int:
        """See the function of the same name."""

    @abstractmethod
    def guard_allows(self, arm: ArmParameters, customer: Customer, slot: int) -> bool:
        """See the function of the same name."""


def emit(
    customer: Customer,
    engine: Engine,
    kind: int,
    label: int,
    to_stage: int,
    reason: int,
    detail: int,
    value: float,
    dated: float,
) -> None:
    """Count an event, and add its row to the trace if there is one.

    Args:
        customer: The customer; the row has the customer's time and stage.
        engine: The engine.
        kind: A code of `simulation.trace.codes`, as are the label and the reason.
        label: Code of the label.
        to_stage: The stage after the event, or NO_INDEX.
        reason: Code of the reason, or NO_INDEX.
        detail: The source of a signal, the reviewer of a decided review, otherwise NO_INDEX.
        value: The value, or NEVER.
        dated: The day in the record if it differs from the customer's time, otherwise NEVER.
    """
    engine.emit(customer, kind, label, to_stage, reason, detail, value, dated)


def push_signal(
    customer: Customer,
    engine: Engine,
    time: float,
    dated: float,
    kind: int,
    strength: float,
    source: int,
    cause: int,
    record: int,
) -> None:
    """Add a pending signal of the current episode; see `PendingSignal`. Schedules the customer's next delivery.

    Signals due at the same time are delivered in the order in which they were sent.
    """
    engine.push_signal(customer, time, dated, kind, strength, source, cause, record)


def pop_signal(customer: Customer, engine: Engine) -> PendingSignal:
    """Remove the first pending signal, of which there must be one. Schedules the customer's next delivery."""
    return engine.pop_signal(customer)


def cancel_pending_signals(customer: Customer, engine: Engine) -> None:
    """Remove all pending signals of a customer who has left."""
    engine.cancel_pending_signals(customer)


def submit_request(customer: Customer, engine: Engine) -> None:
    """Put the customer's new request into the review queue."""
    engine.submit_request(customer)


def add_contact(customer: Customer, engine: Engine) -> None:
    """Keep the time of a contact that happens now."""
    engine.add_contact(customer)


def count_contacts_since(customer: Customer, engine: Engine, time: float) -> int:
    """Number of the customer's contacts at or after `time`, at least up to the cap of the policy.

    Calls for one customer must not go back in time.
    """
    return engine.count_contacts_since(customer, time)


def guard_allows(arm: ArmParameters, customer: Customer, engine: Engine, slot: int) -> bool:
    """Whether the guard of a guarded move out of the current stage allows the move now."""
    return engine.guard_allows(arm, customer, slot)
