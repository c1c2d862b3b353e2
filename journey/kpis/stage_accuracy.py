"""Which stage a customer really was in when something was decided, as far as records tell.

A signal names the stage in which it met the customer, and a decision the stage in which the log had the customer. A
decision that came with a signal can be held against it: that is the truth that records have. Decisions that came of the
calendar alone have no such witness and do not count.
"""

from typing import NamedTuple

import duckdb

from journey.decision.as_of import AsOf
from journey.records.database import one_row

MAX_SIGNAL_AGE = "INTERVAL 1 DAY"
"""A signal older than this is no witness of where the customer is by now."""


class StageAccuracy(NamedTuple):
    """Decisions by whether they were made with the right stage.

    Attributes:
        correct: Made with the right stage.
        assessed: All whose right stage is known.
    """

    correct: int
    assessed: int


# Of the fresh signals that a decision cites the latest is the witness, unless a stage was entered after it and by the
# decision, or may have been where days are all we know.
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
"""The decisions by `cutoff` whose right stage is known: the stage they were made with, and the right one."""


def measure_stage_accuracy(
    cursor: duckdb.DuckDBPyConnection, as_of: AsOf, customers_table: str = "customers"
) -> StageAccuracy:
    """The decisions by `as_of` held against the signals they cite.

    Args:
        cursor: Sees the tables of records.
        as_of: Nothing decided later counts.
        customers_table: The table with the customers whose decisions are looked at.
    """
    known = f"SELECT * FROM ({WITNESSED_STAGES}) SEMI JOIN {customers_table} USING (customer_id)"
    counts = f"SELECT count(*) FILTER (stage = true_stage), count(*) FROM ({known})"
    return StageAccuracy(*one_row(cursor, counts, {"cutoff": as_of.cutoff}))
