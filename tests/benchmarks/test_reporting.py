"""Reports of the benchmarks: aims that are met or not, and excluded peers with the reason."""

import re
import sys

import pytest

from benchmarks import __main__ as command
from benchmarks import bench_gate
from benchmarks.bench_peers import COLUMNS, _cells
from benchmarks.measuring import peak_bytes, settled_bytes
from benchmarks.peers import contest as contests
from benchmarks.peers.contest import Score, contest
from benchmarks.peers.field import BASE, FIELD, OURS, OURS_AT_SCALE, Peer
from benchmarks.peers.model import STAGES, Result
from benchmarks.results import Section, as_markdown
from benchmarks.tables import Beside, Figure, at_least, at_most, reported


def test_an_aim_is_met_at_its_bound_and_beyond():
    assert [at_least(10).met(value) for value in (9.9, 10, 11)] == [False, True, True]
    assert [at_most(10).met(value) for value in (9, 10, 10.1)] == [True, True, False]


@pytest.mark.parametrize(
    ("said", "unit", "aim"),
    [
        ("at most 3", "s", at_most(3)),
        ("at least 10,000,000", "events/s", at_least(10e6)),
        ("< 3 s", "s", at_most(3)),
        (">= 1e6", "rows/s", at_least(1e6)),
        (3, "s", at_most(3)),
        ("3 s", "s", at_most(3)),
        (2.5e6, "rows/s", at_least(2.5e6)),
        (100, "events/s", at_least(100)),
        (None, "s", None),
        ("", "s", None),
    ],
)
def test_a_mapping_may_say_its_aim_in_words(said, unit, aim):
    assert reported({"name": "n", "value": 1, "unit": unit, "aim": said}) == Figure("n", 1.0, unit, aim)


def test_an_aim_that_says_nothing_is_refused():
    with pytest.raises(ValueError, match="'at least' or 'at most'"):
        reported({"name": "n", "value": 1, "unit": "s", "aim": "soon"})


def test_the_document_counts_the_aims_and_keeps_its_columns():
    figures = (Figure("quick", 2.0, "s", at_most(3)), Figure("slow | late", 4.0, "s", at_most(3)), Figure("x", 1, "s"))
    beside = Beside("beside", ("a", "b"), [("1", "|z|")], right=("b",), notes=("a note",))
    text = as_markdown(["Machine: this one"], [Section("one", "how", (*figures, beside), 60.0)])
    assert "## Aims: 1 of 2 met" in text
    assert "| one | slow \\| late | 4 | s | at most 3 | NO |" in text
    for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_the_document_says_how_evenly_the_machine_ran():
    sections = [Section(name, "how", (), 1.0, paces=paces) for name, paces in (("one", (50, 61.2)), ("two", (49, 90)))]
    text = as_markdown(["Machine: this one"], sections)
    assert "\n* Pace: the same loop took 49 to 90 ms," in text
    assert "\nhow (Pace: 50 to 61 ms.)\n" in text


def test_a_failed_benchmark_is_in_the_document():
    text = as_markdown([], [Section("one", "how", (), 1.0, "ValueError: no")])
    assert "**Failed**: `ValueError: no`" in text


@pytest.fixture
def a_small_gate(monkeypatch, tmp_path):
    """The benchmark of the gate, made small, as the only one there is."""
    monkeypatch.setattr(bench_gate, "BACKLOG", 20)
    monkeypatch.setattr(bench_gate, "SIMPY_BACKLOG", 20)
    monkeypatch.setattr(command, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(command, "_names", lambda _wanted: ["gate"])
    return tmp_path / "RESULTS.md"


@pytest.mark.slow
def test_all_benchmarks_together_are_stored_and_single_ones_are_not(a_small_gate, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "gate"])
    command.main()
    assert "gate, a review" in capsys.readouterr().out
    assert not a_small_gate.exists()
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    command.main()
    stored = a_small_gate.read_text()
    assert "| gate, a review |" in stored
    assert re.search(r"Machine: .* cores, .* memory", stored)
    assert "numba" in stored


@pytest.mark.medium
def test_a_failed_benchmark_is_reported_and_stored(a_small_gate, monkeypatch):
    monkeypatch.setattr(bench_gate, "_our_gate", lambda: 1 / 0)
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    with pytest.raises(SystemExit, match="failed: gate"):
        command.main()
    assert "**Failed**: `ZeroDivisionError" in a_small_gate.read_text()


def test_an_interrupted_run_stores_nothing(a_small_gate, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(bench_gate, "_our_gate", interrupted)
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 130
    assert not a_small_gate.exists()


def test_a_benchmark_that_is_not_there_is_refused_by_name():
    with pytest.raises(SystemExit, match=r"no such benchmark: pears; there are .*peers"):
        command._names(["pears"])


def test_a_peer_that_is_not_installed_is_skipped_and_says_so(monkeypatch):
    monkeypatch.setattr(contests, "FIELD", (Peer("nobody", "nobody", 10, "daily", package="a_package_of_nobody"),))
    (score,) = contest(rounds=1)
    assert score.out.startswith("skipped: the package a_package_of_nobody is not installed")
    others = {name: Score(FIELD[0]) for name in (BASE, OURS, OURS_AT_SCALE)}
    cells = _cells(score, others)
    assert len(cells) == len(COLUMNS)
    assert cells[-1] == score.out


def test_a_peer_that_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(contests, "FIELD", FIELD[:1])
    monkeypatch.setattr(contests, "LONGEST_START", 0.0)
    (score,) = contest(rounds=2)
    assert score.out == "stopped: took longer than 0 s"
    assert score.results == []


def test_runs_are_checked_together():
    half = Result(10, dict.fromkeys(STAGES, 1), 4, 1)
    score = Score(FIELD[0], seconds=[1.0, 2.0], results=[half, half])
    assert score.rates == [10.0, 5.0]
    assert score.rate == 7.5
    assert score.worst_z is not None


def test_memory_that_is_taken_is_seen():
    """Forty megabytes are: a page of each is written to, and the high-water mark is reset before."""
    before = settled_bytes()
    taken = bytearray(b"x") * 40_000_000
    assert peak_bytes() - before > 0.9 * len(taken)
