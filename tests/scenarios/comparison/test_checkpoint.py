"""Checkpoint files: complete replications are read back unchanged, incomplete lines dropped, other runs refused."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from journey.core.errors import InputError
from scenarios.comparison.checkpoint import open_checkpoint
from scenarios.comparison.compare import build_identity, compare
from scenarios.comparison.options import ReplicationOptions
from scenarios.comparison.replications import replicate
from scenarios.files.loader import load
from tests.scenarios import fakes

SMALL = ["population.size=30", "horizon_days=60", "replications=6"]


@pytest.fixture(scope="module")
def loaded():
    return load("default", SMALL)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs" / "kept.jsonl"


def run(loaded, path, run_arm=fakes.planted, **how):
    with open_checkpoint(path, build_identity(loaded, "reference")) as store:
        return compare(loaded, run_arm=run_arm, checkpoint=store, **how)


def counting(calls):
    def count_and_run(setup, **how):
        calls.append(how["replication"])
        return fakes.planted(setup, **how)

    return count_and_run


def test_what_was_stored_is_not_run_again_and_gives_the_same_bytes(loaded, path):
    first = run(loaded, path, fakes.interrupted_in_the_third)
    assert (first.replications, first.interrupted) == (2, True)
    calls = []
    second = run(loaded, path, counting(calls))
    assert calls == [2, 2, 3, 3, 4, 4, 5, 5]
    assert json.dumps(second.to_dict()) == json.dumps(compare(loaded, run_arm=fakes.planted).to_dict())


def test_runs_of_the_engine_come_back_as_they_were(loaded, path):
    with open_checkpoint(path, build_identity(loaded, "reference")) as store:
        runs = replicate(loaded.arms, ReplicationOptions(checkpoint=store), seed=1, replications=2, days=60).runs
    with open_checkpoint(path, build_identity(loaded, "reference")) as store:
        assert store.runs == dict(enumerate(runs))
        assert "using 2 complete replications from this file" in store.opening_message


def test_more_or_fewer_replications_can_be_requested(loaded, path):
    run(loaded, path)
    calls = []
    more = load("default", [*SMALL[:2], "replications=8"])
    assert run(more, path, counting(calls)).replications == 8
    assert calls == [6, 6, 7, 7]
    fewer = load("default", [*SMALL[:2], "replications=3"])
    assert run(fewer, path, counting(calls)).to_dict() == compare(fewer, run_arm=fakes.planted).to_dict()
    assert len(calls) == 4


def test_a_replication_beyond_a_gap_is_kept_for_the_next_run(loaded, path):
    run(loaded, path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], *lines[2:]]))
    calls = []
    assert run(loaded, path, counting(calls)).replications == 6
    assert calls == [0, 0]


def test_a_torn_last_line_is_dropped_with_a_message(loaded, path):
    run(loaded, path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with open_checkpoint(path, build_identity(loaded, "reference")) as store:
        assert "the last line was incomplete and was dropped" in store.opening_message
        assert len(store.runs) == 5
    run(loaded, path)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("length", [0, 1, 20, 60])
def test_a_file_whose_first_line_is_torn_begins_again(loaded, path, length):
    run(loaded, path)
    whole = path.read_bytes()
    path.write_bytes(whole[:length])
    run(loaded, path)
    assert path.read_bytes() == whole


def test_every_cut_leaves_a_file_that_can_be_continued(loaded, path):
    """As if the process had been killed after any byte (every 97th is tried)."""
    small = load("default", [*SMALL[:2], "replications=2"])
    run(small, path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        run(small, path)
        assert path.read_bytes() == whole


def test_a_damaged_line_in_the_middle_is_named(loaded, path):
    run(loaded, path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"{nonsense}\n", *lines[3:]]))
    with pytest.raises(
        InputError,
        match=r"line 3: damaged, its checksum does not match; delete that line to repeat its",
    ):
        run(loaded, path)


def flip_bits(whole, path, bits, loaded):
    """What the file gives with one bit flipped: ``refused``, or the result of the run."""
    for bit in bits:
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            yield json.dumps(run(loaded, path).to_dict())
        except InputError:
            yield "refused"


@pytest.mark.slow
def test_every_flipped_bit_of_a_file_is_refused_or_without_effect(loaded, path):
    """All of them, in a small file. Those without effect are in a line feed, whose line is then taken as incomplete."""
    small = load("default", [*SMALL[:2], "replications=1"])
    expected = json.dumps(run(small, path).to_dict())
    whole = path.read_bytes()
    results = list(flip_bits(whole, path, range(8 * len(whole)), small))
    assert set(results) <= {"refused", expected}
    assert results.count(expected) <= 8 * whole.count(b"\n")


def test_a_flipped_bit_of_a_file_is_refused_or_without_effect(loaded, path):
    """A sample of 400, with the first and the last bytes of every line."""
    expected = json.dumps(run(loaded, path).to_dict())
    whole = path.read_bytes()
    ends = [place for place, byte in enumerate(whole) if byte == ord("\n")]
    near_ends = [8 * place + bit for end in ends for place in (end - 1, end, end + 1) for bit in (0, 5)]
    sample = Random(20).sample(range(8 * len(whole)), 400)
    bits = [bit for bit in (*sample, *near_ends) if bit < 8 * len(whole)]
    assert set(flip_bits(whole, path, bits, loaded)) <= {"refused", expected}


def edit(path, number, old, new):
    lines = path.read_bytes().splitlines(keepends=True)
    assert old in lines[number]
    lines[number] = lines[number].replace(old, new, 1)
    path.write_bytes(b"".join(lines))


@pytest.mark.parametrize(
    ("number", "old", "new"),
    [
        (1, b'{"replication": 0', b'{"replication": 1e400'),
        (1, b'{"replication": 0', b'{"replication": 7'),
        (1, b'"runs"', b'"rums"'),
        (1, b'"runs": ', b'"runs": ' + 100_000 * b"["),
        (0, b'"arms": ["', b'"arms": 5, "was": ["'),
        (0, b'"seed": 1', b'"seed": 2'),
        (0, b'"format": 2', b'"format": 3'),
        (2, b'"sha256": "', b'"sha256": "0'),
        (2, b"\n", b" \n"),
        (2, b"\n", b"\r\n"),
    ],
)
def test_an_edited_line_is_refused_by_its_number(loaded, path, number, old, new):
    run(loaded, path)
    edit(path, number, old, new)
    before = path.read_bytes()
    with pytest.raises(InputError, match=f"kept.jsonl, line {number + 1}: damaged, its checksum does not match"):
        run(loaded, path)
    assert path.read_bytes() == before


def test_a_line_from_the_file_of_another_run_is_refused(loaded, path):
    run(loaded, path)
    other = path.with_name("other.jsonl")
    run(load("default", [*SMALL, "seed=2"]), other)
    foreign = other.read_bytes().splitlines(keepends=True)[1]
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], foreign, *lines[2:]]))
    with pytest.raises(InputError, match=r"kept.jsonl, line 2: damaged"):
        run(loaded, path)


def test_a_file_of_an_earlier_version_is_refused_by_its_format(loaded, path):
    run(loaded, path)
    edit(path, 0, b'"format": 2', b'"format": 1')
    with pytest.raises(InputError, match=r"has format 1, but this version reads format 2 only; name another file"):
        run(loaded, path)


def test_a_device_is_refused_and_not_read(loaded, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for file in (tmp_path / "fifo", Path("/dev/zero")):
        with pytest.raises(InputError, match="is not a regular file; name another file"):
            run(loaded, file)


@pytest.mark.parametrize("content", ["title = 'a scenario'\n", "{}\n", "x"])
def test_a_file_of_something_else_is_refused_and_left_alone(loaded, path, content):
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(InputError, match="not a file of stored replications"):
        run(loaded, path)
    assert path.read_text() == content


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"scenario_hash": "abc"},
            "the file has default with hash {hash}, this run has abc; give the same scenario and options",
        ),
        ({"seed": 7}, "the file was started with seed 1, this run has seed 7; give --seed 1, or name another file"),
        ({"version": "9.9"}, "the file is from journeylab"),
        (
            {"engine": "compiled"},
            "the file was started with --engine reference, this run has compiled; give --engine reference",
        ),
        ({"days": 61.0}, "the file has runs of 60.0 days, this run has 61.0"),
        ({"arms": ("baseline",)}, "arms: the file has"),
        ({"mode": "randomised"}, "give --mode counterfactual"),
    ],
)
def test_a_file_of_another_run_is_refused_with_the_difference_and_the_way_out(loaded, path, changed, message):
    run(loaded, path)
    before = path.read_bytes()
    other = replace(build_identity(loaded, "reference"), **changed)
    with pytest.raises(InputError) as caught, open_checkpoint(path, other):
        pass
    assert message.format(hash=loaded.hash) in str(caught.value)
    assert path.read_bytes() == before


def test_with_any_engine_that_of_the_file_is_taken(loaded, path):
    run(loaded, path)
    with open_checkpoint(path, build_identity(loaded, "compiled"), any_engine=True) as store:
        assert store.identity.engine == "reference"


@pytest.mark.medium
def test_a_second_process_on_the_same_file_is_refused(loaded, path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom scenarios.files.loader import load\n"
        "from scenarios.comparison.compare import build_identity\n"
        "from scenarios.comparison.checkpoint import open_checkpoint\n"
        "from journey.core.errors import InputError\n"
        f"identity = build_identity(load('default', {SMALL!r}), 'reference')\n"
        "try:\n    with open_checkpoint(Path(sys.argv[1]), identity): print('opened')\n"
        "except InputError as error: print(error)\n"
    )
    with open_checkpoint(path, build_identity(loaded, "reference")):
        output = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True).stdout
    assert "in use by another process; wait until it ends, or name another file" in output


def test_a_folder_cannot_be_a_file(loaded, tmp_path):
    with pytest.raises(InputError, match="cannot be opened for writing"):
        run(loaded, tmp_path)


def test_a_precision_goes_on_where_it_ended(loaded, path):
    from scenarios.comparison.stopping_rule import PrecisionTarget

    wanted = PrecisionTarget({"churn_rate": 0.003}, 100)
    run(loaded, path)
    assert (
        run(loaded, path, precision=wanted).to_dict()
        == compare(loaded, run_arm=fakes.planted, precision=wanted).to_dict()
    )
