"""Findings that are computed outside the database, as the SQL query that a check returns."""

from collections.abc import Iterable
from typing import NamedTuple

from journey.records.database import literal


class ComputedFinding(NamedTuple):
    """One finding of a check.

    Attributes:
        dataset: The record set.
        record: Label of the record.
        campaign_id: The campaign, if known.
        message: The finding in one sentence.
        amount: Dollars that the finding is about, if any.
    """

    dataset: str
    record: str
    campaign_id: str | None
    message: str
    amount: float | None = None


def build_query(findings: Iterable[ComputedFinding]) -> str | None:
    """A query that returns these findings; None if there are none."""
    rows = [
        f"SELECT {literal(each.dataset)} AS dataset, {literal(each.record)} AS record, "
        f"{'NULL' if each.campaign_id is None else literal(each.campaign_id)} AS campaign_id, "
        f"{literal(each.message)} AS message, {'NULL' if each.amount is None else repr(each.amount)}::DOUBLE AS amount"
        for each in findings
    ]
    return " UNION ALL ".join(rows) or None
