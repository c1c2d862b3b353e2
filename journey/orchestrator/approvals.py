"""The review queue: the `ApprovalQueue` port and its in-memory default.

Tickets move only along the intervention lifecycle of `journey.machine.lifecycles`. The queue fails closed: a ticket
that no named person approves in time expires, and only approved tickets can be executed.
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
    """One recommended action and its state in the intervention lifecycle.

    Attributes:
        ticket_id: Unique ID in the queue.
        customer_id: The customer.
        action: The recommended action; after an override, the action that the reviewer chose.
        priority: Money at stake, in dollars; tickets with more are reviewed first.
        submitted_at: The time of submission.
        state: State in the intervention lifecycle.
        reviewer: The person who decided, or None.
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
    """Recommended actions that wait for a reviewer's verdict."""

    def submit(self, ticket_id: str, decision: Decision, at: datetime) -> Ticket:
        """Add a decision: pending if it needs approval, approved if the policy requires none."""
        ...

    def pending(self, at: datetime) -> list[Ticket]:
        """Return the tickets that wait for a verdict at that time, highest priority first."""
        ...

    def approve(self, ticket_id: str, reviewer: str, at: datetime) -> Ticket:
        """Record that a reviewer approves the action."""
        ...

    def reject(self, ticket_id: str, reviewer: str, at: datetime) -> Ticket:
        """Record that a reviewer rejects the action."""
        ...

    def override(self, ticket_id: str, reviewer: str, action: str, at: datetime) -> Ticket:
        """Record that a reviewer replaces the action by another one."""
        ...

    def execute(self, ticket_id: str, at: datetime) -> Ticket:
        """Mark an approved action as carried out."""
        ...


class MemoryApprovalQueue:
    """An approval queue in memory; it is lost when the process ends.

    Args:
        expiry_days: Tickets that wait longer than this number of days expire (`ContactPolicy.approval_expiry_days`).
        lifecycle: The intervention lifecycle. Default: the one of `journey.machine.lifecycles`.
    """

    def __init__(self, expiry_days: float, lifecycle: Journey | None = None) -> None:
        self._expiry = timedelta(days=expiry_days)
        self._lifecycle = lifecycle or intervention_lifecycle()
        self._tickets: dict[str, Ticket] = {}

    def submit(self, ticket_id: str, decision: Decision, at: datetime) -> Ticket:
        """Add a decision.

        Raises:
            InputError: The decision recommends no action, or a ticket with that ID exists.
        """
        if decision.recommended_action in (None, MONITOR_ONLY):
            raise InputError(
                f"{decision.customer_id}: there is no action to approve; the decision is to monitor or to do nothing"
            )
        if ticket_id in self._tickets:
            raise InputError(f"ticket {ticket_id!r} is already in the queue; choose a different ID")
        ticket = Ticket(
            ticket_id,
            decision.customer_id,
            str(decision.recommended_action),
            decision.priority,
            at,
            self._lifecycle.initial[0],
        )
        # Any value other than False requires approval, so that an invalid flag cannot approve an action.
        is_automatic = decision.requires_human_approval is False
        self._move(ticket, "approve_automatically" if is_automatic else "request_approval")
        self._tickets[ticket_id] = ticket
        return ticket

    def pending(self, at: datetime) -> list[Ticket]:
        """Return the tickets that wait for a verdict at that time: highest priority first, then oldest."""
        self.expire(at)
        waiting = [ticket for ticket in self._tickets.values() if ticket.state == "pending_approval"]
        return sorted(waiting, key=lambda ticket: (-ticket.priority, ticket.submitted_at, ticket.ticket_id))

    def expire(self, at: datetime) -> list[Ticket]:
        """Expire the tickets that have waited too long, and return them."""
        expired = [
            ticket
            for ticket in self._tickets.values()
            if ticket.state == "pending_approval" and at - ticket.submitted_at > self._expiry
        ]
        for ticket in expired:
            self._move(ticket, "expire")
        return expired

    def approve(self, ticket_id: str, reviewer: str, at: datetime) -> Ticket:
        """Record that a reviewer approves the action.

        Raises:
            InputError: There is no such ticket, or no reviewer is named.
            IllegalMoveError: The ticket does not wait for a verdict.
        """
        return self._record_verdict(ticket_id, reviewer, "approve", at)

    def reject(self, ticket_id: str, reviewer: str, at: datetime) -> Ticket:
        """Record that a reviewer rejects the action; raises the errors of `approve`."""
        return self._record_verdict(ticket_id, reviewer, "reject", at)

    def override(self, ticket_id: str, reviewer: str, action: str, at: datetime) -> Ticket:
        """Record that a reviewer replaces the action by `action`; raises the errors of `approve`."""
        ticket = self._record_verdict(ticket_id, reviewer, "override", at)
        ticket.action = action
        return ticket

    def execute(self, ticket_id: str, at: datetime) -> Ticket:
        """Mark an approved action as carried out.

        Raises:
            InputError: There is no such ticket.
            IllegalMoveError: The ticket is not approved.
        """
        self.expire(at)
        ticket = self._get_ticket(ticket_id)
        self._move(ticket, "execute")
        return ticket

    def age_days(self, ticket_id: str, at: datetime) -> float:
        """Return the age of a ticket in days."""
        return (at - self._get_ticket(ticket_id).submitted_at) / timedelta(days=1)

    def _record_verdict(self, ticket_id: str, reviewer: str, verdict: str, at: datetime) -> Ticket:
        if not reviewer.strip():
            raise InputError(f"ticket {ticket_id!r}: the reviewer is empty; give the name of the person who decides")
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
