"""Checks of signals: unknown types and sources, conflicts, and strong signals without a response."""

from journey.checks.context import Context, build_hint_sql, build_in_list
from journey.checks.registry import rule
from journey.core.findings import FindingSeverity
from journey.decision.policy import MONITOR_ONLY
from journey.records.database import literal
from journey.records.distinct_values import distinct_values_relation
from journey.records.model import KNOWN_SOURCES

STRONG_SIGNAL_STRENGTH = 0.7
"""A negative signal of this strength or more needs a decision. The value is the seed's heuristic for escalation."""

LIVE_HALF_LIVES = 2.0
"""A signal counts as live for this number of half-lives, after which a quarter of its evidence is left."""


@rule("unknown-signal-type", FindingSeverity.WARNING)
def unknown_signal_type(context: Context) -> str | None:
    """A signal type that is not in the policy; it counts as negative, with weight 0.5 and cause `other`, by default.

    Remedy: correct the spelling, or add the type to `signals` of the policy.
    """
    unknown = "signal_type NOT IN (SELECT signal_type FROM signal_kinds)"
    source = distinct_values_relation(context.cursor, "signals", "signal_type")
    if not context.values(f"SELECT signal_type FROM {source} WHERE {unknown} LIMIT 1"):
        return None
    values = context.values(f"SELECT DISTINCT signal_type FROM signals WHERE {unknown} ORDER BY 1 LIMIT 1000")
    default = context.policy.unknown_signal
    meaning = literal(f" is not known to the policy and counts as {default.polarity}, weight {default.weight:g}")
    return f"""
        SELECT 'signals' AS dataset, min(label) AS record,
            CASE WHEN count(DISTINCT customer_id) = 1 THEN any_value(customer_id) END AS customer_id,
            'Signal type ''' || signal_type || '''' || {_build_occurrence_text("label")} || {meaning}
            || {build_hint_sql("signal_type", values, list(context.policy.signals))} AS message
        FROM seen_signals WHERE {unknown} GROUP BY signal_type
    """


@rule("unknown-source", FindingSeverity.NOTICE)
def unknown_source(context: Context) -> str:
    """A signal source that is neither automated nor manual; such signals have a lower trust.

    Remedy: write automated or manual, or accept the lower trust.
    """
    trust = context.policy.evidence.trust_other
    return f"""
        SELECT 'signals' AS dataset, min(label) AS record, NULL AS customer_id,
            coalesce('Source ''' || source || '''', 'A missing source') || {_build_occurrence_text("label")}
            || {literal(f" is trusted at {trust:g}; known sources: {', '.join(KNOWN_SOURCES)}.")} AS message
        FROM seen_signals WHERE source IS NULL OR source NOT IN {build_in_list(KNOWN_SOURCES)} GROUP BY source
    """


def _build_occurrence_text(label: str) -> str:
    return f"CASE WHEN count(*) = 1 THEN ' of ' || min({label}) ELSE ' of ' || count(*) || ' signals' END"


@rule("conflicting-signals", FindingSeverity.WARNING)
def conflicting_signals(context: Context) -> str:
    """A customer with both positive and negative live signals.

    Remedy: look at the customer; the conflict lowers the confidence of the decision.
    """
    days = LIVE_HALF_LIVES * context.policy.evidence.half_life_days
    return f"""
        WITH live AS (
            SELECT * FROM signal_keys
            WHERE is_seen AND customer IS NOT NULL AND days_between(detected_at, {context.now}) <= {days!r}
        ),
        conflicted AS (
            SELECT customer, max(signal_strength) FILTER (helps) AS best,
                max(signal_strength) FILTER (NOT helps) AS worst
            FROM live GROUP BY customer HAVING best IS NOT NULL AND worst IS NOT NULL
        ),
        leads AS (
            SELECT customer, helps, row_number FROM live JOIN conflicted USING (customer)
            WHERE signal_strength = CASE WHEN helps THEN best ELSE worst END
        ),
        named AS (
            SELECT s.customer_id, min((s.label, s.signal_type, s.signal_strength)) FILTER (helps) AS positive,
                min((s.label, s.signal_type, s.signal_strength)) FILTER (NOT helps) AS negative
            FROM leads JOIN seen_signals AS s USING (row_number) GROUP BY s.customer_id
        )
        SELECT 'signals' AS dataset, negative[1] AS record, customer_id,
            negative[2] || ' (' || negative[3] || ', ' || negative[1] || ') is negative and ' || positive[2] || ' ('
            || positive[3] || ', ' || positive[1] || ') is positive; the conflict lowers confidence.' AS message
        FROM named
    """


@rule("unanswered-signal", FindingSeverity.WARNING)
def unanswered_signal(context: Context) -> str:
    """A customer, known or not, with strong negative signals and no later decision.

    Remedy: decide on the customer, or record the decision that was made. Add an unknown customer to the customers.
    """
    del context
    return f"""
        WITH decided AS (
            SELECT customer_id, max(generated_at)::DATE AS last_day FROM seen_interventions GROUP BY customer_id
        ),
        decided_customers AS (
            SELECT c.rowid AS customer, last_day FROM decided JOIN customers AS c USING (customer_id)
        ),
        cited AS (SELECT DISTINCT customer_id, unnest(triggered_by_signals) AS signal_id FROM seen_interventions),
        strong AS (
            SELECT row_number, customer FROM signal_keys LEFT JOIN decided_customers USING (customer)
            WHERE is_seen AND NOT helps AND signal_strength >= {STRONG_SIGNAL_STRENGTH!r}
                AND (last_day IS NULL OR last_day < detected_at::DATE)
        ),
        reported AS MATERIALIZED (
            -- Few signals are strong, so citations and decisions on unknown customers are matched only for these.
            SELECT customer, s.customer_id, s.signal_id, label, signal_type, signal_strength, detected_at
            FROM strong JOIN seen_signals AS s USING (row_number)
            WHERE customer IS NOT NULL OR NOT EXISTS (
                FROM decided AS d WHERE d.customer_id = s.customer_id AND d.last_day >= s.detected_at::DATE
            )
        ),
        ranked AS (
            SELECT r.*, count(*) OVER (PARTITION BY r.customer_id) AS total,
                row_number() OVER (
                    PARTITION BY r.customer_id ORDER BY signal_strength DESC, detected_at, label
                ) AS rank
            FROM reported AS r ANTI JOIN cited AS c ON r.customer_id = c.customer_id AND r.signal_id = c.signal_id
        )
        SELECT 'signals' AS dataset, label AS record, customer_id,
            'No one acted on ' || signal_type || ' (' || signal_strength || ' on ' || day_of(detected_at) || ')'
            || CASE total WHEN 1 THEN '' WHEN 2 THEN ' or on 1 more strong signal'
                ELSE ' or on ' || (total - 1) || ' more strong signals' END
            || CASE WHEN customer IS NULL THEN '; customer ' || customer_id || ' is unknown.' ELSE '.' END AS message
        FROM ranked WHERE rank = 1
    """


_DATED_ROWS = {
    "signals": "SELECT row_number, person, detected_at AS moment, journey_stage AS stage FROM signal_keys",
    "interventions": "SELECT row_number, person, generated_at AS moment, journey_stage AS stage FROM interventions "
    "JOIN persons USING (customer_id)",
}
"""Queries for the row number, the customer's number, the date and the named stage of each row."""


@rule("stage-mismatch", FindingSeverity.WARNING)
def stage_mismatch(context: Context) -> str:
    """A signal or intervention whose stage differs from the log's stage on its date.

    Remedy: correct the stage of the record, or the dates of the log.
    """
    known = build_in_list(context.journey.stages)
    parts = [
        f"""
        SELECT {literal(dataset)} AS dataset, label AS record, customer_id,
            'It names the stage ' || journey_stage || ', but on ' || day_of(moment) || ' the customer was in '
            || logged_stage || '.' AS message
        FROM (
            -- The conditions on both sides are applied afterwards: within the join they would compare all pairs.
            WITH logged AS MATERIALIZED (
                SELECT r.label, r.customer_id, r.journey_stage, r.{date} AS moment, e.journey_stage AS logged_stage,
                    e.state_entered_at AS entered_at, coalesce(e.before_stage, e.previous_stage) AS stage_before
                FROM (
                    -- Rows older than the log, or that match the current stage, need no search through the history.
                    WITH within AS MATERIALIZED (
                        SELECT d.row_number, now.person, now.state_entered_at, now.journey_stage
                        FROM ({_DATED_ROWS[dataset]}) AS d JOIN entries AS now ON d.person = now.person
                        WHERE now.is_current AND d.moment >= now.began_at AND d.stage IS NOT NULL
                            AND NOT (d.moment >= now.state_entered_at AND d.stage = now.journey_stage)
                    ),
                    found AS MATERIALIZED (
                        SELECT * FROM seen_{dataset} WHERE row_number IN (SELECT row_number FROM within)
                    )
                    SELECT s.*, now.person FROM within AS now JOIN found AS s ON s.row_number = now.row_number
                    WHERE s.journey_stage IN {known}
                        AND NOT (s.{date} >= now.state_entered_at AND s.journey_stage = now.journey_stage)
                ) AS r
                ASOF JOIN entries AS e ON r.person = e.person AND r.{date} >= e.state_entered_at
            )
            SELECT * FROM logged
            WHERE journey_stage <> logged_stage AND logged_stage IN {known}
                AND NOT (moment::DATE = entered_at::DATE AND journey_stage = stage_before)
        )
        """
        for dataset, date in (("signals", "detected_at"), ("interventions", "generated_at"))
    ]
    return " UNION ALL ".join(parts)


def build_monitoring_actions_list(context: Context) -> str:
    """Build SQL for the right side of IN: the actions that only monitor."""
    monitoring_actions = {name for name, action in context.policy.actions.items() if action.delivery == "none"}
    return build_in_list(sorted(monitoring_actions | {MONITOR_ONLY}))
