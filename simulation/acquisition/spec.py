"""A campaign as data: the keys of `acquisition` in a scenario file. Every number has a default or is required.

Money is in US dollars, times are in days. A conversion rate is the probability of making a step after the previous step
of the campaign's path.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from journey.decision.policy import ChurnMapping, RiskTier
from journey.machine import JourneyDefinitionError
from journey.machine.lifecycles import FUNNEL_STEPS, funnel_lifecycle
from journey.marketing.core.policy import BudgetPolicy
from simulation.model.dwell_spec import Dwell
from simulation.model.population_spec import Population
from simulation.model.spec_types import Amount, Assumption, Days, NonNegative, Probability, SpecModel

IMPRESSION, PURCHASE = "impression", "purchase"
BULK_STEPS = ("click", "visit")
"""Steps that are made at the moment of the impression and counted in bulk; later ones are tracked individually."""

STEPS = tuple(FUNNEL_STEPS)
DEFAULT_PATH = (IMPRESSION, *BULK_STEPS, "signup", "demo_request", PURCHASE)
MICROS = 1_000_000
"""Millionths of a dollar per dollar. Media is priced in millionths, so that every cent of a budget is accounted for."""

MAX_CAMPAIGNS, MAX_CHANNELS, MAX_PERIODS, MAX_POSITIONS = 31, 32, 2048, 1 << 32
"""The limits of a prospect's number; see `simulation.acquisition.prospects.prospect_number`."""


Ratio = Annotated[float, Field(gt=0.0, le=1e3)]


CUSTOMER_DAYS_PER_STEP = 2.0
"""Customer-days that take the reference engine as long as one impression that makes the first step. Measured on
`acquisition_quality`: 13 microseconds, against 7 of the base world."""


class Quality(SpecModel):
    """How the buyers of a channel differ from others of their segment."""

    account_value: Ratio = Field(default=1.0, description="Ratio on the account value.")
    churn: Ratio = Field(
        default=1.0,
        description="Hazard ratio on every move that is subject to frailty. Above 1, the channel's buyers churn more.",
    )
    tiers: dict[RiskTier, NonNegative] = Field(
        default={}, description="Relative share of each risk tier. Default: the segment's shares."
    )

    @model_validator(mode="after")
    def _check_tiers(self) -> "Quality":
        if self.tiers and sum(self.tiers.values()) <= 0.0:
            raise ValueError("tiers: at least one risk tier needs a share above 0")
        return self


class Channel(SpecModel):
    """One channel of a campaign: its cost, its audience, its conversion rates, and its buyers."""

    cost_per_1000: Assumption = Field(description="Cost of a thousand impressions, in dollars.")
    budget: Annotated[float, Field(ge=0.0, le=1e9)] = Field(
        description="Opening budget for the whole campaign, in dollars."
    )
    audience: Annotated[float, Field(gt=0.0, le=1e12)] | None = Field(
        default=None,
        description="Number of people who can be reached in a period. Impressions of people who were already reached "
        "in the period have no effect. Default: unlimited.",
    )
    segments: dict[str, NonNegative] = Field(description="Relative share of each segment in the audience.")
    conversion: dict[str, Probability] = Field(description="Conversion rate of each step after the impression.")
    by_segment: dict[str, dict[str, Probability]] = Field(
        default={}, description="Conversion rates that differ for a segment, by step."
    )
    quality: Quality = Quality()

    @model_validator(mode="after")
    def _check_price(self) -> "Channel":
        if sum(self.segments.values()) <= 0.0:
            raise ValueError("segments: at least one segment needs a share above 0")
        if round(self.cost_per_1000.amount * 1000) < 1:
            raise ValueError("cost_per_1000 must be at least 0.001: a lower price of an impression rounds to zero")
        return self


class Campaign(SpecModel):
    """One campaign: its path, its channels and its calendar."""

    path: tuple[str, ...] = Field(default=DEFAULT_PATH, description="The steps from impression to purchase.")
    channels: dict[str, Channel] = Field(description="The channels by name.")
    delays: dict[str, Dwell] = Field(
        default={},
        description="Time since the previous step, by step. Default: no delay. Click, visit and the path's first step "
        "never have a delay.",
    )
    delay_by_segment: dict[str, Ratio] = Field(default={}, description="Ratio on every delay, by segment.")
    days: Days = Field(default=182.0, description="Media is bought from day 0 to this day.")
    period_days: Days = Field(
        default=7.0, description="Length of a period; media is bought at the start of each period."
    )

    @model_validator(mode="after")
    def _check_path(self) -> "Campaign":
        try:
            funnel_lifecycle(self.path)
        except JourneyDefinitionError as error:
            raise ValueError(f"path: {error}") from None
        if self.path[0] != IMPRESSION or self.path[-1] != PURCHASE:
            raise ValueError(
                "path: must begin with 'impression' and end with 'purchase', at which a prospect becomes a customer; "
                "later stages belong to the customer's journey"
            )
        return self

    @model_validator(mode="after")
    def _check_limits(self) -> "Campaign":
        if not self.channels:
            raise ValueError("channels: a campaign needs at least one channel")
        if len(self.channels) > MAX_CHANNELS:
            raise ValueError(f"channels: {len(self.channels)} channels; the maximum is {MAX_CHANNELS}")
        if self.days / self.period_days > MAX_PERIODS:
            raise ValueError(
                f"period_days: {self.days:g} days have more than {MAX_PERIODS} periods; use longer periods"
            )
        return self

    @model_validator(mode="after")
    def _check_delays(self) -> "Campaign":
        for step in self.delays:
            if step in (*BULK_STEPS, *self.path[:2]):
                raise ValueError(f"delays: {step!r} has no delay; only later steps of the path can have one")
        return self

    @property
    def bulk(self) -> int:
        """Number of steps that are counted in bulk: the impression, click and visit."""
        return 1 + sum(step in BULK_STEPS for step in self.path[1:])

    @property
    def periods(self) -> tuple[tuple[float, float], ...]:
        """Start and end of each period; the last one may be shorter."""
        count = max(1, -int(-self.days // self.period_days))
        starts = [index * self.period_days for index in range(count)]
        return tuple(zip(starts, [*starts[1:], self.days], strict=True))


class Predictor(SpecModel):
    """The prediction of a buyer's value, from what is known on the day of the purchase.

    The account value over `years`, weighted by the probability that the customer has not churned: value x (1 - exp(-h
    T)) / h, with the yearly churn hazard h of the segment and risk tier in the policy, times the channel's ratio.
    """

    years: Assumption = Field(default=Amount(amount=3.0), description="Horizon of the prediction, in years.")
    by_channel: dict[str, Assumption] = Field(
        default={}, description="Hazard ratio of the buyers of a channel, learned from earlier buyers. Default: 1."
    )

    @model_validator(mode="after")
    def _check_years(self) -> "Predictor":
        if not 0.0 < self.years.amount <= 20.0:
            raise ValueError(
                f"years: {self.years.amount:g} is not a valid horizon; give a number above 0 and at most 20"
            )
        return self


class Reallocation(SpecModel):
    """Whether and how budget is transferred between the channels of a campaign."""

    rule: Literal["none", "by_conversion", "by_retained_value"] = Field(
        default="none",
        description="What a transfer increases per dollar: buyers, or their predicted retained value.",
    )
    every_days: Days = Field(default=28.0, description="Days between budget reviews, and before the first one.")
    lag_days: NonNegative = Field(
        default=28.0,
        description="A review ignores periods that ended less than this many days ago: prospects need time to buy.",
    )
    approval_mean_days: NonNegative = Field(
        default=1.0, description="Mean wait (exponential) for a person's decision on a transfer that needs approval."
    )
    rejected: Probability = Field(default=0.1, description="Share of those transfers that the person rejects.")
    budget: BudgetPolicy = Field(
        default=BudgetPolicy(), description="Thresholds of proposals and approvals, as in `journey campaigns`."
    )
    predictor: Predictor = Predictor()


class Acquisition(SpecModel):
    """The source of customers: campaigns, and the rule that transfers their budgets."""

    campaigns: dict[str, Campaign] = Field(description="The campaigns by name.")
    reallocation: Reallocation = Reallocation()
    step_costs: dict[str, Assumption] = Field(
        default={}, description="Cost of a prospect who makes this step, besides media, in dollars."
    )
    stage: str | None = Field(
        default=None, description="The stage in which buyers start. Default: the journey's first stage."
    )

    @model_validator(mode="after")
    def _fits(self) -> "Acquisition":
        if not self.campaigns:
            raise ValueError("campaigns: an acquisition needs at least one campaign")
        if len(self.campaigns) > MAX_CAMPAIGNS:
            raise ValueError(f"campaigns: {len(self.campaigns)} campaigns; the maximum is {MAX_CAMPAIGNS}")
        for name, campaign in self.campaigns.items():
            for channel, line in campaign.channels.items():
                most = sum(other.budget for other in campaign.channels.values()) / (line.cost_per_1000.amount / 1000.0)
                if most >= MAX_POSITIONS:
                    raise ValueError(
                        f"campaigns.{name}: its budget could buy {most:.2g} impressions of {channel} in one period; "
                        f"the maximum is {MAX_POSITIONS:,}"
                    )
        return self

    @property
    def lines(self) -> Iterator[tuple[str, str]]:
        """Campaign and channel of every line of the budget, in order."""
        return ((name, channel) for name, campaign in self.campaigns.items() for channel in campaign.channels)


class AcquiredPopulation(Population):
    """A population from a funnel, resolved for one arm.

    Attributes:
        acquisition: The funnel, with the arm's own budget and rule.
        frailty_spread: The world's spread of frailty, which converts hazard ratios to shifts of frailty.
        churn: The policy's churn hazards, for the prediction of retained value.
    """

    acquisition: Acquisition
    frailty_spread: NonNegative
    churn: ChurnMapping

    @property
    def is_listed(self) -> bool:
        """True: its customers are listed individually."""
        return True

    def workload(self, days: float) -> float:
        """Customer-days, including the equivalent of the impressions; see `Population.workload`."""
        first_steps = sum(
            1000.0 * channel.budget / channel.cost_per_1000.amount * channel.conversion.get(campaign.path[1], 1.0)
            for campaign in self.acquisition.campaigns.values()
            for channel in campaign.channels.values()
        )
        return super().workload(days) + CUSTOMER_DAYS_PER_STEP * first_steps


def with_acquisition(
    population: Population, acquisition: Acquisition, *, spread: float, churn: ChurnMapping
) -> Population:
    """The population of an arm with an acquisition; see `AcquiredPopulation`."""
    fields: dict[str, Any] = {name: getattr(population, name) for name in population.model_fields_set}
    return AcquiredPopulation(**fields, acquisition=acquisition, frailty_spread=spread, churn=churn)


def find_acquisition(population: Population) -> Acquisition | None:
    """The acquisition of a population; None if it has none."""
    return population.acquisition if isinstance(population, AcquiredPopulation) else None
