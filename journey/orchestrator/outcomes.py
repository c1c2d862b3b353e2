"""Log Outcome: the state of earlier interventions, and the interventions that are still open."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from journey.decision.as_of import AsOf
from journey.decision.parameters import PolicyParameters
from journey.decision.policy import MONITOR_ONLY
from journey.decision.steps import (
    APPROVED,
    AWAITING_OUTCOME,
    EXPIRED,
    NOT_GIVEN,
    PENDING,
    RECOMMENDED,
    STATES,
    UNMEASURED,
    intervention_state,
    summarise_interventions,
)
from journey.records.model import Intervention, Outcome

STATUS_CODES: dict[str, int] = {
    **{name: code for code, name in enumerate(STATES[: AWAITING_OUTCOME + 1])},
    "executed": AWAITING_OUTCOME,
    "measured": AWAITING_OUTCOME,
}
"""The state code of each recorded `status`. ``measured`` counts as awaiting an outcome until an outcome is known,
because the status may have been written later. Any other value counts as not given."""


class ContactHistory(NamedTuple):
    """The earlier contacts that the contact policy takes into account.

    Attributes:
        open_interventions: Number of earlier interventions that are still open.
        days_since_contact: Days since the last contact; negative when there was none.
        contacts_in_window: Contacts within the policy's window.
    """

    open_interventions: int
    days_since_contact: float
    contacts_in_window: int


NO_HISTORY = ContactHistory(0, -1.0, 0)
NO_KNOWN_OUTCOMES: frozenset[tuple[str, str | None]] = frozenset()


@dataclass(frozen=True, slots=True)
class OpenLoop:
    """An intervention that was never completed.

    Attributes:
        intervention_id: The intervention.
        customer_id: The customer.
        state: One of `journey.decision.steps.STATES`.
        age_days: Days since it was generated.
        message: The missing step, in one sentence.
    """

    intervention_id: str
    customer_id: str
    state: str
    age_days: float
    message: str

    def as_dict(self) -> dict[str, Any]:
        """Return the open loop as a JSON-ready mapping."""
        return asdict(self)


_OPEN_LOOP_MESSAGES = {
    RECOMMENDED: "{action} was recommended and no later step is recorded; submit it for approval or carry it out",
    PENDING: "{action} waits for a person's approval; it expires after {expiry:g} days",
    APPROVED: "{action} is approved and not yet carried out",
    EXPIRED: "no one decided on {action} within {expiry:g} days, so its approval expired",
    AWAITING_OUTCOME: "{action} was carried out; its outcome is expected within {wait:g} days",
    UNMEASURED: "{action} was carried out and no outcome was recorded within {wait:g} days",
}
"""The missing step of an open intervention, by state."""


class OutcomeTracker:
    """Determines the state of interventions from the outcomes known at the time of an evaluation.

    An outcome belongs to an intervention when it names the intervention and does not name another customer. An outcome
    without a date is not used, because it may be later than the evaluation. (`journey.orchestrator.case_reader` gives
    such outcomes the latest date of the records.)
    """

    def __init__(self, parameters: PolicyParameters) -> None:
        self._parameters = parameters

    def build_contact_history(
        self, interventions: Sequence[Intervention], outcomes: Sequence[Outcome], as_of: AsOf
    ) -> ContactHistory:
        """Summarise the interventions before `as_of` for the contact policy."""
        if not interventions:
            return NO_HISTORY
        known = find_known_outcomes(outcomes, as_of) if outcomes else NO_KNOWN_OUTCOMES
        ages, statuses, monitors, approvals, measured = [], [], [], [], []
        for intervention in interventions:
            moment, status = intervention.generated_at, intervention.status
            if as_of.is_history(moment):
                ages.append(as_of.age(moment))
                statuses.append(NOT_GIVEN if status is None else get_status_code(status))
                monitors.append(intervention.recommended_action == MONITOR_ONLY)
                approvals.append(intervention.requires_human_approval)
                measured.append(is_measured(intervention, known))
        open_interventions, days_since_contact, contacts_in_window = summarise_interventions(
            self._parameters, 0, len(ages), ages, statuses, monitors, approvals, measured
        )
        return ContactHistory(open_interventions, days_since_contact, contacts_in_window)

    def get_state_code(self, intervention: "RecommendedIntervention", as_of: AsOf, *, measured: bool) -> int:
        """Return the state of an intervention as an index into `STATES`; `measured`: whether its outcome is known."""
        return intervention_state(
            self._parameters,
            get_status_code(intervention.status),
            intervention.recommended_action == MONITOR_ONLY,
            intervention.requires_human_approval,
            measured,
            max(as_of.age(intervention.generated_at), 0.0),
        )

    def find_open_loops(
        self, interventions: Iterable[Intervention], outcomes: Iterable[Outcome], as_of: AsOf
    ) -> list[OpenLoop]:
        """Find the interventions generated up to `as_of` that are not completed; oldest first."""
        known = find_known_outcomes(outcomes, as_of)
        loops = [
            self.build_open_loop(
                intervention, self.get_state_code(intervention, as_of, measured=is_measured(intervention, known)), as_of
            )
            for intervention in interventions
            if intervention.generated_at <= as_of.cutoff
        ]
        found = [loop for loop in loops if loop is not None]
        return sorted(found, key=lambda loop: (-loop.age_days, loop.customer_id, loop.intervention_id))

    def build_open_loop(self, intervention: "RecommendedIntervention", state_code: int, as_of: AsOf) -> OpenLoop | None:
        """Describe the missing step of an intervention in that state; None where the intervention is completed."""
        template = _OPEN_LOOP_MESSAGES.get(state_code)
        if template is None:
            return None
        parameters = self._parameters
        message = template.format(
            action=intervention.recommended_action,
            expiry=parameters.approval_expiry_days,
            wait=parameters.outcome_wait_days,
        )
        age = max(as_of.age(intervention.generated_at), 0.0)
        return OpenLoop(intervention.intervention_id, intervention.customer_id, STATES[state_code], age, message)


class RecommendedIntervention(Protocol):
    """The fields that determine the state of an intervention: an `Intervention`, or a row with these fields."""

    @property
    def intervention_id(self) -> str:
        """The intervention's ID."""
        ...

    @property
    def customer_id(self) -> str:
        """The customer's ID."""
        ...

    @property
    def recommended_action(self) -> str:
        """The recommended action."""
        ...

    @property
    def requires_human_approval(self) -> bool:
        """Whether a person must approve it."""
        ...

    @property
    def generated_at(self) -> datetime:
        """The time of the decision."""
        ...

    @property
    def status(self) -> str | None:
        """The recorded status, or None."""
        ...


def get_status_code(status: str | None) -> int:
    """Return the state code of a recorded status, or NOT_GIVEN."""
    return NOT_GIVEN if status is None else STATUS_CODES.get(status, NOT_GIVEN)


def find_known_outcomes(outcomes: Iterable[Outcome], as_of: AsOf) -> set[tuple[str, str | None]]:
    """Return the keys (intervention, customer or None) of the outcomes dated up to `as_of`."""
    cutoff = as_of.cutoff
    return {
        (outcome.intervention_id, outcome.customer_id)
        for outcome in outcomes
        if outcome.measured_at is not None and outcome.measured_at <= cutoff
    }


def is_measured(intervention: Intervention, known: AbstractSet[tuple[str, str | None]]) -> bool:
    """Return whether one of the known outcomes belongs to the intervention."""
    key = intervention.intervention_id
    return bool(known) and ((key, intervention.customer_id) in known or (key, None) in known)
