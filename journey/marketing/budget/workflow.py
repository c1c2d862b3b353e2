"""The workflow of a budget transfer: propose, approve or reject, execute, roll back.

Each step checks the rules of `journey.marketing.budget.rules` again and is written to the log.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from journey.core.errors import InputError
from journey.marketing.budget.log import MarketingLog
from journey.marketing.budget.rules import ChannelKey, Transfer, find_objections
from journey.marketing.records.model import LogEvent, Proposer, ReasonCode


@dataclass
class BudgetWorkflow:
    """Takes proposals, asks for approvals and moves the money, each step in the log.

    Attributes:
        log: Refuses steps that the machine does not have and approvals that are none.
        available: Dollars of each channel, changed by moves; None where unknown: such a channel gives nothing, and
            what it receives is not added to anything.
        risky: Asked at each step for the serious unsettled risks of a channel.
        transfers: By key.
    """

    log: MarketingLog
    available: dict[ChannelKey, float | None]
    risky: Callable[[], Mapping[ChannelKey, tuple[str, ...]]] = dict
    transfers: dict[str, Transfer] = field(default_factory=dict)

    def propose(
        self,
        transfer: Transfer,
        *,
        at: datetime,
        by: Proposer,
        actor: str | None = None,
        reason: str | None = None,
        reason_code: ReasonCode | None = None,
    ) -> LogEvent:
        """Enter a move.

        Args:
            transfer: The move.
            at: When.
            by: Whether a person or the orchestrator proposes it.
            actor: Who that is.
            reason: Why, in words; left out: from where to where.
            reason_code: Why, as one of the records' codes.

        Raises:
            InputError: A rule is broken, or the log refuses it.
        """
        self._refuse_objections(transfer)
        event = self.log.enter(
            "budget_action",
            transfer.transfer_id,
            at=at,
            by=by,
            actor=actor,
            campaign_id=transfer.campaign_id,
            amount=transfer.amount,
            reason=reason or f"{transfer.from_channel_id} to {transfer.to_channel_id}",
            channels=(transfer.from_channel_id, transfer.to_channel_id),
            reason_code=reason_code,
        )
        self.transfers[transfer.transfer_id] = transfer
        return event

    def approve(
        self, transfer_id: str, *, at: datetime, by: Proposer, actor: str | None = None, reason: str | None = None
    ) -> LogEvent:
        """Approve a proposed move; from the policy's amount on only a named person can, and not the proposer.

        Raises:
            InputError: A rule is broken by now, the move is unknown, or the approval is none.
            IllegalMoveError: It is not waiting for approval.
        """
        self._refuse_objections(self._get_transfer(transfer_id))
        return self.log.move("budget_action", transfer_id, "approve", at=at, by=by, actor=actor, reason=reason)

    def reject(
        self, transfer_id: str, *, at: datetime, by: Proposer, actor: str | None = None, reason: str | None = None
    ) -> LogEvent:
        """Reject a proposed move.

        Raises:
            InputError: The move is unknown.
            IllegalMoveError: It is not waiting for approval.
        """
        self._get_transfer(transfer_id)
        return self.log.move("budget_action", transfer_id, "reject", at=at, by=by, actor=actor, reason=reason)

    def execute(
        self, transfer_id: str, *, at: datetime, by: Proposer, actor: str | None = None, reason: str | None = None
    ) -> LogEvent:
        """Move the money of an approved move.

        Raises:
            InputError: A rule is broken by now, or the move is unknown.
            IllegalMoveError: It is not approved.
        """
        transfer = self._get_transfer(transfer_id)
        self._refuse_objections(transfer)
        event = self.log.move("budget_action", transfer_id, "execute", at=at, by=by, actor=actor, reason=reason)
        self._transfer_money(transfer.giver, transfer.taker, transfer.amount)
        return event

    def roll_back(
        self, transfer_id: str, *, at: datetime, by: Proposer, actor: str | None = None, reason: str | None = None
    ) -> LogEvent:
        """Bring the money of an executed move back.

        Raises:
            InputError: The receiving channel no longer has it, or the move is unknown.
            IllegalMoveError: It is not executed.
        """
        transfer = self._get_transfer(transfer_id)
        balance = self.available.get(transfer.taker)
        if balance is not None and balance < transfer.amount:
            raise InputError(
                f"{transfer_id}: {transfer.to_channel_id} has {balance:.2f} left; {transfer.amount:.2f} cannot go back "
                "(rule: not_enough)"
            )
        event = self.log.move("budget_action", transfer_id, "roll_back", at=at, by=by, actor=actor, reason=reason)
        self._transfer_money(transfer.taker, transfer.giver, transfer.amount)
        return event

    def _transfer_money(self, giver: ChannelKey, taker: ChannelKey, amount: float) -> None:
        for key, change in ((giver, -amount), (taker, amount)):
            balance = self.available.get(key)
            self.available[key] = None if balance is None else balance + change

    def _get_transfer(self, transfer_id: str) -> Transfer:
        if transfer_id not in self.transfers:
            raise InputError(f"{transfer_id}: was not proposed here; propose it first")
        return self.transfers[transfer_id]

    def _refuse_objections(self, transfer: Transfer) -> None:
        broken_rules = find_objections(transfer, self.available, self.risky())
        if broken_rules:
            details = " ".join(f"{each.message} (rule: {each.code})" for each in broken_rules)
            raise InputError(f"{transfer.transfer_id}: {details}")
