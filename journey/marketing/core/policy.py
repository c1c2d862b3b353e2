"""The marketing policy: all thresholds behind findings, flags and proposals, as data with defaults.

A policy file (TOML) overrides any of them; omitted keys keep their defaults. Unless a description names another origin,
defaults are assumptions; replace them with your own values.
"""

import math
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, ValidationError, field_validator, model_validator

from journey.core.errors import InputError
from journey.core.merging import deep_merge
from journey.core.messages import format_validation_error
from journey.decision.economics import Money
from journey.decision.policy import ADDED_LATER, read_override
from journey.decision.policy_section import PolicySection
from journey.marketing.records.model import Severity
from journey.statistics.proportions import CONFIDENCE, POWER

Quantity = Literal["impressions", "clicks", "conversions"]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
CountedRisk = Literal[
    "high_clicks_zero_conversions", "low_conversion", "spend_spike", "segment_mismatch", "data_quality"
]


class Metric(PolicySection):
    """A rate computed from performance records: numerator divided by denominator."""

    numerator: Quantity = Field(description="What is counted.")
    denominator: Quantity = Field(default="impressions", description="What it is divided by.")

    @property
    def definition(self) -> str:
        """The definition as text, for example "conversions per impression"."""
        return f"{self.numerator} per {self.denominator.removesuffix('s')}"


class PhraseRule(PolicySection):
    """A phrase in an asset's text that raises a risk for review."""

    code: str = Field(description="Name of the rule, for reports.")
    risk_type: Literal["brand_safety", "policy_violation"] = Field(description="Type of the risk.")
    severity: Severity = Field(description="Severity of the risk.")
    pattern: str = Field(description="A regular expression, matched case-insensitively.")

    @field_validator("pattern")
    @classmethod
    def _validate_pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{pattern!r} is not a valid regular expression: {error}") from None
        return pattern


class Trust(PolicySection):
    """Trust in a count: the confidence of its row times the trust in its source."""

    sources: dict[str, Share] = Field(
        default={"crm": 1.0, "product_analytics": 0.95, "web_analytics": 0.9, "ads_platform": 0.8},
        description="Trust in each source; sources in which people record events themselves rank highest.",
    )
    other: Share = Field(default=0.5, description="Trust in any other or unnamed source.")
    confidence_unstated: Share = Field(default=0.5, description="Confidence of a row that states none.")
    least: Share = Field(default=0.6, description="Minimum trust; counts below it cause no flag and no proposal.")


class FunnelPolicy(PolicySection):
    """Thresholds for a leaking funnel step."""

    weak_step: Share = Field(
        default=0.02, description="A step is a drop-off if the upper bound of its conversion is below this."
    )
    weak_ratio: Share = Field(
        default=0.5,
        description="A step is also a drop-off if the upper bound is below this share of the conversion "
        "at the same step in the campaign's other cells.",
    )
    strong_click_rate: Share = Field(
        default=0.05,
        description="The top of a funnel is strong if the lower bound of clicks per impression is above this.",
    )
    confidence: Share = Field(default=0.95, description="Confidence level of all intervals.")


class BudgetPolicy(PolicySection):
    """Limits and approval rules for budget transfers."""

    currency: str = Field(default="USD", description="Currency of all amounts; other currencies are not converted.")
    approval_from: Money = Field(
        default=500.0,
        description="A transfer of this amount in dollars or more needs a person's approval. The proposer's other "
        "transfers of `approval_window_days` that no person approved count too.",
    )
    approval_window_days: Annotated[int, Field(ge=0, le=3660), ADDED_LATER] = Field(
        default=7,
        description="Days over which the transfers of one proposer that no person approved add up to `approval_from`; "
        "0 considers each transfer alone.",
    )
    active: tuple[str, ...] = Field(
        default=("active",), description="Campaign statuses in which money may be transferred."
    )
    saturation: float = Field(
        default=0.7,
        gt=0.0,
        lt=1.0,
        description="Exponent of the power law that relates a channel's return to its spend; 1 means no diminishing "
        "returns. With 0.7, doubling the spend multiplies the return by 1.6.",
    )
    prior_clicks: float = Field(
        default=20.0, gt=0.0, description="Prior weight of the company's pooled conversion rate, in clicks."
    )
    prior_conversions: float = Field(
        default=4.0, gt=0.0, description="Prior weight of the company's pooled value per conversion, in conversions."
    )
    value_variation: float = Field(
        default=1.0,
        gt=0.0,
        description="Coefficient of variation of the value of a single conversion, which the records do not contain.",
    )
    most_share: Share = Field(default=0.5, description="Maximum share of a channel's balance that one proposal takes.")
    least_amount: Money = Field(default=100.0, description="Minimum amount of a proposal, in dollars.")
    step: float = Field(
        default=10.0, gt=0.0, description="Proposed amounts are rounded down to a multiple of this, in dollars."
    )
    least_probability: Share = Field(default=0.8, description="Minimum posterior probability that a proposal gains.")
    sure: Share = Field(default=0.95, description="Probability from which the receiving channel is called a winner.")
    least_clicks: float = Field(
        default=100.0, ge=0.0, description="Minimum clicks before and after a transfer for a comparison."
    )

    @field_validator("currency")
    @classmethod
    def _normalise_currency(cls, currency: str) -> str:
        return currency.strip().upper()

    @model_validator(mode="after")
    def _validate_value_variance(self) -> Self:
        # The root, because the square of a large number is beyond the range of floats.
        if math.sqrt(self.prior_conversions) <= self.value_variation:
            raise ValueError(
                "prior_conversions must be more than value_variation squared; otherwise the value has no finite "
                "variance"
            )
        return self


class RiskPolicy(PolicySection):
    """Rules for mandatory reviews, and thresholds at which the data raise a risk."""

    force_review: tuple[str, ...] = Field(
        default=("high", "critical"), description="Severities that a person must review."
    )
    base: dict[CountedRisk, Severity] = Field(
        default={
            "high_clicks_zero_conversions": "high",
            "low_conversion": "medium",
            "spend_spike": "medium",
            "segment_mismatch": "medium",
            "data_quality": "low",
        },
        description="Severity of a computed risk before the adjustment for spend; phrase rules set their own.",
    )
    raise_spend: Money = Field(
        default=1000.0, description="Spend in dollars from which a computed risk is one degree more severe."
    )
    small_spend: Money = Field(
        default=50.0, description="Spend in dollars below which a computed risk is one degree less severe."
    )
    least_confidence: Share = Field(default=0.95, description="Minimum confidence for counts to raise a risk.")
    weak_conversion: Share = Field(
        default=0.01, description="Conversion is low below this share of conversions per click."
    )
    spike_ratio: float = Field(
        default=1.5, gt=1.0, description="Minimum ratio of daily spend to that of all days before, for a spend spike."
    )
    spike_least: Money = Field(
        default=50.0, description="Minimum increase in daily spend for a spend spike, in dollars."
    )
    many_findings: int = Field(
        default=3,
        ge=1,
        description="Number of data-quality findings from which a campaign's risk is one degree more severe.",
    )
    doubtful: tuple[str, ...] = Field(
        default=(
            "count-not-trusted", "duplicate-count", "more-than-the-step-before", "rollup-below-funnel",
            "rollup-differs", "snapshot-decreased", "spend-differs", "cost-differs-from-model", "step-not-recorded",
            "stored-rate-differs",
        ),
        description="Codes of findings that mean that a campaign's numbers are wrong.",
    )  # fmt: skip
    weights: dict[Severity, Share] = Field(
        default={"low": 0.1, "medium": 0.3, "high": 0.7, "critical": 1.0},
        description="Share of the spend at stake, by severity.",
    )
    escalate_from: Money = Field(
        default=500.0,
        description="Exposure in dollars (weight x confidence x spend) from which a person must review a risk of any "
        "severity.",
    )
    review_days: dict[Severity, int] = Field(
        default={"low": 14, "medium": 7, "high": 2, "critical": 1},
        description="Days after which an open risk is overdue, by severity.",
    )
    close_days: dict[Severity, int] = Field(
        default={"low": 3, "medium": 7, "high": 14, "critical": 14},
        description="Days after which closing is proposed for a risk that the data no longer raise, by severity.",
    )
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
        description="Phrase rules; the first has the name of the rule that a published record cites.",
    )

    @model_validator(mode="after")
    def _validate_completeness(self) -> Self:
        for name, known in (
            ("base", get_args(CountedRisk)),
            ("weights", get_args(Severity)),
            ("review_days", get_args(Severity)),
            ("close_days", get_args(Severity)),
        ):
            missing = [key for key in known if key not in getattr(self, name)]
            if missing:
                raise ValueError(f"{name} lacks {', '.join(missing)}")
        return self


class ExperimentPolicy(PolicySection):
    """Rules for declaring the winner of an experiment."""

    confidence: Annotated[float, Field(gt=0.5, lt=1.0)] = Field(
        default=CONFIDENCE,
        description="Confidence level of intervals; an experiment has a winner if its p-value, corrected for the "
        "number of analysed experiments, is below 1 minus this.",
    )
    power: Annotated[float, Field(gt=0.5, lt=1.0)] = Field(
        default=POWER, description="Power of the reported sample size to detect a difference of the observed size."
    )


class RollupPolicy(PolicySection):
    """Rules for recommending scale, hold, revise or stop for a segment."""

    confidence: Annotated[float, Field(gt=0.5, lt=1.0)] = Field(
        default=CONFIDENCE, description="Confidence level of all intervals."
    )
    window_days: Annotated[int, Field(ge=1, le=3660)] = Field(
        default=7, description="Length in days of a window that is not recorded."
    )
    least_counted: Annotated[int, Field(ge=1)] = Field(
        default=1000, description="Minimum denominator of the KPI; below it the recommendation is always hold."
    )
    dead_end: Share = Field(default=0.01, description="Stop if the upper bound of conversions per click is below this.")
    stop_below: Share = Field(
        default=0.25, description="Stop if the upper bound of the KPI is below this share of its reference value."
    )
    priorities: tuple[str, ...] = Field(
        default=("high", "medium", "low"),
        description="Priorities of segments, the highest first. They order rollups, and decide between transfers with "
        "the same gain; others come last.",
    )
    least_return: Annotated[float, Field(ge=0.0)] = Field(
        default=1.0, description="Scale only if the lower bound of revenue per dollar spent is at least this."
    )


class AttributionPolicy(PolicySection):
    """How channels are credited from customer paths."""

    order: Annotated[int, Field(ge=1, le=4)] = Field(
        default=1, description="Number of most recent channels on which the next step depends."
    )


class Tolerance(PolicySection):
    """Differences that are treated as rounding and cause no finding."""

    rate: float = Field(default=0.0005, ge=0.0, description="For a stored rate with three decimals.")
    kpi: float = Field(default=0.00005, ge=0.0, description="For a stored KPI with four decimals.")
    trend: float = Field(default=0.005, ge=0.0, description="For a stored trend with two decimals.")
    money: Money = Field(default=0.5, description="For amounts, in dollars.")
    cost_share: Share = Field(
        default=0.05, description="For a channel's cost, as a share: the recorded price is an average."
    )


class MarketingPolicy(PolicySection):
    """The whole marketing policy."""

    metrics: dict[str, Metric] = Field(
        default={
            "conversion_rate": Metric(numerator="conversions"),
            # Performance counts conversions to the campaign's goal, which is a demo request here.
            "demo_request_rate": Metric(numerator="conversions"),
            "click_through_rate": Metric(numerator="clicks"),
            "feature_click_through_rate": Metric(numerator="clicks"),
        },
        description="Definition of each metric that campaigns and experiments name.",
    )
    methods: tuple[str, ...] = Field(
        default=("first_touch", "last_touch", "linear", "assist", "self_reported"),
        description="Known attribution methods; counts of different methods are never added.",
    )
    trust: Trust = Trust()
    funnel: FunnelPolicy = FunnelPolicy()
    budget: BudgetPolicy = BudgetPolicy()
    risk: RiskPolicy = RiskPolicy()
    experiments: ExperimentPolicy = ExperimentPolicy()
    rollups: RollupPolicy = RollupPolicy()
    attribution: AttributionPolicy = AttributionPolicy()
    targets: dict[str, Annotated[float, Field(ge=0.0)]] = Field(
        default={}, description="Targets by KPI name, for campaigns without a target of their own."
    )
    tolerance: Tolerance = Tolerance()


def build_marketing_policy(override: dict[str, Any], source: str) -> MarketingPolicy:
    """The default marketing policy, overridden by `override`.

    Args:
        override: Nested keys of the policy; omitted keys keep their defaults, and lists are replaced as a whole.
        source: Origin of the keys, for error messages.

    Raises:
        InputError: A key is unknown or a value is invalid; the message names the key, the value and what is expected.
    """
    try:
        return MarketingPolicy.model_validate(deep_merge(MarketingPolicy().model_dump(), override))
    except ValidationError as error:
        raise InputError(format_validation_error(error, MarketingPolicy, source)) from None


def read_marketing_policy(path: Path) -> MarketingPolicy:
    """Read a marketing policy file (TOML).

    Raises:
        InputError: The file is missing, is not TOML, or contains an unknown key or an invalid value.
    """
    return build_marketing_policy(read_override(path), str(path))
