"""Lines of keys: every path that `tomllib` reads has one, and it is the line on which the key is written."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.toml_lines import find_lines

ROOT = Path(__file__).parents[3]

TEXT = '''\
title = "one"  # a comment with [brackets] and "quotes"
text = """
not.a.key = 1
[not a table]
"""
plain = \'\'\'
x = "y\'\'\'

[a."b.c"]
d . e = [1, [2,
  3], "]", { f = "}", g = 4 }]
2026-01-01 = 2026-01-01T00:00:00Z

[[list]]
x = 1
[list.sub]
y = 2
[[list]]
x = { deep = { deeper = [
  1] } }
'''


def paths_of(value, above=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield (*above, name)
        yield from paths_of(item, (*above, name))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 1),
        (("text",), 2),
        (("plain",), 6),
        (("a",), 9),
        (("a", "b.c"), 9),
        (("a", "b.c", "d", "e"), 10),
        (("a", "b.c", "d", "e", 1, 1), 11),
        (("a", "b.c", "d", "e", 3, "g"), 11),
        (("a", "b.c", "2026-01-01"), 12),
        (("list",), 14),
        (("list", 0, "x"), 15),
        (("list", 0, "sub", "y"), 17),
        (("list", 1), 18),
        (("list", 1, "x", "deep", "deeper", 0), 20),
    ],
)
def test_a_key_has_the_line_on_which_it_is_written(path, line):
    assert find_lines(TEXT)[path] == line
    assert find_lines(TEXT.replace("\n", "\r\n"))[path] == line


def test_every_path_has_a_line():
    assert set(find_lines(TEXT)) == set(paths_of(tomllib.loads(TEXT)))


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios/builtin").glob("*.toml")), ids=lambda path: path.stem)
def test_every_path_of_a_scenario_has_a_line(path):
    text = path.read_text(encoding="utf-8")
    lines = find_lines(text)
    assert set(lines) == set(paths_of(tomllib.loads(text)))
    written = text.splitlines()
    for (*_, name), line in lines.items():
        assert isinstance(name, int) or name in written[line - 1]


@given(st.text(alphabet="ab.=\"'[]{}#\n,1 \\", max_size=60))
def test_any_text_is_read_and_a_valid_one_completely(text):
    lines = find_lines(text)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(paths_of(parsed)) <= set(lines)


FRAGMENTS = st.sampled_from(
    ["a", "b", '"c.d"', "'e'", ".", "=", "[", "]", "[[", "]]", "{", "}", ",", "\n", " ", "1", '"x"', "'y'", "#\n",
     "a = 1\n", "[a]\n", "[[b]]\n", "b.c = { d = [1,\n 2] }\n", 'q = """\n""\\""""\n'],
)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=12).map("".join))
def test_any_assembly_of_fragments_is_read_completely_if_it_is_valid(text):
    test_any_text_is_read_and_a_valid_one_completely.hypothesis.inner_test(text)
