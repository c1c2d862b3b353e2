"""Text from outside, on every kind of page."""

import io
import json
from contextlib import redirect_stdout

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from scenarios.cli import console
from scenarios.reports.document import Code, Grid, Heading, Items, Paragraph, render_html, render_markdown
from scenarios.text.escaping import escape_html, escape_json, escape_markdown, escape_terminal

NAME = "[red]<b>:smile: a|b_c[/red]"


def test_control_characters_are_shown_and_not_sent():
    assert escape_terminal("a\x1b[31mb\x07\u202e") == "a\\x1b[31mb\\x07\\u202e"
    assert escape_terminal("é 北\tx\ny") == "é 北\tx\ny"


def test_markdown_has_no_table_break_tag_or_style():
    assert escape_markdown("a|b <i>\n*c* `d` [e] f_g \\") == "a\\|b \\<i> \\*c\\* \\`d\\` \\[e] f\\_g \\\\"
    assert escape_markdown("~~x~~ R&D &lt; &#65;") == "\\~\\~x\\~\\~ R&D \\&lt; \\&#65;"


PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TEXTS = st.one_of(
    st.text(min_size=1, max_size=12),
    st.text(alphabet="#*_~`-+=>|<&;[]()!\\ \n\t\"'.19axlt:", min_size=1, max_size=12),
    st.sampled_from(
        ["# x", "x ##", "1. x", "1) x", "---", "===", "- x", "+", "> x", "~~~", "```", "    x", "&lt;", "&#x41;"]
    ),
)


def parse(markdown):
    """The kinds of block tokens, and the plain texts of the document; None for what is not plain text."""
    tokens = PARSER.parse(markdown)
    inline = [token for token in tokens if token.type == "inline"]
    plain = [{child.type for child in token.children} <= {"text", "text_special"} for token in inline]
    texts = ["".join(child.content for child in token.children) for token in inline]
    return [token.type for token in tokens], [text if ok else None for text, ok in zip(texts, plain, strict=True)]


@given(TEXTS)
@example("# <img src=x onerror=alert(1)> | ~~s~~ *b* _i_ \n| a | b |")
@example("\u2028# x")
def test_any_text_is_plain_text_in_every_block_of_markdown(text):
    """A parser sees the blocks of the document, and in them the characters of the text."""
    expected = escape_terminal(" ".join(text.split()))
    assume(expected)
    for build in (Paragraph, lambda text: Heading(2, text), lambda text: Items((text,))):
        kinds, texts = parse(render_markdown([build(text)]))
        assert (kinds, texts) == (parse(render_markdown([build("x")]))[0], [expected])
    kinds, texts = parse(render_markdown([Grid(("a", "b"), ((text, "c"),))]))
    assert (kinds, texts) == (parse(render_markdown([Grid(("a", "b"), (("x", "c"),))]))[0], ["a", "b", expected, "c"])


def test_a_command_in_markdown_has_no_control_characters():
    assert render_markdown([Code("journey check 'a\x1b[2J'\nnext")]) == "    journey check 'a\\x1b[2J'\n    next\n"


@given(st.recursive(st.text(max_size=5), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner)))
@example({"a\x9b": "\x7f\u202e\ud800\x1b"})
def test_json_has_the_same_value_and_no_control_characters(value):
    printed = io.StringIO()
    with redirect_stdout(printed):
        console.print_json(value)
    assert json.loads(printed.getvalue()) == value
    assert escape_terminal(printed.getvalue()) == printed.getvalue()


def test_long_lists_of_json_have_no_control_characters_either(capsys):
    value = {"ids": ["a\x9b31m"] * (console.LONG_LIST + 1)}
    console.print_json(value)
    printed = capsys.readouterr().out
    assert "\x9b" not in printed
    assert json.loads(printed) == value


@pytest.mark.parametrize("width", [15, 120])
def test_headings_are_safe_in_tables_of_every_width(width):
    out = console.console()
    out.file = io.StringIO()
    out.width = width
    listed = console.table("a\x1b[2J", "column\x1b[2J", "other")
    listed.add_row("a long cell \x1b[2J", "another-cell")
    out.print(listed)
    assert "\x1b" not in out.file.getvalue()


def test_html_has_no_tag():
    assert escape_html("<b>\"a\" & 'b'\x1b") == "&lt;b&gt;&quot;a&quot; &amp; &#x27;b&#x27;\\x1b"


def test_a_name_is_printed_letter_by_letter_in_text_tables_and_titles(capsys):
    out = console.console()
    out.file = io.StringIO()
    listed = console.table(NAME, NAME)
    listed.add_row(NAME)
    listed.caption = NAME
    out.print(NAME)
    out.print(listed)
    out.print(console.styled(NAME + "\x1b[31m", "bold"))
    shown = out.file.getvalue()
    assert shown.count(NAME) == 6
    assert "\x1b" not in shown


def test_a_name_is_written_letter_by_letter_in_reports():
    blocks = [Heading(1, NAME), Paragraph(NAME), Items((NAME,)), Grid((NAME,), ((NAME,),))]
    assert render_html(blocks).count("[red]&lt;b&gt;:smile: a|b_c[/red]") == 6
    assert render_markdown(blocks).count("\\[red]\\<b>:smile: a\\|b\\_c\\[/red]") == 5


@given(st.text(st.characters(), max_size=40))
def test_json_keeps_its_value_and_has_no_control_character(text):
    for indent in (None, 2):
        shown = escape_json(json.dumps({text: [text]}, ensure_ascii=False, indent=indent))
        assert json.loads(shown) == {text: [text]}
        assert shown == escape_terminal(shown)


def test_json_with_a_direction_override_is_printed_with_its_code(capsys):
    console.print_json({"name": "\u202ex", "many": ["\x9b"] * 1000})
    shown = capsys.readouterr().out
    assert '"name": "\\u202ex"' in shown
    assert shown.count('"\\u009b"') == 1000
