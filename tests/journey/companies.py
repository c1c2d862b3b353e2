"""Small companies for tests: written as files of any format, and as plain rows."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from journey.records.folder import Records, bundled_folder

Row = dict[str, Any]

CUSTOMER: Row = {
    "customer_id": "K1", "segment": "SMB", "account_value": 900, "tenure_months": 5, "risk_tier": "low"
}  # fmt: skip
ENTRY: Row = {
    "customer_id": "K1", "journey_stage": "engagement", "state_entered_at": "2031-03-01", "days_in_state": 9,
    "previous_stage": "onboarding",
}  # fmt: skip
SIGNAL: Row = {
    "signal_id": "S1", "customer_id": "K1", "signal_type": "usage_drop", "signal_strength": 0.5,
    "detected_at": "2031-03-08", "journey_stage": "engagement", "source": "automated",
}  # fmt: skip
INTERVENTION: Row = {
    "intervention_id": "I1", "customer_id": "K1", "journey_stage": "engagement",
    "recommended_action": "usage_review_checkin", "confidence": 0.6, "requires_human_approval": False,
    "triggered_by_signals": ["S1"], "evaluation_latency_ms": 90, "generated_at": "2031-03-09",
}  # fmt: skip
OUTCOME: Row = {
    "outcome_id": "O1", "intervention_id": "I1", "customer_id": "K1", "outcome": "resolved",
    "resolution_time_days": 1, "csat_delta": 1, "churn_risk_delta": -0.1, "estimated_revenue_saved": 10,
    "human_override": False, "measured_at": "2031-03-10",
}  # fmt: skip
SETS: dict[str, list[Row]] = {
    "customers": [CUSTOMER],
    "journey_state_log": [ENTRY],
    "signals": [SIGNAL],
    "interventions": [INTERVENTION],
    "outcomes": [OUTCOME],
}


def company(**sets: list[Row]) -> Records:
    """A company without anything odd in it, with some of its sets replaced."""
    return Records.from_tables({**SETS, **sets})


def write_company(folder: Path, **files: str | bytes | list[Row]) -> Path:
    """A folder with the customer and, by name with ``__`` for the dot, more files: ``signals__csv="..."``."""
    if not any(name.startswith("customers") for name in files):
        files["customers__json"] = [CUSTOMER]
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        if isinstance(content, list):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def convert(source: Path, target: Path, ending: str) -> Path:
    """A bundled folder in another format."""
    target.mkdir(parents=True)
    for path in sorted(source.glob("*.json")):
        rows: list[Row] = json.loads(path.read_text())
        names = list(dict.fromkeys(name for row in rows for name in row))
        file = target / f"{path.stem}.{ending}"
        if ending == "jsonl":
            file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        elif ending == "csv":
            with file.open("w", newline="") as stream:
                writer = csv.DictWriter(stream, names)
                writer.writeheader()
                writer.writerows({name: _in_csv(value) for name, value in row.items()} for row in rows)
        else:
            pq.write_table(pa.table({name: _arrow([row.get(name) for row in rows]) for name in names}), file)
    return target


def _in_csv(value: object) -> object:
    return json.dumps(value) if isinstance(value, list | dict | bool) else value


def _arrow(values: list[Any]) -> pa.Array:
    """A typed column, or text where the values are of several types."""
    if any(isinstance(value, dict) for value in values):
        return pa.array([json.dumps(value) for value in values])
    try:
        return pa.array(values)
    except pa.ArrowInvalid:
        return pa.array([None if value is None else str(value) for value in values])


def bundled_rows(name: str = "customer_journey") -> dict[str, list[Row]]:
    """The rows of a bundled dataset."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(bundled_folder(name).glob("*.json"))}


def table(records: Records, dataset: str) -> list[tuple[Any, ...]]:
    """All rows of a clean table, in the order of the file."""
    return records.connection.execute(f"FROM {dataset} ORDER BY row_number").fetchall()
