"""Rows with the same key: one is kept, and the others are set aside with a reason and a finding.

* Identical rows: the first is kept (notice).
* The same signal (key, customer and type) with another strength: the strongest of a negative type and the weakest of
  a positive type is kept, so that a conflict never understates the risk (warning).
* Other rows with the same key: the first row of the file is kept, because the correct one is unknown (error).

Rows of a set whose equal rows are different observations (see `journey.records.model.Record`) are all kept. Signals
without a key, or with different keys, are not removed here; `journey.decision.rules.gather` counts them once.
"""

from collections.abc import Iterable

import duckdb

from journey.core.findings import FindingSeverity
from journey.decision.policy import Policy
from journey.records.columns import build_label_sql, get_columns, get_key
from journey.records.database import find_repeated, literal, map_in_parallel, quoted
from journey.records.model import Signal, get_model

SIGNALS = Signal.dataset
_REASON_INDEX = 3


def resolve_duplicates(connection: duckdb.DuckDBPyConnection, datasets: Iterable[str], policy: Policy) -> None:
    """Keep one row of each key in the clean tables of these sets, and one of identical rows without a key."""
    names = [dataset for dataset in datasets if not get_model(dataset).observations]
    for dataset, has_some in zip(names, map_in_parallel(connection, _has_duplicates, names), strict=True):
        if has_some:
            _resolve(connection, dataset, get_key(dataset), policy)


def _has_duplicates(connection: duckdb.DuckDBPyConnection, dataset: str) -> bool:
    """Whether hashes repeat: a fast test to skip sets without duplicates."""
    key = get_key(dataset)
    identity = quoted(key) if key else ", ".join(quoted(column.name) for column in get_columns(dataset))
    where = f"WHERE {quoted(key)} IS NOT NULL" if key else ""
    return len(find_repeated(connection, f"SELECT hash({identity}) FROM {dataset} {where}")) > 0


def _identity(dataset: str, key: str | None) -> str:
    if key is not None:
        return quoted(key)
    return f"({', '.join(quoted(column.name) for column in get_columns(dataset))})"


def _resolve(connection: duckdb.DuckDBPyConnection, dataset: str, key: str | None, policy: Policy) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE doubles AS {_build_ranked_sql(dataset, key, policy)}")
    fields = ", ".join(f"{quoted(column.name)} := t.{quoted(column.name)}" for column in get_columns(dataset))
    label = f"t.{quoted(key)}" if key else build_label_sql(dataset, "t")
    customer = "t.customer_id" if "customer_id" in get_model(dataset).model_fields else "NULL"
    code, severity, reason = _build_verdict_sql(dataset, key)
    connection.execute(f"""
        INSERT INTO set_aside
        SELECT {literal(dataset)}, t.row_number, {code}, {severity}, {reason}, to_json(struct_pack({fields}))::VARCHAR,
            {label}, {customer}
        FROM doubles AS t JOIN doubles AS kept ON t.id = kept.id AND kept.rank = 1
        WHERE t.rank > 1 ORDER BY t.row_number
    """)
    connection.execute(f"DELETE FROM {dataset} WHERE row_number IN (SELECT row_number FROM doubles WHERE rank > 1)")
    connection.execute("DROP TABLE doubles")


def _build_ranked_sql(dataset: str, key: str | None, policy: Policy) -> str:
    """SQL: the rows of every identity that occurs more than once; the row of rank 1 is kept.

    A twin is a row with the same subject as the first one; for a signal, the same customer and type.
    """
    identity = _identity(dataset, key)
    about = "(customer_id, signal_type)" if dataset == SIGNALS else "TRUE"
    return f"""
        WITH shared AS (SELECT {identity} AS id FROM {dataset} GROUP BY ALL HAVING count(*) > 1 AND id IS NOT NULL),
        members AS (
            SELECT *, {identity} AS id, first_value({about}) OVER (PARTITION BY {identity} ORDER BY row_number) AS about
            FROM {dataset} WHERE {identity} IN (SELECT id FROM shared)
        ),
        judged AS (SELECT * EXCLUDE (about), about = {about} AS twin FROM members)
        SELECT *, row_number() OVER (
            PARTITION BY id ORDER BY twin DESC, {_build_preference_sql(dataset, policy)} row_number
        ) AS rank FROM judged
    """


def _build_preference_sql(dataset: str, policy: Policy) -> str:
    """SQL that sorts the strongest negative and the weakest positive signal first; empty for other sets."""
    if dataset != SIGNALS:
        return ""
    minority = "negative" if policy.unknown_signal.polarity == "positive" else "positive"
    names = ", ".join(literal(name) for name, kind in policy.signals.items() if kind.polarity == minority) or "NULL"
    rising, falling = "signal_strength", "-signal_strength"
    listed, others = (falling, rising) if minority == "negative" else (rising, falling)
    return f"CASE WHEN signal_type IN ({names}) THEN {listed} ELSE {others} END,"


def _build_verdict_sql(dataset: str, key: str | None) -> tuple[str, str, str]:
    """SQL for code, severity and reason of a row that is set aside."""
    columns = get_columns(dataset)
    same = " AND ".join(f"t.{quoted(c.name)} IS NOT DISTINCT FROM kept.{quoted(c.name)}" for c in columns)
    repeat = "'repeats row ' || kept.row_number"
    clash = f"'has the {key} of row ' || kept.row_number || ' but says something else; that row is kept'"
    conflict = (
        "'has strength ' || t.signal_strength || ' where row ' || kept.row_number || ' has ' || "
        "kept.signal_strength || '; the one that looks worse for the customer is kept'"
    )
    cases = [(same, "duplicate-record", FindingSeverity.NOTICE, repeat)]
    if dataset == SIGNALS:
        stronger = "t.twin AND t.signal_strength <> kept.signal_strength"
        cases.append((stronger, "conflicting-duplicate", FindingSeverity.WARNING, conflict))
    cases.append(("TRUE", "duplicate-key", FindingSeverity.ERROR, clash))

    def pick(place: int) -> str:
        branches = " ".join(
            f"WHEN {case[0]} THEN {case[3] if place == _REASON_INDEX else literal(str(case[place]))}" for case in cases
        )
        return f"CASE {branches} END"

    return pick(1), pick(2), pick(_REASON_INDEX)
