"""The marketing policy: every threshold that a finding, a flag or a proposal rests on, as data with defaults.

A policy file (TOML) overrides any of them; what it leaves out keeps its default. Defaults are assumptions to be
replaced by your own unless a description names another origin.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, ValidationError, field_validator, model_validator

from journey.core.errors import InputError
from journey.core.merging import deep_merge
from journey.core.messages import format_validation_error
from journey.decision.policy import Money, PolicySection, read_override
from journey.marketing.records.model import Severity
from journey.statistics.proportions import CONFIDENCE, POWER

Quantity = Literal["impressions", "clicks", "conversions"]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
CountedRisk = Literal[
    "high_clicks_zero_conversions", "low_conversion", "spend_spike", "segment_mismatch", "data_quality"
]


class Metric(PolicySection):
    """A rate as it is computed from performance: its numerator per its denominator."""

    numerator: Quantity
    denominator: Quantity = "impressions"

    @property
    def definition(self) -> str:
        """The rate in words."""
        return f"{self.numerator} per {self.denominator.removesuffix('s')}"


class PhraseRule(PolicySection):
    """Words that an asset may not use without somebody having looked at them."""

    code: str
    risk_type: Literal["brand_safety", "policy_violation"]
    severity: Severity
    pattern: str = Field(description="A regular expression; capitals do not matter.")

    @field_validator("pattern")
    @classmethod
    def _validate_pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
        return pattern


class Trust(PolicySection):
    """How far a count can be believed: the confidence of its row times the trust in its source."""

    sources: dict[str, Share] = Field(
        default={"crm": 1.0, "product_analytics": 0.95, "web_analytics": 0.9, "ads_platform": 0.8},
        description="Trust in each source: what was written down by a person's own act comes first.",
    )
    other: Share = Field(default=0.5, description="Any other or unnamed source.")
    confidence_unstated: Share = Field(default=0.5, description="A row that states no confidence.")
    least: Share = Field(default=0.6, description="Counts trusted less lead to no flag and no proposal.")


class FunnelPolicy(PolicySection):
    """When a step of a funnel counts as a leak."""

    weak_step: Share = Field(default=0.02, description="A step is a drop-off when its interval ends below this.")
    weak_ratio: Share = Field(
        default=0.5, description="... or below this part of what the campaign's other cells reach at the same step."
    )
    strong_click_rate: Share = Field(
        default=0.05, description="The top is strong when the interval of clicks per impression begins above this."
    )
    confidence: Share = Field(default=0.95, description="Of every interval.")


class BudgetPolicy(PolicySection):
    """Who may move how much."""

    currency: str = "USD"
    approval_from: Money = Field(default=500.0, description="A move of this amount or more needs a person's approval.")
    active: tuple[str, ...] = Field(default=("active",), description="Statuses of campaigns in which money may move.")
    saturation: float = Field(
        default=0.7,
        gt=0.0,
        lt=1.0,
        description="Exponent of the power law by which a channel's return grows with its spend: 1 would be no "
        "diminishing. 0.7 means that twice the money brings 1.6 times the return.",
    )
    prior_clicks: float = Field(
        default=20.0, gt=0.0, description="Weight of the company's pooled conversion rate, in clicks."
    )
    prior_conversions: float = Field(
        default=4.0, gt=0.0, description="Weight of the company's pooled value per conversion, in conversions."
    )
    value_variation: float = Field(
        default=1.0,
        gt=0.0,
        description="Coefficient of variation of the value of single conversions, which no record holds.",
    )
    most_share: Share = Field(default=0.5, description="One proposal takes at most this part of what a channel has.")
    least_amount: Money = Field(default=100.0, description="Smaller moves are not worth proposing.")
    step: float = Field(default=10.0, gt=0.0, description="Proposed amounts are rounded down to a multiple of this.")
    least_probability: Share = Field(
        default=0.8, description="A proposal must gain with at least this probability, by the posterior."
    )
    sure: Share = Field(default=0.95, description="From this probability on the receiving channel is called a winner.")
    least_clicks: float = Field(
        default=100.0, ge=0.0, description="Fewer clicks before or after a move are too thin to compare."
    )

    @model_validator(mode="after")
    def _validate_value_variance(self) -> Self:
        if self.prior_conversions <= self.value_variation**2:
            raise ValueError(
                "prior_conversions must be more than value_variation squared, or the value has no variance"
            )
        return self


class RiskPolicy(PolicySection):
    """What may not stay unlooked at, and from when on the data raise a risk by themselves."""

    force_review: tuple[str, ...] = Field(default=("high", "critical"), description="Severities a person must review.")
    base: dict[CountedRisk, Severity] = Field(
        default={
            "high_clicks_zero_conversions": "high",
            "low_conversion": "medium",
            "spend_spike": "medium",
            "segment_mismatch": "medium",
            "data_quality": "low",
        },
        description="Severity of a computed risk before its spend counts; phrase rules bring their own.",
    )
    raise_spend: Money = Field(default=1000.0, description="From this spend on a computed risk is one degree worse.")
    small_spend: Money = Field(default=50.0, description="Below this spend it is one degree milder.")
    least_confidence: Share = Field(default=0.95, description="A count raises a risk only with this confidence.")
    weak_conversion: Share = Field(default=0.01, description="Conversions per click below which conversion is low.")
    spike_ratio: float = Field(default=1.5, gt=1.0, description="Daily spend against all days before.")
    spike_least: Money = Field(default=50.0, description="... and so many dollars a day more.")
    many_findings: int = Field(
        default=3, ge=1, description="So many doubtful records of a campaign are one degree worse."
    )
    doubtful: tuple[str, ...] = Field(
        default=(
            "count-not-trusted", "duplicate-count", "more-than-the-step-before", "rollup-below-funnel",
            "rollup-differs", "snapshot-decreased", "spend-differs", "cost-differs-from-model", "step-not-recorded",
            "stored-rate-differs",
        ),
        description="Findings that say that numbers of a campaign cannot be right.",
    )  # fmt: skip
    weights: dict[Severity, Share] = Field(
        default={"low": 0.1, "medium": 0.3, "high": 0.7, "critical": 1.0},
        description="Share of the spend that a severity puts at stake.",
    )
    escalate_from: Money = Field(
        default=500.0, description="A person must look from this weight x confidence x spend on, whatever the severity."
    )
    review_days: dict[Severity, int] = Field(
        default={"low": 14, "medium": 7, "high": 2, "critical": 1},
        description="A risk that is open for longer is overdue.",
    )
    close_days: dict[Severity, int] = Field(
        default={"low": 3, "medium": 7, "high": 14, "critical": 14},
        description="After so many days a risk that the data no longer raise is proposed for closing.",
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
        description="The first is named after the rule that a published record cites.",
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
                raise ValueError(f"{name} leaves out {', '.join(missing)}")
        return self


class ExperimentPolicy(PolicySection):
    """When an experiment has a winner."""

    confidence: Annotated[float, Field(gt=0.5, lt=1.0)] = Field(
        default=CONFIDENCE, description="Of intervals; there is a winner when the p-value is below the rest."
    )
    power: Annotated[float, Field(gt=0.5, lt=1.0)] = Field(
        default=POWER, description="With which the sample size given would show a difference of the size seen."
    )


class RollupPolicy(PolicySection):
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


class AttributionPolicy(PolicySection):
    """How credit is given to channels from customer paths."""

    order: Annotated[int, Field(ge=1, le=4)] = Field(
        default=1, description="How many of the last channels the next step depends on."
    )


class Tolerance(PolicySection):
    """Differences that are rounding and not findings."""

    rate: float = Field(default=0.0005, ge=0.0, description="A stored rate with three decimals.")
    kpi: float = Field(default=0.00005, ge=0.0, description="A stored KPI with four decimals.")
    trend: float = Field(default=0.005, ge=0.0, description="A stored trend with two decimals.")
    money: Money = Field(default=0.5, description="Dollars.")
    cost_share: Share = Field(default=0.05, description="A channel's cost is an average: so far it may be off.")


class MarketingPolicy(PolicySection):
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


def build_marketing_policy(override: dict[str, Any], source: str) -> MarketingPolicy:
    """The default marketing policy with `override` laid over it.

    Args:
        override: Nested keys of the policy; what is left out keeps its default, and lists are replaced whole.
        source: Where they come from, for the error message.

    Raises:
        InputError: A key is unknown or a value impossible; the message names key, value and what is expected.
    """
    try:
        return MarketingPolicy.model_validate(deep_merge(MarketingPolicy().model_dump(), override))
    except ValidationError as error:
        raise InputError(format_validation_error(error, MarketingPolicy, source)) from None


def read_marketing_policy(path: Path) -> MarketingPolicy:
    """Read a marketing policy file (TOML).

    Raises:
        InputError: The file is missing, is not TOML, or says something impossible.
    """
    return build_marketing_policy(read_override(path), str(path))
