"""How do results become data frames? Tables that pandas, polars, pyarrow and DuckDB can read."""
