"""Checks of stages and moves against the journey's rules."""

from journey.checks.context import Context, build_hint_sql, build_in_list
from journey.checks.registry import rule
from journey.core.findings import FindingSeverity
from journey.machine import Journey
from journey.records.database import literal
from journey.records.distinct_values import distinct_values_relation

_STAGE_COLUMNS = {
    "journey_state_log": ("journey_stage", "previous_stage"),
    "signals": ("journey_stage",),
    "interventions": ("journey_stage",),
}
_LABEL_SQL = {
    "journey_state_log": "customer_id || '@' || strftime(state_entered_at, '%Y-%m-%d')",
    "signals": "coalesce(signal_id, customer_id || '@' || strftime(detected_at, '%Y-%m-%d'))",
    "interventions": "intervention_id",
}


@rule("unknown-stage", FindingSeverity.ERROR)
def unknown_stage(context: Context) -> str | None:
    """A stage that is not a stage of the journey.

    Remedy: correct the spelling, or name the journey of the records with `--journey`.
    """
    known = context.journey.stages
    parts = []
    for dataset, columns in _STAGE_COLUMNS.items():
        for column in columns:
            unknown = f"{column} NOT IN {build_in_list(known)}"
            source = distinct_values_relation(context.cursor, dataset, column)
            values = context.values(f"SELECT DISTINCT {column} FROM {source} WHERE {unknown} ORDER BY 1")
            if not values:
                continue
            parts.append(f"""
                SELECT {literal(dataset)} AS dataset, {_LABEL_SQL[dataset]} AS record, customer_id,
                    {literal(column)} || ' ''' || {column} || ''' is not a stage of the journey'
                    || {build_hint_sql(column, values, known)} AS message
                FROM {dataset} WHERE {unknown}
            """)
    return " UNION ALL ".join(parts) or None


@rule("no-stage", FindingSeverity.WARNING)
def no_stage(context: Context) -> str:
    """A customer without a recorded stage.

    Remedy: add the customer's stage entries, or remove the customer.
    """
    until = f" up to {context.as_of:%Y-%m-%d}" if context.as_of else ""
    return f"""
        SELECT 'customers' AS dataset, customer_id AS record, customer_id,
            {literal(f"No stage is recorded{until}, so nothing can be decided.")} AS message
        FROM customers WHERE rowid NOT IN (SELECT person FROM entries)
    """


@rule("illegal-move", FindingSeverity.ERROR)
def illegal_move(context: Context) -> str:
    """A move that the journey does not allow, according to the row itself or to the row before it.

    Remedy: correct the stage or add the missing entries; if the move is legal, define it in a journey of your own.
    """
    legal = build_in_list(f"{move.source} -> {move.destination}" for move in context.journey.moves)
    return f"""
        WITH steps AS (
            SELECT label, customer_id, previous_stage AS origin, journey_stage FROM entries
            -- The order of two entries at one moment is known only where the later one names the earlier one.
            UNION SELECT label, customer_id, before_stage AS origin, journey_stage FROM entries
                WHERE before_at < state_entered_at OR before_stage = previous_stage
        )
        SELECT 'journey_state_log' AS dataset, label AS record, customer_id,
            origin || ' -> ' || journey_stage || ' is not a legal move; from ' || origin || ' a customer can '
            || {_build_legal_moves_sql(context.journey)}
            || '. The customer stays in ' || journey_stage || ', as recorded.'
            AS message
        FROM steps
        WHERE origin <> journey_stage AND origin IN {build_in_list(context.journey.stages)}
            AND journey_stage IN {build_in_list(context.journey.stages)}
            AND origin || ' -> ' || journey_stage NOT IN {legal}
    """


def _build_legal_moves_sql(journey: Journey) -> str:
    cases = []
    for stage in journey.stages:
        moves_out = [f"{move.name} (to {move.destination})" for move in journey.legal_moves(stage)]
        cases.append(f"WHEN {literal(stage)} THEN {literal(', '.join(moves_out) or 'make no move')}")
    return f"CASE origin {' '.join(cases)} END"


@rule("re-entry", FindingSeverity.NOTICE)
def re_entry(context: Context) -> str:
    """A legal move back into a stage of an earlier visit, or of a possible visit before the log begins.

    Remedy: nothing, if the customer returned; otherwise correct the entry.
    """
    journey = context.journey
    steps = {(move.source, move.destination) for move in journey.moves if move.source != move.destination}
    round_trips = build_in_list(
        f"{source} -> {destination}"
        for source, destination in sorted(steps)
        if journey.shortest_path(destination, source) is not None
    )
    legal = build_in_list(f"{source} -> {destination}" for source, destination in sorted(steps))
    return f"""
        WITH steps AS (
            -- A single entry is a first visit. Most customers have only one, so these rows are not sorted.
            SELECT label, customer_id, journey_stage, previous_stage AS origin, before_stage, 1 AS visit
            FROM entries WHERE nth = 1 AND is_current
            UNION ALL
            SELECT label, customer_id, journey_stage, coalesce(before_stage, previous_stage) AS origin, before_stage,
                count(*) OVER (PARTITION BY person, journey_stage ORDER BY nth) AS visit
            FROM entries WHERE nth > 1 OR NOT is_current
        )
        SELECT 'journey_state_log' AS dataset, label AS record, customer_id,
            origin || ' -> ' || journey_stage || CASE WHEN visit > 1
                THEN ' is a legal re-entry: it is visit ' || visit || ' to ' || journey_stage || '.'
                ELSE ' is a legal re-entry: the customer may have been in ' || journey_stage || ' before ' || origin
                    || '.' END AS message
        FROM steps
        WHERE origin <> journey_stage AND origin || ' -> ' || journey_stage IN {legal}
            AND (visit > 1 OR (before_stage IS NULL AND origin || ' -> ' || journey_stage IN {round_trips}))
    """


@rule("previous-stage-disagrees", FindingSeverity.WARNING)
def previous_stage_disagrees(context: Context) -> str:
    """A previous_stage that differs from the stage of the customer's previous entry.

    Remedy: correct previous_stage, or add the entry between the two.
    """
    del context
    return """
        SELECT 'journey_state_log' AS dataset, label AS record, customer_id,
            'previous_stage is ' || previous_stage || ', but the previous entry (' || day_of(before_at) || ') is '
            || before_stage || '.' AS message
        FROM entries WHERE previous_stage <> before_stage AND before_at < state_entered_at
    """


@rule("missing-previous-stage", FindingSeverity.WARNING)
def missing_previous_stage(context: Context) -> str:
    """An entry without previous_stage in a stage where no journey begins.

    Remedy: add previous_stage, or the entries before this one.
    """
    initial = context.journey.initial
    return f"""
        SELECT 'journey_state_log' AS dataset, label AS record, customer_id,
            'previous_stage is missing, although no journey begins in ' || journey_stage
            || coalesce('; according to the log it was ' || before_stage, '') || '.' AS message
        FROM entries
        WHERE previous_stage IS NULL AND (before_stage IS NOT NULL OR journey_stage NOT IN {build_in_list(initial)})
            AND journey_stage IN {build_in_list(context.journey.stages)}
    """


@rule("repeated-stage", FindingSeverity.NOTICE)
def repeated_stage(context: Context) -> str:
    """An entry into the stage that the customer is already in.

    Remedy: remove the repeated entry, or add the entry between the two.
    """
    del context
    return """
        SELECT 'journey_state_log' AS dataset, label AS record, customer_id,
            'The customer enters ' || journey_stage || ', but was already there'
            || coalesce(' since ' || day_of(before_at), '') || '.' AS message
        FROM entries WHERE journey_stage = coalesce(before_stage, previous_stage)
    """


@rule("same-time-entries", FindingSeverity.WARNING)
def same_time_entries(context: Context) -> str:
    """Two stages entered at the same time; their order is known only where one names the other as its previous stage.

    Remedy: add times of day.
    """
    del context
    return """
        SELECT 'journey_state_log' AS dataset, label AS record, customer_id,
            before_stage || ' and ' || journey_stage || ' are both entered on ' || day_of(state_entered_at)
            || CASE WHEN previous_stage = before_stage THEN '; by previous_stage, ' || journey_stage || ' is the later.'
                ELSE '; their order is unknown, and ' || journey_stage || ' counts as the later stage.' END AS message
        FROM entries WHERE state_entered_at = before_at AND journey_stage <> before_stage
    """


@rule("empty-stage", FindingSeverity.NOTICE)
def empty_stage(context: Context) -> str | None:
    """A stage without customers.

    Remedy: nothing, if no customer is in the stage; otherwise check that the export has all customers.
    """
    if not context.values("SELECT count(*) FROM entries")[0]:
        return None
    live = ", ".join(f"({literal(stage)})" for stage in context.journey.live)
    return f"""
        SELECT 'journey' AS dataset, stage AS record, NULL AS customer_id,
            'No customer is in ' || stage || '.' AS message
        FROM (VALUES {live}) AS t(stage) WHERE stage NOT IN (SELECT journey_stage FROM entries WHERE is_current)
    """


@rule("stalled-stage", FindingSeverity.WARNING)
def stalled_stage(context: Context) -> str | None:
    """A customer that has been in a stage for longer than is typical.

    Remedy: find out why the customer is still there, or change `typical_days` in `[journey.stage.STAGE]`.
    """
    journey = context.journey
    stays = context.policy.compute_typical_days(journey.typical_days)
    typical = {stage: days for stage, days in stays.items() if stage not in journey.exit_stages}
    if not typical:
        return None
    rows = ", ".join(f"({literal(stage)}, {days!r})" for stage, days in typical.items())
    return f"""
        SELECT 'journey_state_log' AS dataset, label AS record, e.customer_id,
            'In ' || journey_stage || ' for ' || n_days(days_between(state_entered_at, {context.now}))
            || ', where ' || printf('%g', typical) || ' are typical.' AS message
        FROM entries AS e JOIN (VALUES {rows}) AS t(stage, typical) ON e.journey_stage = t.stage
        WHERE is_current AND person >= 0 AND days_between(state_entered_at, {context.now}) > typical
    """
