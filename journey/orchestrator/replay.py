"""Replay: re-decide each recorded intervention at its own date, without later records.

Agreement with recorded decisions is a regression check. It is not a validation: the records contain the decisions, but
not whether they were right.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from journey.decision.as_of import AsOf
from journey.decision.policy import MONITOR_ONLY
from journey.orchestrator.case_reader import CustomerCase
from journey.orchestrator.decision import Decision
from journey.orchestrator.orchestrator import Orchestrator
from journey.records.model import Customer, Intervention
from journey.statistics.rank_correlation import compute_rank_correlation

AGREEMENT_LABEL = "regression check, not validation"


@dataclass(frozen=True, slots=True)
class ReplayRow:
    """One recorded intervention and the policy's current decision.

    Attributes:
        intervention_id: The intervention.
        customer_id: The customer.
        generated_at: The time of the recorded decision, as ISO 8601.
        recorded_action: The recorded action.
        action: The current action, or None.
        recorded_approval: Whether the record requires approval.
        approval: Whether the policy requires approval now.
        recorded_confidence: The recorded confidence, or None.
        confidence: The current confidence.
        reason: Reason code of the current decision.
    """

    intervention_id: str
    customer_id: str
    generated_at: str
    recorded_action: str
    action: str | None
    recorded_approval: bool
    approval: bool
    recorded_confidence: float | None
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of the policy with recorded decisions.

    Attributes:
        rows: One per recorded intervention, in order of date.
        rank_correlation: Spearman's correlation of the recorded and the new confidences; None with fewer than three
            pairs, or where one side does not vary.
    """

    rows: tuple[ReplayRow, ...]
    rank_correlation: float | None

    @property
    def same_action(self) -> int:
        """The number of decisions with the recorded action."""
        return sum(row.action == row.recorded_action for row in self.rows)

    @property
    def same_approval(self) -> int:
        """The number of decisions with the recorded approval requirement."""
        return sum(row.approval == row.recorded_approval for row in self.rows)

    @property
    def differences_first(self) -> tuple[ReplayRow, ...]:
        """The rows, those that differ from the record in action or approval first; otherwise by date."""
        return tuple(sorted(self.rows, key=_is_as_recorded))

    @property
    def note(self) -> str:
        """What can explain recorded monitoring that is now an action; empty where there is none."""
        differing = [row for row in self.rows if row.action != row.recorded_action]
        monitored = sum(row.recorded_action == MONITOR_ONLY for row in differing)
        if not monitored:
            return ""
        return (
            f"{monitored} of {len(differing)} different actions were recorded as monitor_only. A cool-down can explain "
            "them: the records do not contain its beginning, the day of execution or of a rejection."
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the agreement as a JSON-ready mapping."""
        return {
            "label": AGREEMENT_LABEL,
            "interventions": len(self.rows),
            "same_action": self.same_action,
            "same_approval": self.same_approval,
            "confidence_rank_correlation": self.rank_correlation,
            "rows": [asdict(row) for row in self.rows],
        }


def _is_as_recorded(row: ReplayRow) -> bool:
    return (row.action, row.approval) == (row.recorded_action, row.recorded_approval)


def redecide_interventions(
    orchestrator: Orchestrator, case: CustomerCase, as_of: AsOf
) -> list[tuple[Intervention, Decision]]:
    """Return a customer's interventions generated up to `as_of`, each with the decision at its own time."""
    return [
        (intervention, redecide_intervention(orchestrator, case, intervention))
        for intervention in case.interventions
        if intervention.generated_at <= as_of.cutoff
    ]


def compare_with_record(pairs: Iterable[tuple[Intervention, Decision]]) -> Agreement:
    """Compare recorded interventions with the current decisions."""
    return build_agreement(_build_row(*pair) for pair in pairs)


def build_agreement(replay_rows: Iterable[ReplayRow]) -> Agreement:
    """Sort the rows by date and compute the rank correlation of the confidences."""
    rows = sorted(replay_rows, key=lambda row: (row.generated_at, row.intervention_id))
    known = [(row.recorded_confidence, row.confidence) for row in rows if row.recorded_confidence is not None]
    return Agreement(tuple(rows), compute_rank_correlation([pair[0] for pair in known], [pair[1] for pair in known]))


def replay(orchestrator: Orchestrator, cases: Iterable[CustomerCase], as_of: AsOf) -> Agreement:
    """Re-decide every intervention of these customers that was generated up to `as_of`."""
    return compare_with_record(pair for case in cases for pair in redecide_interventions(orchestrator, case, as_of))


def redecide_intervention(orchestrator: Orchestrator, case: CustomerCase, intervention: Intervention) -> Decision:
    """Evaluate the customer at the time when a recorded intervention was generated."""
    return orchestrator.evaluate_customer(
        restore_customer(case.customer, intervention),
        case.entries,
        case.signals,
        case.interventions,
        case.outcomes,
        as_of=AsOf.for_recorded_decision(intervention.generated_at),
    )


def restore_customer(customer: Customer, intervention: Intervention) -> Customer:
    """Return the customer at the time of a recorded intervention: with its account value, where it is recorded."""
    if intervention.account_value is None:
        return customer
    return customer.model_copy(update={"account_value": intervention.account_value})


def _build_row(intervention: Intervention, decision: Decision) -> ReplayRow:
    return ReplayRow(
        intervention_id=intervention.intervention_id,
        customer_id=intervention.customer_id,
        generated_at=intervention.generated_at.isoformat(),
        recorded_action=intervention.recommended_action,
        action=decision.recommended_action,
        recorded_approval=intervention.requires_human_approval,
        approval=decision.requires_human_approval,
        recorded_confidence=intervention.confidence,
        confidence=decision.confidence,
        reason=decision.reason,
    )
