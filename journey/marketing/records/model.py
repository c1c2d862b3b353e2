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

    campaign_id: str = Field(description="Identity, unique in the set.")
    created_at: datetime | None = Field(default=None, description="When the campaign was created.")
    name: str | None = Field(default=None, description="Name, for reports.")
    objective: str | None = Field(default=None, description="Objective, as free text.")
    primary_kpi: str | None = Field(default=None, description="Name of a metric of the policy.")
    start_date: datetime | None = Field(default=None, description="Planned first day.")
    end_date: datetime | None = Field(default=None, description="Planned last day.")
    budget: Dollars | None = Field(default=None, description="Budget of the whole campaign, in dollars.")
    status: str | None = Field(default=None, description="Status, such as active, paused or completed.")
    hypothesis: str | None = Field(default=None, description="Hypothesis, as free text.")
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

    segment_id: str = Field(description="Identity, unique in the set.")
    name: str | None = Field(default=None, description="Name, for reports.")
    description: str | None = Field(default=None, description="Free-text description.")
    size_estimate: Count | None = Field(default=None, description="Estimated number of people.")
    priority: str | None = Field(default=None, description="Priority, as free text.")


class Channel(Record):
    """A channel that shows campaigns, and its price."""

    dataset: ClassVar[str] = "channels"
    key: ClassVar[str | None] = "channel_id"

    channel_id: str = Field(description="Identity, unique in the set.")
    type: str | None = Field(default=None, description="Type, such as email or search.")
    platform: str | None = Field(default=None, description="Platform, as free text.")
    cost_model: str | None = Field(default=None, description="Cost model: per_send, per_click, per_impression or flat.")
    avg_cost: Dollars | None = Field(default=None, description="Price in dollars of one unit of the cost model.")


class Asset(Record):
    """A creative asset, for one campaign, segment and channel."""

    dataset: ClassVar[str] = "creative_assets"
    key: ClassVar[str | None] = "asset_id"

    asset_id: str = Field(description="Identity, unique in the set.")
    created_at: datetime | None = Field(default=None, description="When the asset was created.")
    campaign_id: str = Field(description="The campaign.")
    segment_id: str | None = Field(default=None, description="The audience segment.")
    channel_id: str | None = Field(default=None, description="The channel.")
    variant: str | None = Field(default=None, description="Variant in its experiment, such as A.")
    message_theme: str | None = Field(default=None, description="Theme of the message; phrase rules read it.")
    cta: str | None = Field(default=None, description="Call to action; phrase rules read it.")
    approved_by_human: bool | None = Field(default=None, description="Whether a person approved the asset.")
    risk_flags: tuple[str, ...] = Field(default=(), description="Codes of risks that its author flagged.")


class Experiment(Record):
    """A comparison of exactly two assets on one metric."""

    dataset: ClassVar[str] = "experiments"
    key: ClassVar[str | None] = "experiment_id"
    planned: ClassVar[frozenset[str]] = frozenset({"start_date", "end_date"})

    experiment_id: str = Field(description="Identity, unique in the set.")
    campaign_id: str = Field(description="The campaign.")
    start_date: datetime | None = Field(default=None, description="Planned first day.")
    end_date: datetime | None = Field(default=None, description="Planned last day.")
    type: str | None = Field(default=None, description="Type, such as A/B.")
    metric: str | None = Field(default=None, description="The metric compared, one of the policy's `metrics`.")
    control_asset: str | None = Field(default=None, description="ID of the control.")
    variant_asset: str | None = Field(default=None, description="ID of the variant.")
    status: str | None = Field(default=None, description="Status, such as running or completed.")
    denominator: str | None = Field(
        default=None, description="Denominator of its rate, impressions or clicks. Default: the policy's."
    )
    test: str | None = Field(
        default=None,
        description="pooled_z (default) or fisher_exact, which is also used where a count below 5 is expected.",
    )
    variant_share: Share | None = Field(
        default=None, description="Planned share of the impressions on the variant. Default: 0.5."
    )


class Performance(Record):
    """A snapshot of an asset in an experiment: cumulative counts from the experiment's start to the timestamp."""

    dataset: ClassVar[str] = "performance_metrics"
    key: ClassVar[str | None] = None
    subject: ClassVar[str] = "asset_id"

    asset_id: str = Field(description="The asset.")
    experiment_id: str = Field(description="The experiment.")
    timestamp: datetime = Field(description="End of the counted period.")
    impressions: Count = Field(description="Number of impressions so far.")
    clicks: Count = Field(description="Number of clicks so far.")
    conversions: Count = Field(description="Number of conversions so far.")
    conversion_rate: Annotated[float, Field(ge=0.0)] | None = Field(
        default=None, description="Conversions per impression as stored; only checked, never used."
    )
    cost: Dollars = Field(description="Cost so far, in dollars.")
    revenue_proxy: Balance | None = Field(
        default=None, description="Estimated revenue so far, in dollars; below 0 if refunds exceed it."
    )


class MarketingDecision(Record):
    """An action that an orchestrator took in a campaign, as free text."""

    dataset: ClassVar[str] = "orchestrator_decisions"
    key: ClassVar[str | None] = "decision_id"

    decision_id: str = Field(description="Identity, unique in the set.")
    campaign_id: str = Field(description="The campaign.")
    trigger: str | None = Field(default=None, description="Reason, as free text.")
    action_taken: str | None = Field(default=None, description="Action, as free text.")
    confidence_score: Share | None = Field(default=None, description="Confidence of the decision.")
    human_override: bool | None = Field(default=None, description="Whether a person overrode the decision.")
    timestamp: datetime = Field(description="When the decision was made.")


class RoiEntry(Record):
    """Costs and estimated value of a campaign."""

    dataset: ClassVar[str] = "roi_ledger"
    key: ClassVar[str | None] = "campaign_id"

    campaign_id: str = Field(description="The campaign.")
    llm_cost: Dollars | None = Field(default=None, description="Cost of language models, in dollars.")
    human_review_cost: Dollars | None = Field(default=None, description="Cost of reviews by people, in dollars.")
    media_spend: Dollars | None = Field(default=None, description="Spend on media, in dollars.")
    estimated_value: Balance | None = Field(
        default=None, description="Estimated value, in dollars; below 0 if refunds exceed it."
    )
    net_roi: Balance | None = Field(default=None, description="Estimated value minus the three costs, in dollars.")


class FunnelEvent(Record):
    """Number of people that reached a funnel step on a day."""

    dataset: ClassVar[str] = "funnel_events"
    key: ClassVar[str | None] = "event_id"
    counted_at: ClassVar[str | None] = "timestamp"

    event_id: str = Field(description="Identity, unique in the set.")
    timestamp: datetime = Field(description="Time of the count.")
    date: datetime | None = Field(
        default=None, description="Day of the count. Default: the day of the timestamp in its own time zone."
    )
    campaign_id: str = Field(description="The campaign.")
    segment_id: str = Field(description="The audience segment.")
    channel_id: str = Field(description="The channel.")
    stage: Stage = Field(description="The funnel step.")
    count: Count = Field(description="Number of people that reached the step.")
    source: FunnelSource | None = Field(
        default=None, description="Source of the count; it determines how far the count is trusted."
    )
    confidence: Share | None = Field(default=None, description="Confidence in the count.")


class BudgetAction(Record):
    """A budget transfer between two channels of a campaign, proposed or executed."""

    dataset: ClassVar[str] = "budget_actions"
    key: ClassVar[str | None] = "budget_action_id"

    budget_action_id: str = Field(description="Identity, unique in the set.")
    timestamp: datetime = Field(description="When the transfer was proposed.")
    campaign_id: str = Field(description="The campaign.")
    from_channel_id: str = Field(description="Channel that gives the money.")
    to_channel_id: str = Field(description="Channel that receives the money.")
    amount: Dollars = Field(description="Amount of the transfer, in dollars.")
    currency: str = Field(default="USD", description="Currency of the amount.")
    reason_code: ReasonCode | None = Field(default=None, description="Reason, as a code.")
    reason_detail: str | None = Field(default=None, description="Reason, as free text.")
    proposed_by: Proposer | None = Field(default=None, description="Who proposed the transfer.")
    approved_by_human: bool | None = Field(default=None, description="Whether a person approved it.")
    approver_id: str | None = Field(default=None, description="ID of the person who approved it.")
    # At most ten years: a longer latency is a typing error and could exceed the range of dates.
    approval_latency_minutes: Annotated[float, Field(ge=0.0, le=5_256_000.0)] | None = Field(
        default=None, description="Minutes from proposal to approval."
    )
    status: BudgetStatus = Field(description="Status of the transfer.")


class RiskSignal(Record):
    """A risk of a campaign that needs review."""

    dataset: ClassVar[str] = "campaign_risk_signals"
    key: ClassVar[str | None] = "risk_id"

    risk_id: str = Field(description="Identity, unique in the set.")
    timestamp: datetime = Field(description="When the risk was raised.")
    campaign_id: str = Field(description="The campaign.")
    experiment_id: str | None = Field(default=None, description="The experiment.")
    asset_ids: tuple[str, ...] = Field(default=(), description="IDs of the assets.")
    risk_type: RiskType = Field(description="Type of the risk.")
    severity: Severity = Field(description="Severity of the risk.")
    evidence: dict[str, object] = Field(default_factory=dict, description="Numbers that the risk rests on, by name.")
    recommended_action: RiskAction | None = Field(default=None, description="Recommended action.")
    status: RiskStatus = Field(description="Status of the review.")


class SegmentRollup(Record):
    """Results of a campaign in a segment over a window of days, both ends included."""

    dataset: ClassVar[str] = "segment_rollups"
    key: ClassVar[str | None] = "rollup_id"

    rollup_id: str = Field(description="Identity, unique in the set.")
    window_start: datetime = Field(description="First day of the window.")
    window_end: datetime = Field(description="Last day of the window.")
    campaign_id: str = Field(description="The campaign.")
    segment_id: str = Field(description="The audience segment.")
    impressions: Count = Field(description="Number of impressions in the window.")
    clicks: Count = Field(description="Number of clicks in the window.")
    conversions: Count = Field(description="Number of conversions in the window.")
    spend: Dollars = Field(description="Spend in the window, in dollars.")
    revenue_proxy: Balance | None = Field(
        default=None, description="Estimated revenue in the window, in dollars; below 0 if refunds exceed it."
    )
    primary_kpi: str | None = Field(default=None, description="Name of the KPI, one of the policy's `metrics`.")
    kpi_value: float | None = Field(default=None, description="Value of the KPI in the window.")
    trend_vs_prior_window: float | None = Field(
        default=None, description="Relative change of the KPI from the window before; 0.08 means 8 % higher."
    )
    recommendation: Recommendation | None = Field(default=None, description="Recommendation for the segment.")


class AttributionHint(Record):
    """Conversions credited to a channel by one attribution method. Counts of different methods are never added."""

    dataset: ClassVar[str] = "attribution_hints"
    key: ClassVar[str | None] = "hint_id"

    hint_id: str = Field(description="Identity, unique in the set.")
    timestamp: datetime = Field(description="Time of the count.")
    campaign_id: str = Field(description="The campaign.")
    channel_id: str = Field(description="The channel.")
    attributed_conversions: Annotated[float, Field(ge=0.0)] = Field(
        description="Number of conversions credited to the channel."
    )
    method: str = Field(description="Attribution method, one of the policy's `methods`.")
    confidence: Share | None = Field(default=None, description="Confidence in the credit.")


class ConversionPath(Record):
    """A sequence of channels that prospects met, with the number of conversions among these prospects.

    A row may be one prospect or the sum of many: equal rows are added.
    """

    dataset: ClassVar[str] = "conversion_paths"
    key: ClassVar[str | None] = None
    subject: ClassVar[str] = "path"
    observations: ClassVar[bool] = True

    path: str = Field(description="Channels in order, separated by '>': CH_03 > CH_02.")
    campaign_id: str | None = Field(default=None, description="The campaign.")
    timestamp: datetime | None = Field(default=None, description="Time of the count.")
    conversions: Count = Field(description="Number of prospects on this path who converted.")
    value: Dollars | None = Field(default=None, description="Total value of the conversions, in dollars.")
    nulls: Count = Field(default=0, description="Prospects that met the same channels and did not convert.")


class LogEvent(Record):
    """One status change of a budget action or risk signal. `journey budget` appends to this set."""

    dataset: ClassVar[str] = "marketing_log"
    key: ClassVar[str | None] = "event_id"

    event_id: str = Field(description="Identity, unique in the set.")
    timestamp: datetime = Field(description="When the status changed.")
    entity: Entity = Field(description="What changed.")
    entity_id: str = Field(description="ID of the budget action or risk signal.")
    campaign_id: str | None = Field(default=None, description="The campaign.")
    from_status: str | None = Field(
        default=None, description="Previous status; null for the first entry of the entity."
    )
    to_status: str = Field(description="New status.")
    actor_kind: Proposer = Field(description="Who changed it: a person or the orchestrator.")
    actor_id: str | None = Field(default=None, description="ID of the person or orchestrator.")
    amount: Dollars | None = Field(default=None, description="Amount of a budget action, in dollars.")
    reason: str | None = Field(default=None, description="Reason, as free text.")
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
