"""`journey simulate`."""

import csv
import json

import pytest
from typer.testing import CliRunner

from journey.core.errors import InputError
from scenarios.cli.application import app


def journey(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_json_has_what_the_contract_promises():
    done = journey(
        "simulate", "default", "--arm", "treated", "--customers", "30", "--days", "40", "--seed", "5", "--json"
    )
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    promised = {
        "scenario", "arm", "seed", "engine", "customers", "days", "events", "events_by_kind", "wall_seconds",
        "occupancy", "csat", "metrics",
    }  # fmt: skip
    assert promised <= set(found)
    assert (found["arm"], found["seed"], found["customers"], found["days"]) == ("treated", 5, 30, 40)
    assert found["events"] == sum(found["events_by_kind"].values())
    assert {"churn_rate", "retained_value", "interventions", "reviews", "review_wait_days_mean"} <= set(
        found["metrics"]
    )
    for row in found["occupancy"]:
        assert sum(share for stage, share in row.items() if stage != "day") == pytest.approx(1.0)


def test_it_is_repeatable_but_for_the_time_it_took():
    def once():
        found = json.loads(journey("simulate", "default", "--customers", "20", "--days", "40", "--json").stdout)
        return {key: value for key, value in found.items() if key != "wall_seconds"}

    assert once() == once()


def test_a_person_reads_metrics_and_occupancy():
    done = journey("simulate", "default", "--customers", "20", "--days", "40")
    assert done.exit_code == 0
    for words in (
        "churn rate",
        "Share of customers by stage",
        "CSAT over time",
        "onboarding",
        "events",
        "journey compare",
    ):
        assert words in done.stdout


def test_the_trace_is_written_as_csv(tmp_path):
    path = tmp_path / "trace.csv"
    done = journey("simulate", "default", "--customers", "20", "--days", "40", "--trace", str(path), "--json")
    assert done.stderr == f"wrote {path}\n"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == json.loads(done.stdout)["events"]
    assert list(rows[0]) == [
        "time", "customer", "arm", "kind", "stage", "to_stage", "label", "reason", "reviewer", "value",
        "source", "dated", "segment", "account_value",
    ]  # fmt: skip


def test_the_trace_is_written_as_parquet(tmp_path):
    import duckdb

    path = tmp_path / "trace.parquet"
    done = journey("simulate", "default", "--customers", "20", "--days", "40", "--trace", str(path), "--json")
    assert duckdb.read_parquet(str(path)).fetchall().__len__() == json.loads(done.stdout)["events"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["default", "--arm", "treatd"], "did you mean 'treated'?"),
        (["default", "--days", "0"], "horizon_days: should be greater than or equal to 0.001"),
        (["default", "--customers", "0"], "population.size: should be greater than or equal to 1"),
        (["default", "--trace", "x.xls"], ".csv"),
        (["nothing"], "neither a built-in scenario nor a file"),
    ],
)
def test_wrong_input_is_a_message_and_exit_code_2(arguments, message):
    done = journey("simulate", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_metrics_that_are_unknown_are_one_line_with_their_reasons():
    """Three customers in 20 days need no review, and no Enterprise customer is among them."""
    shown = journey("simulate", "default", "--customers", "3", "--days", "20").stdout
    assert "n/a" not in shown.split("Share of customers by stage")[0]
    line = " ".join(shown.split())
    assert "review wait, mean and review wait, 90th percentile (no reviewer decided a request)" in line
    assert "churn rate [Enterprise] (no customer)" in line


def test_a_run_that_would_not_fit_in_memory_is_refused_before_it_starts(tmp_path):
    trace = tmp_path / "trace.csv"
    done = journey("simulate", "default", "--customers", "2000000000", "--trace", str(trace))
    assert not trace.exists()
    assert done.exit_code == 2
    assert "will not fit in memory" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "begins"),
    [
        (["--trace", "t.csv", "--workers", "2"], False),
        (["--trace", "t.csv", "--set", "reviewers.pods=1000", "--workers", "2"], True),
        # Customers of every pod at the same time, or all rows in one place, are as much as without pods.
        (["--trace", "t.csv", "--set", "reviewers.pods=1000", "--workers", "1000"], False),
        (["--trace", "t.xes", "--set", "reviewers.pods=1000", "--workers", "1"], False),
        (["--set", "reviewers.pods=1000", "--workers", "2"], True),
    ],
)
def test_of_a_population_in_pods_only_those_have_to_fit_that_live_at_the_same_time(
    monkeypatch, tmp_path, arguments, begins
):
    def begun(*_arguments, **_options):
        raise InputError("the run has begun")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("scenarios.execution.memory.available_memory", lambda: 4 * 10**9)
    monkeypatch.setattr("scenarios.operations.simulation.run_in_pods", begun)
    done = journey("simulate", "default", "--engine", "compiled", "--customers", "30000000", *arguments)
    assert done.exit_code == 2
    assert ("the run has begun" in done.stderr) == begins
    assert ("will not fit in memory" in done.stderr) == (not begins)
    assert list(tmp_path.iterdir()) == []


def test_the_engine_and_the_reason_are_printed_and_in_the_json():
    small = ["simulate", "default", "--customers", "20", "--days", "40"]
    said = "engine: reference, because it simulates 800 customer-days faster than the compiled engine loads\n"
    assert journey(*small).stderr == said
    assert journey(*small, "--engine", "reference").stderr == ""
    program = journey(*small, "--json")
    assert (program.stderr, json.loads(program.stdout)["engine"]) == ("", "reference")
