"""KPIs of data quality: the share of fields with a usable value, and the share of rows that fit the schema."""

from collections import Counter
from dataclasses import replace

from journey.kpis.model import Kpi, share_kpi
from journey.machine import Journey
from journey.records.columns import get_columns
from journey.records.database import literal, one_row, quoted
from journey.records.folder import Records
from journey.records.model import DATASETS
from journey.records.outcome_labels import SUCCESS_OUTCOMES, normalise_outcome
from journey.records.tables import DUPLICATE_CODES

_OPTIONAL_FIELDS = {
    "signals": ("recorded_at",),
    "interventions": ("account_value", "status"),
    "events": ("event_id", "metadata"),
}
"""Fields whose absence has a meaning of its own, so that it is not a gap."""

_REFERENCES = {
    "journey_state_log": {"customer_id": "customers"},
    "signals": {"customer_id": "customers"},
    "interventions": {"customer_id": "customers"},
    "outcomes": {"customer_id": "customers", "intervention_id": "interventions"},
    "events": {"customer_id": "customers"},
}
"""The set that each referring field refers to."""


def compute_data_quality(records: Records, journey: Journey) -> dict[str, Kpi]:
    """Compute the completeness of fields and the schema validation rate of rows.

    Args:
        records: The records.
        journey: The journey; an initial stage has no previous one.
    """
    set_aside = Counter(row.dataset for row in records.set_aside if row.code not in DUPLICATE_CODES)
    duplicates = sum(row.code in DUPLICATE_CODES for row in records.set_aside)
    counts = {name: _count_fields(records, journey, name, set_aside[name]) for name in DATASETS}
    usable, expected = (sum(count[place] for count in counts.values()) for place in (0, 1))
    by = {name: {"value": count[0] / count[1], "n": count[1]} for name, count in counts.items() if count[1]}
    completeness = share_kpi(
        usable,
        expected,
        "fields with a usable value / fields of the rows read, by set; a reference to an unknown record is not usable,"
        " nor is any field of a row that does not fit the schema",
        reason="no rows were read",
    )
    fitting = sum(records.counts().values()) + duplicates
    return {
        "data_completeness": replace(completeness, by=by),
        "schema_validation_rate": share_kpi(
            fitting, fitting + set_aside.total(), "rows that fit the schema / rows read", reason="no rows were read"
        ),
    }


def _count_fields(records: Records, journey: Journey, dataset: str, set_aside: int) -> tuple[int, int]:
    """Count the fields of a set that have a usable value, and the fields that should have one."""
    fields = [column.name for column in get_columns(dataset) if column.name not in _OPTIONAL_FIELDS.get(dataset, ())]
    empty = [f"count(*) FILTER ({quoted(name)} IS NULL)" for name in fields]
    blank = _build_blank_condition(records, journey, dataset)
    unknown = [
        f"(SELECT count(*) FROM {dataset} ANTI JOIN {target} USING ({field}) WHERE {field} IS NOT NULL)"
        for field, target in _REFERENCES.get(dataset, {}).items()
    ]
    # Missing fields that have a default were filled, and counted in `gaps`.
    query = f"""
        SELECT count(*), count(*) FILTER ({blank}), {" + ".join([*empty, "coalesce(sum(gaps), 0)", *unknown])}
        FROM {dataset}
    """
    rows, blanks, gaps = map(int, one_row(records.connection, query))
    expected = rows * len(fields) - blanks
    return expected - (gaps - blanks), expected + set_aside * len(fields)


def _build_blank_condition(records: Records, journey: Journey, dataset: str) -> str:
    """Build SQL for whether a row's empty field is right: there is nothing that it could hold."""
    if dataset == "journey_state_log":
        return f"previous_stage IS NULL AND journey_stage IN ({', '.join(map(literal, journey.initial))})"
    if dataset == "outcomes":
        labels = records.connection.execute("SELECT DISTINCT outcome FROM outcomes").fetchall()
        resolved = [literal(label) for (label,) in labels if normalise_outcome(label) in SUCCESS_OUTCOMES]
        unresolved = f"outcome NOT IN ({', '.join(resolved)})" if resolved else "TRUE"
        return f"resolution_time_days IS NULL AND {unresolved}"
    return "FALSE"
