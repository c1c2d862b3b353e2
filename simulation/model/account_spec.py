"""The account of a customer: contract renewals, failed payments, and changes of its value."""

from pydantic import Field

from simulation.model.spec_types import Below1, Days, PerDay, Probability, Ratio, SpecModel


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
