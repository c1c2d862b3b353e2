"""The rules for budget transfers.

A broken rule is an **objection**: a code and a message. Only transfers without objections are proposed. The
workflow (`journey.marketing.budget.workflow`) checks the rules again at each step, because balances and risks change
while a proposal is pending.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Literal, NamedTuple

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
