"""A scenario as data: what one TOML file says once its layers are merged.

A scenario asks one question. It holds a population, a journey, a world, one policy, reviewers, the arms that differ
from them, and what is assumed about money. Units: days, US dollars, shares between 0 and 1.
"""

import re
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema, field_validator

from scenarios.metrics.definitions import METRICS, parse_base_name
from simulation.acquisition.spec import Acquisition
from simulation.model.spec import Amount, Assumption, NonNegative, Population, Positive, Reviewers, SpecModel, World

BASELINE = "baseline"
"""The arm that every other arm is held against; it is listed first."""

BUNDLED = "bundled"
"""As `population.records`: the ten customers that come with the software."""

_NAME = re.compile(r"\w[\w-]*")


def _described_as(definition: str) -> WithJsonSchema:
    """A table whose keys are checked later; `scenarios.files.schema` puts the named definition in its place."""
    return WithJsonSchema({"type": "object", "format": definition})


PolicyOverride = Annotated[dict[str, Any], _described_as("Policy")]
ReviewersOverride = Annotated[dict[str, Any], _described_as("Reviewers")]
AcquisitionOverride = Annotated[dict[str, Any], _described_as("Acquisition")]
JourneyTable = Annotated[dict[str, Any], _described_as("Journey")]


class Money(SpecModel):
    """What is assumed about money beyond the unit prices, which are the policy's (`policy.economics`)."""

    perspective: str = Field(
        default="the company that sells the subscription", description="Whose money is counted.", min_length=1
    )
    discount_per_year: Assumption = Field(
        default=Amount(amount=0.08), description="Yearly discount rate, 0.08 for 8 %; revenue is discounted by it."
    )
    beyond_horizon_years: Assumption = Field(
        default=Amount(amount=1.0),
        description="Years of margin credited for a customer still live at the horizon; 0 counts none.",
    )

    @field_validator("beyond_horizon_years")
    @classmethod
    def _is_foreseeable(cls, years: Amount) -> Amount:
        if years.amount > 20.0:
            raise ValueError(f"{years.amount:g} years beyond the horizon cannot be foreseen; at most 20")
        return years

    @field_validator("discount_per_year")
    @classmethod
    def _is_a_rate(cls, rate: Amount) -> Amount:
        if rate.amount > 1.0:
            raise ValueError(f"{rate.amount:g} is above 1; write 8 % as 0.08")
        return rate


class Arm(SpecModel):
    """One arm: what it does differently from the scenario's own policy and reviewers."""

    label: str = Field(default="", description="What the arm is, in words for tables and reports.")
    active: bool = Field(default=True, description="false: no orchestrator at all, nothing is evaluated or done.")
    actions: tuple[str, ...] | None = Field(
        default=None, description="Actions of the catalogue that the arm may take; left out: all of them."
    )
    policy: PolicyOverride = Field(default={}, description="Laid over the scenario's policy, key by key.")
    reviewers: ReviewersOverride = Field(default={}, description="Laid over the scenario's reviewers, key by key.")
    acquisition: AcquisitionOverride = Field(
        default={}, description="Laid over the scenario's acquisition, key by key: another budget, another rule."
    )
    share: NonNegative = Field(
        default=1.0,
        description="Relative share of the customers who are assigned to the arm with `compare --mode randomised`.",
    )
    share_by_segment: dict[str, NonNegative] = Field(
        default={}, description="The same for the customers of single segments; 0 keeps a segment out of the arm."
    )


class Scenario(SpecModel):
    """One question, and everything that is needed to answer it by simulation."""

    title: str = Field(min_length=1, description="A few words, for headings.")
    question: str = Field(default="", description="The question asked, in one sentence.")
    teaches: str = Field(default="", description="What the answer teaches, in one sentence.")
    primary_metric: str = Field(default="churn_rate", description="The metric that the verdict rests on.")
    horizon_days: Positive = Field(default=365.0, le=36_525.0, description="Length of a run, in days.")
    seed: int = Field(default=1, ge=0, lt=2**63, description="All luck follows from it.")
    replications: int = Field(default=20, ge=1, le=100_000, description="Independent cohorts that are simulated.")
    population: Population
    acquisition: Acquisition | None = Field(
        default=None,
        description="Campaigns whose buyers are the customers; then the population's segments say who they are (how "
        "many of each there are, the channels say), and its size how many the reviewers are planned for.",
    )
    journey: JourneyTable | None = Field(default=None, description="Stages and moves; left out: the default journey.")
    world: World
    policy: PolicyOverride = Field(default={}, description="Laid over the default policy, key by key.")
    reviewers: Reviewers = Reviewers()
    money: Money = Money()
    arms: dict[str, Arm] = Field(description="The arms by name; `baseline` is the one the others are held against.")

    @field_validator("primary_metric")
    @classmethod
    def _is_measured(cls, name: str) -> str:
        if parse_base_name(name) not in METRICS:
            from journey.core.suggestions import did_you_mean

            raise ValueError(f"{name!r} is not a metric{did_you_mean(name, list(METRICS))}")
        return name

    @field_validator("arms", mode="before")
    @classmethod
    def _leaves_out_dropped_arms(cls, arms: object) -> object:
        """``treated = false`` leaves out an arm that the scenario built upon has."""
        if not isinstance(arms, dict):
            return arms
        return {name: arm for name, arm in arms.items() if arm is not False}

    @field_validator("arms")
    @classmethod
    def _has_a_baseline(cls, arms: dict[str, Arm]) -> dict[str, Arm]:
        if BASELINE not in arms:
            named = f"; there are: {', '.join(arms)}" if arms else ""
            raise ValueError(f"the arm {BASELINE!r} is missing{named}")
        first = next(iter(arms))
        if first != BASELINE:
            raise ValueError(f"{BASELINE!r} must come first, but {first!r} does")
        seen: dict[str, str] = {}
        for name in arms:
            twin = seen.setdefault(name.casefold(), name)
            if twin != name:
                raise ValueError(f"{name!r} and {twin!r} differ in capitals only; use two names")
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not a usable name; use letters, digits, '_' and '-'")
        return arms
