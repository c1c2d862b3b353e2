"""The agreement of the policy with recorded decisions, from a table of re-decided interventions."""

from typing import Any

from journey.batch.decisions import DecisionTable
from journey.decision.rules import REASONS
from journey.orchestrator.replay import Agreement, ReplayRow, build_agreement


def build_batch_agreement(table: DecisionTable, recorded: dict[str, Any]) -> Agreement:
    """Build the agreement from the results of `redecide_batch`.

    Args:
        table: The current decisions, one row per intervention.
        recorded: The recorded decisions, by column, in the same order.
    """
    rows = zip(
        recorded["intervention_id"].tolist(),
        table.cases.customer_ids.tolist(),
        [moment.isoformat() for moment in recorded["generated_at"].astype("datetime64[us]").tolist()],
        recorded["recommended_action"].tolist(),
        table.recommended_actions().tolist(),
        recorded["requires_human_approval"].tolist(),
        table.columns.approval.tolist(),
        [None if confidence != confidence else confidence for confidence in recorded["confidence"].tolist()],
        table.columns.confidence.tolist(),
        [REASONS[code] for code in table.columns.reason.tolist()],
        strict=True,
    )
    return build_agreement([ReplayRow(*row) for row in rows])
