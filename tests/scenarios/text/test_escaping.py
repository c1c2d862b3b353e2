"""Text from outside, on every kind of page."""

import io
import json

from hypothesis import given
from hypothesis import strategies as st

from scenarios.cli import console
from scenarios.reports.document import Grid, Heading, Items, Paragraph, render_html, render_markdown
from scenarios.text.escaping import escape_html, escape_json, escape_markdown, escape_terminal

NAME = "[red]<b>:smile: a|b_c[/red]"


def test_control_characters_are_shown_and_not_sent():
    assert escape_terminal("a\x1b[31mb\x07\u202e") == "a\\x1b[31mb\\x07\\u202e"
    assert escape_terminal("é 北\tx\ny") == "é 北\tx\ny"


def test_markdown_has_no_table_break_tag_or_style():
    assert escape_markdown("a|b <i>\n*c* `d` [e] f_g \\") == "a\\|b \\<i> \\*c\\* \\`d\\` \\[e] f\\_g \\\\"


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
