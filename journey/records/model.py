"""The fields of each record: the five datasets of a company, and the optional raw events.

These models are the only definition of the fields' names, types and ranges. They validate single records
(``Signal.model_validate({...})``). Whole files are validated by column, with SQL derived from the same fields (see
`journey.records.folder`).

Dates may have a time of day; a bare date means midnight. All times are in the time zone of the records.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from journey.core.identifiers import normalise_identifier

RiskTier = Literal["low", "medium", "high"]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
NonNegative = Annotated[float, Field(ge=0.0)]
MAX_DOLLARS = 1e12
"""Largest account value per year. Larger values are typing errors, and sums would lose cents."""

KNOWN_SOURCES = ("automated", "manual")


class Record(BaseModel):
    """A row of one dataset.

    Class attributes:
        dataset: Name of the set, which is also the stem of its file.
        key: The field that identifies a row; None if rows have no key.
        subject: The field that identifies the subject of a row without a key.
        planned: Dates of planned events; they do not count for the latest date of the records.
        observations: Whether equal rows without a key are different observations, all of which count; otherwise one of
            them is a repetition.
        counted_at: Date field whose day matters as its own time zone has it; None if none does. The table of the set
            then has the column ``local_day``: that day if the value has a zone, else null.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    dataset: ClassVar[str]
    key: ClassVar[str | None]
    subject: ClassVar[str] = "customer_id"
    planned: ClassVar[frozenset[str]] = frozenset()
    observations: ClassVar[bool] = False
    counted_at: ClassVar[str | None] = None

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Register the model under the name of its set."""
        other = _MODELS.setdefault(cls.dataset, cls)
        if other.__qualname__ != cls.__qualname__:
            raise TypeError(f"the set {cls.dataset!r} already has a model: {other.__qualname__}")

    @model_validator(mode="before")
    @classmethod
    def _normalise_texts(cls, values: Any) -> Any:
        """Texts as they are read from a file: without invisible ends, and absent if nothing visible remains."""
        if not isinstance(values, Mapping):
            return values
        texts = {name: normalise_identifier(value) for name, value in values.items() if isinstance(value, str)}
        return {name: texts.get(name, value) for name, value in values.items() if texts.get(name, True)}


_MODELS: dict[str, type[Record]] = {}


def get_model(dataset: str) -> type[Record]:
    """The model of a set of any family."""
    return _MODELS[dataset]


class Customer(Record):
    """A customer."""

    dataset: ClassVar[str] = "customers"
    key: ClassVar[str | None] = "customer_id"

    customer_id: str = Field(description="Identity, unique in the set.")
    segment: str = Field(default="unknown", description="Business segment, for instance SMB.")
    account_value: float = Field(default=0.0, ge=0.0, le=MAX_DOLLARS, description="Revenue per year, in US dollars.")
    tenure_months: NonNegative = Field(default=0.0, description="Months since the customer signed.")
    risk_tier: RiskTier = Field(default="medium", description="Churn risk independent of signals.")


class StageEntry(Record):
    """One entry into a journey stage; the latest one not after `as_of` is the customer's state."""

    dataset: ClassVar[str] = "journey_state_log"
    key: ClassVar[str | None] = None

    customer_id: str = Field(description="The customer.")
    journey_stage: str = Field(description="The stage entered.")
    state_entered_at: datetime = Field(description="When the customer entered it.")
    days_in_state: NonNegative | None = Field(default=None, description="A stored counter; it is checked but not used.")
    previous_stage: str | None = Field(default=None, description="The previous stage; null at the start of onboarding.")


class Signal(Record):
    """A symptom of friction, risk or opportunity."""

    dataset: ClassVar[str] = "signals"
    key: ClassVar[str | None] = "signal_id"

    signal_id: str | None = Field(default=None, description="Identity, unique where given.")
    customer_id: str = Field(description="The customer.")
    signal_type: str = Field(description="Type, one of the policy's `signals`.")
    signal_strength: Share = Field(description="Strength; 1 is the strongest.")
    detected_at: datetime = Field(description="When the signal was detected.")
    recorded_at: datetime | None = Field(default=None, description="When the record became known, if not at detection.")
    journey_stage: str | None = Field(default=None, description="The customer's stage at detection.")
    source: str | None = Field(default=None, description="automated, manual, or anything else (trusted less).")

    @property
    def known_at(self) -> datetime:
        """When it can first be used: the later of detection and recording."""
        return self.detected_at if self.recorded_at is None else max(self.detected_at, self.recorded_at)


class Intervention(Record):
    """A recorded decision of an orchestrator (not necessarily an executed action)."""

    dataset: ClassVar[str] = "interventions"
    key: ClassVar[str | None] = "intervention_id"

    intervention_id: str = Field(description="Identity, unique in the set.")
    customer_id: str = Field(description="The customer.")
    journey_stage: str | None = Field(default=None, description="The customer's stage at the decision.")
    recommended_action: str = Field(description="Action, one of the policy's `actions`.")
    confidence: Share | None = Field(default=None, description="Confidence in the evidence at the decision.")
    requires_human_approval: bool = Field(default=False, description="Whether a person must approve the action.")
    triggered_by_signals: tuple[str, ...] = Field(
        default=(), description="IDs of the signals that led to the decision."
    )
    evaluation_latency_ms: NonNegative | None = Field(
        default=None, description="Time that the evaluation took, in milliseconds."
    )
    account_value: Annotated[float, Field(ge=0.0, le=MAX_DOLLARS)] | None = Field(
        default=None, description="The customer's account value at the decision. Default: the current value."
    )
    generated_at: datetime = Field(description="When the decision was made.")
    status: str | None = Field(
        default=None,
        description="State in the intervention machine. Default: inferred.",
    )


class Outcome(Record):
    """The outcome of an intervention. A missing outcome or a null is unknown, not zero."""

    dataset: ClassVar[str] = "outcomes"
    key: ClassVar[str | None] = "outcome_id"

    outcome_id: str | None = Field(default=None, description="Identity, unique where given.")
    intervention_id: str = Field(description="The intervention.")
    customer_id: str | None = Field(default=None, description="The customer. Default: the intervention's.")
    outcome: str = Field(description="The result, such as `resolved` or `no_response`.")
    resolution_time_days: NonNegative | None = Field(
        default=None, description="Days from the intervention to the resolution."
    )
    csat_delta: float | None = Field(default=None, description="Change of satisfaction, in points.")
    churn_risk_delta: Annotated[float, Field(ge=-1.0, le=1.0)] | None = Field(
        default=None, description="Change of the churn probability; below 0 is better."
    )
    estimated_revenue_saved: Annotated[float, Field(ge=-MAX_DOLLARS, le=MAX_DOLLARS)] | None = Field(
        default=None, description="The recorder's own estimate, in dollars."
    )
    human_override: bool | None = Field(default=None, description="Whether a person overrode the decision.")
    measured_at: datetime | None = Field(default=None, description="When the outcome was measured.")


class Event(Record):
    """A raw event, from which a detector may derive a signal."""

    dataset: ClassVar[str] = "events"
    key: ClassVar[str | None] = "event_id"

    event_id: str | None = Field(default=None, description="Identity, unique where given.")
    customer_id: str = Field(description="The customer.")
    event_type: str = Field(description="Type of the event, for detectors.")
    timestamp: datetime = Field(description="When the event happened.")
    metadata: dict[str, object] = Field(default_factory=dict, description="Further fields of the event, for detectors.")


@dataclass(frozen=True)
class Family:
    """The sets that are read together because their rows refer to each other.

    Attributes:
        models: The model of each set.
        required_dataset: The set that a folder must contain; None if any set may be missing.
        principal: The set whose absence or emptiness is a warning; for other sets it is a notice.
        optional: Sets whose absence is not worth a notice.
    """

    models: tuple[type[Record], ...]
    required_dataset: str | None
    principal: str
    optional: frozenset[str] = frozenset()

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of the sets."""
        return tuple(model.dataset for model in self.models)


CUSTOMER_FAMILY = Family(
    models=(Customer, StageEntry, Signal, Intervention, Outcome, Event),
    required_dataset="customers",
    principal="customers",
    optional=frozenset({"events"}),
)
DATASETS: dict[str, type[Record]] = {model.dataset: model for model in CUSTOMER_FAMILY.models}
