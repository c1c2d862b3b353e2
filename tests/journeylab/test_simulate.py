"""`journeylab.simulate` is `journey simulate`, and `scenarios` is `journey scenarios`."""

import gc
import json

import duckdb
import pytest

import journeylab as jl
from tests.scenarios.cli.invocation import invoke

SMALL = {"customers": 50, "days": 60}


@pytest.fixture(scope="module")
def result():
    return jl.simulate("default", arm="treated", trace=True, **SMALL)


def test_the_document_is_that_of_the_command(result):
    done = invoke("simulate", "default", "--arm", "treated", "--customers", "50", "--days", "60", "--json")
    unlike = {"wall_seconds": 0.0}
    assert result.to_dict() | unlike == json.loads(done.stdout) | unlike


def test_metrics_and_occupancy_are_tables(result):
    frame = result.to_pandas().set_index("metric")
    assert frame.value["churn_rate"] == result.metrics["churn_rate"]
    assert frame.unit["churn_rate"] == "share"
    occupancy = result.occupancy.to_pandas()
    assert occupancy.day.tolist() == [row["day"] for row in result.run.occupancy]
    assert occupancy.drop(columns="day").sum(axis=1).to_list() == pytest.approx([1.0] * len(occupancy))


def test_csat_over_time_is_a_table(result):
    csat = result.csat.to_pandas()
    assert csat.to_dict("records") == result.run.csat == result.to_dict()["csat"]
    assert csat["mean"].between(1.0, 5.0).all()
    live = 1.0 - result.occupancy.to_pandas().churned
    assert csat.customers.tolist() == [round(50 * share) for share in live]


def test_the_trace_is_a_table_with_the_rows_of_a_trace_file(result, tmp_path):
    path = tmp_path / "trace.parquet"
    result.trace.write(path)
    in_file = duckdb.sql(f"FROM '{path}'").fetchall()
    relation = result.trace.to_relation()
    gc.collect()
    assert relation.fetchall() == in_file
    assert len(result.trace.to_polars()) == result.run.events == len(in_file)
    assert jl.simulate("default", **SMALL).trace is None


def test_the_text_has_the_metrics(result):
    assert str(result).startswith("default, treated: 50 customers, 60 days, ")
    assert "\nchurn rate: " in str(result)


def test_an_unknown_arm_is_refused_as_on_the_command_line():
    done = invoke("simulate", "default", "--arm", "treatd")
    with pytest.raises(jl.InputError) as caught:
        jl.simulate("default", arm="treatd")
    assert done.stderr == f"journey: {caught.value}\n"


def test_the_built_in_scenarios_are_listed_as_by_the_command():
    listed = json.loads(invoke("scenarios", "--json").stdout)
    assert json.loads(json.dumps([scenario._asdict() for scenario in jl.scenarios()])) == listed
