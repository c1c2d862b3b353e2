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
    "campaign_closed", "other_currency",
]  # fmt: skip
ChannelKey = tuple[str, str]
"""Campaign and channel."""


class Objection(NamedTuple):
    """A broken rule.

    Attributes:
        code: Code of the rule.
        message: Explanation for users.
    """

    code: ObjectionCode
    message: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer of money between two channels of a campaign.

    Attributes:
        transfer_id: Its ID in the log.
        campaign_id: The campaign.
        from_channel_id: The channel that gives.
        to_channel_id: The channel that receives.
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
    notes: Mapping[ChannelKey, str] | None = None,
) -> list[Objection]:
    """Every rule that a transfer breaks; empty if it is allowed, subject to the approval that its amount requires.

    Args:
        transfer: The transfer.
        available: Dollars that each channel can give; None if unknown. A channel without an entry does not belong to
            the campaign.
        serious_risks: IDs of the unsettled high or critical risks of each channel.
        notes: For channels with money that is held or unknown, the explanation.
    """
    objections: list[Objection] = []
    channel, target, amount = transfer.from_channel_id, transfer.to_channel_id, transfer.amount
    if channel == target:
        objections.append(Objection("to_itself", f"{channel} would give to itself; choose two different channels."))
    if not (isfinite(amount) and amount > 0.0):
        objections.append(Objection("no_amount", f"The amount {amount} is not valid; give a number above 0."))
    objections.extend(
        Objection("not_in_campaign", f"{key[1]} has neither an asset nor a budget in {key[0]}.")
        for key in dict.fromkeys((transfer.giver, transfer.taker))
        if key not in available
    )
    objections.extend(_find_shortfall(transfer, available, (notes or {}).get(transfer.giver)))
    if risks := serious_risks.get(transfer.taker):
        objections.append(Objection("open_risk", f"{target} has an unsettled serious risk: {', '.join(risks)}."))
    return objections


def _find_shortfall(
    transfer: Transfer, available: Mapping[ChannelKey, float | None], note: str | None
) -> list[Objection]:
    if transfer.giver not in available:
        return []
    channel, balance = transfer.from_channel_id, available[transfer.giver]
    why = "" if note is None else f" ({note})"
    if balance is None:
        return [Objection("balance_unknown", f"The available money of {channel} is unknown{why}.")]
    if balance <= 0.0:
        return [Objection("nothing_to_give", f"{channel} has nothing to give{why}.")]
    if transfer.amount > balance:
        message = f"{channel} has {balance:.2f} to give{why}, not {transfer.amount:.2f}."
        return [Objection("not_enough", message)]
    return []
