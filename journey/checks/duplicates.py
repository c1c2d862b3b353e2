"""Checks for duplicate records that do not share a key."""

from journey.checks.context import Context
from journey.checks.registry import rule
from journey.core.findings import FindingSeverity

_GROUPS = """
    WITH members AS (
        SELECT * FROM signals
        WHERE row_number IN (
            SELECT row_number FROM signal_keys WHERE identity IN (SELECT identity FROM shared_identities)
        )
    ),
    groups AS (
        SELECT customer_id, signal_type, detected_at, min(signal_id) AS first_id, count(*) AS times,
            string_agg(signal_id, ', ' ORDER BY signal_id) AS ids, min(signal_strength) AS weakest,
            max(signal_strength) AS strongest
        FROM members GROUP BY customer_id, signal_type, detected_at, source HAVING count(*) > 1
    )
    SELECT 'signals' AS dataset, coalesce(first_id, customer_id || '@' || strftime(detected_at, '%Y-%m-%d')) AS record,
        customer_id, signal_type || ' of ' || day_of(detected_at) || ' is recorded ' || times || ' times'
        || coalesce(' (' || ids || ')', '') ||
"""


@rule("conflicting-duplicate", FindingSeverity.WARNING)
def conflicting_duplicate(context: Context) -> str:
    """The same signal recorded several times with different strengths.

    Remedy: keep the row with the correct strength and remove the others.
    """
    del context
    return f"""
        {_GROUPS} ' with strengths from ' || weakest || ' to ' || strongest
        || '; the one less favourable to the customer is used.' AS message FROM groups WHERE weakest < strongest
    """


@rule("duplicate-record", FindingSeverity.NOTICE)
def duplicate_record(context: Context) -> str:
    """The same signal recorded several times.

    Remedy: remove the repeated rows; results are the same without them.
    """
    del context
    return f"{_GROUPS} '; it counts once.' AS message FROM groups WHERE weakest = strongest"


@rule("several-outcomes", FindingSeverity.WARNING)
def several_outcomes(context: Context) -> str:
    """An intervention with more than one outcome.

    Remedy: keep the final outcome of the intervention.
    """
    del context
    return """
        SELECT 'interventions' AS dataset, intervention_id AS record, any_value(i.customer_id) AS customer_id,
            'It has ' || count(*) || ' outcomes (' || string_agg(coalesce(outcome_id, outcome), ', '
            ORDER BY coalesce(outcome_id, outcome)) || ') where one is expected.' AS message
        FROM seen_outcomes AS o JOIN interventions AS i USING (intervention_id)
        GROUP BY intervention_id HAVING count(*) > 1
    """
