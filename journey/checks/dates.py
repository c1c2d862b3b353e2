"""Checks of dates: inconsistent day counters, records from the future, impossible times."""

from journey.checks.context import Context
from journey.checks.registry import rule
from journey.core.findings import FindingSeverity
from journey.records.columns import build_label_sql, get_date_columns
from journey.records.database import literal, quoted
from journey.records.model import DATASETS

MAX_GAP_TO_LATEST_DATE_DAYS = 366
"""A latest date more than this number of days after the previous one is probably mistyped."""

DAYS_IN_A_LONG_MONTH = 31

LATE_RECORDING_DAYS = 1
"""A signal is late when it was recorded more than this number of days after detection; less is a nightly load."""

# The day on which the stored counters were taken. Each current entry implies one day (entry date + counter), and the
# most frequent one is used. It is inferred once; otherwise ten million rows would each report the same problem.
_COUNTER_SNAPSHOT = """
    WITH implied AS (
        SELECT state_entered_at::DATE + round(days_in_state)::INTEGER AS day FROM entries
        WHERE is_current AND days_in_state < 100000
    ),
    votes AS (SELECT day, count(*) AS votes FROM implied GROUP BY day),
    snapshot AS (
        SELECT arg_max(day, (votes, day)) AS day, max(votes) AS votes, sum(votes) AS counted,
            max(votes) * 2 > sum(votes) AS is_sure
        FROM votes
    )
"""

_COUNTER_TOLERANCE_DAYS = "CASE WHEN is_bare(state_entered_at) THEN 0.5 ELSE 1.0 END"
"""Allowed deviation of a counter in days: none, or one where a time of day makes the counting of days ambiguous."""


@rule("counter-date", FindingSeverity.NOTICE)
def counter_date(context: Context) -> str:
    """Stored days_in_state counters that were taken on a day other than `as_of`.

    Remedy: nothing; days are computed from dates, not from counters.
    """
    return f"""
        {_COUNTER_SNAPSHOT}
        SELECT 'journey_state_log' AS dataset, NULL AS record, NULL AS customer_id,
            CASE WHEN is_sure THEN 'days_in_state was counted on ' || strftime(day, '%Y-%m-%d') || ' (' || votes
                || ' of ' || counted || ' counters imply that day); days are computed from the dates instead, up to '
            ELSE 'The days_in_state counters do not agree on the day they were counted (at most ' || votes || ' of '
                || counted || ' imply the same day); days are computed from the dates instead, up to ' END
            || day_of(date_trunc('day', {context.now})) || '.' AS message
        FROM snapshot WHERE counted > 0 AND (NOT is_sure OR day <> {context.now}::DATE)
    """


@rule("counter-disagrees", FindingSeverity.WARNING)
def counter_disagrees(context: Context) -> str:
    """A stored days_in_state that disagrees with the dates, on the day when the other counters were taken.

    Remedy: correct the counter or the date of the entry; the date is used.
    """
    del context
    return f"""
        {_COUNTER_SNAPSHOT},
        expected AS (
            SELECT *, days_between(state_entered_at, snapshot.day) AS to_snapshot,
                days_between(state_entered_at, next_at) AS to_next
            FROM entries, snapshot WHERE is_sure AND days_in_state IS NOT NULL
        )
        SELECT 'journey_state_log' AS dataset, label AS record, customer_id,
            'days_in_state is ' || printf('%g', days_in_state) || ', but from ' || day_of(state_entered_at) || ' to '
            || CASE WHEN is_current THEN strftime(day, '%Y-%m-%d') || ', when the others were counted, it is '
                || to_snapshot ELSE day_of(next_at) || ', when the stage was left, it is ' || to_next END
            || '.' AS message
        FROM expected
        WHERE CASE WHEN is_current THEN abs(days_in_state - to_snapshot) > {_COUNTER_TOLERANCE_DAYS}
            ELSE least(abs(days_in_state - to_next), abs(days_in_state - to_snapshot)) > {_COUNTER_TOLERANCE_DAYS} END
    """


@rule("dated-after-as-of", FindingSeverity.NOTICE)
def dated_after_as_of(context: Context) -> str | None:
    """A record dated after `as_of`, which is ignored.

    Remedy: nothing, if the date is right; use `--as-of` for a later date.
    """
    if context.as_of is None:
        return None
    parts = [
        f"""
        SELECT {literal(dataset)} AS dataset, {build_label_sql(dataset)} AS record, customer_id,
            {literal(column)} || ' is ' || day_of({quoted(column)}) || ', after {context.as_of:%Y-%m-%d}; '
            || 'the record is ignored.' AS message
        FROM {dataset} WHERE {quoted(column)} > {context.now} {_build_earlier_dates_condition(dataset, column, context)}
        """
        for dataset in DATASETS
        for column in get_date_columns(dataset)
    ]
    return " UNION ALL ".join(parts)


def _build_earlier_dates_condition(dataset: str, column: str, context: Context) -> str:
    """SQL that reports a row with several dates after `as_of` only once, by the first of them."""
    dates = get_date_columns(dataset)
    earlier = dates[: dates.index(column)]
    return " ".join(f"AND coalesce({quoted(other)} <= {context.now}, TRUE)" for other in earlier)


@rule("late-signal", FindingSeverity.NOTICE)
def late_signal(context: Context) -> str:
    """A signal that was recorded more than a day after it was detected, so no one could act on it earlier.

    Remedy: nothing; to act earlier, shorten the delay of your data.
    """
    del context
    return f"""
        SELECT 'signals' AS dataset, label AS record, customer_id,
            signal_type || ' of ' || day_of(detected_at) || ' was recorded on ' || day_of(recorded_at)
            || '; until then no one could act on it.' AS message
        FROM seen_signals WHERE recorded_at > detected_at + INTERVAL {LATE_RECORDING_DAYS} DAY
    """


@rule("recorded-before-detected", FindingSeverity.WARNING)
def recorded_before_detected(context: Context) -> str:
    """A signal that was recorded before it was detected.

    Remedy: correct one of the two dates.
    """
    del context
    return """
        SELECT 'signals' AS dataset, label AS record, customer_id,
            'It was recorded on ' || day_of(recorded_at) || ', before it was detected (' || day_of(detected_at)
            || '); one of the two dates is wrong, and the later one is used.' AS message
        FROM seen_signals
        WHERE CASE WHEN is_bare(recorded_at) OR is_bare(detected_at)
            THEN recorded_at::DATE < detected_at::DATE ELSE recorded_at < detected_at END
    """


@rule("lonely-latest-date", FindingSeverity.WARNING)
def lonely_latest_date(context: Context) -> str | None:
    """A latest date so far after all others that it is probably mistyped, although `as_of` rests on it.

    Remedy: correct the date, or state the date of the evaluation with `--as-of`.
    """
    if context.as_of is None:
        return None
    dates = " UNION ALL ".join(
        f"SELECT max({quoted(column)}) AS latest, "
        f"max({quoted(column)}) FILTER ({quoted(column)} < {context.now}::DATE) AS earlier FROM {dataset} "
        f"WHERE {quoted(column)} <= {context.now}"
        for dataset in DATASETS
        for column in get_date_columns(dataset)
    )
    return f"""
        WITH dates AS ({dates}), ends AS (SELECT max(latest) AS latest, max(earlier) AS earlier FROM dates)
        SELECT 'journey' AS dataset, NULL AS record, NULL AS customer_id,
            'The latest date is ' || day_of(latest) || ', ' || n_days(days_between(earlier, latest))
            || ' after the one before it; if it is mistyped, give --as-of.' AS message
        FROM ends WHERE latest::DATE = {context.now}::DATE
            AND days_between(earlier, latest) > {MAX_GAP_TO_LATEST_DATE_DAYS}
    """


@rule("tenure-too-short", FindingSeverity.WARNING)
def tenure_too_short(context: Context) -> str:
    """A customer whose time in the stage exceeds the customer's tenure.

    Remedy: correct tenure_months or the date of the stage entry.
    """
    return f"""
        SELECT 'customers' AS dataset, e.customer_id AS record, e.customer_id,
            'In ' || journey_stage || ' for ' || n_days(days_between(state_entered_at, {context.now}))
            || ', but a customer for only ' || printf('%g', tenure_months) || ' months.' AS message
        FROM entries AS e JOIN customers AS c ON c.rowid = e.person
        WHERE is_current AND c.gaps = 0
            AND days_between(state_entered_at, {context.now}) > (tenure_months + 1) * {DAYS_IN_A_LONG_MONTH}
    """
