"""A table keeps its types and missing values in every data frame, and a missing package is named."""

import gc
import sys

import polars as pl
import pytest

from journey.core.errors import InputError, MissingPackageError
from journey.tables.column_table import ColumnTable

TYPES = {"name": "VARCHAR", "share": "DOUBLE", "count": "BIGINT", "ok": "BOOLEAN", 'a "list"': "VARCHAR[]"}
ROWS = [("x", 0.5, None, True, ["p", "q"]), (None, None, 3, None, [])]


def test_values_types_and_missing_values_are_kept():
    table = ColumnTable(TYPES, ROWS)
    assert [tuple(row.values()) for row in table] == ROWS
    assert table.to_polars().rows() == ROWS
    assert [tuple(row.values()) for row in table.to_arrow().to_pylist()] == ROWS
    frame = table.to_pandas()
    assert list(frame.columns) == list(TYPES)
    assert frame.isna().to_numpy().tolist() == [[value is None for value in row] for row in ROWS]
    assert pl.DataFrame(table).equals(table.to_polars())


def test_a_table_without_rows_has_its_columns_and_types():
    table = ColumnTable(TYPES, [])
    assert len(table) == 0
    assert table.to_polars().schema == ColumnTable(TYPES, ROWS).to_polars().schema
    assert list(table.to_pandas().columns) == list(TYPES)


def test_a_relation_outlives_its_table():
    relation = ColumnTable(TYPES, ROWS).to_relation()
    gc.collect()
    assert relation.fetchall() == ROWS


@pytest.mark.parametrize(
    ("method", "package"), [("to_pandas", "pandas"), ("to_polars", "polars"), ("to_arrow", "pyarrow")]
)
def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch, method, package):
    monkeypatch.setitem(sys.modules, package, None)
    message = f"{method}: needs {package}, which is not installed: pip install {package}"
    with pytest.raises(MissingPackageError, match=message) as caught:
        getattr(ColumnTable(TYPES, ROWS), method)()
    assert isinstance(caught.value, InputError)
    assert isinstance(caught.value, ImportError)
