"""Loading and checking a million generated customers with ten million signals.

One round each, with files that have just been written, and so come from the system's cache.
"""

import tempfile
import time
from pathlib import Path

import duckdb

from benchmarks.measuring import peak_bytes, settled_bytes
from journey.checks import check
from journey.records.folder import read_folder

CUSTOMERS = 1_000_000
SIGNALS_EACH = 10

_STAGES = "['onboarding', 'engagement', 'retention', 'support', 'escalation']"
_TYPES = (
    "['support_ticket_spike', 'negative_sentiment', 'usage_drop', 'positive_sentiment', 'renewal_intent', "
    "'inactivity_warning', 'failed_onboarding_step']"
)

_SETS = {
    "customers": """
        SELECT 'C' || i AS customer_id, ['SMB', 'Mid-Market', 'Enterprise'][1 + i % 3] AS segment,
            1000.0 + i % 90000 AS account_value, 1 + i % 48 AS tenure_months,
            ['low', 'medium', 'high'][1 + i % 3] AS risk_tier
        FROM range({customers}) AS t(i)
    """,
    "journey_state_log": """
        SELECT 'C' || i AS customer_id, {stages}[1 + i % 5] AS journey_stage,
            DATE '2025-01-01' - (i % 40 * 4)::INTEGER AS state_entered_at, i % 40 * 4 + 14 AS days_in_state,
            CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN 'onboarding' WHEN 2 THEN 'engagement' WHEN 3 THEN 'retention'
                ELSE 'support' END AS previous_stage
        FROM range({customers}) AS t(i)
    """,
    "signals": """
        SELECT 'S' || i AS signal_id, 'C' || (i % {customers}) AS customer_id,
            {types}[(1 + hash(i) % 7)::INTEGER] AS signal_type,
            round(pow((hash(i + 1) % 1000) / 1000.0, 3), 3) AS signal_strength,
            DATE '2025-01-15' - (hash(i + 2) % 365)::INTEGER AS detected_at,
            {stages}[1 + i % {customers} % 5] AS journey_stage,
            CASE WHEN i % 5 = 0 THEN 'manual' ELSE 'automated' END AS source
        FROM range({signals}) AS t(i)
    """,
    "interventions": """
        SELECT 'I' || i AS intervention_id, 'C' || i AS customer_id, {stages}[1 + i % 5] AS journey_stage,
            'proactive_outreach' AS recommended_action, 0.6 AS confidence, i % 2 = 0 AS requires_human_approval,
            ['S' || i] AS triggered_by_signals, 200 AS evaluation_latency_ms, DATE '2025-01-15' AS generated_at
        FROM range({customers}) AS t(i) WHERE i % 10 = 0
    """,
    "outcomes": """
        SELECT 'O' || i AS outcome_id, 'I' || i AS intervention_id, 'C' || i AS customer_id, 'resolved' AS outcome,
            3 AS resolution_time_days, 1 AS csat_delta, -0.2 AS churn_risk_delta, 500 AS estimated_revenue_saved,
            FALSE AS human_override, DATE '2025-01-20' AS measured_at
        FROM range({customers}) AS t(i) WHERE i % 20 = 0
    """,
}


def make_company(folder: Path, customers: int, ending: str = "parquet", *, signals_each: int = SIGNALS_EACH) -> None:
    """Write a company of this size into a folder."""
    options = {"parquet": "(FORMAT parquet)", "csv": "(FORMAT csv, HEADER)", "json": "(FORMAT json, ARRAY true)"}[
        ending
    ]
    with duckdb.connect() as connection:
        for name, sql in _SETS.items():
            filled = sql.format(customers=customers, signals=customers * signals_each, stages=_STAGES, types=_TYPES)
            connection.execute(f"COPY ({filled}) TO '{folder / name}.{ending}' {options}")


def _load_and_check(customers: int, ending: str) -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_company(folder, customers, ending)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        before, start = settled_bytes(), time.perf_counter()
        records = read_folder(folder)
        loaded = time.perf_counter()
        report = check(records)
        checked = time.perf_counter()
        findings = len(report.findings)
        listed = time.perf_counter()
    what = f"{customers:,} customers, {customers * SIGNALS_EACH:,} signals, {ending}"
    grown = (peak_bytes() - before) / 1e9
    return [
        {"name": f"load {what}", "value": loaded - start, "unit": "s", "note": f"{size:,.0f} MB on disk"},
        {"name": f"check {what}", "value": checked - loaded, "unit": "s", "note": f"{findings:,} findings"},
        {
            "name": f"list findings of {what}",
            "value": listed - checked,
            "unit": "s",
            "note": f"peak {grown:.1f} GB above the start",
        },
    ]


def run() -> list[dict[str, object]]:
    """Measure; one row for each figure."""
    return [*_load_and_check(CUSTOMERS // 10, "csv"), *_load_and_check(CUSTOMERS, "parquet")]


if __name__ == "__main__":
    for row in run():
        print(f"{row['name']:<60} {row['value']:10.2f} {row['unit']:<4} {row['note']}")
