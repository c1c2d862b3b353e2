"""Unit prices and quantities for ROI, as part of a policy."""

from typing import Annotated, Literal

from pydantic import Field

from journey.decision.policy_section import PolicySection

Money = Annotated[float, Field(ge=0.0, le=1e9)]
"""Dollars per unit. More than a billion is a typing error, and sums would lose cents."""
Provenance = Literal["measured", "calibrated", "assumed", "default"]


class Price(PolicySection):
    """A unit price and its provenance."""

    amount: Money = Field(description="Dollars per unit.")
    provenance: Provenance = Field(default="default", description="Origin of the price.")


class Economics(PolicySection):
    """Unit prices and quantities for ROI. Each is an assumption; replace it with your own figures."""

    margin_rate: float = Field(
        default=0.75,
        ge=0.0,
        le=1.0,
        description="Margin before support as a share of revenue; support has separate lines.",
    )
    review_minutes: float = Field(
        default=12.0,
        ge=0.0,
        description="Reviewer time for one approval, in minutes, for recorded interventions; a simulation uses "
        "`reviewers.service_minutes`.",
    )
    reviewer_hour: Price = Field(default=Price(amount=60.0), description="One hour of a reviewer's time.")
    agent_hour: Price = Field(default=Price(amount=45.0), description="One hour of a support agent's time.")
    hours_per_escalation: float = Field(default=6.0, ge=0.0, description="Agent hours per escalation.")
    support_day: Price = Field(default=Price(amount=40.0), description="Agent cost per customer day in support.")
    usual_resolution_days: float = Field(
        default=5.0, ge=0.0, description="Resolution time without the orchestrator, in days."
    )
    evaluation: Price = Field(default=Price(amount=0.002), description="Tool and API calls of one evaluation.")
    llm_calls_per_evaluation: float = Field(
        default=0.0, ge=0.0, description="LLM calls per evaluation. The built-in orchestrator makes none."
    )
    llm_call: Price = Field(default=Price(amount=0.01), description="One call of a language model.")
    infrastructure_month: Price = Field(default=Price(amount=200.0), description="One month of infrastructure.")
