"""How a batch reads its rows: customers found with a hash table, distinct values, parallel reading."""

from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.batch import evaluate_batch
from journey.batch.arrow_stream import QueryResult
from journey.batch.id_lookup import CaseLookup, CustomerIdIndex
from journey.orchestrator import Orchestrator
from journey.orchestrator.case_reader import CaseReader
from journey.records.database import connect, map_in_parallel
from journey.records.distinct_values import MAX_DISTINCT_VALUES
from journey.records.folder import read_folder
from journey.records.model import Signal

# Few letters, so that IDs share prefixes; any text, so that non-ASCII and long IDs occur.
ids = st.text("ab", min_size=1, max_size=3) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)


TIME_ZONE = "SELECT current_setting('TimeZone')"
SOME = 20_000


def company(customers, rows):
    """A database with these customers, and rows that each name one."""
    connection = duckdb.connect()
    connection.execute("CREATE TABLE customers (customer_id VARCHAR)")
    connection.execute("INSERT INTO customers SELECT unnest(?::VARCHAR[])", [customers])
    connection.execute("CREATE TABLE rows (customer_id VARCHAR, number BIGINT)")
    connection.execute(
        "INSERT INTO rows SELECT unnest(?::VARCHAR[]), unnest(?::BIGINT[])", [rows, list(range(len(rows)))]
    )
    connection.execute("CREATE TABLE cases AS SELECT customer_id, rowid AS place FROM customers ORDER BY customer_id")
    return connection


def found(connection):
    rows = CaseLookup(connection, CustomerIdIndex.from_customers(connection)).fetch_rows(
        "SELECT customer_id AS case_id, number FROM rows"
    )
    return list(zip(rows["case_id"].tolist(), rows["number"].tolist(), strict=True))


@pytest.mark.slow
@settings(max_examples=20)
@given(st.lists(ids, unique=True), st.lists(ids, max_size=40), st.randoms(use_true_random=False))
def test_every_row_of_a_customer_is_found_and_no_other(customers, strangers, rng):
    rows = [rng.choice(customers) for _ in range(20) if customers] + strangers
    rng.shuffle(rows)
    connection = company(customers, rows)
    places = {key: place for place, (key,) in enumerate(connection.execute("SELECT customer_id FROM cases").fetchall())}
    assert found(connection) == [(places[key], number) for number, key in enumerate(rows) if key in places]


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 7919])
def test_rows_are_found_in_the_order_of_the_customers_and_in_any_other(step):
    # More rows than a database batch, and far more than the number of consecutive wrong guesses.
    customers = [f"C{number}" for number in range(SOME)]
    rows = [customers[number * step % SOME] for number in range(7 * SOME)]
    places = {key: place for place, key in enumerate(sorted(customers))}
    assert found(company(customers, rows)) == [(places[key], number) for number, key in enumerate(rows)]


def test_numbers_are_read_from_the_database_unchanged():
    query = (
        "SELECT range AS long, range::INTEGER AS short, (range % 7)::TINYINT AS tiny, range / 3 AS real FROM range(9)"
    )
    (batch,) = QueryResult(duckdb.connect().sql(query)).batches()
    long = np.arange(9)
    for name, expected in {"long": long, "short": long, "tiny": long % 7, "real": long / 3}.items():
        np.testing.assert_array_equal(batch.columns[name], expected)


def test_an_error_in_the_middle_of_a_result_is_raised():
    query = duckdb.connect().sql("SELECT (CASE WHEN range = 99999 THEN 'x' ELSE '1' END)::INTEGER FROM range(100000)")
    with pytest.raises(duckdb.Error, match="Could not convert"):
        list(QueryResult(query).batches())


@pytest.mark.slow
def test_a_signal_type_added_after_reading_is_evaluated_like_any_other(tmp_path):
    pq.write_table(pa.table({"customer_id": ["A", "B"]}), tmp_path / "customers.parquet")
    signals = {
        "customer_id": ["A"],
        "signal_type": ["usage_drop"],
        "signal_strength": [0.9],
        "detected_at": ["2030-01-05"],
    }
    pq.write_table(pa.table(signals), tmp_path / "signals.parquet")
    records = read_folder(tmp_path)
    new = Signal(customer_id="B", signal_type="never_seen", signal_strength=0.8, detected_at=datetime(2030, 1, 6))
    assert records.add_signals([new]) == 1
    table = evaluate_batch(records, "2030-01-07")
    alone = [Orchestrator().evaluate_customer(*case, as_of=table.as_of) for case in CaseReader(records).read_all()]
    assert table.columns.severity.tolist() == [decision.severity for decision in alone]
    assert alone[1].severity > 0


@pytest.mark.medium
@pytest.mark.parametrize("written", [" High", "high", "HIGH "])
def test_values_of_parquet_files_are_normalised_like_those_of_text_files(tmp_path, written):
    for kind in ("csv", "parquet"):
        (tmp_path / kind).mkdir()
    pq.write_table(pa.table({"customer_id": ["A"], "risk_tier": [written]}), tmp_path / "parquet" / "customers.parquet")
    (tmp_path / "csv" / "customers.csv").write_text(f"customer_id,risk_tier\nA,{written}\n")
    text, columnar = (read_folder(tmp_path / kind) for kind in ("csv", "parquet"))
    assert columnar.objects("customers") == text.objects("customers")
    assert [f.code for f in columnar.findings] == [f.code for f in text.findings]


@pytest.mark.medium
@pytest.mark.parametrize("kinds", [MAX_DISTINCT_VALUES, MAX_DISTINCT_VALUES + 1])
def test_every_row_of_a_column_with_many_distinct_values_is_read(tmp_path, kinds):
    """The maximum of noted values, and one more: then values are read row by row, also with white space around them."""
    wanted = [f"segment {number:04}" for number in range(kinds)]
    written = [*wanted[:-1], f" {wanted[-1]} "]
    for segments in (wanted, written):
        columns = {"customer_id": [f"C{number:04}" for number in range(kinds)], "segment": segments}
        pq.write_table(pa.table(columns), tmp_path / "customers.parquet")
        records = read_folder(tmp_path)
        assert [customer.segment for customer in records.objects("customers")] == wanted
        noted = records.connection.execute("SELECT count(*) FROM noted_words").fetchone()
        assert noted == ((kinds if segments is wanted and kinds == MAX_DISTINCT_VALUES else 0),)


def test_parallel_work_is_returned_in_order_and_in_utc():
    results = map_in_parallel(connect(), lambda cursor, item: (item, cursor.execute(TIME_ZONE).fetchone()), range(5))
    assert results == [(item, ("UTC",)) for item in range(5)]


def test_of_two_errors_the_one_of_the_earlier_item_is_raised():
    def fail(_, item):
        raise ValueError(item)

    with pytest.raises(ValueError, match=r"^1$"):
        map_in_parallel(connect(), fail, [1, 2, 3])
