"""A trace that comes from several sources: in order, in one file, whole or not at all, and nothing beside it."""

import csv
import sys
from contextlib import ExitStack, contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journey.core.errors import InputError
from simulation.trace import files
from simulation.trace.columns import rows_to_columns
from simulation.trace.events import DECISION, Row, Trace
from simulation.trace.files import open_source
from tests.simulation.trace.trace_files import in_small_windows, rows_in


def row(time, customer, label="none"):
    return Row(float(time), customer, "treated", DECISION, "onboarding", None, label, None, None, 0.5)


def in_blocks(rows, size):
    return [rows_to_columns(rows[start : start + size]) for start in range(0, len(rows), size)]


def raising(trouble):
    def fail(*_args):
        raise trouble

    return fail


def write_and_then(happens, folder, source):
    """Rows with something that happens between two of them."""
    with open_source(source, folder) as take:
        take(rows_to_columns([row(1, 7)]))
        happens()
        take(rows_to_columns([row(2, 7)]))


def write(folder, source, rows, size=1_000):
    with open_source(source, folder) as take:
        for block in in_blocks(rows, size):
            take(block)


@st.composite
def sources(draw):
    """Rows by source, each in order; times and customers are few, so that many rows share both."""
    pairs = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), max_size=40)
    # The first one has rows of all customers, as a funnel has; of the others each has customers of its own.
    found = [sorted(draw(pairs)), *(sorted((time, 4 * pod + who) for time, who in draw(pairs)) for pod in range(3))]
    return [[row(*pair, label=f"{source}/{n}") for n, pair in enumerate(each)] for source, each in enumerate(found)]


@pytest.mark.slow
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(sources(), st.integers(1, 25))
def test_rows_of_all_sources_are_in_order_and_none_is_lost(tmp_path, monkeypatch, rows, size):
    path = in_small_windows(monkeypatch, tmp_path, rows=40)
    with files.trace_file(path) as folder:
        # In whatever order they are written.
        for source in reversed(range(len(rows))):
            write(folder, source, rows[source], size)
    # Python's sort is stable: of rows of one moment and one customer those of the earlier source stay first.
    assert rows_in(path) == sorted((each for source in rows for each in source), key=lambda row: row[:2])
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.medium
def test_windows_hold_a_bounded_number_of_rows(tmp_path, monkeypatch):
    path, sizes = in_small_windows(monkeypatch, tmp_path, rows=40), []
    write_query = files._copy_to_file

    def watched(connection, rows, *where):
        sizes.append(connection.execute(f"SELECT count(*) FROM ({rows})").fetchone()[0])
        write_query(connection, rows, *where)

    monkeypatch.setattr(files, "_copy_to_file", watched)
    with files.trace_file(path) as folder:
        for pod in range(4):
            write(folder, pod, [row(time / 7, 1_000 * pod) for time in range(500)], size=125)
    *windows, whole = sizes
    assert sum(windows) == whole == 2_000
    # At most: those aimed at, and of every block that is cut what lies between two samples of it.
    assert max(windows) <= 40 + 4 * 10


def test_a_source_that_was_given_up_does_not_count_and_one_that_is_done_twice_counts_once(tmp_path):
    path = tmp_path / "trace.parquet"
    with files.trace_file(path) as folder:
        with pytest.raises(ZeroDivisionError):
            write_and_then(raising(ZeroDivisionError), folder, 1)
        for _ in range(2):
            write(folder, 1, [row(1, 8)])
    assert rows_in(path) == [row(1, 8)]


@pytest.mark.parametrize("rows", [[], [row(1, 1)]])
@pytest.mark.parametrize("empty", [0, 2])
def test_sources_without_rows_change_nothing(tmp_path, rows, empty):
    path = tmp_path / "trace.parquet"
    with files.trace_file(path) as folder:
        for source in range(empty):
            write(folder, source, [])
        write(folder, 5, rows)
    assert rows_in(path) == rows


@pytest.mark.medium
@pytest.mark.parametrize("trouble", [ZeroDivisionError, KeyboardInterrupt])
@pytest.mark.parametrize("when", ["while rows come", "while they are put in order"])
def test_what_fails_leaves_the_older_file_and_nothing_else(tmp_path, monkeypatch, trouble, when):
    path = in_small_windows(monkeypatch, tmp_path, rows=40)
    Trace([row(3, 3)]).write(path)

    if when == "while they are put in order":
        monkeypatch.setattr(files, "_window_bounds", raising(trouble))
    with pytest.raises(trouble):
        write_pods(path, [row(1, 1)], 2, then=raising(trouble) if when == "while rows come" else None)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert rows_in(path) == [row(3, 3)]


def test_who_is_late_does_not_bring_the_folder_back(tmp_path):
    trace = ExitStack()
    folder = trace.enter_context(files.trace_file(tmp_path / "trace.csv"))

    def given_up():
        trace.__exit__(ZeroDivisionError, ZeroDivisionError(), None)

    with pytest.raises(OSError, match="No such file or directory"):
        write_and_then(given_up, folder, 1)
    with pytest.raises(InputError, match="use a path that all workers share"):
        write(folder, 2, [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process")
@pytest.mark.parametrize("pods", [1, 2])
def test_a_full_disk_is_a_clear_error_and_leaves_nothing(tmp_path, pods):
    """A limit on the size of files stands for the full disk: the system refuses to write in the same way."""
    rows = [row(time, 1, label=f"{time * 7919 % 104_729:x}") for time in range(20_000)]
    with largest_file(40_000), pytest.raises(InputError, match=r"t.csv: the trace cannot be written: File too large"):
        write_pods(tmp_path / "t.csv", rows, pods)
    assert list(tmp_path.iterdir()) == []


def write_pods(path, rows, pods, then=None):
    with files.trace_file(path) as folder:
        for pod in range(pods):
            write(folder, pod, rows)
        if then is not None:
            write_and_then(then, folder, pods)


@contextmanager
def largest_file(size):
    """No file becomes larger than so many bytes."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_no_text_of_a_csv_file_is_a_formula(tmp_path):
    """An action or a stage may have any name; numbers stay numbers, and Parquet has the texts as they are."""
    labels = ["=1+1", "+x", "-x", "@x", "plain", "a=1", ""]
    trace = Trace([row(n, n, label)._replace(value=-0.5) for n, label in enumerate(labels)])
    trace.write(tmp_path / "trace.csv")
    trace.write(tmp_path / "trace.parquet")
    with (tmp_path / "trace.csv").open(encoding="utf-8", newline="") as lines:
        written = list(csv.DictReader(lines))
    assert [each["label"] for each in written] == ["'=1+1", "'+x", "'-x", "'@x", "plain", "a=1", ""]
    assert {each["value"] for each in written} == {"-0.5"}
    assert [each.label for each in rows_in(tmp_path / "trace.parquet")] == labels
