"""The simulated customers: segments of a synthetic population, or a folder of records."""

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator, model_validator

from journey.decision.policy import RiskTier
from simulation.model.spec_types import Correlation, Days, Dollars, NonNegative, Probability, SpecModel
from simulation.random.copula import cholesky

BUNDLED = "bundled"
"""Value of `Population.records` for the ten bundled customers."""

TIER_MARK = "tier="
"""Prefix of a part of the population that is a risk tier, not a segment, as in ``churn_rate[tier=high]``."""


def _refuse_unusable_segment(name: str) -> str:
    if not name.strip() or name.startswith(TIER_MARK) or not name.isprintable() or {"[", "]"} & set(name):
        raise ValueError(
            f"{name!r} is not a usable name of a segment: it must not be blank, begin with {TIER_MARK!r}, or have "
            "brackets or line breaks"
        )
    return name


SegmentName = Annotated[str, AfterValidator(_refuse_unusable_segment)]
"""The name of a segment: ``churn_rate[NAME]`` is its metric, and ``churn_rate[tier=high]`` that of a risk tier."""


class Segment(SpecModel):
    """One segment of a synthetic population."""

    share: NonNegative = Field(description="Relative share; shares need not add up to 1.")
    account_value: Dollars = Field(
        description="Median revenue per year, in dollars. The mean is higher; see `value_spread`."
    )
    value_spread: float = Field(
        default=0.5,
        ge=0.0,
        le=3.0,
        description="Standard deviation of log account value; 0: all customers have the median. The mean is the median "
        "times exp(value_spread squared / 2): 1.13 times with 0.5.",
    )
    tiers: dict[RiskTier, NonNegative] = Field(
        default={"low": 0.4, "medium": 0.4, "high": 0.2}, description="Relative share of each risk tier."
    )
    tenure_mean_days: NonNegative = Field(
        default=0.0,
        le=1e6,
        description="Mean (exponential) tenure of a customer on day 0; 0: the tenure is the time in the stage.",
    )
    do_not_contact: Probability = Field(default=0.0, description="Share of customers without consent to be contacted.")

    @model_validator(mode="after")
    def _has_tiers(self) -> "Segment":
        if sum(self.tiers.values()) <= 0.0:
            raise ValueError("tiers: at least one risk tier needs a share above 0")
        return self


class Correlations(SpecModel):
    """Correlations between the traits of a customer: a Gaussian copula within each segment."""

    value_tier: Correlation = Field(default=0.0, description="Account value with risk tier (low to high).")
    value_tenure: Correlation = Field(default=0.0, description="Account value with tenure.")
    value_frailty: Correlation = Field(default=0.0, description="Account value with frailty.")
    tier_tenure: Correlation = Field(default=0.0, description="Risk tier with tenure.")
    tier_frailty: Correlation = Field(default=0.0, description="Risk tier with frailty.")
    tenure_frailty: Correlation = Field(default=0.0, description="Tenure with frailty.")

    @model_validator(mode="after")
    def _is_positive_definite(self) -> "Correlations":
        cholesky(self.matrix)
        return self

    @property
    def matrix(self) -> tuple[tuple[float, ...], ...]:
        """The correlation matrix of value, tier, tenure and frailty, in this order."""
        return (
            (1.0, self.value_tier, self.value_tenure, self.value_frailty),
            (self.value_tier, 1.0, self.tier_tenure, self.tier_frailty),
            (self.value_tenure, self.tier_tenure, 1.0, self.tenure_frailty),
            (self.value_frailty, self.tier_frailty, self.tenure_frailty, 1.0),
        )


class Arrivals(SpecModel):
    """Customers who arrive during the run, at uniform times: a Poisson stream, conditional on its number."""

    share: Probability = Field(description="Expected share of the population that arrives after day 0.")
    over_days: Days = Field(default=365.0, description="They arrive between day 0 and this day.")
    stage: str | None = Field(default=None, description="The stage they arrive in. Default: the journey's first stage.")


class Population(SpecModel):
    """The simulated customers: synthetic by segment, or from a folder of records."""

    size: int = Field(default=2000, ge=1, le=2**31 - 1, strict=True, description="Number of customers.")
    segments: dict[SegmentName, Segment] = Field(default={}, description="Segments of a synthetic population.")
    start: dict[str, NonNegative] = Field(
        default={}, description="Share in each stage on day 0. Default: all in the initial stage."
    )
    in_mid_stay: bool = Field(
        default=False,
        description="Customers start day 0 in the middle of a stay (length-biased), not at its beginning.",
    )
    in_distress: bool = Field(
        default=False,
        description="Customers may start day 0 in distress, with the probability that onset rates, episode lengths and "
        "the time in the stage imply.",
    )
    correlations: Correlations = Correlations()
    arrivals: Arrivals | None = Field(
        default=None, description="Customers who arrive later. Default: all start on day 0."
    )
    records: str | None = Field(default=None, description="A folder of records (or `bundled`), instead of segments.")
    as_of: str | None = Field(
        default=None, description="The date of the records that is day 0. Default: the latest date."
    )

    @field_validator("records")
    @classmethod
    def _names_a_folder(cls, records: str | None) -> str | None:
        if records == "":
            raise ValueError("names no folder; write its path, or remove the key")
        return records

    @model_validator(mode="after")
    def _has_customers(self) -> "Population":
        if self.records is None and sum(segment.share for segment in self.segments.values()) <= 0.0:
            raise ValueError("segments: a synthetic population needs at least one segment with a share above 0")
        if self.start and sum(self.start.values()) <= 0.0:
            raise ValueError("start: at least one stage needs a share above 0")
        return self

    @property
    def is_listed(self) -> bool:
        """Whether the customers are a list (from records, or buyers of a funnel), and not drawn by their number."""
        return self.records is not None

    def workload(self, days: float) -> float:
        """The work of a run, in customer-days or an equivalent number; the engine choice depends on it."""
        return self.size * days
