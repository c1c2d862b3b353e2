"""Findings about campaigns: a finding with its campaign and, where money is involved, an amount."""

from dataclasses import dataclass

from journey.core.findings import Finding


@dataclass(frozen=True, slots=True)
class MarketingFinding(Finding):
    """A finding about a campaign.

    Attributes:
        campaign_id: The campaign that the finding concerns; None if it concerns no single campaign.
        amount: Amount of money involved, in the currency of the records; None if no money is involved. Two findings may
            concern the same money, so do not add amounts across codes.
    """

    campaign_id: str | None = None
    amount: float | None = None
