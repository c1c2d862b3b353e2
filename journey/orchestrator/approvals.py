"""The queue of what waits for a person: an in-memory default of the `ApprovalQueue` port.

It runs on the intervention machine of `journey.machine.lifecycles`, so no state is reached by a way the machine does
not have, and it fails closed: what no named person approved in time expires, and only what is approved can be executed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from journey.core.errors import InputError
from journey.decision.policy import MONITOR_ONLY
from journey.machine import Journey
from journey.machine.lifecycles import intervention_lifecycle
from journey.orchestrator.decision import Decision


@dataclass(slots=True)
class Ticket:
    """One recommended action on its way through the intervention machine.

    Attributes:
        ticket_id: Its identity in the queue.
        customer_id: For whom.
        action: What is to be done; the reviewer's own choice once overridden.
        priority: Money at stake, in dollars: the higher, the sooner it is looked at.
        submitted_at: When it was submitted.
        state: State in the intervention machine.
        reviewer: Who decided, or None.
    """

    ticket_id: str
    customer_id: str
    action: str
    priority: float
    submitted_at: datetime
    state: str
    reviewer: str | None = None


@runtime_checkable
class ApprovalQueue(Protocol):
    """Holds what waits for a person's verdict."""

    def submit(self, ticket_id: str, decision: Decision, at: datetime) -> Ticket:
        """Take a decision in: pending if it needs approval, approved if the policy says it needs none."""
        ...

    def pending(self, at: datetime) -> list[Ticket]:
        """What waits at that moment, the most money at stake first."""
        ...

    def approve(self, ticket_id: str, reviewer: str, at: datetime) -> Ticket:
        """A person says yes."""
        ...

    def reject(self, ticket_id: str, reviewer: str, at: datetime) -> Ticket:
        """A person says no."""
        ...

    def override(self, ticket_id: str, reviewer: str, action: str, at: datetime) -> Ticket:
        """A person does something else instead."""
        ...

    def execute(self, ticket_id: str, at: datetime) -> Ticket:
        """Carry out what is approved."""
        ...


class MemoryApprovalQueue:
    """An approval queue that lives as long as the process.

    Args:
        expiry_days: What waits longer than this expires (`ContactPolicy.approval_expiry_days`).
        lifecycle: The intervention machine; left out, the one of `journey.machine.lifecycles`.
    """

    def __init__(self, expiry_days: float, lifecycle: Journey | None = None) -> None:
        self._expiry = timedelta(days=expiry_days)
        self._lifecycle = lifecycle or intervention_lifecycle()
        self._tickets: dict[str, Ticket] = {}

    def submit(self, ticket_id: str, decision: Decision, at: datetime) -> Ticket:
        """Take a decision in.

        Raises:
            InputError: There is nothing to do in it, or a ticket of that id exists.
        """
        if decision.recommended_action in (None, MONITOR_ONLY):
            raise InputError(f"{decision.customer_id}: there is no action to approve; the decision is to watch or wait")
        if ticket_id in self._tickets:
            raise InputError(f"ticket {ticket_id!r} is in the queue already")
        ticket = Ticket(
            ticket_id,
            decision.customer_id,
            str(decision.recommended_action),
            decision.priority,
            at,
            self._lifecycle.initial[0],
        )
        # Anything but a plain False asks a person: a broken flag must not wave an action through.
        is_automatic = decision.requires_human_approval is False
        self._move(ticket, "approve_automatically" if is_automatic else "request_approval")
        self._tickets[ticket_id] = ticket
        return ticket

    def pending(self, at: datetime) -> list[Ticket]:
        """What waits at that moment, the most money at stake first, then the oldest."""
        self.expire(at)
        waiting = [ticket for ticket in self._tickets.values() if ticket.state == "pending_approval"]
        return sorted(waiting, key=lambda ticket: (-ticket.priority, ticket.submitted_at, ticket.ticket_id))

    def expire(self, at: datetime) -> list[Ticket]:
        """Let expire what has waited too long, and say what that was."""
        expired = [
            ticket
            for ticket in self._tickets.values()
            if ticket.state == "pending_approval" and at - ticket.submitted_at > self._expiry
        ]
        for ticket in expired:
            self._move(ticket, "expire")
        return expired

    def approve(self, ticket_id: str, reviewer: str, at: datetime) -> Ticket:
        """A person says yes.

        Raises:
            InputError: There is no such ticket, or no reviewer is named.
            IllegalMoveError: It does not wait for a verdict (any more).
        """
        return self._record_verdict(ticket_id, reviewer, "approve", at)

    def reject(self, ticket_id: str, reviewer: str, at: datetime) -> Ticket:
        """A person says no; raises like `approve`."""
        return self._record_verdict(ticket_id, reviewer, "reject", at)

    def override(self, ticket_id: str, reviewer: str, action: str, at: datetime) -> Ticket:
        """A person does something else instead; raises like `approve`."""
        ticket = self._record_verdict(ticket_id, reviewer, "override", at)
        ticket.action = action
        return ticket

    def execute(self, ticket_id: str, at: datetime) -> Ticket:
        """Carry out what is approved.

        Raises:
            InputError: There is no such ticket.
            IllegalMoveError: It is not approved.
        """
        self.expire(at)
        ticket = self._get_ticket(ticket_id)
        self._move(ticket, "execute")
        return ticket

    def age_days(self, ticket_id: str, at: datetime) -> float:
        """How long a ticket has been in the queue, in days."""
        return (at - self._get_ticket(ticket_id).submitted_at) / timedelta(days=1)

    def _record_verdict(self, ticket_id: str, reviewer: str, verdict: str, at: datetime) -> Ticket:
        if not reviewer.strip():
            raise InputError(f"ticket {ticket_id!r}: name the person who decides; nothing approves itself")
        self.expire(at)
        ticket = self._get_ticket(ticket_id)
        self._move(ticket, verdict)
        ticket.reviewer = reviewer
        return ticket

    def _get_ticket(self, ticket_id: str) -> Ticket:
        try:
            return self._tickets[ticket_id]
        except KeyError:
            raise InputError(f"there is no ticket {ticket_id!r} in the queue") from None

    def _move(self, ticket: Ticket, move: str) -> None:
        ticket.state = self._lifecycle.move(ticket.state, move)
