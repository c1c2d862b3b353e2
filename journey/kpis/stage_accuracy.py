"""The accuracy of the stages used in decisions, measured against the stages of the cited signals.

A signal records the customer's stage when it was detected, and a decision records the stage from the log. The signal's
stage is the ground truth for a decision that cites it. Decisions without a recent cited signal are not assessed.
"""

from typing import NamedTuple

import duckdb

from journey.decision.as_of import AsOf
from journey.records.database import one_row

MAX_SIGNAL_AGE = "INTERVAL 1 DAY"
"""A signal older than this does not determine the customer's current stage."""


class StageAccuracy(NamedTuple):
    """Counts of decisions by the accuracy of their stage.

    Attributes:
        correct: Decisions made with the right stage.
        assessed: Decisions whose right stage is known.
    """

    correct: int
    assessed: int


# The latest recent signal that a decision cites determines the right stage, unless the customer entered a stage between
# signal and decision, or may have done so where only days are recorded.
WITNESSED_STAGES = f"""
WITH cited AS (
    SELECT intervention_id, customer_id, generated_at AS until, i.journey_stage AS stage,
        unnest(triggered_by_signals) AS signal_id
    FROM interventions AS i WHERE i.journey_stage IS NOT NULL AND generated_at <= $cutoff::TIMESTAMP
),
witness AS (
    SELECT cited.* EXCLUDE (signal_id), s.detected_at AS since, s.journey_stage AS true_stage
    FROM cited JOIN signals AS s ON s.signal_id = cited.signal_id AND s.customer_id = cited.customer_id
    WHERE s.journey_stage <> '' AND s.detected_at BETWEEN until - {MAX_SIGNAL_AGE} AND until
    QUALIFY row_number() OVER (PARTITION BY intervention_id ORDER BY s.detected_at DESC, s.signal_id DESC) = 1
),
moved AS (
    SELECT DISTINCT intervention_id FROM witness JOIN journey_state_log AS e USING (customer_id)
    WHERE (since < state_entered_at AND state_entered_at <= until)
        OR (state_entered_at::DATE BETWEEN since::DATE AND until::DATE
            AND (since = since::DATE OR until = until::DATE OR state_entered_at = state_entered_at::DATE))
)
SELECT intervention_id, customer_id, stage, true_stage FROM witness ANTI JOIN moved USING (intervention_id)
"""
"""The decisions up to `cutoff` whose right stage is known, with the stage they used and the right one."""


def measure_stage_accuracy(
    cursor: duckdb.DuckDBPyConnection, as_of: AsOf, customers_table: str = "customers"
) -> StageAccuracy:
    """Compare the stages of the decisions up to `as_of` with the stages of the cited signals.

    Args:
        cursor: A connection with the tables of records.
        as_of: Later decisions are ignored.
        customers_table: The table of the customers whose decisions are assessed.
    """
    known = f"SELECT * FROM ({WITNESSED_STAGES}) SEMI JOIN {customers_table} USING (customer_id)"
    counts = f"SELECT count(*) FILTER (stage = true_stage), count(*) FROM ({known})"
    return StageAccuracy(*one_row(cursor, counts, {"cutoff": as_of.cutoff}))
