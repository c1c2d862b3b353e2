"""What a judgement says about one customer."""

from dataclasses import dataclass, fields
from typing import Any, NamedTuple


class Components(NamedTuple):
    """The numbers a decision was made from.

    Attributes:
        negative: Evidence of the negative signals, faded.
        positive: Evidence of the positive ones.
        stall: Evidence of a stay beyond the typical one.
        negative_mass: Strength x trust x fade, summed over the negative signals.
        positive_mass: The same of the positive ones.
        gaps: Fields of the record that are missing or doubtful; each lowers confidence.
        lead_signal: The strongest negative signal, or None.
        bright_signal: The strongest positive signal, or None.
        cause: What the playbook was asked for, or None.
        open_interventions: Earlier interventions that still wait for a person or an outcome.
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
    """What to do about one customer, and why.

    Attributes:
        customer_id: Whom it is about.
        stage: The recorded stage, or None.
        days_in_stage: Days since it was entered, or None.
        severity: How bad it looks, in [0, 1].
        confidence: How good the evidence is, in [0, 1].
        churn_probability: Probability of churn within the policy's horizon; None where the journey has ended.
        priority: Money at stake that the recommended action can avert, in dollars; 0 where nothing is recommended.
        recommended_action: The action, ``monitor_only``, or None where nothing at all is called for.
        requires_human_approval: Whether a person must approve it first.
        triggered_by_signals: The live signals that count, oldest first.
        reasons: Sentences for a person.
        reason: Stable code of what decided, one of `journey.decision.rules.REASONS`.
        held_back_action: What would have been recommended, had contact policy and governance let it through.
        components: The numbers behind it.
    """

    customer_id: str
    stage: str | None
    days_in_stage: float | None
    severity: float
    confidence: float
    churn_probability: float | None
    priority: float
    recommended_action: str | None
    requires_human_approval: bool
    triggered_by_signals: tuple[str, ...]
    reasons: tuple[str, ...]
    reason: str
    held_back_action: str | None
    components: Components

    def as_dict(self) -> dict[str, Any]:
        """The decision as a JSON-ready mapping."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"components": self.components._asdict()}
