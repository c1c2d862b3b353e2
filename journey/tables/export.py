"""Conversion of a table to data frames.

Tables leave through DuckDB and Arrow's C stream interface, so pandas, polars and pyarrow are optional. A method that
needs one of them says which package to install.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from journey.core.errors import MissingPackageError

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa


class FrameExport(Protocol):
    """A table that can be converted to a data frame.

    It also implements the Arrow C stream interface, so that ``polars.DataFrame(table)``, ``pyarrow.table(table)`` and
    DuckDB read it directly.
    """

    __slots__ = ()

    def to_relation(self) -> "duckdb.DuckDBPyRelation":
        """Return the table as a DuckDB relation."""
        ...

    def to_pandas(self) -> "pd.DataFrame":
        """Return the table as a pandas data frame.

        Raises:
            MissingPackageError: pandas is not installed.
        """
        _import_package("pandas", "to_pandas")
        return self.to_relation().df()

    def to_polars(self) -> "pl.DataFrame":
        """Return the table as a polars data frame.

        Raises:
            MissingPackageError: polars is not installed.
        """
        frame: pl.DataFrame = _import_package("polars", "to_polars").DataFrame(self)
        return frame

    def to_arrow(self) -> "pa.Table":
        """Return the table as a pyarrow table.

        Raises:
            MissingPackageError: pyarrow is not installed.
        """
        return _import_package("pyarrow", "to_arrow").table(self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_relation().__arrow_c_stream__(requested_schema)


def _import_package(name: str, method: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise MissingPackageError(f"{method}: needs {name}, which is not installed: pip install {name}") from None
