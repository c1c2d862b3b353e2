"""Tables on the terminal: no word is broken, and piped lines have no trailing blanks."""

import io

import pytest

from scenarios.cli import console
from scenarios.cli.terminal_document import print_document, wrap_command
from scenarios.reports.document import Code, Grid, Heading, Items, Paragraph

LONG_ID = "PROP_CAMP_002_CH_03_CH_02_20260319"
SENTENCE = "a sentence that explains at length why budget moves to another channel"
HEADINGS = ("proposal", "amount", "reason")


def printed(width, *rows):
    out = console.console()
    out.file, out.width = io.StringIO(), width
    listed = console.table("Proposals", *HEADINGS, right=("amount",))
    for row in rows:
        listed.add_row(*row)
    listed.note = "amounts in dollars"
    out.print(listed)
    return out.file.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_a_long_id_stays_whole_and_text_beside_it_wraps(width):
    shown = printed(width, (LONG_ID, "$1,280", SENTENCE))
    assert LONG_ID in shown
    assert "$1,280" in shown
    assert not set(SENTENCE.split()) - set(shown.split())
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= width


def test_rows_are_stacked_where_the_words_do_not_fit_side_by_side():
    shown = " ".join(printed(40, (LONG_ID, "$1,280", SENTENCE)).split())
    assert f"proposal: {LONG_ID}; amount: $1,280; reason: {SENTENCE}" in shown


def test_an_interval_is_kept_on_one_line_while_text_can_give_way():
    shown = printed(60, ("some proposal", "-1,424,840 to +833,284", SENTENCE))
    assert "-1,424,840 to +833,284" in shown


def test_empty_cells_are_not_listed_in_stacked_rows():
    assert "amount:" not in printed(40, (LONG_ID, "", SENTENCE))


def test_piped_lines_have_no_trailing_blanks(capsys):
    listed = console.table("Title", "one", "two")
    listed.add_row("a", "b")
    listed.add_row("a longer cell", "")
    console.console().print(listed)
    lines = capsys.readouterr().out.splitlines()
    assert "a longer cell" in lines
    assert all(line == line.rstrip() for line in lines)


def test_a_document_is_printed_block_by_block(capsys):
    blocks = [Heading(1, "T"), Paragraph("p"), Items(("i", "j")), Grid(("a",), (("1",),)), Paragraph("q:"), Code("c d")]
    print_document(console.console(), blocks)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "─" not in line] == ["T", "p", "", "- i", "- j", "", "a", "1", "", "q:", "c d"]


def test_a_wrapped_command_is_one_command_for_the_shell():
    command = "journey compare default --set 'title=A long title' --set population.size=60"
    lines = wrap_command(command, 40)
    assert all(len(line) <= 40 for line in lines)
    assert " ".join(line.removesuffix("\\").strip() for line in lines) == command
    assert all(line.endswith("\\") for line in lines[:-1])
