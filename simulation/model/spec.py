"""The simulated world as data: what a scenario file says about population, moves, distress, signals and effects.

Units: time in days, money in US dollars, rates per day unless the name says otherwise. Every number has a documented
default; the defaults are assumptions for subscription software (see the comments in the built-in scenario `default`).
"""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from journey.decision.policy import Provenance, RiskTier
from simulation.random.copula import cholesky

DAYS_PER_YEAR = 365.0
DAYS_PER_MONTH = DAYS_PER_YEAR / 12.0
MINUTES_PER_DAY = 1440.0

Positive = Annotated[float, Field(gt=0.0)]
NonNegative = Annotated[float, Field(ge=0.0)]
Days = Annotated[float, Field(ge=1e-3, le=1e6)]
PerDay = Annotated[float, Field(ge=0.0, le=100.0)]
Ratio = Annotated[float, Field(ge=0.0, le=1e6)]
Dollars = Annotated[float, Field(gt=0.0, le=1e12)]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Below1 = Annotated[float, Field(ge=0.0, lt=1.0)]
Correlation = Annotated[float, Field(gt=-1.0, lt=1.0)]


class SpecModel(BaseModel):
    """A frozen piece of a specification that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Amount(SpecModel):
    """A number and its provenance."""

    amount: NonNegative
    provenance: Provenance = "default"


def _coerce_amount(given: object) -> object:
    """A bare number is an amount that its author assumes."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        return {"amount": given, "provenance": "assumed"}
    return given


Assumption = Annotated[Amount, BeforeValidator(_coerce_amount)]
"""A number and where it comes from; a bare number counts as ``assumed``."""


class Dwell(SpecModel):
    """How long until a move would happen if it were the only one."""

    law: Literal["exponential", "weibull", "log_logistic", "log_normal", "gamma", "deterministic", "empirical"] = (
        "exponential"
    )
    mean_days: Days = Field(default=30.0, description="Mean of the law, in days; an empirical law has its own.")
    shape: float = Field(
        default=1.0,
        ge=0.1,
        le=50.0,
        description="Shape of a weibull, log_logistic or gamma law; standard deviation of the logarithm of a "
        "log_normal law; without meaning for the others.",
    )
    points: tuple[tuple[Days, Probability], ...] = Field(
        default=(),
        description="Of an empirical law: [days, share that has moved by then], both rising; beyond the last point "
        "the hazard of the last piece goes on.",
    )

    @model_validator(mode="after")
    def _validate_distribution(self) -> "Dwell":
        if self.law == "log_logistic" and self.shape <= 1.0:
            raise ValueError(
                f"a log_logistic dwell with shape {self.shape:g} has no mean; the shape must be more than 1"
            )
        if self.law == "empirical":
            self._refuse_invalid_points()
        elif self.points:
            raise ValueError(f"points belong to an empirical dwell, and this one is {self.law}")
        elif "mean_days" not in self.model_fields_set:
            raise ValueError(f"mean_days is missing; a {self.law} dwell needs its mean in days")
        return self

    def _refuse_invalid_points(self) -> None:
        if not self.points:
            raise ValueError("an empirical dwell needs points: [[days, share], ...]")
        before = (0.0, 0.0)
        for point in self.points:
            if point[0] <= before[0] or point[1] <= before[1]:
                raise ValueError(f"points must rise in days and in share: {list(point)} comes after {list(before)}")
            before = point


class MoveClock(SpecModel):
    """The clock of one move: a dwell, and what multiplies its hazard."""

    dwell: Dwell = Field(description="Dwell of a customer with all ratios 1.")
    dwell_from: dict[str, Dwell] = Field(default={}, description="Dwells that differ by the stage moved from.")
    by_segment: dict[str, Ratio] = Field(default={}, description="Hazard ratio by segment.")
    by_tier: dict[RiskTier, Ratio] = Field(default={}, description="Hazard ratio by risk tier.")
    by_tenure: tuple[tuple[Days, Ratio], ...] = Field(
        default=(), description="[days, ratio], rising in days: hazard ratio from this tenure on; before it, 1."
    )
    in_distress: Ratio = Field(default=1.0, description="Hazard ratio while an episode of distress lasts.")
    frailty: bool = Field(default=False, description="Whether the customer's frailty multiplies this hazard.")

    @model_validator(mode="after")
    def _has_rising_tenures(self) -> "MoveClock":
        for (before, _), (after, _) in pairwise(self.by_tenure):
            if after <= before:
                raise ValueError(f"by_tenure must rise in days: {after:g} comes after {before:g}")
        return self


class Cause(SpecModel):
    """One cause of distress: where it starts, how long it lasts, what it looks like from outside."""

    onset_per_day: dict[str, PerDay] = Field(description="Onset rate by stage; 0 in stages left out.")
    mean_days: Days = Field(description="Mean length of an episode that nobody treats, in days.")
    churn_ratio: Ratio = Field(default=3.0, description="Hazard ratio on the way out while it lasts.")
    symptoms: dict[str, PerDay] = Field(description="Signals per day while it lasts, by signal type.")


class Distress(SpecModel):
    """The latent truth that the orchestrator does not see."""

    causes: dict[str, Cause] = {}
    by_segment: dict[str, Ratio] = Field(default={}, description="Ratio on every onset rate, by segment.")
    by_tier: dict[RiskTier, Ratio] = Field(default={}, description="Ratio on every onset rate, by risk tier.")


class Strengths(SpecModel):
    """Distribution of signal strength: uniform between two bounds within [0, 1]."""

    low: Probability = 0.3
    high: Probability = 0.9

    @model_validator(mode="after")
    def _is_an_interval(self) -> "Strengths":
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} is above high {self.high:g}")
        return self


class Signals(SpecModel):
    """How symptoms and noise reach the orchestrator."""

    strength: Strengths = Strengths()
    false_strength: Strengths = Strengths(low=0.2, high=0.6)
    false_per_day: dict[str, PerDay] = Field(default={}, description="False alarms per day, by signal type.")
    recovery: str | None = Field(default=None, description="Positive signal type sent when an episode ends.")
    recovery_probability: Probability = Field(default=0.0, description="Chance that an ended episode sends it.")
    manual_share: Probability = Field(default=0.2, description="Share of signals that come from a manual source.")
    delay_mean_days: NonNegative = Field(default=0.5, description="Mean exponential delay of detection.")


class Effect(SpecModel):
    """What one action does."""

    delay_days: NonNegative = Field(default=0.5, description="From the decision (or approval) to its being done.")
    response: Probability = Field(default=0.5, description="Chance that the customer responds at all.")
    by_segment: dict[str, Ratio] = Field(
        default={}, description="Ratio on that chance by segment; the product is held at 1 or below."
    )
    recovery_ratio: Ratio = Field(default=3.0, description="Hazard ratio on the end of distress after a response.")
    by_cause: dict[str, Ratio] = Field(default={}, description="The same for particular causes.")
    lasts_days: Positive = Field(default=14.0, description="The effect wears off after this.")
    harm_ratio: Ratio = Field(default=1.0, description="Hazard ratio on churn after contacting a calm customer.")
    csat: float = Field(default=0.0, description="Change of satisfaction when it resolves an episode, in points.")


class Satisfaction(SpecModel):
    """How satisfaction follows from a life: points on a scale of 1 to 5."""

    calm: float = Field(default=4.2, ge=1.0, le=5.0, description="A customer who was never in distress.")
    distress_penalty: NonNegative = Field(default=1.5, description="Lost by a life spent wholly in distress.")


class Decisions(SpecModel):
    """When the orchestrator looks at a customer."""

    on_signal: bool = True
    on_stage_entry: bool = True
    cadence_days: NonNegative = Field(default=7.0, description="Regular evaluation; 0 switches it off.")
    outcome_window_days: Positive = Field(default=21.0, description="An action's outcome is measured by then.")


class Phase(SpecModel):
    """A stretch of time in which things are otherwise for everybody: a season, a campaign, an incident."""

    from_day: NonNegative = Field(description="First day of the phase.")
    until_day: Positive = Field(description="The day it is over.")
    every_days: Annotated[float, Field(ge=1.0, le=1e6)] | None = Field(
        default=None, description="It comes again after this; left out, it comes once."
    )
    moves: dict[str, Ratio] = Field(default={}, description="Hazard ratio by move while it lasts.")
    onsets: dict[str, Ratio] = Field(default={}, description="Ratio on the onset rate by cause while it lasts.")

    @model_validator(mode="after")
    def _is_a_stretch(self) -> "Phase":
        if self.until_day <= self.from_day:
            raise ValueError(f"until_day {self.until_day:g} must come after from_day {self.from_day:g}")
        if self.every_days is not None and self.until_day - self.from_day > self.every_days:
            raise ValueError(
                f"a phase of {self.until_day - self.from_day:g} days cannot come every {self.every_days:g} days"
            )
        return self


class Renewal(SpecModel):
    """Contracts that end: at each date the customer may leave at once, so that churn comes in lumps."""

    every_days: Days = Field(default=365.0, description="Length of a contract, counted from the day a customer came.")
    churn: dict[str, Below1] = Field(
        default={},
        description="By segment: chance that a calm customer of medium tier leaves at the date. Tier, frailty, "
        "distress and seasons act on it as on the move's hazard. Segments left out have no contracts.",
    )
    move: str = Field(default="churn", description="The move by which they leave.")


class Payments(SpecModel):
    """Charges that fail: customers who are lost without wanting to leave."""

    every_days: Days = Field(default=30.0, description="Days between two charges.")
    failure: dict[str, Below1] = Field(default={}, description="Chance that a charge fails, by segment.")
    recovered: Probability = Field(default=0.7, description="Chance that a failed charge is made good in time.")
    grace_days: Days = Field(default=14.0, description="Whose charge is not made good leaves after this.")
    move: str = Field(default="churn", description="The move by which they leave.")


class ValueChange(SpecModel):
    """An expansion or a contraction of the account."""

    per_day: dict[str, PerDay] = Field(description="Rate by stage; 0 in stages left out.")
    factor: float = Field(gt=0.0, le=100.0, description="What it multiplies the account value by.")
    in_distress: Ratio = Field(default=1.0, description="Ratio on the rate while an episode of distress lasts.")


class Fatigue(SpecModel):
    """What contacts do to later ones: every contact adds 1 to a level that halves with time."""

    half_life_days: Positive = Field(default=30.0, description="The level halves in this many days.")
    response_lost: Probability = Field(default=0.0, description="Share of the response lost at level 1.")
    churn_ratio: Ratio = Field(default=1.0, description="Hazard ratio on churn after a contact made at level 1.")


class Imperfections(SpecModel):
    """How records fail to tell what happened. The orchestrator sees the records; customers live the truth."""

    signals_missing: Probability = Field(default=0.0, description="Share of signals that are never recorded.")
    signals_orphaned: Probability = Field(default=0.0, description="Share recorded for a customer nobody knows.")
    signals_duplicated: Probability = Field(default=0.0, description="Share recorded twice, the same to the letter.")
    signals_late: Probability = Field(default=0.0, description="Share that is known only after a further delay.")
    late_mean_days: NonNegative = Field(default=7.0, description="Mean (exponential) of that delay.")
    stages_missing: Probability = Field(default=0.0, description="Share of stage entries that are not recorded.")
    stages_wrong: Probability = Field(default=0.0, description="Share recorded as an entry to another live stage.")

    @model_validator(mode="after")
    def _shares_fit(self) -> "Imperfections":
        if self.stages_missing + self.stages_wrong > 1.0:
            raise ValueError("stages_missing and stages_wrong add up to more than 1")
        if self.signals_missing + self.signals_orphaned > 1.0:
            raise ValueError("signals_missing and signals_orphaned add up to more than 1")
        return self


class World(SpecModel):
    """The laws that customers live by."""

    moves: dict[str, MoveClock] = Field(default={}, description="Clock of each move of the journey.")
    frailty_spread: float = Field(
        default=0.0,
        ge=0.0,
        le=3.0,
        description="Standard deviation of log frailty (log-normal, mean 1) between customers.",
    )
    distress: Distress = Distress()
    signals: Signals = Signals()
    effects: dict[str, Effect] = Field(default={}, description="Effect of each action of the policy's catalogue.")
    fatigue: Fatigue = Fatigue()
    calendar: dict[str, Phase] = Field(default={}, description="Seasons and incidents, by name.")
    renewal: Renewal = Renewal()
    payments: Payments = Payments()
    value_changes: dict[str, ValueChange] = Field(
        default={}, description="Expansions and contractions of the account value, by name."
    )
    lost: tuple[str, ...] = Field(
        default=(),
        description="Stages besides the terminal ones in which a customer is gone (pays nothing, sends nothing, is not "
        "looked at) and may be won back by a move out of them.",
    )
    imperfections: Imperfections = Imperfections()
    satisfaction: Satisfaction = Satisfaction()
    decisions: Decisions = Decisions()


class Segment(SpecModel):
    """One segment of a synthetic population."""

    share: NonNegative = Field(description="Relative share; shares need not add up to 1.")
    account_value: Dollars = Field(description="Median revenue per year, in dollars.")
    value_spread: float = Field(default=0.5, ge=0.0, le=3.0, description="Standard deviation of log account value.")
    tiers: dict[RiskTier, NonNegative] = Field(
        default={"low": 0.4, "medium": 0.4, "high": 0.2}, description="Relative share of each risk tier."
    )
    tenure_mean_days: NonNegative = Field(
        default=0.0, description="Mean (exponential) time since a customer of day 0 came; 0: as long as in the stage."
    )
    do_not_contact: Probability = Field(default=0.0, description="Share who gave no consent to be contacted.")

    @model_validator(mode="after")
    def _has_tiers(self) -> "Segment":
        if sum(self.tiers.values()) <= 0.0:
            raise ValueError("tiers: at least one risk tier needs a share above 0")
        return self


class Correlations(SpecModel):
    """How traits of a customer go together: correlations of a Gaussian copula, within each segment."""

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
    """Customers who come in the course of the run, at times that are uniform: a Poisson stream, given how many."""

    share: Probability = Field(description="Share of the population that is not there on day 0, on average.")
    over_days: Days = Field(default=365.0, description="They come between day 0 and this day.")
    stage: str | None = Field(default=None, description="The stage they come in; left out, the journey's first.")


class Population(SpecModel):
    """Who lives in the world: synthetic by segment, or a folder of records."""

    size: int = Field(default=2000, ge=1, le=2**31 - 1, strict=True, description="Number of customers.")
    segments: dict[str, Segment] = Field(default={}, description="Segments of a synthetic population.")
    start: dict[str, NonNegative] = Field(default={}, description="Share in each stage on day 0 (else all initial).")
    in_mid_stay: bool = Field(
        default=False,
        description="Met on day 0 in the middle of a stay (length-biased), not at its beginning.",
    )
    in_distress: bool = Field(
        default=False,
        description="Met in distress on day 0 as onset rates and lengths imply, by the time in the stage.",
    )
    correlations: Correlations = Correlations()
    arrivals: Arrivals | None = Field(default=None, description="Who comes later; left out, all are there on day 0.")
    records: str | None = Field(default=None, description="A folder of records (or `bundled`) instead of segments.")
    as_of: str | None = Field(default=None, description="The date of the records that is day 0 (default: latest).")

    @model_validator(mode="after")
    def _has_customers(self) -> "Population":
        if self.records is None and sum(segment.share for segment in self.segments.values()) <= 0.0:
            raise ValueError("segments: a synthetic population needs at least one segment with a share above 0")
        if self.start and sum(self.start.values()) <= 0.0:
            raise ValueError("start: at least one stage needs a share above 0")
        return self

    @property
    def is_listed(self) -> bool:
        """Whether customers are known one by one (from records, or as buyers of a funnel) and not drawn by number."""
        return self.records is not None

    def workload(self, days: float) -> float:
        """How much there is to do in a run, in customer-days or as much as they are: an engine is chosen by it."""
        return self.size * days


class Reviewers(SpecModel):
    """The human gate: who approves, how fast and how well."""

    count: int | None = Field(default=None, ge=0, le=1_000_000, description="Number of reviewers.")
    per_1000: NonNegative | None = Field(default=None, description="Reviewers per 1,000 customers (rounded up).")
    service_minutes: Positive = Field(default=30.0, description="Mean exponential working time of one review.")
    minutes_per_day: float = Field(default=90.0, gt=0.0, le=1440.0, description="Daily time for reviews.")
    opens_at_hour: float = Field(default=9.0, ge=0.0, lt=24.0, description="Hour at which that time begins.")
    days_per_week: int = Field(default=5, ge=1, le=7, description="Working days a week, from day 0 on.")
    approve_distressed: Probability = Field(default=0.95, description="Skill: approves when the customer is in need.")
    reject_calm: Probability = Field(default=0.6, description="Skill: rejects when the customer is not.")
    override: Probability = Field(default=0.1, description="Of approvals: replaced by the play for the true cause.")
    pods: int = Field(
        default=1,
        ge=1,
        le=100_000,
        description="Groups of customers, alike in size, each with its own share of the reviewers and its own queue.",
    )

    @model_validator(mode="after")
    def _is_stated_once(self) -> "Reviewers":
        if self.count is not None and self.per_1000 is not None:
            raise ValueError("give `count` or `per_1000`, not both: one of them would be silently ignored")
        return self

    @model_validator(mode="after")
    def _works_within_a_day(self) -> "Reviewers":
        if self.opens_at_hour * 60.0 + self.minutes_per_day > MINUTES_PER_DAY:
            raise ValueError(
                f"minutes_per_day {self.minutes_per_day:g}, begun at {self.opens_at_hour:g} h, go beyond midnight"
            )
        return self

    @property
    def working_hours(self) -> tuple[float, float, int]:
        """Opening and length as shares of a day, and days a week, as `simulation.model.working_hours` takes them."""
        return self.opens_at_hour / 24.0, self.minutes_per_day / MINUTES_PER_DAY, self.days_per_week

    def count_for(self, customers: int) -> int:
        """How many reviewers a population of this size has; one when nothing is said."""
        if self.count is not None:
            return self.count
        if self.per_1000 is not None:
            return -int(-self.per_1000 * customers // 1000)
        return 1
