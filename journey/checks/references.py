"""Checks of references: whether the referenced record exists and belongs to the same customer."""

from journey.checks.context import Context
from journey.checks.registry import rule
from journey.checks.similar_ids import Reference, find_similar_ids, is_not_similar_sql, store_similar_ids
from journey.core.findings import FindingSeverity
from journey.records.columns import build_label_sql
from journey.records.database import literal
from journey.records.model import DATASETS, Customer

_SINGULAR_NAMES = {
    "journey_state_log": "stage entry",
    "signals": "signal",
    "interventions": "intervention",
    "outcomes": "outcome",
    "events": "event",
}

_UNKNOWN_CUSTOMER = "r.customer_id IS NOT NULL AND r.customer_id NOT IN (SELECT customer_id FROM customers)"
_UNKNOWN_CUSTOMER_BY_NUMBER = {
    "journey_state_log": "r.customer_id IN (SELECT customer_id FROM persons WHERE person < 0)",
    "signals": "r.row_number IN (SELECT row_number FROM signal_keys WHERE customer IS NULL)",
}
"""Faster conditions for the rows of unknown customers, where the customers' numbers are already known."""


@rule("similar-id", FindingSeverity.ERROR)
def similar_id(context: Context) -> str:
    """A record that names an unknown ID where a known one differs in spelling only; the two are not joined.

    Remedy: use one spelling in all records.
    """
    del context
    return """
        SELECT target AS dataset, known AS record, CASE target WHEN 'customers' THEN known END AS customer_id, message
        FROM similar_ids
    """


def create_similar_ids(context: Context) -> None:
    """Create the table ``similar_ids`` of `journey.checks.similar_ids`, for the checks of this module."""
    references = [
        Reference(dataset, Customer.dataset, f"SELECT r.customer_id FROM {dataset} AS r WHERE {_unknown_sql(dataset)}")
        for dataset in DATASETS
        if dataset != Customer.dataset
    ]
    references += [
        Reference("outcomes", "interventions", f"SELECT intervention_id FROM ({_UNKNOWN_INTERVENTIONS})"),
        Reference("interventions", "signals", f"{_CITED_SIGNALS} SELECT cited FROM ({_UNKNOWN_SIGNALS})"),
    ]
    store_similar_ids(context.cursor, find_similar_ids(context.cursor, references))


def _unknown_sql(dataset: str) -> str:
    """SQL: whether a row ``r`` names a customer that is not in the customers set."""
    return _UNKNOWN_CUSTOMER_BY_NUMBER.get(dataset, _UNKNOWN_CUSTOMER)


@rule("unknown-customer", FindingSeverity.ERROR)
def unknown_customer(context: Context) -> str:
    """A record whose customer is not in the customers set; missing customers are never created.

    Remedy: add the customer, or correct the ID.
    """
    del context
    set_aside_customers = (
        "(SELECT DISTINCT customer_id FROM set_aside WHERE dataset = 'customers' AND customer_id IS NOT NULL)"
    )
    parts = [
        f"""
        SELECT {literal(dataset)} AS dataset, {build_label_sql(dataset, "r")} AS record, r.customer_id AS customer_id,
            'Customer ' || r.customer_id || CASE WHEN lost.customer_id IS NULL THEN ' is unknown'
                ELSE ' was set aside' END || ', so this {_SINGULAR_NAMES[dataset]} is ignored.' AS message
        FROM {dataset} AS r LEFT JOIN {set_aside_customers} AS lost ON r.customer_id = lost.customer_id
        WHERE {_unknown_sql(dataset)} AND {is_not_similar_sql(Customer.dataset, "r.customer_id")}
        """
        for dataset in DATASETS
        if dataset != Customer.dataset
    ]
    return " UNION ALL ".join(parts)


@rule("outcome-without-intervention", FindingSeverity.ERROR)
def outcome_without_intervention(context: Context) -> str:
    """An outcome of an intervention that is not recorded.

    Remedy: add the intervention, or correct the ID.
    """
    del context
    return f"""
        SELECT 'outcomes' AS dataset, {build_label_sql("outcomes", "o")} AS record, o.customer_id,
            'Intervention ' || o.intervention_id || ' is unknown, so its outcome ' || '''' || o.outcome
            || ''' cannot be credited to any action.' AS message
        FROM ({_UNKNOWN_INTERVENTIONS}) AS o WHERE {is_not_similar_sql("interventions", "o.intervention_id")}
    """


@rule("customer-mismatch", FindingSeverity.ERROR)
def customer_mismatch(context: Context) -> str:
    """An outcome whose customer is not its intervention's.

    Remedy: correct the customer or the intervention of the outcome.
    """
    del context
    return f"""
        SELECT 'outcomes' AS dataset, {build_label_sql("outcomes", "o")} AS record, o.customer_id,
            'The outcome is recorded for ' || o.customer_id || ', but intervention ' || i.intervention_id || ' was for '
            || i.customer_id || '; it is ignored.' AS message
        FROM outcomes AS o JOIN interventions AS i USING (intervention_id) WHERE o.customer_id <> i.customer_id
    """


@rule("unknown-signal-cited", FindingSeverity.WARNING)
def unknown_signal_cited(context: Context) -> str:
    """An intervention that cites signals that are not recorded.

    Remedy: add the signal, or correct the ID.
    """
    del context
    return f"""
        {_CITED_SIGNALS}
        SELECT 'interventions' AS dataset, intervention_id AS record, customer_id,
            'It cites ' || string_agg(cited, ', ' ORDER BY cited) || ', which '
            || CASE WHEN count(*) = 1 THEN 'is not a recorded signal.' ELSE 'are not recorded signals.' END AS message
        FROM ({_UNKNOWN_SIGNALS}) WHERE {is_not_similar_sql("signals", "cited")}
        GROUP BY intervention_id, customer_id
    """


@rule("foreign-signal-cited", FindingSeverity.ERROR)
def foreign_signal_cited(context: Context) -> str:
    """An intervention that cites another customer's signals.

    Remedy: correct the ID, or the customer of the signal.
    """
    del context
    return f"""
        {_CITED_SIGNALS}
        SELECT 'interventions' AS dataset, intervention_id AS record, c.customer_id,
            'It was made for ' || c.customer_id || ' but cites '
            || string_agg(cited || ' of ' || s.customer_id, ', ' ORDER BY cited) || '.' AS message
        FROM cited AS c JOIN signals AS s ON c.cited = s.signal_id WHERE s.customer_id <> c.customer_id
        GROUP BY intervention_id, c.customer_id
    """


_UNKNOWN_INTERVENTIONS = """
    SELECT * FROM outcomes WHERE intervention_id NOT IN (SELECT intervention_id FROM interventions)
"""
_UNKNOWN_SIGNALS = """
    SELECT * FROM cited WHERE cited NOT IN (SELECT signal_id FROM signals WHERE signal_id IS NOT NULL)
"""
_CITED_SIGNALS = """
    WITH cited AS (
        SELECT DISTINCT intervention_id, customer_id, unnest(triggered_by_signals) AS cited FROM interventions
    )
"""
