"""Transfers that no person approved, added up by proposer: many small ones need the approval that one large one needs.

The amount of a transfer is compared with the policy's threshold ``budget.approval_from`` together with the other
transfers that the same proposer moved within ``budget.approval_window_days`` and that no named person approved. A
transfer counts from its approval, until it is rolled back.
"""

from datetime import datetime, timedelta

from journey.core.identifiers import spelling_key
from journey.marketing.core.policy import BudgetPolicy
from journey.marketing.records.model import LogEvent, Proposer


def is_by_person(event: LogEvent) -> bool:
    """Whether a named person made this step."""
    return event.actor_kind == "human" and event.actor_id is not None


class UnattendedTransfers:
    """The transfers of a log that were approved without a named person."""

    def __init__(self, budget: BudgetPolicy) -> None:
        """Start with an empty log.

        Args:
            budget: Sets the threshold and the window.
        """
        self._threshold, self._window = budget.approval_from, timedelta(days=budget.approval_window_days)
        self._proposers: dict[str, tuple[Proposer, str]] = {}
        self._approved: dict[str, tuple[datetime, float]] = {}

    def add(self, event: LogEvent) -> None:
        """Add the next event of the log; events of other entities than budget actions are ignored."""
        if event.entity != "budget_action":
            return
        self._proposers.setdefault(event.entity_id, _identify(event.actor_kind, event.actor_id))
        if event.to_status == "approved" and not is_by_person(event):
            self._approved[event.entity_id] = event.timestamp, event.amount or 0.0
        elif event.to_status != "executed":
            self._approved.pop(event.entity_id, None)

    def sum_of_proposer(self, kind: Proposer, name: str | None, at: datetime, *, without: str | None = None) -> float:
        """Total of a proposer's transfers near a moment that no person approved, in dollars.

        Args:
            kind: Whether the proposer is a person or the orchestrator, which is one proposer whatever its name.
            name: Name of the proposer; spellings that look alike are one person.
            at: The moment; transfers within the window before or after it count.
            without: ID of a transfer that is not counted.
        """
        proposer = _identify(kind, name)
        return sum(
            amount
            for transfer, (approved, amount) in self._approved.items()
            if transfer != without and self._proposers[transfer] == proposer and abs(at - approved) < self._window
        )

    def explain_need(self, proposal: LogEvent, amount: float | None, at: datetime) -> str | None:
        """Why a person must approve a transfer; None if none must.

        Args:
            proposal: First entry of the transfer in the log.
            amount: Dollars; None if unknown.
            at: Moment of the approval.
        """
        others = self.sum_of_proposer(proposal.actor_kind, proposal.actor_id, at, without=proposal.entity_id)
        return self.describe_requirement(others) if self.needs_person(amount, others) else None

    def needs_person(self, amount: float | None, others: float) -> bool:
        """Whether a person must approve an amount, given the proposer's other transfers; an unknown amount needs one.

        Both are in dollars.
        """
        return amount is None or amount + others >= self._threshold

    def describe_requirement(self, others: float) -> str:
        """The rule in words, for instance "a person must approve amounts from 500.00".

        Args:
            others: Dollars of the proposer's other transfers.
        """
        rule = f"a person must approve amounts from {self._threshold:.2f}"
        if not others:
            return rule
        days = self._window.days
        return (
            f"{rule} that one proposer moves within {days} {'day' if days == 1 else 'days'}, and {others:.2f} of other "
            "transfers had no approval by a person"
        )


def _identify(kind: Proposer, name: str | None) -> tuple[Proposer, str]:
    return kind, "" if kind == "orchestrator" else spelling_key(name or "")
