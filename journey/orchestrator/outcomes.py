"""Log Outcome: what became of earlier interventions, and which loops are still open."""

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
"""What a record's own `status` means. ``measured`` is still held against the outcomes known by then, so that a status
written later is not looked ahead at; any other word counts as not given."""


class ContactHistory(NamedTuple):
    """What the contact policy needs to know of the past.

    Attributes:
        open_interventions: Earlier interventions that are still open.
        days_since_contact: Days since the last contact; below 0 when there was none.
        contacts_in_window: Contacts within the policy's window.
    """

    open_interventions: int
    days_since_contact: float
    contacts_in_window: int


NO_HISTORY = ContactHistory(0, -1.0, 0)
NO_KNOWN_OUTCOMES: frozenset[tuple[str, str | None]] = frozenset()


@dataclass(frozen=True, slots=True)
class OpenLoop:
    """An intervention that was never brought to an end.

    Attributes:
        intervention_id: Which.
        customer_id: Whose.
        state: One of `journey.decision.steps.STATES`.
        age_days: Days since it was generated.
        message: What it waits for, or what it should have had, in one sentence.
    """

    intervention_id: str
    customer_id: str
    state: str
    age_days: float
    message: str

    def as_dict(self) -> dict[str, Any]:
        """The loop as a JSON-ready mapping."""
        return asdict(self)


_OPEN_LOOP_MESSAGES = {
    RECOMMENDED: "{action} was recommended and nothing is recorded since; someone must send it on its way",
    PENDING: "{action} waits for a person's approval; it expires after {expiry:g} days",
    APPROVED: "{action} is approved and not yet carried out",
    EXPIRED: "no one decided on {action} within {expiry:g} days, so its approval expired",
    AWAITING_OUTCOME: "{action} was carried out; its outcome is awaited for {wait:g} days",
    UNMEASURED: "{action} was carried out and no outcome was recorded within {wait:g} days",
}
"""By state, what an intervention that has not come to its end waits for."""


class OutcomeTracker:
    """Follows interventions to their outcome, as far as it is known at the moment of a judgement.

    An outcome belongs to an intervention when it names it and does not name another customer. One without a date is
    not known to have been there yet, so it is not used (`journey.orchestrator.case_reader` dates such outcomes of a
    whole folder at the end of the records).
    """

    def __init__(self, parameters: PolicyParameters) -> None:
        self._parameters = parameters

    def build_contact_history(
        self, interventions: Sequence[Intervention], outcomes: Sequence[Outcome], as_of: AsOf
    ) -> ContactHistory:
        """What the interventions known to be earlier than `as_of` mean for the next one."""
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
        """State of one intervention as an index into `STATES`, given whether an outcome of it is known."""
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
        """The interventions generated by `as_of` that have no end yet, or never got one; oldest first."""
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
        """What an intervention in that state still waits for or never got; None where it has come to its end."""
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
    """What must be known of an intervention to say where it stands: an `Intervention`, or a row with these fields."""

    @property
    def intervention_id(self) -> str:
        """Which."""
        ...

    @property
    def customer_id(self) -> str:
        """Whose."""
        ...

    @property
    def recommended_action(self) -> str:
        """What was decided."""
        ...

    @property
    def requires_human_approval(self) -> bool:
        """Whether a person must approve it."""
        ...

    @property
    def generated_at(self) -> datetime:
        """When it was decided."""
        ...

    @property
    def status(self) -> str | None:
        """The state that the record itself gives, or None."""
        ...


def get_status_code(status: str | None) -> int:
    """The state that a record gives itself, or NOT_GIVEN."""
    return NOT_GIVEN if status is None else STATUS_CODES.get(status, NOT_GIVEN)


def find_known_outcomes(outcomes: Iterable[Outcome], as_of: AsOf) -> set[tuple[str, str | None]]:
    """Keys (intervention, customer or None) of the outcomes dated not after `as_of`."""
    cutoff = as_of.cutoff
    return {
        (outcome.intervention_id, outcome.customer_id)
        for outcome in outcomes
        if outcome.measured_at is not None and outcome.measured_at <= cutoff
    }


def is_measured(intervention: Intervention, known: AbstractSet[tuple[str, str | None]]) -> bool:
    """Whether one of these outcomes is the intervention's."""
    key = intervention.intervention_id
    return bool(known) and ((key, intervention.customer_id) in known or (key, None) in known)
