"""The simulated world as data: moves, distress, signals, effects, accounts and errors in records.

Units: time in days, money in US dollars, rates per day unless the name says otherwise. Every number has a documented
default; the defaults are assumptions for subscription software (see the comments in the built-in scenario `default`).
"""

from typing import Annotated

from pydantic import Field, model_validator

from journey.decision.policy import ADDED_LATER
from simulation.model.account_spec import Payments, Renewal, ValueChange
from simulation.model.distress_spec import Distress, Satisfaction, Signals
from simulation.model.dwell_spec import MoveClock
from simulation.model.effect_spec import Decisions, Effect, Fatigue
from simulation.model.spec_types import NonNegative, Positive, Probability, Ratio, SpecModel


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
        description="Stages besides the terminal ones in which a customer has left. An old key: give them the role "
        "`lost` in `[journey.stage.STAGE]`.",
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
