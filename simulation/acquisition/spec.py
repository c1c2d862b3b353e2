"""A campaign as data: what a scenario file says under `acquisition`. Every number has a default or must be given.

Money in US dollars, times in days. A conversion rate is the chance of making a step for whoever has made the one
before it on the campaign's path.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from journey.decision.policy import ChurnMapping, RiskTier
from journey.machine import JourneyDefinitionError
from journey.machine.lifecycles import FUNNEL_STEPS, funnel_lifecycle
from journey.marketing.core.policy import BudgetPolicy
from simulation.model.spec import Amount, Assumption, Days, Dwell, NonNegative, Population, Probability, SpecModel

IMPRESSION, PURCHASE = "impression", "purchase"
BULK_STEPS = ("click", "visit")
"""Steps that are made within the moment of the impression and counted together; later ones are followed one by one."""

STEPS = tuple(FUNNEL_STEPS)
DEFAULT_PATH = (IMPRESSION, *BULK_STEPS, "signup", "demo_request", PURCHASE)
MICROS = 1_000_000
"""Millionths of a dollar: media is priced in these, so that every cent of a budget is accounted for exactly."""

MAX_CAMPAIGNS, MAX_CHANNELS, MAX_PERIODS, MAX_POSITIONS = 31, 32, 2048, 1 << 32
"""What the number of a prospect has room for; see `simulation.acquisition.prospects.prospect_number`."""


Ratio = Annotated[float, Field(gt=0.0, le=1e3)]


CUSTOMER_DAYS_PER_STEP = 2.0
"""An impression that makes the first step takes the reference engine as long as so many customer-days (measured on
`acquisition_quality`: 13 microseconds against 7 of the base world)."""


class Quality(SpecModel):
    """How the buyers of a channel differ from others of their segment."""

    account_value: Ratio = Field(default=1.0, description="Ratio on the account value.")
    churn: Ratio = Field(
        default=1.0,
        description="Hazard ratio on every move that is subject to frailty: the channel's buyers fit worse, or better.",
    )
    tiers: dict[RiskTier, NonNegative] = Field(
        default={}, description="Relative share of each risk tier; left out: the segment's own."
    )

    @model_validator(mode="after")
    def _check_tiers(self) -> "Quality":
        if self.tiers and sum(self.tiers.values()) <= 0.0:
            raise ValueError("tiers: at least one risk tier needs a share above 0")
        return self


class Channel(SpecModel):
    """One channel of a campaign: what it costs, whom it reaches, how they convert, and who buys."""

    cost_per_1000: Assumption = Field(description="Cost of a thousand impressions, in dollars.")
    budget: Annotated[float, Field(ge=0.0, le=1e9)] = Field(description="Opening budget for the whole campaign.")
    audience: Annotated[float, Field(gt=0.0, le=1e12)] | None = Field(
        default=None,
        description="People who can be reached in a period. Impressions beyond the first reach more and more often "
        "somebody who has been reached already, and then come to nothing; left out: without limit.",
    )
    segments: dict[str, NonNegative] = Field(description="Relative share of each segment among those reached.")
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
            raise ValueError("cost_per_1000 must be 0.001 or more: an impression that costs nothing has no number")
        return self


class Campaign(SpecModel):
    """One campaign: its path, its channels and its calendar."""

    path: tuple[str, ...] = Field(default=DEFAULT_PATH, description="The steps it has, from impression to purchase.")
    channels: dict[str, Channel] = Field(description="The channels by name.")
    delays: dict[str, Dwell] = Field(
        default={},
        description="Time from the step before, by step; none where left out. Click, visit and the path's first step "
        "are made at once.",
    )
    delay_by_segment: dict[str, Ratio] = Field(default={}, description="Ratio on every delay, by segment.")
    days: Days = Field(default=182.0, description="Media is bought from day 0 up to this day.")
    period_days: Days = Field(default=7.0, description="It is bought period by period, as long as this.")

    @model_validator(mode="after")
    def _check_path(self) -> "Campaign":
        try:
            funnel_lifecycle(self.path)
        except JourneyDefinitionError as error:
            raise ValueError(f"path: {error}") from None
        if self.path[0] != IMPRESSION or self.path[-1] != PURCHASE:
            raise ValueError(
                "path: must begin with 'impression', which is what media sells, and end with 'purchase', by which a "
                "prospect becomes a customer; what comes after it is the customer's journey"
            )
        return self

    @model_validator(mode="after")
    def _check_limits(self) -> "Campaign":
        if not self.channels:
            raise ValueError("channels: a campaign needs at least one")
        if len(self.channels) > MAX_CHANNELS:
            raise ValueError(f"channels: there are {len(self.channels)}; at most {MAX_CHANNELS} are possible")
        if self.days / self.period_days > MAX_PERIODS:
            raise ValueError(f"period_days: {self.days:g} days are more than {MAX_PERIODS} periods; make them longer")
        return self

    @model_validator(mode="after")
    def _check_delays(self) -> "Campaign":
        for step in self.delays:
            if step in (*BULK_STEPS, *self.path[:2]):
                raise ValueError(f"delays: {step!r} is made at once; a delay belongs to a later step of the path")
        return self

    @property
    def bulk(self) -> int:
        """How many steps of the path are counted together: the impression, and with it click and visit."""
        return 1 + sum(step in BULK_STEPS for step in self.path[1:])

    @property
    def periods(self) -> tuple[tuple[float, float], ...]:
        """Begin and end of each period; the last one may be shorter."""
        count = max(1, -int(-self.days // self.period_days))
        starts = [index * self.period_days for index in range(count)]
        return tuple(zip(starts, [*starts[1:], self.days], strict=True))


class Predictor(SpecModel):
    """What a buyer is predicted to be worth, from what is known on the day of the purchase.

    The account value for `years`, each weighted by the chance of being there still: value x (1 - exp(-h T)) / h, with
    the yearly churn hazard h of the segment and risk tier, as the policy has them, times the channel's ratio.
    """

    years: Assumption = Field(default=Amount(amount=3.0), description="Years that are counted.")
    by_channel: dict[str, Assumption] = Field(
        default={}, description="Hazard ratio of the buyers of a channel, as earlier ones have taught; 1 if left out."
    )

    @model_validator(mode="after")
    def _check_years(self) -> "Predictor":
        if not 0.0 < self.years.amount <= 20.0:
            raise ValueError(f"years: {self.years.amount:g} cannot be foreseen; give more than 0 and at most 20")
        return self


class Reallocation(SpecModel):
    """Whether and by what budget is moved between the channels of a campaign."""

    rule: Literal["none", "by_conversion", "by_retained_value"] = Field(
        default="none",
        description="What a dollar is asked to bring: buyers, or the value they are predicted to keep.",
    )
    every_days: Days = Field(default=28.0, description="Days between two reviews; the first comes after as many.")
    lag_days: NonNegative = Field(
        default=28.0,
        description="Media bought less than this ago is left out of account: its prospects have had no time to buy.",
    )
    approval_mean_days: NonNegative = Field(
        default=1.0, description="Mean (exponential) wait for a person's answer to a move that needs one."
    )
    rejected: Probability = Field(default=0.1, description="Share of those moves that the person rejects.")
    budget: BudgetPolicy = Field(
        default=BudgetPolicy(), description="Thresholds of proposals and approvals: those of `journey campaigns`."
    )
    predictor: Predictor = Predictor()


class Acquisition(SpecModel):
    """Where customers come from: campaigns, and what moves their budgets."""

    campaigns: dict[str, Campaign] = Field(description="The campaigns by name.")
    reallocation: Reallocation = Reallocation()
    step_costs: dict[str, Assumption] = Field(
        default={}, description="What a prospect who makes this step costs the company besides media, in dollars."
    )
    stage: str | None = Field(default=None, description="The stage buyers come in; left out: the journey's first.")

    @model_validator(mode="after")
    def _fits(self) -> "Acquisition":
        if not self.campaigns:
            raise ValueError("campaigns: an acquisition needs at least one")
        if len(self.campaigns) > MAX_CAMPAIGNS:
            raise ValueError(f"campaigns: there are {len(self.campaigns)}; at most {MAX_CAMPAIGNS} are possible")
        for name, campaign in self.campaigns.items():
            for channel, line in campaign.channels.items():
                most = sum(each.budget for each in campaign.channels.values()) / (line.cost_per_1000.amount / 1000.0)
                if most >= MAX_POSITIONS:
                    raise ValueError(
                        f"campaigns.{name}: its budget could buy {most:.2g} impressions of {channel} in one period; "
                        f"at most {MAX_POSITIONS:,} have a number"
                    )
        return self

    @property
    def lines(self) -> Iterator[tuple[str, str]]:
        """Campaign and channel of every line of the budget, in order."""
        return ((name, channel) for name, campaign in self.campaigns.items() for channel in campaign.channels)


class AcquiredPopulation(Population):
    """A population that a funnel brings, resolved for one arm.

    Attributes:
        acquisition: The funnel, with the arm's own budget and rule.
        frailty_spread: The world's, to say what a hazard ratio is in terms of frailty.
        churn: What the arm's policy believes about churn, for the prediction of retained value.
    """

    acquisition: Acquisition
    frailty_spread: NonNegative
    churn: ChurnMapping

    @property
    def is_listed(self) -> bool:
        """True: its customers are known one by one."""
        return True

    def workload(self, days: float) -> float:
        """Customer-days, and as many as it takes to walk through the impressions; see `Population.work`."""
        first_steps = sum(
            1000.0 * channel.budget / channel.cost_per_1000.amount * channel.conversion.get(campaign.path[1], 1.0)
            for campaign in self.acquisition.campaigns.values()
            for channel in campaign.channels.values()
        )
        return super().workload(days) + CUSTOMER_DAYS_PER_STEP * first_steps


def with_acquisition(
    population: Population, acquisition: Acquisition, *, spread: float, churn: ChurnMapping
) -> Population:
    """The population of an arm that has an acquisition; see `AcquiredPopulation`."""
    fields: dict[str, Any] = {name: getattr(population, name) for name in population.model_fields_set}
    return AcquiredPopulation(**fields, acquisition=acquisition, frailty_spread=spread, churn=churn)


def find_acquisition(population: Population) -> Acquisition | None:
    """The funnel that a population comes from; None where it comes from none."""
    return population.acquisition if isinstance(population, AcquiredPopulation) else None
