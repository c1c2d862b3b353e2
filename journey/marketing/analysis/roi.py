"""The ROI ledger of recorded campaigns, reconciled with the recorded ledger. Each dollar is counted once.

Media spend and value come from the performance metrics, where each dollar belongs to an asset. The cost of the
orchestration (model calls, human review) is only in the recorded ledger. If that ledger and the performance metrics
disagree, the difference is reported as a memo and in the reconciliation, and is never added.
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from journey.marketing.analysis.performance_counts import (
    NO_CAMPAIGN_SQL,
    CampaignPerformance,
    read_campaign_performance,
)
from journey.money.ledger import Ledger, LedgerLine, Memo

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

LABEL = "directional: revenue_proxy is revenue, not margin, and the result without the campaigns is unknown"

_LEDGER_NOTE = "the roi_ledger, which has no dates: all of it is included at any moment"
_NO_LEDGER = "not counted: the roi_ledger has no value for this campaign"

_LEDGER_QUERY = f"""
    SELECT campaign_id, llm_cost, human_review_cost, media_spend, estimated_value, net_roi
    FROM (SELECT campaign_id FROM seen_campaigns UNION SELECT {NO_CAMPAIGN_SQL} FROM totals
            UNION SELECT campaign_id FROM seen_roi_ledger
            -- Without any campaign, those that other sets name have unknown lines, so that no total is 0.
            UNION SELECT campaign_id FROM (
                SELECT campaign_id FROM seen_segment_rollups UNION SELECT campaign_id FROM seen_funnel_events
                UNION SELECT campaign_id FROM seen_budget_actions
                UNION SELECT campaign_id FROM seen_campaign_risk_signals
            ) WHERE NOT EXISTS (FROM seen_campaigns))
        LEFT JOIN seen_roi_ledger AS r USING (campaign_id)
    ORDER BY campaign_id
"""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Comparison of the performance metrics and the recorded ledger of one campaign; None for missing values.

    Attributes:
        campaign_id: The campaign.
        media_spend: Dollars spent, from performance.
        recorded_media_spend: Dollars spent, from the ledger.
        media_spend_difference: Ledger minus performance.
        value: Dollars of revenue, from performance.
        recorded_value: Estimated value, from the ledger.
        value_difference: Ledger minus performance.
        net: Value minus media spend and the ledger's other costs.
        recorded_net: Net as stated by the ledger.
        net_difference: Stated net minus computed net.
        agrees: Whether all differences are within the tolerance; None if a value is missing.
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
class _CampaignTotals:
    """Money of one campaign: what performance sums, and what the recorded ledger states."""

    campaign_id: str
    performance: CampaignPerformance | None
    llm_cost: float | None
    human_review_cost: float | None
    media_spend: float | None
    estimated_value: float | None
    net_roi: float | None

    @property
    def cost(self) -> float | None:
        return None if self.performance is None else self.performance.counts.cost

    @property
    def value(self) -> float | None:
        return None if self.performance is None else self.performance.counts.revenue_proxy


def report_roi(context: "MarketingContext") -> dict[str, Any]:
    """The ledger, and under ``reconciliation`` the comparison with the recorded one, as JSON-ready data."""
    totals = _read_totals(context)
    rows = [_reconcile(campaign_totals, context.policy.tolerance.money) for campaign_totals in totals]
    return _build_ledger(totals, rows).as_dict() | {"reconciliation": [asdict(row) for row in rows]}


def build_ledger(context: "MarketingContext") -> Ledger:
    """The lines of value and cost of all campaigns up to `as_of`."""
    totals = _read_totals(context)
    return _build_ledger(
        totals, [_reconcile(campaign_totals, context.policy.tolerance.money) for campaign_totals in totals]
    )


def _read_totals(context: "MarketingContext") -> list[_CampaignTotals]:
    performance = read_campaign_performance(context)
    rows = context.cursor.execute(_LEDGER_QUERY).fetchall()
    return [_CampaignTotals(campaign, performance.get(campaign), *recorded) for campaign, *recorded in rows]


def _build_ledger(totals: list[_CampaignTotals], rows: list[Reconciliation]) -> Ledger:
    return Ledger(
        lines=tuple(line for each in totals for line in _build_lines(each)),
        memos=tuple(memo for row in rows for memo in _build_memos(row)),
        label=LABEL,
    )


def _build_lines(totals: _CampaignTotals) -> tuple[LedgerLine, ...]:
    name, missing = totals.campaign_id, "not counted: performance has no snapshot of this campaign"
    source, conversions = "", 0
    if totals.performance is not None:
        source = f"performance, {totals.performance.snapshots} last snapshots"
        conversions = totals.performance.counts.conversions
    return (
        LedgerLine(f"{name}: revenue", "value", totals.value, "dollars of revenue_proxy", 1.0, "assumed",
             missing if totals.value is None else f"{source}, {conversions:,} conversions"),
        LedgerLine(f"{name}: media", "cost", totals.cost, "dollars spent", 1.0, "measured",
             missing if totals.cost is None else source),
        LedgerLine(f"{name}: model calls", "cost", totals.llm_cost, "dollars", 1.0, "measured",
             _NO_LEDGER if totals.llm_cost is None else _LEDGER_NOTE),
        LedgerLine(f"{name}: human review", "cost", totals.human_review_cost, "dollars", 1.0, "measured",
             _NO_LEDGER if totals.human_review_cost is None else _LEDGER_NOTE),
    )  # fmt: skip


def _build_memos(row: Reconciliation) -> list[Memo]:
    pairs = (("media spend", row.media_spend_difference), ("value", row.value_difference))
    return [
        Memo(
            f"{row.campaign_id}: {what}, recorded ledger less performance",
            amount,
            "the records do not explain the difference, so it is not added",
        )
        for what, amount in pairs
        if amount and row.agrees is False
    ]


def _reconcile(totals: _CampaignTotals, tolerance: float) -> Reconciliation:
    has_performance = totals.value is not None and totals.cost is not None
    net = (
        round((totals.value or 0.0) - (totals.cost or 0.0) - totals.llm_cost - totals.human_review_cost, 2)
        if has_performance and totals.llm_cost is not None and totals.human_review_cost is not None
        else None
    )
    differences = (
        _compute_difference(totals.media_spend, totals.cost),
        _compute_difference(totals.estimated_value, totals.value),
        _compute_difference(totals.net_roi, net),
    )
    known_differences = [difference for difference in differences if difference is not None]
    return Reconciliation(
        totals.campaign_id,
        totals.cost,
        totals.media_spend,
        differences[0],
        totals.value,
        totals.estimated_value,
        differences[1],
        net,
        totals.net_roi,
        differences[2],
        None
        if len(known_differences) < len(differences) and all(abs(each) <= tolerance for each in known_differences)
        else all(abs(each) <= tolerance for each in known_differences),
    )


def _compute_difference(recorded: float | None, counted: float | None) -> float | None:
    return None if recorded is None or counted is None else round(recorded - counted, 2)
