"""How long customers stay in a stage: the distribution of the time until a move, and the hazard ratios on it."""

from itertools import pairwise
from typing import Literal

from pydantic import Field, model_validator

from journey.decision.policy import RiskTier
from simulation.model.spec_types import Days, Probability, Ratio, SpecModel

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
            raise ValueError(f"mean_days is missing; a dwell with the law {self.law} needs its mean in days")
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
