"""Data model of a scenario: the content of a TOML file after its layers are merged.

A scenario asks one question. It has a population, a journey, a world, a policy, reviewers, the arms that change some of
these, and assumptions about money. Units: days, US dollars, shares between 0 and 1.
"""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema, field_validator

from journey.decision.policy import ADDED_LATER
from simulation.acquisition.spec import Acquisition
from simulation.model.metric_spec import MetricSpec
from simulation.model.population_spec import Population
from simulation.model.reviewers_spec import Reviewers
from simulation.model.spec_types import Amount, Assumption, NonNegative, SpecModel
from simulation.model.world_spec import World

BASELINE = "baseline"
"""The arm that every other arm is compared with; it comes first."""

_NAME = re.compile(r"\w[\w-]*")


def _refuse_unusable_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a usable name; use letters, digits, '_' and '-'")
    return name


Name = Annotated[str, AfterValidator(_refuse_unusable_name)]
"""The name of an arm or a metric, which is a part of other names and of keys."""


def _described_as(definition: str) -> WithJsonSchema:
    """A table that is validated later; `scenarios.files.schema` inserts the named definition."""
    return WithJsonSchema({"type": "object", "format": definition})


PolicyOverride = Annotated[dict[str, Any], _described_as("Policy")]
ReviewersOverride = Annotated[dict[str, Any], _described_as("Reviewers")]
AcquisitionOverride = Annotated[dict[str, Any], _described_as("Acquisition")]
JourneyTable = Annotated[dict[str, Any], _described_as("Journey")]
RuleTable = Annotated[dict[str, Any], _described_as("Rule")]


class Money(SpecModel):
    """Assumptions about money; unit prices are in the policy (`policy.economics`)."""

    perspective: str = Field(
        default="the company that sells the subscription", description="The party whose money is counted.", min_length=1
    )
    discount_per_year: Assumption = Field(
        default=Amount(amount=0.08), description="Yearly discount rate of revenue; 0.08 means 8 %."
    )
    beyond_horizon_years: Assumption = Field(
        default=Amount(amount=1.0),
        description="Years of margin credited for customers still live at the horizon; 0 credits none.",
    )

    @field_validator("beyond_horizon_years")
    @classmethod
    def _is_foreseeable(cls, years: Amount) -> Amount:
        if years.amount > 20.0:
            raise ValueError(f"{years.amount:g} years beyond the horizon is above the maximum of 20")
        return years

    @field_validator("discount_per_year")
    @classmethod
    def _is_a_rate(cls, rate: Amount) -> Amount:
        if rate.amount > 1.0:
            raise ValueError(f"{rate.amount:g} is above 1; write 8 % as 0.08")
        return rate


class Arm(SpecModel):
    """One arm: its differences from the scenario's policy, reviewers and acquisition."""

    label: str = Field(
        default="", description="Description of the arm, for tables and reports; may contain counts, as `question` may."
    )
    active: bool = Field(
        default=True, description="false: the arm has no orchestrator, so nothing is evaluated or done."
    )
    actions: tuple[str, ...] | None = Field(
        default=None, description="Actions of the catalogue that the arm may take. Default: all of them."
    )
    policy: PolicyOverride = Field(
        default={}, description="Overrides the scenario's policy, key by key; or the path of a policy file that does."
    )
    reviewers: ReviewersOverride = Field(default={}, description="Overrides the scenario's reviewers, key by key.")
    acquisition: AcquisitionOverride = Field(
        default={}, description="Overrides the scenario's acquisition, key by key, for example its budget or rule."
    )
    share: Annotated[NonNegative, ADDED_LATER] = Field(
        default=1.0,
        description="Relative share of the customers assigned to the arm with `compare --mode randomised`.",
    )
    share_by_segment: Annotated[dict[str, NonNegative], ADDED_LATER] = Field(
        default={}, description="Relative share by segment, instead of `share`; 0 keeps a segment out of the arm."
    )


class Scenario(SpecModel):
    """One question, and everything needed to answer it by simulation."""

    title: str = Field(min_length=1, description="Title for headings, a few words.")
    question: str = Field(
        default="",
        description="The question, in one sentence. `{customers}`, `{days}` and `{reviewers.ARM}` become counts.",
    )
    teaches: str = Field(default="", description="The lesson of the answer, in one sentence.")
    primary_metric: str = Field(default="churn_rate", description="The metric of the verdict.")
    horizon_days: float = Field(default=365.0, ge=1e-3, le=36_525.0, description="Length of a run, in days.")
    seed: int = Field(default=1, ge=0, lt=2**63, description="Random seed.")
    replications: int = Field(default=20, ge=1, le=100_000, description="Number of independent cohorts.")
    population: Population
    acquisition: Acquisition | None = Field(
        default=None,
        description="Campaigns whose buyers are the customers. The population's segments then describe the customers, "
        "the channels determine their numbers, and `population.size` is the number that the reviewers are planned for.",
    )
    journey: JourneyTable | None = Field(
        default=None,
        description="Stages and moves, or the path of a file with the table `[journey]`. Default: the default journey.",
    )
    world: World
    policy: PolicyOverride = Field(
        default={}, description="Overrides the default policy, key by key; or the path of a policy file."
    )
    reviewers: Reviewers = Reviewers()
    money: Money = Money()
    metrics: Annotated[dict[Name, MetricSpec], ADDED_LATER] = Field(
        default={},
        description="Metrics of your own, by name. Each has exactly one of `reached`, `time_to`, `time_in`, "
        "`count_of`, `share_of`, `revenue`, `value_of` and `ratio`.",
    )
    report: Annotated[tuple[str, ...], ADDED_LATER] = Field(
        default=(),
        description="Built-in metrics to report as well, of recurring revenue and of contacts, such as `mrr`. The "
        "primary metric, those with a guardrail and those in a ratio are reported in any case.",
    )
    guardrails: Annotated[dict[str, float], ADDED_LATER] = Field(
        default={},
        description="Worst accepted change of a metric, arm minus baseline, by the metric's name and in its unit. The "
        "sign says in which direction the metric becomes worse: `churn_rate = 0.01` accepts a rise by one point.",
    )
    rules: Annotated[tuple[RuleTable, ...], ADDED_LATER] = Field(
        default=(),
        description="Declared rules: what must, may or must never happen in a customer's history. Those of the "
        "journey apply too.",
    )
    arms: dict[Name, Arm] = Field(description="The arms by name; all others are compared with `baseline`.")

    @field_validator("arms", mode="before")
    @classmethod
    def _leaves_out_dropped_arms(cls, arms: object) -> object:
        """``treated = false`` removes an arm of the extended scenario."""
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
                raise ValueError(f"{name!r} and {twin!r} differ only in upper and lower case; use two names")
        return arms
