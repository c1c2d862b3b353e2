"""Findings about the marketing side: a finding with the campaign and, where it is about money, how much of it."""

from dataclasses import dataclass

from journey.core.findings import Finding


@dataclass(frozen=True, slots=True)
class MarketingFinding(Finding):
    """One thing noticed about campaigns.

    Attributes:
        campaign_id: The campaign it concerns, when there is one.
        amount: The money it is about, in the currency of the records; None where it is about none. Two findings may be
            about the same money, so amounts are not to be added across codes.
    """

    campaign_id: str | None = None
    amount: float | None = None
