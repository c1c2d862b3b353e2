"""Distress, the signals it sends, false alarms, and satisfaction."""

from pydantic import Field, model_validator

from journey.decision.policy import RiskTier
from simulation.model.spec_types import Days, NonNegative, PerDay, Probability, Ratio, SpecModel


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


class Satisfaction(SpecModel):
    """Satisfaction of a customer, in points on a scale of 1 to 5."""

    calm: float = Field(
        default=4.2, ge=1.0, le=5.0, description="Satisfaction of a customer who was never in distress, in points."
    )
    distress_penalty: NonNegative = Field(
        default=1.5, description="Points lost by a customer who was in distress throughout."
    )
