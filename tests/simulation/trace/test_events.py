"""The trace: columns of the contract, the same rows in every format, and nothing half written."""

import csv

import duckdb
import pytest

from journey.core.errors import InputError
from simulation.runs.run import run_arm
from simulation.trace.events import COLUMNS, FUNNEL, KINDS
from tests.simulation.worlds import arm

CONTRACT = ("time", "customer", "arm", "kind", "stage", "to_stage", "label", "reason", "reviewer", "value")


@pytest.fixture(scope="module")
def trace():
    world = {
        "value_changes": {"expansion": {"per_day": {"retention": 0.02}, "factor": 1.2}},
        "effects": {"usage_review_checkin": {"moves": {"churn": 0.5}}},
    }
    setup = arm(world=world, population={"arrivals": {"share": 0.2, "over_days": 100.0}})
    return run_arm(setup, seed=1, replication=0, days=120.0, trace=True).trace


def test_the_columns_are_those_of_the_contract_in_its_order_and_ours_after_them(trace):
    assert (*CONTRACT, "source", "dated", "segment", "account_value") == COLUMNS
    assert tuple(trace.columns()) == COLUMNS


def test_every_kind_of_row_occurs_and_no_other(trace):
    # Steps of a funnel occur where customers come by campaigns: `tests/simulation/acquisition/test_acquisition.py`.
    assert set(trace.columns()["kind"]) == set(KINDS) - {FUNNEL}


def test_parquet_gives_back_the_rows_to_the_last_bit(trace, tmp_path):
    path = tmp_path / "trace.parquet"
    trace.write(path)
    with duckdb.connect() as connection:
        back = connection.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
    assert back == [tuple(row) for row in trace.sorted_rows()]


def test_csv_gives_back_the_rows(trace, tmp_path):
    path = tmp_path / "deep" / "trace.csv"
    trace.write(path)
    with path.open(newline="") as file:
        back = list(csv.reader(file))
    assert back[0] == list(COLUMNS)
    assert [float(row[0]) for row in back[1:]] == trace.columns()["time"]
    assert [row[6] for row in back[1:]] == trace.columns()["label"]


def test_an_unknown_ending_is_refused_and_nothing_is_written(trace, tmp_path):
    with pytest.raises(InputError, match="use one of the extensions"):
        trace.write(tmp_path / "trace.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_a_clear_error(trace, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        trace.write(tmp_path / "file" / "trace.csv")
