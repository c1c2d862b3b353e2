"""Models of the marketing records: V1 sets, V2 sets, conversion paths and the marketing log.

Names, keys and enums of the V2 sets come from the project's second seed text. That text only names the V1 sets; their
fields are those of the published records, and the few fields that this software adds are optional. As in
`journey.records.model`, fields are defined only here: the validation of each column is derived from them.

Dates may carry a time of day; a bare date means midnight. Money is in the currency of the records.
"""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from journey.records.model import MAX_DOLLARS, Family, Record, Share

Stage = Literal["impression", "click", "visit", "signup", "demo_request", "purchase", "feature_adopt"]
FunnelSource = Literal["ads_platform", "crm", "web_analytics", "product_analytics"]
ReasonCode = Literal["roi_optimization", "risk_mitigation", "scale_winner", "stop_loss", "capacity_constraint"]
Proposer = Literal["orchestrator", "human"]
BudgetStatus = Literal["proposed", "approved", "rejected", "executed", "rolled_back"]
RiskType = Literal[
    "brand_safety",
    "policy_violation",
    "low_conversion",
    "high_clicks_zero_conversions",
    "spend_spike",
    "data_quality",
    "segment_mismatch",
]
Severity = Literal["low", "medium", "high", "critical"]
RiskAction = Literal["pause", "reduce_budget", "scale_down", "human_review", "revise_copy", "investigate_tracking"]
RiskStatus = Literal["open", "in_review", "mitigated", "dismissed"]
Recommendation = Literal["scale", "hold", "revise", "stop"]
Entity = Literal["budget_action", "risk_signal"]

Count = Annotated[int, Field(ge=0, le=10**12)]
Dollars = Annotated[float, Field(ge=0.0, le=MAX_DOLLARS)]
Balance = Annotated[float, Field(ge=-MAX_DOLLARS, le=MAX_DOLLARS)]


class Campaign(Record):
    """A campaign. All other record sets refer to campaigns."""

    dataset: ClassVar[str] = "campaigns"
    key: ClassVar[str | None] = "campaign_id"
    planned: ClassVar[frozenset[str]] = frozenset({"start_date", "end_date"})

    campaign_id: str
    created_at: datetime | None = None
    name: str | None = None
    objective: str | None = None
    primary_kpi: str | None = Field(default=None, description="Name of a metric of the policy.")
    start_date: datetime | None = None
    end_date: datetime | None = None
    budget: Dollars | None = Field(default=None, description="Budget of the whole campaign, in dollars.")
    status: str | None = None
    hypothesis: str | None = None
    kpi_target: Dollars | None = Field(default=None, description="Target of the primary KPI, for example 0.01.")
    path: tuple[str, ...] = Field(
        default=(), description="Funnel steps of this campaign, in order. Default: the recorded steps."
    )
    channel_budgets: dict[str, object] = Field(
        default_factory=dict, description="Opening balance (planned budget) of each channel, in dollars."
    )


class Segment(Record):
    """An audience segment."""

    dataset: ClassVar[str] = "audience_segments"
    key: ClassVar[str | None] = "segment_id"

    segment_id: str
    name: str | None = None
    description: str | None = None
    size_estimate: Count | None = None
    priority: str | None = None


class Channel(Record):
    """A channel that shows campaigns, and its price."""

    dataset: ClassVar[str] = "channels"
    key: ClassVar[str | None] = "channel_id"

    channel_id: str
    type: str | None = None
    platform: str | None = None
    cost_model: str | None = Field(default=None, description="per_send, per_click, per_impression or flat.")
    avg_cost: Dollars | None = Field(default=None, description="Price in dollars of one unit of the cost model.")


class Asset(Record):
    """A creative asset, for one campaign, segment and channel."""

    dataset: ClassVar[str] = "creative_assets"
    key: ClassVar[str | None] = "asset_id"

    asset_id: str
    created_at: datetime | None = None
    campaign_id: str
    segment_id: str | None = None
    channel_id: str | None = None
    variant: str | None = None
    message_theme: str | None = None
    cta: str | None = None
    approved_by_human: bool | None = None
    risk_flags: tuple[str, ...] = ()


class Experiment(Record):
    """A comparison of exactly two assets on one metric."""

    dataset: ClassVar[str] = "experiments"
    key: ClassVar[str | None] = "experiment_id"
    planned: ClassVar[frozenset[str]] = frozenset({"start_date", "end_date"})

    experiment_id: str
    campaign_id: str
    start_date: datetime | None = None
    end_date: datetime | None = None
    type: str | None = None
    metric: str | None = None
    control_asset: str | None = None
    variant_asset: str | None = None
    status: str | None = None
    denominator: str | None = Field(
        default=None, description="Denominator of its rate, impressions or clicks. Default: the policy's."
    )
    test: str | None = Field(default=None, description="pooled_z (default) or fisher_exact.")


class Performance(Record):
    """A snapshot of an asset in an experiment: cumulative counts from the experiment's start to the timestamp."""

    dataset: ClassVar[str] = "performance_metrics"
    key: ClassVar[str | None] = None
    subject: ClassVar[str] = "asset_id"

    asset_id: str
    experiment_id: str
    timestamp: datetime
    impressions: Count
    clicks: Count
    conversions: Count
    conversion_rate: Annotated[float, Field(ge=0.0)] | None = Field(
        default=None, description="Conversions per impression as stored; only checked, never used."
    )
    cost: Dollars
    revenue_proxy: Dollars | None = None


class MarketingDecision(Record):
    """An action that an orchestrator took in a campaign, as free text."""

    dataset: ClassVar[str] = "orchestrator_decisions"
    key: ClassVar[str | None] = "decision_id"

    decision_id: str
    campaign_id: str
    trigger: str | None = None
    action_taken: str | None = None
    confidence_score: Share | None = None
    human_override: bool | None = None
    timestamp: datetime


class RoiEntry(Record):
    """Costs and estimated value of a campaign."""

    dataset: ClassVar[str] = "roi_ledger"
    key: ClassVar[str | None] = "campaign_id"

    campaign_id: str
    llm_cost: Dollars | None = None
    human_review_cost: Dollars | None = None
    media_spend: Dollars | None = None
    estimated_value: Dollars | None = None
    net_roi: Balance | None = Field(default=None, description="Estimated value minus the three costs, in dollars.")


class FunnelEvent(Record):
    """Number of people that reached a funnel step on a day."""

    dataset: ClassVar[str] = "funnel_events"
    key: ClassVar[str | None] = "event_id"

    event_id: str
    timestamp: datetime
    date: datetime | None = None
    campaign_id: str
    segment_id: str
    channel_id: str
    stage: Stage
    count: Count
    source: FunnelSource | None = None
    confidence: Share | None = None


class BudgetAction(Record):
    """A budget transfer between two channels of a campaign, proposed or executed."""

    dataset: ClassVar[str] = "budget_actions"
    key: ClassVar[str | None] = "budget_action_id"

    budget_action_id: str
    timestamp: datetime
    campaign_id: str
    from_channel_id: str
    to_channel_id: str
    amount: Dollars
    currency: str = "USD"
    reason_code: ReasonCode | None = None
    reason_detail: str | None = None
    proposed_by: Proposer | None = None
    approved_by_human: bool | None = None
    approver_id: str | None = None
    # At most ten years: a longer latency is a typing error and could exceed the range of dates.
    approval_latency_minutes: Annotated[float, Field(ge=0.0, le=5_256_000.0)] | None = None
    status: BudgetStatus


class RiskSignal(Record):
    """A risk of a campaign that needs review."""

    dataset: ClassVar[str] = "campaign_risk_signals"
    key: ClassVar[str | None] = "risk_id"

    risk_id: str
    timestamp: datetime
    campaign_id: str
    experiment_id: str | None = None
    asset_ids: tuple[str, ...] = ()
    risk_type: RiskType
    severity: Severity
    evidence: dict[str, object] = Field(default_factory=dict)
    recommended_action: RiskAction | None = None
    status: RiskStatus


class SegmentRollup(Record):
    """Results of a campaign in a segment over a window of days, both ends included."""

    dataset: ClassVar[str] = "segment_rollups"
    key: ClassVar[str | None] = "rollup_id"

    rollup_id: str
    window_start: datetime
    window_end: datetime
    campaign_id: str
    segment_id: str
    impressions: Count
    clicks: Count
    conversions: Count
    spend: Dollars
    revenue_proxy: Dollars | None = None
    primary_kpi: str | None = None
    kpi_value: float | None = None
    trend_vs_prior_window: float | None = None
    recommendation: Recommendation | None = None


class AttributionHint(Record):
    """Conversions credited to a channel by one attribution method. Counts of different methods are never added."""

    dataset: ClassVar[str] = "attribution_hints"
    key: ClassVar[str | None] = "hint_id"

    hint_id: str
    timestamp: datetime
    campaign_id: str
    channel_id: str
    attributed_conversions: Annotated[float, Field(ge=0.0)]
    method: str
    confidence: Share | None = None


class ConversionPath(Record):
    """A sequence of channels that prospects met, with the number of conversions among these prospects."""

    dataset: ClassVar[str] = "conversion_paths"
    key: ClassVar[str | None] = None
    subject: ClassVar[str] = "path"

    path: str = Field(description="Channels in order, separated by '>': CH_03 > CH_02.")
    campaign_id: str | None = None
    timestamp: datetime | None = Field(default=None, description="Time of the count.")
    conversions: Count
    value: Dollars | None = Field(default=None, description="Total value of the conversions, in dollars.")
    nulls: Count = Field(default=0, description="Prospects that met the same channels and did not convert.")


class LogEvent(Record):
    """One status change of a budget action or risk signal; see `journey.marketing.budget.log`."""

    dataset: ClassVar[str] = "marketing_log"
    key: ClassVar[str | None] = "event_id"

    event_id: str
    timestamp: datetime
    entity: Entity
    entity_id: str = Field(description="ID of the budget action or risk signal.")
    campaign_id: str | None = None
    from_status: str | None = Field(
        default=None, description="Previous status; null for the first entry of the entity."
    )
    to_status: str
    actor_kind: Proposer
    actor_id: str | None = Field(default=None, description="ID of the person or orchestrator.")
    amount: Dollars | None = Field(default=None, description="Amount of a budget action, in dollars.")
    reason: str | None = None
    from_channel_id: str | None = Field(
        default=None, description="Source channel, in the first entry of a budget action."
    )
    to_channel_id: str | None = Field(
        default=None, description="Receiving channel, in the first entry of a budget action."
    )
    reason_code: ReasonCode | None = Field(
        default=None, description="Reason code, in the first entry of a budget action."
    )


MARKETING_FAMILY = Family(
    models=(
        Campaign,
        Segment,
        Channel,
        Asset,
        Experiment,
        Performance,
        MarketingDecision,
        RoiEntry,
        FunnelEvent,
        BudgetAction,
        RiskSignal,
        SegmentRollup,
        AttributionHint,
        ConversionPath,
        LogEvent,
    ),
    required_dataset=None,
    principal="campaigns",
    optional=frozenset({"marketing_log", "attribution_hints", "conversion_paths"}),
)
