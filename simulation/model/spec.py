"""The simulated world as data: the population, moves, distress, signals and effects of a scenario file.

Units: time in days, money in US dollars, rates per day unless the name says otherwise. Every number has a documented
default; the defaults are assumptions for subscription software (see the comments in the built-in scenario `default`).
"""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from journey.core.time_units import MINUTES_PER_DAY
from journey.decision.policy import ADDED_LATER, Provenance, RiskTier
from simulation.random.copula import cholesky

BUNDLED = "bundled"
"""Value of `Population.records` for the ten bundled customers."""

# Bounds keep sums and products finite.
Positive = Annotated[float, Field(gt=0.0, le=1e12)]
NonNegative = Annotated[float, Field(ge=0.0, le=1e12)]
Days = Annotated[float, Field(ge=1e-3, le=1e6)]
PerDay = Annotated[float, Field(ge=0.0, le=100.0)]
Ratio = Annotated[float, Field(ge=0.0, le=1e6)]
Dollars = Annotated[float, Field(gt=0.0, le=1e12)]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Below1 = Annotated[float, Field(ge=0.0, lt=1.0)]
Correlation = Annotated[float, Field(gt=-1.0, lt=1.0)]


class SpecModel(BaseModel):
    """An immutable part of a specification, which refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Amount(SpecModel):
    """A number and its provenance."""

    amount: NonNegative
    provenance: Provenance = "default"


def _coerce_amount(value: object) -> object:
    """Convert a bare number to an amount with the provenance ``assumed``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"amount": value, "provenance": "assumed"}
    return value


Assumption = Annotated[Amount, BeforeValidator(_coerce_amount)]
"""A number with its provenance; a bare number counts as ``assumed``."""

_LARGEST_LOG_NORMAL_SHAPE = 37.0
"""The mean of a log-normal distribution is ``exp(shape^2 / 2)`` times its median: here a factor of 1e297."""


class Dwell(SpecModel):
    """The distribution of the time until a move, in the absence of competing moves."""

    law: Literal["exponential", "weibull", "log_logistic", "log_normal", "gamma", "deterministic", "empirical"] = Field(
        default="exponential", description="Distribution of the dwell time."
    )
    mean_days: Days = Field(default=30.0, description="Mean, in days; not for an empirical distribution.")
    shape: float = Field(
        default=1.0,
        ge=0.1,
        le=50.0,
        description="Shape of a weibull, log_logistic or gamma distribution; standard deviation of the logarithm of a "
        "log_normal distribution; ignored for the others.",
    )
    points: tuple[tuple[Days, Probability], ...] = Field(
        default=(),
        description="Of an empirical distribution: [days, share that has moved by then], both increasing; after the "
        "last point the hazard of the last interval continues.",
    )

    @model_validator(mode="after")
    def _validate_distribution(self) -> "Dwell":
        if self.law == "log_logistic" and self.shape <= 1.0:
            raise ValueError(
                f"a log_logistic dwell with shape {self.shape:g} has no mean; the shape must be more than 1"
            )
        if self.law == "log_normal" and self.shape > _LARGEST_LOG_NORMAL_SHAPE:
            raise ValueError(
                f"a log_normal dwell with shape {self.shape:g} has a median too close to 0 days to compute; the shape "
                f"must be at most {_LARGEST_LOG_NORMAL_SHAPE:g}"
            )
        if self.law == "empirical":
            self._refuse_invalid_points()
        elif self.points:
            raise ValueError(f"points belong to an empirical dwell; this dwell is {self.law}")
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
    """The clock of one move: a dwell-time distribution and the hazard ratios on it."""

    dwell: Dwell = Field(description="Dwell time of a customer whose hazard ratios are all 1.")
    dwell_from: dict[str, Dwell] = Field(
        default={}, description="Dwell time by the stage moved from, where it differs."
    )
    by_segment: dict[str, Ratio] = Field(default={}, description="Hazard ratio by segment.")
    by_tier: dict[RiskTier, Ratio] = Field(default={}, description="Hazard ratio by risk tier.")
    by_tenure: tuple[tuple[Days, Ratio], ...] = Field(
        default=(),
        description="[days, ratio], increasing in days: hazard ratio from this tenure on. Before the first: 1.",
    )
    in_distress: Ratio = Field(default=1.0, description="Hazard ratio during an episode of distress.")
    frailty: bool = Field(default=False, description="Whether the customer's frailty multiplies this hazard.")

    @model_validator(mode="after")
    def _has_rising_tenures(self) -> "MoveClock":
        for (before, _), (after, _) in pairwise(self.by_tenure):
            if after <= before:
                raise ValueError(f"by_tenure must rise in days: {after:g} comes after {before:g}")
        return self


class Cause(SpecModel):
    """One cause of distress: its onset rates, its duration and its symptoms."""

    onset_per_day: dict[str, PerDay] = Field(description="Onset rate by stage, or 0.")
    mean_days: Days = Field(description="Mean length of an untreated episode, in days.")
    churn_ratio: Ratio = Field(default=3.0, description="Hazard ratio on leaving moves during an episode.")
    symptoms: dict[str, PerDay] = Field(description="Signals per day during an episode, by signal type.")


class Distress(SpecModel):
    """Distress, a latent state that the orchestrator does not observe."""

    causes: dict[str, Cause] = Field(default={}, description="Causes of distress, by name.")
    by_segment: dict[str, Ratio] = Field(default={}, description="Ratio on every onset rate, by segment.")
    by_tier: dict[RiskTier, Ratio] = Field(default={}, description="Ratio on every onset rate, by risk tier.")


class Strengths(SpecModel):
    """Distribution of signal strength: uniform between two bounds within [0, 1]."""

    low: Probability = Field(default=0.3, description="Smallest strength.")
    high: Probability = Field(default=0.9, description="Largest strength.")

    @model_validator(mode="after")
    def _is_an_interval(self) -> "Strengths":
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} is above high {self.high:g}")
        return self


class Signals(SpecModel):
    """How symptoms and noise reach the orchestrator."""

    strength: Strengths = Field(default=Strengths(), description="Strength of the signals of an episode.")
    false_strength: Strengths = Field(default=Strengths(low=0.2, high=0.6), description="Strength of false alarms.")
    false_per_day: dict[str, PerDay] = Field(default={}, description="False alarms per day, by signal type.")
    recovery: str | None = Field(default=None, description="Positive signal type sent when an episode ends.")
    recovery_probability: Probability = Field(default=0.0, description="Chance that an ended episode sends it.")
    manual_share: Probability = Field(default=0.2, description="Share of signals that come from a manual source.")
    delay_mean_days: NonNegative = Field(default=0.5, description="Mean (exponential) delay of detection.")


class Effect(SpecModel):
    """The effect of one action."""

    delay_days: NonNegative = Field(default=0.5, description="Days from the decision (or approval) to the action.")
    response: Probability = Field(default=0.5, description="Probability that the customer responds.")
    by_segment: dict[str, Ratio] = Field(
        default={}, description="Ratio on that probability by segment; the product is at most 1."
    )
    recovery_ratio: Ratio = Field(default=3.0, description="Hazard ratio on the end of distress after a response.")
    by_cause: dict[str, Ratio] = Field(default={}, description="The same ratio for particular causes.")
    lasts_days: Positive = Field(default=14.0, description="Duration of the effect, in days.")
    harm_ratio: Ratio = Field(default=1.0, description="Hazard ratio on churn after contacting a calm customer.")
    csat: float = Field(default=0.0, description="Change of satisfaction when it resolves an episode, in points.")


class Satisfaction(SpecModel):
    """Satisfaction of a customer, in points on a scale of 1 to 5."""

    calm: float = Field(
        default=4.2, ge=1.0, le=5.0, description="Satisfaction of a customer who was never in distress, in points."
    )
    distress_penalty: NonNegative = Field(
        default=1.5, description="Points lost by a customer who was in distress throughout."
    )


class Decisions(SpecModel):
    """When the orchestrator evaluates a customer."""

    on_signal: bool = Field(default=True, description="Whether each signal leads to an evaluation.")
    on_stage_entry: bool = Field(default=True, description="Whether each entry into a stage leads to an evaluation.")
    cadence_days: NonNegative = Field(default=7.0, description="Days between regular evaluations; 0: none.")
    outcome_window_days: Positive = Field(
        default=21.0, description="Days after an action within which its outcome is measured."
    )


class Phase(SpecModel):
    """A period in which hazards and onset rates differ for all customers: a season, a campaign, an incident."""

    from_day: NonNegative = Field(description="First day of the phase.")
    until_day: Positive = Field(description="The day on which the phase ends.")
    every_days: Annotated[float, Field(ge=1.0, le=1e6)] | None = Field(
        default=None, description="Days after which the phase repeats. Default: it does not repeat."
    )
    moves: dict[str, Ratio] = Field(default={}, description="Hazard ratio by move during the phase.")
    onsets: dict[str, Ratio] = Field(default={}, description="Ratio on the onset rate by cause during the phase.")

    @model_validator(mode="after")
    def _is_a_stretch(self) -> "Phase":
        if self.until_day <= self.from_day:
            raise ValueError(f"until_day {self.until_day:g} must come after from_day {self.from_day:g}")
        if self.every_days is not None and self.until_day - self.from_day > self.every_days:
            raise ValueError(
                f"a phase of {self.until_day - self.from_day:g} days cannot repeat every {self.every_days:g} days"
            )
        return self


class Renewal(SpecModel):
    """Contract renewals: at each renewal date the customer may leave immediately."""

    every_days: Days = Field(default=365.0, description="Length of a contract, from the customer's first day.")
    churn: dict[str, Below1] = Field(
        default={},
        description="By segment: probability that a calm customer of medium tier leaves at a renewal. Tier, frailty, "
        "distress and seasons affect it as they affect the move's hazard. Segments not listed have no contracts.",
    )
    move: str = Field(default="churn", description="The move by which they leave.")


class Payments(SpecModel):
    """Failed charges: involuntary churn."""

    every_days: Days = Field(default=30.0, description="Days between two charges.")
    failure: dict[str, Below1] = Field(default={}, description="Probability that a charge fails, by segment.")
    recovered: Probability = Field(
        default=0.7, description="Probability that a failed charge is recovered within the grace period."
    )
    grace_days: Days = Field(
        default=14.0, description="Days from a failed charge that is not recovered to the customer's leaving."
    )
    move: str = Field(default="churn", description="The move by which they leave.")


class ValueChange(SpecModel):
    """An expansion or a contraction of the account."""

    per_day: dict[str, PerDay] = Field(description="Rate by stage, or 0.")
    factor: float = Field(gt=0.0, le=100.0, description="Factor on the account value.")
    in_distress: Ratio = Field(default=1.0, description="Ratio on the rate during an episode of distress.")


class Fatigue(SpecModel):
    """The effect of earlier contacts on later ones: each contact adds 1 to a level that decays exponentially."""

    half_life_days: Positive = Field(default=30.0, description="Half-life of the level, in days.")
    response_lost: Probability = Field(default=0.0, description="Share of the response lost at level 1.")
    churn_ratio: Ratio = Field(default=1.0, description="Hazard ratio on churn after a contact made at level 1.")


class Imperfections(SpecModel):
    """Errors in records. The orchestrator observes the records, not the customers' true histories."""

    signals_missing: Probability = Field(default=0.0, description="Share of signals that are never recorded.")
    signals_orphaned: Probability = Field(default=0.0, description="Share recorded for an unknown customer.")
    signals_duplicated: Probability = Field(default=0.0, description="Share recorded twice, with identical fields.")
    signals_late: Probability = Field(default=0.0, description="Share that is recorded only after a further delay.")
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
    """The parameters of the simulated world, the same in all arms."""

    moves: dict[str, MoveClock] = Field(default={}, description="Clock of each move of the journey.")
    frailty_spread: float = Field(
        default=0.0,
        ge=0.0,
        le=3.0,
        description="Standard deviation of log frailty (log-normal, mean 1) across customers.",
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
        description="Stages besides the terminal ones in which a customer has left (no revenue, no signals, no "
        "evaluations). A move out of such a stage wins the customer back.",
    )
    notice_days: Annotated[NonNegative, ADDED_LATER] = Field(
        default=0.0,
        description="Days between the decision to leave and leaving. After the decision only a renewal or a failed "
        "charge can end the stay earlier. Until then the customer pays, sends signals and is evaluated like any other. "
        "On day 0 no customer has decided to leave. 0: customers leave immediately.",
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
    segments: dict[str, Segment] = Field(default={}, description="Segments of a synthetic population.")
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


class Reviewers(SpecModel):
    """The reviewers: their number, speed, working hours and skill."""

    count: int | None = Field(None, ge=0, le=1_000_000, description="Number of reviewers. Default: 1.")
    per_1000: NonNegative | None = Field(
        default=None, le=1000.0, description="Reviewers per 1,000 customers (rounded up)."
    )
    service_minutes: Positive = Field(
        default=30.0, le=1e6, description="Mean (exponential) working time of one review."
    )
    minutes_per_day: float = Field(
        default=90.0, ge=0.001, le=1440.0, description="Time for reviews per working day, in minutes."
    )
    opens_at_hour: float = Field(default=9.0, ge=0.0, lt=24.0, description="Hour of the day at which reviews begin.")
    days_per_week: int = Field(default=5, ge=1, le=7, description="Working days per week; day 0 is a Monday.")
    approve_distressed: Probability = Field(
        default=0.95, description="Skill: probability of approval when the customer is in distress."
    )
    reject_calm: Probability = Field(
        default=0.6, description="Skill: probability of rejection when the customer is not in distress."
    )
    override: Probability = Field(
        default=0.1,
        description="Share of approvals in which the reviewer replaces the action by the one for the true cause.",
    )
    pods: int = Field(
        default=1,
        ge=1,
        le=100_000,
        description="Number of equal groups of customers, each with its own reviewers and its own queue.",
    )

    @model_validator(mode="after")
    def _is_stated_once(self) -> "Reviewers":
        if self.count is not None and self.per_1000 is not None:
            raise ValueError("give `count` or `per_1000`, not both")
        return self

    @model_validator(mode="after")
    def _works_within_a_day(self) -> "Reviewers":
        if self.opens_at_hour * 60.0 + self.minutes_per_day > MINUTES_PER_DAY:
            raise ValueError(
                f"{self.minutes_per_day:g} minutes_per_day from opens_at_hour {self.opens_at_hour:g} end after midnight"
            )
        return self

    @property
    def working_hours(self) -> tuple[float, float, int]:
        """Opening and length as shares of a day, and days per week: arguments of `simulation.model.working_hours`."""
        return self.opens_at_hour / 24.0, self.minutes_per_day / MINUTES_PER_DAY, self.days_per_week

    def count_for(self, customers: int) -> int:
        """Number of reviewers for a population of this size. Default: one."""
        if self.count is not None:
            return self.count
        if self.per_1000 is not None:
            return -int(-self.per_1000 * customers // 1000)
        return 1
