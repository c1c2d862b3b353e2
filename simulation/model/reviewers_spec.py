"""The reviewers of actions: their number, speed, working hours and skill."""

from pydantic import Field, model_validator

from journey.core.time_units import MINUTES_PER_DAY
from simulation.model.spec_types import NonNegative, Positive, Probability, SpecModel


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
