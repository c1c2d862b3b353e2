"""The ROI ledger of recorded campaigns: every dollar once, and beside it what the recorded ledger says.

Media spend and value are taken from performance, where each dollar belongs to an asset; the cost of the orchestration
(model calls, human review) is in the recorded ledger only. Where that ledger and performance disagree, the difference
stands beside the lines as a memo and in the reconciliation, and is never added.
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from journey.money.ledger import Ledger, Line, Memo

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

LABEL = "directional: revenue_proxy is no margin, and no record says what would have come without the campaigns"

_RECORDED = "the roi_ledger, which carries no date: the whole of it is taken at any moment"
_NO_LEDGER = "not counted: the roi_ledger has no such figure for this campaign"

_SUMS = """
    WITH counted AS (
        SELECT coalesce(campaign_id, 'no campaign') AS campaign_id, count(*) AS snapshots, round(sum(cost), 2) AS cost,
            round(sum(revenue_proxy), 2) AS value, sum(conversions)::BIGINT AS conversions
        FROM totals GROUP BY ALL
    )
    SELECT campaign_id, snapshots, cost, value, conversions, r.campaign_id IS NOT NULL, llm_cost, human_review_cost,
        media_spend, estimated_value, net_roi
    FROM (SELECT campaign_id FROM seen_campaigns UNION SELECT campaign_id FROM counted
            UNION SELECT campaign_id FROM seen_roi_ledger)
        LEFT JOIN counted USING (campaign_id) LEFT JOIN seen_roi_ledger AS r USING (campaign_id)
    ORDER BY campaign_id
"""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One campaign in performance and in the recorded ledger; None where either does not say.

    Attributes:
        campaign_id: The campaign.
        media_spend: Dollars spent, by performance.
        recorded_media_spend: Dollars spent, by the ledger.
        media_spend_difference: The ledger's less performance's.
        value: Dollars of revenue, by performance.
        recorded_value: Estimated value, by the ledger.
        value_difference: The ledger's less performance's.
        net: Value less media spend and the ledger's other costs.
        recorded_net: Net of the ledger, as it states it.
        net_difference: The ledger's less the one computed.
        agrees: Whether all differences are rounding; None where something is missing.
    """

    campaign_id: str
    media_spend: float | None
    recorded_media_spend: float | None
    media_spend_difference: float | None
    value: float | None
    recorded_value: float | None
    value_difference: float | None
    net: float | None
    recorded_net: float | None
    net_difference: float | None
    agrees: bool | None


@dataclass(frozen=True, slots=True)
class _Sums:
    """One campaign's money, from both sides."""

    campaign_id: str
    snapshots: int | None
    cost: float | None
    value: float | None
    conversions: int | None
    in_ledger: bool
    llm_cost: float | None
    human_review_cost: float | None
    media_spend: float | None
    estimated_value: float | None
    net_roi: float | None


def roi(context: "MarketingContext") -> dict[str, Any]:
    """The ledger, and under ``reconciliation`` what the recorded one says, as JSON-ready data."""
    sums = _sums(context)
    rows = [_reconciled(each, context.policy.tolerance.money) for each in sums]
    return _ledger(sums, rows).as_dict() | {"reconciliation": [asdict(row) for row in rows]}


def ledger(context: "MarketingContext") -> Ledger:
    """The lines of value and cost of all campaigns up to `as_of`."""
    sums = _sums(context)
    return _ledger(sums, [_reconciled(each, context.policy.tolerance.money) for each in sums])


def _sums(context: "MarketingContext") -> list[_Sums]:
    return [_Sums(*row) for row in context.cursor.execute(_SUMS).fetchall()]


def _ledger(sums: list[_Sums], rows: list[Reconciled]) -> Ledger:
    return Ledger(
        lines=tuple(line for each in sums for line in _lines(each)),
        memos=tuple(memo for row in rows for memo in _memos(row)),
        label=LABEL,
    )


def _lines(sums: _Sums) -> tuple[Line, ...]:
    name, nothing = sums.campaign_id, "not counted: performance has no snapshot of this campaign"
    seen = f"performance, {sums.snapshots} last snapshots"
    return (
        Line(f"{name}: revenue", "value", sums.value, "dollars of revenue_proxy", 1.0, "assumed",
             nothing if sums.value is None else f"{seen}, {sums.conversions:,} conversions"),
        Line(f"{name}: media", "cost", sums.cost, "dollars spent", 1.0, "measured",
             nothing if sums.cost is None else seen),
        Line(f"{name}: model calls", "cost", sums.llm_cost, "dollars", 1.0, "measured",
             _NO_LEDGER if sums.llm_cost is None else _RECORDED),
        Line(f"{name}: human review", "cost", sums.human_review_cost, "dollars", 1.0, "measured",
             _NO_LEDGER if sums.human_review_cost is None else _RECORDED),
    )  # fmt: skip


def _memos(row: Reconciled) -> list[Memo]:
    pairs = (("media spend", row.media_spend_difference), ("value", row.value_difference))
    return [
        Memo(
            f"{row.campaign_id}: {what}, recorded ledger less performance",
            amount,
            "no record says where the difference comes from, so it is not added",
        )
        for what, amount in pairs
        if amount and row.agrees is False
    ]


def _reconciled(sums: _Sums, tolerance: float) -> Reconciled:
    known = sums.value is not None and sums.cost is not None
    net = (
        round((sums.value or 0.0) - (sums.cost or 0.0) - sums.llm_cost - sums.human_review_cost, 2)
        if known and sums.llm_cost is not None and sums.human_review_cost is not None
        else None
    )
    differences = (
        _more(sums.media_spend, sums.cost),
        _more(sums.estimated_value, sums.value),
        _more(sums.net_roi, net),
    )
    found = [difference for difference in differences if difference is not None]
    return Reconciled(
        sums.campaign_id, sums.cost, sums.media_spend, differences[0], sums.value, sums.estimated_value, differences[1],
        net, sums.net_roi, differences[2],
        None if len(found) < len(differences) and all(abs(each) <= tolerance for each in found)
        else all(abs(each) <= tolerance for each in found),
    )  # fmt: skip


def _more(recorded: float | None, counted: float | None) -> float | None:
    return None if recorded is None or counted is None else round(recorded - counted, 2)
