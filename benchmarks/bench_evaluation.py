"""Evaluating customers: one at a time with reasons, and a million in one batch.

In this process, from records in memory or from Parquet as each note says; nothing else runs meanwhile.
"""

import gc
import statistics
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.bench_loading import make_company
from journey.batch import evaluate_batch
from journey.batch.case_columns import build_customer_cases
from journey.batch.decisions import evaluate_cases
from journey.decision.as_of import AsOf
from journey.orchestrator import Orchestrator
from journey.records.folder import read_folder
from journey.records.model import Customer, Intervention, Outcome, Signal, StageEntry

CUSTOMERS = 1_000_000
SIGNALS_EACH = 2
ONE_BY_ONE = 20_000
DAY = datetime(2030, 5, 20)


def typical_customer():
    """A customer with two signals, an earlier intervention and its outcome."""
    return (
        Customer(customer_id="A", segment="SMB", account_value=12_000.0, risk_tier="high"),
        (StageEntry(customer_id="A", journey_stage="onboarding", state_entered_at=DAY - timedelta(days=14)),),
        tuple(
            Signal(signal_id=f"S{n}", customer_id="A", signal_type=kind, signal_strength=0.7, source="automated",
                   detected_at=DAY - timedelta(days=n))
            for n, kind in enumerate(("negative_sentiment", "support_ticket_spike"))
        ),
        (Intervention(intervention_id="I", customer_id="A", recommended_action="proactive_outreach",
                      generated_at=DAY - timedelta(days=40)),),
        (Outcome(intervention_id="I", customer_id="A", outcome="resolved", measured_at=DAY - timedelta(days=30)),),
    )  # fmt: skip


def _one_by_one():
    customer = typical_customer()
    return [
        *_timed("one customer", customer[:3], "two signals, with reasons"),
        *_timed("one customer contacted before", customer, "the same with an earlier contact and its outcome"),
    ]


def _timed(name, customer, note):
    orchestrator, as_of = Orchestrator(), AsOf.of(DAY.date())
    for _ in range(1_000):
        decision = orchestrator.evaluate_customer(*customer, as_of=as_of)
    assert decision.reasons
    taken = []
    gc.collect()
    for _ in range(ONE_BY_ONE):
        start = time.perf_counter_ns()
        orchestrator.evaluate_customer(*customer, as_of=as_of)
        taken.append((time.perf_counter_ns() - start) / 1e3)
    note = f"{note}; {ONE_BY_ONE:,} times"
    return [
        {"name": f"{name}, median", "value": statistics.median(taken), "unit": "microseconds", "note": note},
        {"name": f"{name}, p99", "value": statistics.quantiles(taken, n=100)[98], "unit": "microseconds",
         "note": note},
    ]  # fmt: skip


def run():
    rows = _one_by_one()
    orchestrator = Orchestrator()
    with tempfile.TemporaryDirectory() as folder:
        make_company(Path(folder), CUSTOMERS, signals_each=SIGNALS_EACH)
        start = time.perf_counter()
        records = read_folder(folder)
        read = time.perf_counter() - start
        as_of = AsOf.of(records.latest_date().date())
        # The first call compiles, or loads compiled code from the cache.
        start = time.perf_counter()
        evaluate_batch(read_folder_of_one(), as_of)
        warm = time.perf_counter() - start
        start = time.perf_counter()
        cases = build_customer_cases(records, orchestrator, as_of)
        columns = time.perf_counter() - start
        kernel = []
        for _ in range(5):
            start = time.perf_counter()
            evaluate_cases(cases, orchestrator)
            kernel.append(time.perf_counter() - start)
    each = f"{CUSTOMERS:,} customers, {SIGNALS_EACH} signals each"
    scale = 1e6 / CUSTOMERS
    return [
        *rows,
        {"name": "a customer in a batch, kernel alone", "value": min(kernel) * scale, "unit": "microseconds",
         "note": f"{each}, best of 5"},
        {"name": "a customer in a batch, columns made", "value": (columns + min(kernel)) * scale,
         "unit": "microseconds", "note": "from tables in memory: states, signals and history joined and sorted"},
        {"name": "a customer in a batch, read from Parquet", "value": (read + columns + min(kernel)) * scale,
         "unit": "microseconds", "note": "everything, including validation of every row"},
        {"name": "first batch of a process", "value": warm, "unit": "seconds",
         "note": "loading Numba, and compiling or loading compiled code"},
    ]  # fmt: skip


def read_folder_of_one():
    """A company with one customer."""
    from journey.records.folder import Records

    return Records.from_tables({"customers": [{"customer_id": "A"}]})
