"""The runner of examples: it refreshes what is outdated, and refuses what cannot be checked."""

from textwrap import dedent

import pytest

from tests.documentation.blocks import DocumentationError, read_blocks, read_commands
from tests.documentation.refresh import refresh, show

pytestmark = pytest.mark.medium


def page(text):
    return dedent(text).lstrip("\n")


def test_output_is_added_below_each_command():
    text = page("""
        ```console
        $ echo one
        $ echo two \\
        > three
        old output
        ```
    """)
    shown = refresh(text)
    assert shown.splitlines() == ["```console", "$ echo one", "one", "$ echo two \\", "> three", "two three", "```"]
    assert refresh(shown) == shown


def test_a_file_shown_with_a_name_is_there_for_the_commands_below():
    text = page("""
        ```toml
        # a.toml
        seed = 1
        ```

        ```csv title="in/b.csv"
        x
        ```

        ```console
        $ cat a.toml in/b.csv
        # a.toml
        seed = 1
        x
        ```
    """)
    assert refresh(text) == text


def test_python_blocks_share_a_namespace_and_their_output_is_in_the_text_block_below():
    text = page("""
        ```python
        number = 6
        ```

        Text between.

        ```python
        print(number * 7)
        ```

        ```text
        41
        ```

        ```python
        print("new")
        ```
    """)
    shown = refresh(text)
    assert "```text\n42\n```" in shown
    assert shown.endswith('print("new")\n```\n\n```text\nnew\n```\n')
    assert refresh(shown) == shown


def test_blocks_in_lists_keep_their_indentation():
    text = "1. First:\n\n    ```console\n    $ echo one\n    ```\n"
    assert refresh(text) == "1. First:\n\n    ```console\n    $ echo one\n    one\n    ```\n"


def test_the_command_runs_as_a_user_runs_it():
    text = "```console\n$ journey nonsense\n```\n"
    with pytest.raises(DocumentationError, match="exit code 2, expected 0"):
        refresh(text)
    shown = refresh(f"<!-- run: exit 2 -->\n{text}")
    assert "unknown command 'nonsense'" in shown


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("```console\n$ pip install journeylab\n```", "'pip' is not run"),
        ("```console\n$ cat missing\n```", "exit code 1"),
        ("```console\nno command\n```", "must begin with"),
        ("```console\n$ echo done in 1.5 s\n```", "a duration"),
        ("```console\n$ echo /tmp/file\n```", "a path of this machine"),
        ("```python\n1 / 0\n```", "ZeroDivisionError"),
        ("```python\nx = 1\n```\n\n```text\n1\n```", "prints nothing"),
        ("```python\n", "not closed"),
        ("<!-- run: maybe -->\n```console\n$ echo\n```", "unknown directive 'maybe'"),
        ("```toml title='../a.toml'\n```", "outside the page's folder"),
    ],
)
def test_what_cannot_be_checked_is_refused(block, message):
    with pytest.raises(DocumentationError, match=message):
        refresh(block + "\n")


def _block(*, shortened):
    return read_blocks(f"<!-- run: {'shortened' if shortened else 'messages'} -->\n```console\n$ ls\n```")[0]


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        ("a ... d", "a b c d", "a ... d"),
        ("a ...", "a", "a ..."),
        ("... b ... d", "a b c d", "... b ... d"),
        ("a ... x", "a b c d", "a ... d"),
        ("x ...", "a b c d", "a ..."),
    ],
)
def test_an_ellipsis_stands_for_any_number_of_lines(shown, printed, expected):
    assert show(tuple(shown.split()), tuple(printed.split()), _block(shortened=True)) == tuple(expected.split())


def test_an_ellipsis_counts_only_where_the_block_is_marked():
    assert show(("...",), ("a", "b"), _block(shortened=False)) == ("a", "b")


def test_several_ellipses_are_not_refreshed_by_guessing():
    with pytest.raises(DocumentationError, match="by hand"):
        show(("...", "x", "..."), ("a",), _block(shortened=True))


def test_commands_are_read_with_what_is_shown():
    block = read_blocks("```console\n$ ls out\n\na\n\nb\n\n$ ls\n```")[0]
    assert [(command.text, command.shown) for command in read_commands(block)] == [
        ("ls out", ("a", "", "b")),
        ("ls", ()),
    ]
