"""The context of a check: the records up to `as_of`, the journey, the policy, and SQL helpers."""

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
from journey.records.entry_places import create_entry_places
from journey.records.model import StageEntry

# Macros for messages. A time of day is shown only where the record has one.
_FORMAT_MOMENT = "CASE WHEN is_bare(moment) THEN moment::DATE::VARCHAR ELSE strftime(moment, '%Y-%m-%d %H:%M') END"
SQL_MACROS = (
    "is_bare(moment) AS moment = date_trunc('day', moment)",
    f"day_of(moment) AS {_FORMAT_MOMENT}",
    "days_between(early, late) AS date_diff('day', early::DATE, late::DATE)",
    "n_days(days) AS days || CASE WHEN days = 1 THEN ' day' ELSE ' days' END",
)
"""Macros for the queries of any family of records."""


# Customers are numbered by their row; customers that only the log names get negative numbers.
_CREATE_PERSONS = """
    CREATE OR REPLACE TEMP TABLE persons AS
    SELECT customer_id, rowid AS person FROM customers
    UNION ALL
    SELECT customer_id, -row_number() OVER () AS person FROM (
        SELECT DISTINCT customer_id FROM journey_state_log ANTI JOIN customers USING (customer_id)
    )
"""


MAX_ZONE_HOURS = 14
"""No time zone is further from UTC. Within this time the order of a time with a zone and one without is unknown."""

_MIXED_ENTRY_ZONES = """
    SELECT row_number, zoned FROM mixed_zones WHERE dataset = 'journey_state_log' AND name = 'state_entered_at'
"""
_JOIN_PLACES = "LEFT JOIN entry_places AS places USING (row_number)"
_JOIN_ZONES = f"LEFT JOIN ({_MIXED_ENTRY_ZONES}) AS zones USING (row_number)"


@dataclass(frozen=True, slots=True)
class Context:
    """One run of the checks.

    Besides the clean tables, a query may read these tables, which contain only rows dated up to `as_of`:

    * ``persons``: a number (``person``) for every ``customer_id`` of the customers (its ``rowid``) and of the log
      (negative where the customer is unknown). With ten million rows, numbers are several times faster to group and
      join than texts;
    * ``entries``: stage entries with ``label``, ``person``, ``before_stage`` and ``before_at`` (the customer's previous
      entry, null if time zones leave the order unknown), ``next_at``, ``began_at`` (the customer's first), ``nth`` (1
      for the first) and ``is_current``;
    * ``seen_signals``, ``seen_interventions``, ``seen_outcomes``: these sets, with ``label``. An outcome without a date
      is included; a signal recorded after `as_of` is not;
    * ``signal_kinds``: ``signal_type, helps`` for the types that the policy knows;
    * ``signal_keys``: for every signal, its ``row_number``, ``person``, ``customer`` (the same, null when unknown),
      ``helps`` (by the policy, default type included), ``signal_strength``, ``detected_at``,
      ``journey_stage``, whether it ``is_seen`` (neither dated nor recorded after `as_of`) and ``identity``, a hash of
      customer, type, time and source;
    * ``shared_identities``: each ``identity`` that more than one signal has.

    Attributes:
        cursor: A separate connection to the records' database; its temporary tables are dropped with it.
        as_of: The time of the check, or None when no record has a date.
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
        """Return the first column of a query's result."""
        return [row[0] for row in self.cursor.execute(sql).fetchall()]


def create_check_tables(context: Context) -> None:
    """Create the tables and macros that the queries of the checks use."""
    run = context.cursor.execute
    for macro in SQL_MACROS:
        run(f"CREATE OR REPLACE TEMP MACRO {macro}")
    run(_CREATE_PERSONS)
    mixed = bool(context.values(f"SELECT count(*) FROM ({_MIXED_ENTRY_ZONES})")[0])
    tied = create_entry_places(context.cursor, context.journey.stages)
    run(f"""
        CREATE OR REPLACE TEMP TABLE lines AS
        SELECT e.*, person, {_build_previous_sql("journey_stage", mixed=mixed)} AS before_stage,
            {_build_previous_sql("state_entered_at", mixed=mixed)} AS before_at,
            lead(state_entered_at) OVER line AS next_at,
            first_value(state_entered_at) OVER line AS began_at, row_number() OVER line AS nth,
            lead(row_number) OVER line IS NULL AS is_current
        FROM journey_state_log AS e JOIN persons USING (customer_id)
            {_JOIN_ZONES if mixed else ""} {_JOIN_PLACES if tied else ""} WHERE state_entered_at <= {context.now}
        WINDOW line AS (PARTITION BY person ORDER BY state_entered_at, {"place, " if tied else ""} row_number)
    """)
    # A view, so that labels are computed only for the entries that findings name.
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
            hash(s.customer_id, s.signal_type, s.detected_at, s.source) AS identity
        FROM signals AS s LEFT JOIN persons AS p ON s.customer_id = p.customer_id
            LEFT JOIN signal_kinds AS k ON s.signal_type = k.signal_type
    """)
    repeated = find_repeated(context.cursor, "SELECT identity FROM signal_keys")
    context.cursor.register("repeated_identities", {"identity": repeated})
    run("CREATE OR REPLACE TEMP TABLE shared_identities AS SELECT DISTINCT identity FROM repeated_identities")
    context.cursor.unregister("repeated_identities")


def _build_previous_sql(column: str, *, mixed: bool) -> str:
    """SQL for a column of the customer's previous entry; null if it is unknown which of the two is the earlier."""
    previous = f"lag({column}) OVER line"
    if not mixed:
        return previous
    is_close = f"state_entered_at - lag(state_entered_at) OVER line <= INTERVAL {MAX_ZONE_HOURS} HOUR"
    return f"CASE WHEN zoned <> lag(zoned) OVER line AND {is_close} THEN NULL ELSE {previous} END"


def _build_visibility_condition(context: Context, dataset: str, alias: str = "") -> str:
    """SQL for whether no date of a row is after `as_of`. A missing optional date counts as not after it."""
    parts = []
    for column in get_columns(dataset):
        if column.kind == "date":
            name = f"{alias}{quoted(column.name)}"
            parts.append(f"{name} <= {context.now}" if column.required else f"coalesce({name} <= {context.now}, TRUE)")
    return " AND ".join(parts)


def build_in_list(values: Iterable[str]) -> str:
    """Build SQL for the right side of IN; an empty list matches nothing."""
    return "(" + (", ".join(literal(value) for value in values) or "NULL") + ")"


def build_hint_sql(column: str, values: Sequence[str], known: Sequence[str]) -> str:
    """Build SQL for the end of a sentence about an unknown value: the likely intended value, or the known values."""
    if not values:
        return "'.'"
    suggestions = {value: did_you_mean(value, known) for value in values}
    cases = " ".join(
        f"WHEN {literal(value)} THEN {literal(end if end.endswith('?') else end + '.')}"
        for value, end in suggestions.items()
    )
    return f"CASE {column} {cases} ELSE '.' END"
