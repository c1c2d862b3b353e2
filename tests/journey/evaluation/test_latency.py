"""The latency of decisions: measured with the given clock, exported with the decisions, and absent by default."""

import csv
from dataclasses import replace
from itertools import count

import duckdb
import pytest
from hypothesis import given

from journey.decision.as_of import AsOf
from journey.evaluation.evaluate import evaluate
from journey.kpis.model import Kpi
from journey.orchestrator import Orchestrator
from journey.records.folder import Records, bundled_folder, read_folder
from journey.tables.files import write_table
from tests.journey import recorded_customers


@pytest.fixture(scope="module")
def bundled():
    return read_folder(bundled_folder())


def slower_and_slower():
    """A clock that shows n milliseconds more at the end of the n-th evaluation, counted from 1, than at its start."""
    reading, reads = 0, count()

    def clock():
        nonlocal reading
        number, ends = divmod(next(reads), 2)
        reading += (number + 1) * 1_000_000 if ends else 0
        return reading

    return clock


def test_each_decision_has_the_time_between_two_readings_of_the_clock(bundled):
    measured = evaluate(bundled, clock=slower_and_slower())
    assert [decision.evaluation_latency_ms for decision in measured.decisions] == [float(n) for n in range(1, 11)]


def test_with_latency_nothing_else_in_a_decision_changes(bundled):
    plain, measured = evaluate(bundled), evaluate(bundled, clock=slower_and_slower())
    assert [replace(decision, evaluation_latency_ms=None) for decision in measured.decisions] == list(plain.decisions)


def test_without_a_clock_no_output_mentions_a_measured_latency(bundled):
    plain = evaluate(bundled)
    assert all("evaluation_latency_ms" not in row for row in plain.to_dict()["decisions"])
    assert "evaluation_latency_ms" not in plain.to_relation().columns
    assert "decision_latency_ms" not in plain.kpis["operational"]


def test_the_kpis_of_measured_latency_are_beside_those_of_recorded_latency(bundled):
    operational = evaluate(bundled, clock=slower_and_slower()).kpis["operational"]
    definition = "measured evaluation_latency_ms of the decisions of this evaluation"
    assert operational["decision_latency_ms"] == Kpi(5.5, "ms", 10, f"mean {definition}", "measured")
    assert operational["decision_latency_p95_ms"].value == 10.0
    assert operational["evaluation_latency_ms"].value == evaluate(bundled).kpis["operational"][
        "evaluation_latency_ms"
    ].value  # fmt: skip


def test_a_batch_is_never_used_where_latency_is_measured(bundled):
    assert evaluate(bundled, batch=True, clock=slower_and_slower()).table is None


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_an_exported_file_of_decisions_has_the_latency_as_its_last_column(bundled, tmp_path, ending):
    file = tmp_path / f"decisions.{ending}"
    measured = evaluate(bundled, clock=slower_and_slower())
    write_table(measured.to_relation(), file, "decisions")
    table = duckdb.sql(f"SELECT * FROM '{file}'")
    assert table.columns[-1] == "evaluation_latency_ms"
    assert table.project("evaluation_latency_ms").fetchall() == [(float(n),) for n in range(1, 11)]


def test_exported_decisions_recorded_as_interventions_give_the_latency_kpi_of_the_records(bundled, tmp_path):
    file = tmp_path / "decisions.csv"
    write_table(evaluate(bundled, clock=slower_and_slower()).to_relation(), file, "decisions")
    with file.open(encoding="utf-8") as lines:
        decisions = list(csv.DictReader(lines))
    interventions = [
        {"intervention_id": f"I{n}", "customer_id": row["customer_id"], "recommended_action": "monitor_only",
         "generated_at": "2025-01-20", "evaluation_latency_ms": row["evaluation_latency_ms"]}
        for n, row in enumerate(decisions)
    ]  # fmt: skip
    customers = [{"customer_id": row["customer_id"]} for row in decisions]
    recorded = evaluate(Records.from_tables({"customers": customers, "interventions": interventions}))
    operational = recorded.kpis["operational"]
    assert (operational["evaluation_latency_ms"].value, operational["evaluation_latency_ms"].n) == (5.5, 10)
    assert operational["evaluation_latency_p95_ms"].value == 10.0


@given(recorded_customers.known())
def test_without_reasons_a_decision_is_the_same_but_for_its_sentences(known):
    orchestrator, as_of = Orchestrator(), AsOf.of(recorded_customers.START.date())
    with_reasons = orchestrator.evaluate_customer(*known, as_of=as_of)
    without = orchestrator.evaluate_customer(*known, as_of=as_of, with_reasons=False)
    assert with_reasons.reasons
    assert without == replace(with_reasons, reasons=())
