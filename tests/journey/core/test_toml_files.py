"""TOML files of users: whatever they contain, they are read or refused in words."""

import os
import threading
import time
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.core.toml_files import MAX_BYTES, MAX_DEPTH, parse_toml, read_toml


def _read(path):
    return read_toml(path, "my.toml", "policy")


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbfx = 1\n")
    assert _read(path) == {"x": 1}


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 3000 + "]" * 3000,
        "x = " + "[" * 60 + "]" * 60,
        ".".join("a" * 2000) + " = 1",
        "x = " + "9" * 5000,
    ],
    ids=["nested", "little nested", "dotted", "digits"],
)
def test_what_no_key_needs_is_refused_with_the_name_of_the_file(tmp_path, text):
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=r"^my\.toml: not valid TOML: "):
        _read(path)


@pytest.mark.parametrize("depth", [1, MAX_DEPTH - 1])
def test_nesting_up_to_the_limit_is_read(depth):
    assert parse_toml("x = " + "[" * depth + "]" * depth)


def test_one_more_is_refused():
    with pytest.raises(tomllib.TOMLDecodeError, match=f"nested more than {MAX_DEPTH} deep"):
        parse_toml("x = " + "[" * MAX_DEPTH + "]" * MAX_DEPTH)


def test_a_device_without_an_end_is_refused():
    with pytest.raises(InputError, match=r"^my\.toml: is larger than 4 MB, so it is not a policy file$"):
        _read(Path("/dev/zero"))


def test_a_file_of_the_largest_size_is_read(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"#" * MAX_BYTES)
    assert _read(path) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "the policy file does not exist"), (b"\xff", "not UTF-8 text"), (b"[a\n", "not valid TOML")],
)
def test_another_file_is_refused_in_words(tmp_path, content, message):
    path = tmp_path / "a.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=f"^my.toml: {message}"):
        _read(path)


@given(st.text(alphabet="[]{}=.,ax1\"'\n ", max_size=200))
def test_any_text_is_parsed_or_refused(text):
    with suppress(tomllib.TOMLDecodeError):
        assert isinstance(parse_toml(text), dict)


def test_a_pipe_to_which_no_program_writes_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="p: cannot be read: it is a pipe to which no program writes"):
        read_toml(tmp_path / "pipe", "p", "policy")


@pytest.mark.parametrize("delay", [0, 0.2])
def test_a_pipe_is_read_until_its_end(tmp_path, delay):
    """As with `<(command)`, also if the command has written nothing yet, or more than the pipe holds."""
    text = f"title = '{'x' * 200_000}'"
    reading, writing = os.pipe()

    def write():
        time.sleep(delay)
        with os.fdopen(writing, "w") as file:
            file.write(text)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert len(read_toml(Path(f"/dev/fd/{reading}"), "p", "policy")["title"]) == 200_000
    finally:
        writer.join()
        os.close(reading)
