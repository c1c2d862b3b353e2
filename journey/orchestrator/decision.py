"""The decision about one customer."""

from dataclasses import dataclass, fields
from typing import Any, NamedTuple


class Components(NamedTuple):
    """The numbers behind a decision.

    Attributes:
        negative: Evidence of the negative signals, faded with age.
        positive: Evidence of the positive signals, faded with age.
        stall: Evidence from a stay longer than typical.
        negative_mass: Sum of strength x trust x fade over the negative signals.
        positive_mass: The same sum over the positive signals.
        gaps: Number of missing or doubtful fields of the record; each lowers confidence.
        lead_signal: The strongest negative signal, or None.
        bright_signal: The strongest positive signal, or None.
        cause: The cause for which the playbook action was chosen, or None.
        open_interventions: Earlier interventions that still wait for a reviewer or an outcome.
        days_since_contact: Days since the last contact, or None when there was none.
        contacts_in_window: Contacts within the contact policy's window.
    """

    negative: float
    positive: float
    stall: float
    negative_mass: float
    positive_mass: float
    gaps: int
    lead_signal: str | None
    bright_signal: str | None
    cause: str | None
    open_interventions: int
    days_since_contact: float | None
    contacts_in_window: int


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision about one customer, with its reasons.

    Attributes:
        customer_id: The customer.
        stage: The recorded stage, or None.
        days_in_stage: Days since it was entered, or None.
        severity: Severity of the customer's state, in [0, 1].
        confidence: Quality of the evidence, in [0, 1].
        churn_probability: Probability of churn within the policy's horizon; None where the journey has ended.
        priority: Expected loss that the recommended action can avert, in dollars; 0 where no action is recommended.
        expected_loss: Churn probability x account value, in dollars, whether an action is recommended or not; None
            where the journey has ended.
        recommended_action: The action, ``monitor_only``, or None where nothing is recommended.
        requires_human_approval: Whether a person must approve the action first.
        triggered_by_signals: The live signals that count, oldest first.
        reasons: The reasons as sentences.
        reason: Stable code of the deciding reason, one of `journey.decision.rules.REASONS`.
        held_back_action: The action that contact policy, governance or a rule held back, or None.
        components: The numbers behind the decision.
        evaluation_latency_ms: Time that the evaluation took, in milliseconds; None unless it was measured.
    """

    customer_id: str
    stage: str | None
    days_in_stage: float | None
    severity: float
    confidence: float
    churn_probability: float | None
    priority: float
    expected_loss: float | None
    recommended_action: str | None
    requires_human_approval: bool
    triggered_by_signals: tuple[str, ...]
    reasons: tuple[str, ...]
    reason: str
    held_back_action: str | None
    components: Components
    evaluation_latency_ms: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the decision as a JSON-ready mapping; without the latency unless it was measured."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.evaluation_latency_ms is None:
            # A measured time would make the output of two equal evaluations differ.
            del values["evaluation_latency_ms"]
        return values | {"components": self.components._asdict()}
