"""Declared rules in recorded histories: a million customers and ten rules, judged by compiled code and one by one.

The records are read before. Each side judges from the tables of records to verdicts, and both find the same. One after
another, customers are judged from objects, as `check` does for small folders. One rule is also written as a query by
hand, which is what an analyst would do without the software; it finds the same customers. The compiled code is loaded
before, and each figure is the best of the rounds, in CPU seconds of all threads.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.measuring import peak_bytes, settled_bytes
from benchmarks.tables import Figure, at_least, at_most
from journey.batch.rule_verdicts import BatchJudge
from journey.decision.as_of import AsOf
from journey.decision.policy import Policy
from journey.evaluation.broken_rules import find_broken_rules
from journey.machine import default_journey
from journey.records.folder import Records, read_folder
from journey.rules import parse_rules
from journey.rules.monitor import BROKEN

CUSTOMERS = 1_000_000
ALONE = 20_000
ROUNDS = 3
AS_OF = AsOf.of("2025-07-01")

_STAGES = "['onboarding', 'engagement', 'retention', 'support', 'escalation', 'retention']"
_SETS = {
    "customers": """
        SELECT 'C' || i AS customer_id, ['SMB', 'Mid-Market', 'Enterprise'][1 + i % 3] AS segment,
            1000.0 + i % 90000 AS account_value, 1 + i % 48 AS tenure_months,
            ['low', 'medium', 'high'][1 + i % 3] AS risk_tier
        FROM range({customers}) AS t(i)
    """,
    # One to six entries, some weeks apart. No time is midnight, which would stand for a date without a time of day.
    "journey_state_log": """
        SELECT 'C' || i AS customer_id, {stages}[k] AS journey_stage,
            TIMESTAMP '2025-01-01 00:30' + to_hours((k * 24 * 20 + hash(i + k) % 400)::INTEGER) AS state_entered_at,
            CASE WHEN k > 1 THEN {stages}[k - 1] END AS previous_stage
        FROM range({customers}) AS t(i), range(1, 7) AS s(k) WHERE k <= 1 + hash(i) % 6
    """,
    "signals": """
        SELECT 'S' || i AS signal_id, 'C' || (i % {customers}) AS customer_id,
            ['usage_drop', 'failed_onboarding_step', 'negative_sentiment', 'positive_sentiment']
                [(1 + hash(i) % 4)::INTEGER] AS signal_type,
            0.5 AS signal_strength,
            TIMESTAMP '2025-01-01 00:30' + to_hours((hash(i + 2) % 4000)::INTEGER) AS detected_at,
            'automated' AS source
        FROM range({customers} * 4) AS t(i)
    """,
    "interventions": """
        SELECT 'I' || i AS intervention_id, 'C' || (i % {customers}) AS customer_id,
            ['proactive_outreach', 'usage_review_checkin'][(1 + hash(i + 1) % 2)::INTEGER] AS recommended_action,
            hash(i) % 3 > 0 AS requires_human_approval,
            TIMESTAMP '2025-01-01 00:30' + to_hours((hash(i + 5) % 4000)::INTEGER) AS generated_at, 'executed' AS status
        FROM range({customers} * 2) AS t(i)
    """,
    "outcomes": """
        SELECT 'O' || i AS outcome_id, 'I' || i AS intervention_id, 'resolved' AS outcome,
            TIMESTAMP '2025-06-20' + to_hours((i % 200)::INTEGER) AS measured_at
        FROM range({customers}) AS t(i)
    """,
}
RULES = parse_rules(
    [
        {"name": "answered", "template": "response", "a": "signal:usage_drop", "b": "action:usage_review_checkin",
         "within_days": 7},
        {"name": "approved", "template": "precedence", "a": "review:approved", "b": "action:proactive_outreach"},
        {"name": "calm", "template": "absence", "a": ["action:proactive_outreach", "action:usage_review_checkin"],
         "count": 2, "within_days": 14},
        {"name": "supported", "template": "precedence", "a": "support", "b": "escalation"},
        {"name": "first", "template": "init", "a": "onboarding"},
        {"name": "active", "template": "existence", "a": "move:activate", "within_days": 60},
        {"name": "resolved", "template": "response", "a": "escalation", "b": ["retention", "churned"],
         "within_days": 30},
        {"name": "measured", "template": "succession", "a": "intervention:executed", "b": "intervention:measured"},
        {"name": "no flip", "template": "not_succession", "a": "signal:positive_sentiment",
         "b": "signal:negative_sentiment", "within_days": 2},
        {"name": "calls", "template": "chain_response", "a": "move:escalate", "b": "escalation"},
    ]
)  # fmt: skip
BY_HAND = """
SELECT count(*) FROM (
    SELECT customer_id, generated_at, lag(generated_at) OVER (PARTITION BY customer_id ORDER BY generated_at) AS before
    FROM interventions WHERE status = 'executed'
        AND recommended_action IN ('proactive_outreach', 'usage_review_checkin')
) WHERE generated_at - before <= INTERVAL 14 DAY
"""
"""The rule "calm" as a query: customers have two actions at most, so each is counted once."""


def run() -> list[Figure]:
    """Measure."""
    with tempfile.TemporaryDirectory() as name:
        small, large = _read(Path(name), ALONE), _read(Path(name), CUSTOMERS)
        _judge(small)
        before = settled_bytes()
        batch, judged = _measure(lambda: _judge(large))
        grown = (peak_bytes() - before) / 1e9
        in_batch = sum(int((found.verdicts == BROKEN).sum()) for found in _judge(small))
        alone, report = _measure(lambda: find_broken_rules(small, RULES, AS_OF, batch=False))
        found, _ = _measure(lambda: find_broken_rules(large, [RULES[8]], AS_OF, batch=True))
        by_hand, rows = _measure(lambda: large.connection.execute(BY_HAND).fetchall())
        one_rule, calm = _measure(lambda: _judge(large, [RULES[2]]))
    assert in_batch == len(report.findings)
    assert int((calm[0].verdicts == BROKEN).sum()) == rows[0][0] == int((judged[2].verdicts == BROKEN).sum())
    events = CUSTOMERS / 1e6 * 20
    note = f"best of {ROUNDS}"
    ratio = (alone / ALONE) / (batch / CUSTOMERS)
    return [
        Figure(f"{CUSTOMERS:,} histories, ten rules", batch, "CPU s", at_most(20), f"{note}, some {events:g} M events"),
        Figure("memory for it", grown, "GB", at_most(3), "peak above the records"),
        Figure("the same, one after another", ratio, "times", at_least(10), f"{ALONE:,} customers, per customer"),
        Figure("one rule, with its findings", found, "CPU s", None, f"{note}, {CUSTOMERS:,} histories"),
        Figure("one rule, verdicts only", one_rule, "CPU s", None, f"{note}, {CUSTOMERS:,} histories"),
        Figure("the same rule as a query by hand", by_hand, "CPU s", None, f"{note}; no events, partners or dates"),
    ]


def _judge(records: Records, rules: Any = RULES) -> Any:
    return BatchJudge(records, default_journey(), Policy(), AS_OF).judge(rules)


def _measure(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of the best round, and the result."""
    seconds, result = [], None
    for _ in range(ROUNDS):
        started = time.process_time()
        result = work()
        seconds.append(time.process_time() - started)
    return min(seconds), result


def _read(folder: Path, customers: int) -> Records:
    """Records of this size, read from files."""
    part = folder / str(customers)
    part.mkdir()
    with duckdb.connect() as connection:
        for name, sql in _SETS.items():
            filled = sql.format(customers=customers, stages=_STAGES)
            connection.execute(f"COPY ({filled}) TO '{part / name}.parquet' (FORMAT parquet)")
    return read_folder(part)
