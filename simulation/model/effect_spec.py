"""The effects of actions on customers, and when customers are evaluated."""

from typing import Annotated

from pydantic import Field

from journey.decision.policy import ADDED_LATER
from simulation.model.spec_types import NonNegative, Positive, Probability, Ratio, SpecModel


class Discount(SpecModel):
    """A lower price for some time."""

    share: Probability = Field(description="Share of the price that the customer does not pay.")
    days: Positive | None = Field(
        default=None, description="Days that the discount lasts. Default: `lasts_days` of the effect."
    )
    stages: tuple[str, ...] = Field(default=(), description="Stages in which it applies. Default: all stages.")

    def share_in(self, stage: str) -> float:
        """Share of the price that a customer in this stage does not pay."""
        return self.share if not self.stages or stage in self.stages else 0.0


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
    csat: float = Field(default=0.0, description="Change of satisfaction when it is resolved, in points.")
    moves: Annotated[dict[str, Ratio], ADDED_LATER] = Field(
        default={},
        description="Hazard ratio by move for `lasts_days` after a response, with or without distress. A later action "
        "with such an effect replaces it. It ends when the customer leaves.",
    )
    discount: Annotated[Discount | None, ADDED_LATER] = Field(
        default=None, description="A lower price after a response. A later discount replaces it. Default: none."
    )

    @property
    def acts_when_calm(self) -> bool:
        """Whether it changes hazards of moves or the price, and so acts on customers without distress too."""
        return bool(self.moves) or self.discount is not None

    @property
    def discount_days(self) -> float:
        """Days that the discount lasts; 0 without one."""
        if self.discount is None:
            return 0.0
        return self.lasts_days if self.discount.days is None else self.discount.days


class Decisions(SpecModel):
    """When the orchestrator evaluates a customer."""

    on_signal: bool = Field(default=True, description="Whether each signal leads to an evaluation.")
    on_stage_entry: bool = Field(default=True, description="Whether each entry into a stage leads to an evaluation.")
    cadence_days: NonNegative = Field(default=7.0, description="Days between regular evaluations; 0: none.")
    outcome_window_days: Positive = Field(
        default=21.0, description="Days after an action within which its outcome is measured."
    )


class Fatigue(SpecModel):
    """The effect of earlier contacts on later ones: each contact adds 1 to a level that decays exponentially."""

    half_life_days: Positive = Field(default=30.0, description="Half-life of the level, in days.")
    response_lost: Probability = Field(default=0.0, description="Share of the response lost at level 1.")
    churn_ratio: Ratio = Field(default=1.0, description="Hazard ratio on churn after a contact made at level 1.")
