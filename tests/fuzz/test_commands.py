"""What `run` calls unsound, and that mutations depend on nothing but the generator."""

from dataclasses import dataclass
from random import Random

import pytest

from tests.fuzz import commands
from tests.fuzz.commands import UnsoundEndError, run
from tests.fuzz.mutation import mutate_bytes, mutate_rows, mutate_toml


@dataclass
class Done:
    exit_code: int = 0
    stdout: str = "{}"
    stderr: str = ""
    exception: BaseException | None = None


@pytest.fixture
def ends_as(monkeypatch, tmp_path):
    """Runs a command that ends in a given way, after doing something to its inputs."""

    def end(done, act=lambda: None, written=()):
        def invoke(*_):
            act()
            return done

        monkeypatch.setattr(commands, "invoke", invoke)
        return run("check", "--json", inputs=tmp_path, written=written)

    return end


@pytest.mark.parametrize(
    ("done", "problem"),
    [
        (Done(1, exception=KeyError("x")), "KeyError"),
        (Done(3), "unknown exit code"),
        (Done(2, "", ""), "one message on stderr"),
        (Done(2, "half a result", "journey: wrong"), "one message on stderr"),
        (Done(0, '{"a": NaN}'), "invalid JSON"),
        (Done(0, "{}{}"), "invalid JSON"),
        (Done(0, '"\x1b[2J"'), "control characters"),
        (Done(2, "", "journey: \u202e"), "control characters"),
    ],
)
def test_an_unsound_end_is_found(ends_as, done, problem):
    with pytest.raises(UnsoundEndError, match=problem):
        ends_as(done)


@pytest.mark.parametrize("done", [Done(), Done(1), Done(2, "", "journey: wrong"), Done(exception=SystemExit(0))])
def test_a_sound_end_is_none(ends_as, done):
    assert ends_as(done) is done


def test_a_changed_or_left_file_is_found_unless_it_was_asked_for(ends_as, tmp_path):
    path = tmp_path / "signals.json"
    path.write_text("[]")
    with pytest.raises(UnsoundEndError, match=r"signals\.json"):
        ends_as(Done(), lambda: path.write_text("[1]"))
    with pytest.raises(UnsoundEndError, match=r"signals\.json"):
        ends_as(Done(), path.unlink)
    ends_as(Done(), lambda: path.write_text("[2]"), written=("signals.json",))


def test_the_same_seed_gives_the_same_case():
    rows, text = [{"a": 1, "b": "x"}, {"a": 2}], "a = 1\n[t]\nb = 2\n"
    for seed in range(50):
        assert mutate_bytes(Random(seed), b"0123456789") == mutate_bytes(Random(seed), b"0123456789")
        assert mutate_rows(Random(seed), rows, ["a", "b"]) == mutate_rows(Random(seed), rows, ["a", "b"])
        assert mutate_toml(Random(seed), text) == mutate_toml(Random(seed), text)
    assert rows == [{"a": 1, "b": "x"}, {"a": 2}]
