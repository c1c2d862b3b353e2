"""What every check may look at: the records up to `as_of`, the journey, the policy, and a few words of SQL."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from journey.core.suggestions import did_you_mean
from journey.decision.policy import Policy
from journey.machine import Journey
from journey.records.columns import build_label_sql, get_columns
from journey.records.database import find_repeated, literal, quoted
from journey.records.model import StageEntry

# Words for messages. Whole days are what a person reads, so a time of day is shown only where there is one.
_FORMAT_MOMENT = "CASE WHEN is_bare(moment) THEN moment::DATE::VARCHAR ELSE strftime(moment, '%Y-%m-%d %H:%M') END"
SQL_MACROS = (
    "is_bare(moment) AS moment = date_trunc('day', moment)",
    f"day_of(moment) AS {_FORMAT_MOMENT}",
    "days_between(early, late) AS date_diff('day', early::DATE, late::DATE)",
    "n_days(days) AS days || CASE WHEN days = 1 THEN ' day' ELSE ' days' END",
)
"""Macros that queries of any family of records may use."""


# Customers in the order in which they are stored, and below zero whom only the log knows.
_CREATE_PERSONS = """
    CREATE OR REPLACE TEMP TABLE persons AS
    SELECT customer_id, rowid AS person FROM customers
    UNION ALL
    SELECT customer_id, -row_number() OVER () AS person FROM (
        SELECT DISTINCT customer_id FROM journey_state_log ANTI JOIN customers USING (customer_id)
    )
"""


@dataclass(frozen=True, slots=True)
class Context:
    """One run of the checks.

    Besides the clean tables a query may read these, which hold only what is dated up to `as_of`:

    * ``persons``: a number (``person``) for every ``customer_id`` of the customers (its ``rowid``) and of the log
      (below zero where there is no such customer). Numbers are several times cheaper to group and join than texts,
      which tells with ten million rows;
    * ``entries``: stage entries with ``label``, ``person``, ``before_stage`` and ``before_at`` (the customer's entry
      before), ``next_at``, ``began_at`` (the customer's first), ``nth`` (1 for the first) and ``is_current``;
    * ``seen_signals``, ``seen_interventions``, ``seen_outcomes``: those sets, with ``label`` (an outcome without a
      date counts as seen, a signal that was recorded later than `as_of` does not);
    * ``signal_kinds``: ``signal_type, helps`` for the types that the policy knows;
    * ``signal_keys``: for every signal, its ``row_number``, ``person``, ``customer`` (the same, null when unknown),
      ``helps`` (by the policy, default type included), ``signal_strength``, ``detected_at``,
      ``journey_stage``, whether it ``is_seen`` (neither dated nor recorded after `as_of`) and ``place``, equal for
      signals of one customer, type, time and source;
    * ``shared_places``: each ``place`` that more than one signal has.

    Attributes:
        cursor: A connection of its own to the records' database; temporary tables live and die with it.
        as_of: The moment of the check, or None when no record has a date.
        journey: The rules of the journey.
        policy: The policy.
    """

    cursor: duckdb.DuckDBPyConnection
    as_of: datetime | None
    journey: Journey
    policy: Policy

    @property
    def now(self) -> str:
        """`as_of` as an SQL literal."""
        return "NULL::TIMESTAMP" if self.as_of is None else f"TIMESTAMP '{self.as_of.isoformat(sep=' ')}'"

    def values(self, sql: str) -> list[Any]:
        """The first column of a query's answer."""
        return [row[0] for row in self.cursor.execute(sql).fetchall()]


def create_check_tables(context: Context) -> None:
    """Make the tables and words that queries rely on."""
    run = context.cursor.execute
    for macro in SQL_MACROS:
        run(f"CREATE OR REPLACE TEMP MACRO {macro}")
    run(_CREATE_PERSONS)
    run(f"""
        CREATE OR REPLACE TEMP TABLE lines AS
        SELECT e.*, person, lag(journey_stage) OVER line AS before_stage,
            lag(state_entered_at) OVER line AS before_at, lead(state_entered_at) OVER line AS next_at,
            first_value(state_entered_at) OVER line AS began_at, row_number() OVER line AS nth,
            lead(row_number) OVER line IS NULL AS is_current
        FROM journey_state_log AS e JOIN persons USING (customer_id) WHERE state_entered_at <= {context.now}
        WINDOW line AS (PARTITION BY person ORDER BY state_entered_at, row_number)
    """)
    # What an entry is called is worked out for those that are told of.
    run(f"CREATE OR REPLACE TEMP VIEW entries AS SELECT *, {build_label_sql(StageEntry.dataset)} AS label FROM lines")
    for dataset in ("signals", "interventions", "outcomes"):
        run(f"""
            CREATE OR REPLACE TEMP VIEW seen_{dataset} AS
            SELECT *, {build_label_sql(dataset)} AS label FROM {dataset}
                WHERE {_build_visibility_condition(context, dataset)}
        """)
    run("CREATE OR REPLACE TEMP TABLE signal_kinds (signal_type VARCHAR, helps BOOLEAN)")
    run("INSERT INTO signal_kinds SELECT unnest(?), unnest(?)", [
        list(context.policy.signals), [kind.polarity == "positive" for kind in context.policy.signals.values()],
    ])  # fmt: skip
    default_helps = literal(context.policy.unknown_signal.polarity == "positive")
    run(f"""
        CREATE OR REPLACE TEMP TABLE signal_keys AS
        SELECT s.row_number, p.person, CASE WHEN p.person >= 0 THEN p.person END AS customer,
            coalesce(k.helps, {default_helps}) AS helps, s.signal_strength, s.detected_at, s.journey_stage,
            {_build_visibility_condition(context, "signals", "s.")} AS is_seen,
            hash(s.customer_id, s.signal_type, s.detected_at, s.source) AS place
        FROM signals AS s LEFT JOIN persons AS p ON s.customer_id = p.customer_id
            LEFT JOIN signal_kinds AS k ON s.signal_type = k.signal_type
    """)
    context.cursor.register("places_again", {"place": find_repeated(context.cursor, "SELECT place FROM signal_keys")})
    run("CREATE OR REPLACE TEMP TABLE shared_places AS SELECT DISTINCT place FROM places_again")
    context.cursor.unregister("places_again")


def _build_visibility_condition(context: Context, dataset: str, alias: str = "") -> str:
    """SQL for whether a row holds no date after `as_of`; a date that may be left out, and is, lies not after it."""
    parts = []
    for column in get_columns(dataset):
        if column.kind == "date":
            name = f"{alias}{quoted(column.name)}"
            parts.append(f"{name} <= {context.now}" if column.required else f"coalesce({name} <= {context.now}, TRUE)")
    return " AND ".join(parts)


def build_in_list(values: Iterable[str]) -> str:
    """SQL for the right side of IN; an empty list matches nothing."""
    return "(" + (", ".join(literal(value) for value in values) or "NULL") + ")"


def build_hint_sql(column: str, values: Sequence[str], known: Sequence[str]) -> str:
    """SQL for the end of a sentence about an unknown word: what was probably meant, or which words are known."""
    if not values:
        return "'.'"
    suggestions = {value: did_you_mean(value, known) for value in values}
    cases = " ".join(
        f"WHEN {literal(value)} THEN {literal(end if end.endswith('?') else end + '.')}"
        for value, end in suggestions.items()
    )
    return f"CASE {column} {cases} ELSE '.' END"
