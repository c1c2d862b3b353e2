"""The marketing policy: every threshold that a finding, a flag or a proposal rests on, as data with defaults.

Defaults are assumptions to be replaced by your own unless a description names another origin.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from journey.policy import Money
from journey.proportions import CONFIDENCE, POWER

Quantity = Literal["impressions", "clicks", "conversions"]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class _Part(BaseModel):
    """A frozen piece of the policy that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Metric(_Part):
    """A rate as it is computed from performance: its numerator per its denominator."""

    numerator: Quantity
    denominator: Quantity = "impressions"

    @property
    def definition(self) -> str:
        """The rate in words."""
        return f"{self.numerator} per {self.denominator.removesuffix('s')}"


class PhraseRule(_Part):
    """Words that an asset may not use without somebody having looked at them."""

    code: str
    risk_type: Literal["brand_safety", "policy_violation"]
    severity: Literal["low", "medium", "high", "critical"]
    pattern: str = Field(description="A regular expression; capitals do not matter.")


class Trust(_Part):
    """How far a count can be believed: the confidence of its row times the trust in its source."""

    sources: dict[str, Share] = Field(
        default={"crm": 1.0, "product_analytics": 0.95, "web_analytics": 0.9, "ads_platform": 0.8},
        description="Trust in each source: what was written down by a person's own act comes first.",
    )
    other: Share = Field(default=0.5, description="Any other or unnamed source.")
    confidence_unstated: Share = Field(default=0.5, description="A row that states no confidence.")
    least: Share = Field(default=0.6, description="Counts trusted less lead to no flag and no proposal.")


class FunnelPolicy(_Part):
    """When a step of a funnel counts as a leak."""

    weak_step: Share = Field(default=0.02, description="A step is a drop-off when its interval ends below this.")
    weak_ratio: Share = Field(
        default=0.5, description="... or below this part of what the campaign's other cells reach at the same step."
    )
    strong_click_rate: Share = Field(
        default=0.05, description="The top is strong when the interval of clicks per impression begins above this."
    )
    confidence: Share = Field(default=0.95, description="Of every interval.")


class BudgetPolicy(_Part):
    """Who may move how much."""

    currency: str = "USD"
    approval_from: Money = Field(default=500.0, description="A move of this amount or more needs a person's approval.")


class RiskPolicy(_Part):
    """What may not stay unlooked at."""

    force_review: tuple[str, ...] = Field(default=("high", "critical"), description="Severities a person must review.")
    phrases: tuple[PhraseRule, ...] = Field(
        default=(
            PhraseRule(
                code="ABSOLUTE_SAVINGS_CLAIM",
                risk_type="brand_safety",
                severity="low",
                pattern=r"\b(cut|halve|reduce|save|slash)\b.*\b(half|\d+ ?%|bills?|costs?)\b",
            ),
            PhraseRule(
                code="GUARANTEE",
                risk_type="policy_violation",
                severity="high",
                pattern=r"\b(guaranteed?|risk[- ]free|no risk)\b",
            ),
        ),
        description="The first is named after the rule that a published record cites.",
    )


class ExperimentPolicy(_Part):
    """When an experiment has a winner."""

    confidence: Annotated[float, Field(gt=0.5, lt=1.0)] = Field(
        default=CONFIDENCE, description="Of intervals; there is a winner when the p-value is below the rest."
    )
    power: Annotated[float, Field(gt=0.5, lt=1.0)] = Field(
        default=POWER, description="With which the sample size given would show a difference of the size seen."
    )


class RollupPolicy(_Part):
    """When a segment is worth more money, the same, a new message, or none."""

    confidence: Annotated[float, Field(gt=0.5, lt=1.0)] = Field(default=CONFIDENCE, description="Of every interval.")
    window_days: Annotated[int, Field(ge=1, le=3660)] = Field(
        default=7, description="Length of a window that nobody recorded."
    )
    least_counted: Annotated[int, Field(ge=1)] = Field(
        default=1000, description="With fewer in the denominator of the KPI there is no recommendation but hold."
    )
    dead_end: Share = Field(
        default=0.01, description="Stop when the interval of conversions per click ends below this."
    )
    stop_below: Share = Field(
        default=0.25, description="Stop when the KPI's interval ends below this part of what it is held against."
    )
    least_return: Annotated[float, Field(ge=0.0)] = Field(
        default=1.0, description="Scale only where the lower bound of revenue per dollar spent is at least this."
    )


class AttributionPolicy(_Part):
    """How credit is given to channels from customer paths."""

    order: Annotated[int, Field(ge=1, le=4)] = Field(
        default=1, description="How many of the last channels the next step depends on."
    )


class Tolerance(_Part):
    """Differences that are rounding and not findings."""

    rate: float = Field(default=0.0005, ge=0.0, description="A stored rate with three decimals.")
    kpi: float = Field(default=0.00005, ge=0.0, description="A stored KPI with four decimals.")
    money: Money = Field(default=0.5, description="Dollars.")
    cost_share: Share = Field(default=0.05, description="A channel's cost is an average: so far it may be off.")


class MarketingPolicy(_Part):
    """Everything together."""

    metrics: dict[str, Metric] = Field(
        default={
            "conversion_rate": Metric(numerator="conversions"),
            # The conversion that performance counts is the one the campaign is for: here, a demo request.
            "demo_request_rate": Metric(numerator="conversions"),
            "click_through_rate": Metric(numerator="clicks"),
            "feature_click_through_rate": Metric(numerator="clicks"),
        },
        description="How each metric that campaigns and experiments name is computed.",
    )
    methods: tuple[str, ...] = Field(
        default=("first_touch", "last_touch", "linear", "assist", "self_reported"),
        description="Known ways of attributing; counts of two ways are never added.",
    )
    trust: Trust = Trust()
    funnel: FunnelPolicy = FunnelPolicy()
    budget: BudgetPolicy = BudgetPolicy()
    risk: RiskPolicy = RiskPolicy()
    experiments: ExperimentPolicy = ExperimentPolicy()
    rollups: RollupPolicy = RollupPolicy()
    attribution: AttributionPolicy = AttributionPolicy()
    targets: dict[str, Annotated[float, Field(ge=0.0)]] = Field(
        default={}, description="What a KPI is to reach, by its name, in campaigns that state no target of their own."
    )
    tolerance: Tolerance = Tolerance()
