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
    """Proposes, approves and executes budget transfers, and writes each step to the log.

    Attributes:
        log: Refuses illegal moves and invalid approvals.
        available: Dollars that each channel can give, updated by transfers; None if unknown. A channel with an unknown
            amount gives nothing, and its amount stays unknown when it receives money.
        get_serious_risks: Function that returns the serious unsettled risks by channel; called at each step.
        transfers: Proposed transfers by ID.
        notes: For channels with money that is held or unknown, the explanation for refusals.
    """

    log: MarketingLog
    available: dict[ChannelKey, float | None]
    get_serious_risks: Callable[[], Mapping[ChannelKey, tuple[str, ...]]] = dict
    transfers: dict[str, Transfer] = field(default_factory=dict)
    notes: Mapping[ChannelKey, str] = field(default_factory=dict)

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
        """Propose a transfer.

        Args:
            transfer: The transfer.
            at: Moment of the proposal.
            by: Whether a person or the orchestrator proposes it.
            actor: Name of the proposer.
            reason: Reason as text. Default: the names of the two channels.
            reason_code: Reason as a code of the records.

        Raises:
            InputError: A rule is broken, or the log refuses the proposal.
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
        """Approve a proposed transfer. From the policy's threshold a named person other than the proposer must approve.

        Raises:
            InputError: A rule is now broken, the transfer is unknown, or the approval is not valid.
            IllegalMoveError: The transfer is not waiting for approval.
        """
        self._refuse_objections(self._get_transfer(transfer_id))
        return self.log.move("budget_action", transfer_id, "approve", at=at, by=by, actor=actor, reason=reason)

    def reject(
        self, transfer_id: str, *, at: datetime, by: Proposer, actor: str | None = None, reason: str | None = None
    ) -> LogEvent:
        """Reject a proposed transfer.

        Raises:
            InputError: The transfer is unknown.
            IllegalMoveError: The transfer is not waiting for approval.
        """
        self._get_transfer(transfer_id)
        return self.log.move("budget_action", transfer_id, "reject", at=at, by=by, actor=actor, reason=reason)

    def execute(
        self, transfer_id: str, *, at: datetime, by: Proposer, actor: str | None = None, reason: str | None = None
    ) -> LogEvent:
        """Execute an approved transfer: move its money.

        Raises:
            InputError: A rule is now broken, or the transfer is unknown.
            IllegalMoveError: The transfer is not approved.
        """
        transfer = self._get_transfer(transfer_id)
        self._refuse_objections(transfer)
        event = self.log.move("budget_action", transfer_id, "execute", at=at, by=by, actor=actor, reason=reason)
        self._transfer_money(transfer.giver, transfer.taker, transfer.amount)
        return event

    def roll_back(
        self, transfer_id: str, *, at: datetime, by: Proposer, actor: str | None = None, reason: str | None = None
    ) -> LogEvent:
        """Reverse an executed transfer: move its money back.

        Raises:
            InputError: The receiving channel no longer has the money, or the transfer is unknown.
            IllegalMoveError: The transfer is not executed.
        """
        transfer = self._get_transfer(transfer_id)
        balance = self.available.get(transfer.taker)
        if balance is not None and balance < transfer.amount:
            raise InputError(
                f"{transfer_id}: {transfer.to_channel_id} has {balance:.2f} left; {transfer.amount:.2f} cannot be "
                "moved "
                "back (rule: not_enough)"
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
            raise InputError(f"{transfer_id}: was not proposed in this workflow; propose it first")
        return self.transfers[transfer_id]

    def _refuse_objections(self, transfer: Transfer) -> None:
        broken_rules = find_objections(transfer, self.available, self.get_serious_risks(), self.notes)
        if broken_rules:
            details = " ".join(f"{each.message} (rule: {each.code})" for each in broken_rules)
            raise InputError(f"{transfer.transfer_id}: {details}")
