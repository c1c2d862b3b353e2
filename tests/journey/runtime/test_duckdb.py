"""Standard output is for results: the database prints nothing there."""

from pathlib import Path

from journey.runtime.duckdb import connect_in_memory

ROOT = Path(__file__).parents[3]


def test_no_progress_bar_appears_however_long_a_statement_takes():
    with connect_in_memory() as connection:
        assert connection.execute("SELECT current_setting('enable_progress_bar')").fetchall() == [(False,)]


def test_it_is_the_one_place_where_a_connection_is_made():
    made = [
        str(path.relative_to(ROOT))
        for package in ("journey", "simulation", "scenarios")
        for path in (ROOT / package).rglob("*.py")
        if "duckdb.connect(" in path.read_text(encoding="utf-8")
    ]
    assert made == ["journey/runtime/duckdb.py"]
