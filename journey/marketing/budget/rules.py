"""The rules that every move of money must keep, and the desk that carries moves out and keeps them.

A rule that is broken is an **objection**: a code and a sentence. Proposals are made only where there is none, and the
desk asks again at the moment of each step, because balances and risks change while a proposal waits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Literal, NamedTuple

from journey.core.errors import InputError
from journey.marketing.budget.log import MarketingLog
from journey.marketing.records.model import LogEvent, Proposer, ReasonCode

ObjectionCode = Literal[
    "to_itself", "no_amount", "not_in_campaign", "balance_unknown", "nothing_to_give", "not_enough", "open_risk",
    "campaign_closed",
]  # fmt: skip
ChannelKey = tuple[str, str]
"""Campaign and channel."""


class Objection(NamedTuple):
    """Why a move may not be made.

    Attributes:
        code: The rule that it breaks.
        message: The same for a person.
    """

    code: ObjectionCode
    message: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """A move of money between two channels of a campaign.

    Attributes:
        transfer_id: Its key in the log.
        campaign_id: The campaign.
        from_channel_id: Where the money is taken.
        to_channel_id: Where it goes.
        amount: Dollars.
    """

    transfer_id: str
    campaign_id: str
    from_channel_id: str
    to_channel_id: str
    amount: float

    @property
    def giver(self) -> ChannelKey:
        """Campaign and channel that give."""
        return self.campaign_id, self.from_channel_id

    @property
    def taker(self) -> ChannelKey:
        """Campaign and channel that receive."""
        return self.campaign_id, self.to_channel_id


def find_objections(
    transfer: Transfer,
    available: Mapping[ChannelKey, float | None],
    serious_risks: Mapping[ChannelKey, tuple[str, ...]],
) -> list[Objection]:
    """Every rule that a move breaks; empty when it may be made, with the approval that its amount needs.

    Args:
        transfer: The move.
        available: Dollars each channel has to give; None where that is unknown; a channel that is not there is not
            the campaign's.
        serious_risks: Keys of the unsettled high or critical risks on a channel.
    """
    found: list[Objection] = []
    channel, target, amount = transfer.from_channel_id, transfer.to_channel_id, transfer.amount
    if channel == target:
        found.append(Objection("to_itself", f"{channel} would give to itself: that moves nothing."))
    if not (isfinite(amount) and amount > 0.0):
        found.append(Objection("no_amount", f"{amount} is no amount to move."))
    found.extend(
        Objection("not_in_campaign", f"{key[1]} has neither an asset nor a budget in {key[0]}.")
        for key in dict.fromkeys((transfer.giver, transfer.taker))
        if key not in available
    )
    found.extend(_find_shortfall(transfer, available))
    if risks := serious_risks.get(transfer.taker):
        found.append(Objection("open_risk", f"{target} has a serious risk that is not settled: {', '.join(risks)}."))
    return found


def _find_shortfall(transfer: Transfer, available: Mapping[ChannelKey, float | None]) -> list[Objection]:
    if transfer.giver not in available:
        return []
    channel, balance = transfer.from_channel_id, available[transfer.giver]
    if balance is None:
        return [Objection("balance_unknown", f"Whether {channel} has anything to give is unknown.")]
    if balance <= 0.0:
        return [Objection("nothing_to_give", f"{channel} has nothing to give.")]
    if transfer.amount > balance:
        return [Objection("not_enough", f"{channel} has {balance:.2f} to give, not {transfer.amount:.2f}.")]
    return []


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
