"""The report says what was asked, assumed, found and not known; what a user wrote cannot break it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from journey.core.errors import InputError
from journey.money.ledger import LedgerLine
from scenarios.comparison.compare import compare
from scenarios.files.loader import load
from scenarios.reports.comparison import build_report
from scenarios.reports.comparison_text import (
    build_repeat_command,
    describe_variance_reduction,
    format_line_quantity,
    format_means,
)
from scenarios.reports.document import Code, Grid, Heading, Items, Paragraph, render, render_html, render_markdown
from tests.scenarios import fakes


@pytest.fixture(scope="module")
def found():
    return compare(load("default", ["replications=5", "title=A <b>bold</b> | title"]), run_arm=fakes.planted)


def test_the_report_has_everything_a_reader_needs(found):
    text = render_markdown(build_report(found))
    for words in (
        "## Verdict", "## Money compared with the baseline", "## Primary metric: churn rate", "## Needs attention",
        "## What differs between the arms", "## Metrics", "## Differences: treated minus baseline",
        "## Money, line by line", "## Assumptions",
        "## How to reproduce it", "simulation error", "Cohort variation", "Parameter uncertainty", found.loaded.hash,
        found.loaded.scenario.question, "seed 1", "engine fake", "provenance", "default",
    ):  # fmt: skip
        assert words in text


def test_the_command_that_repeats_it_quotes_what_the_shell_would_take_apart(found):
    assert build_repeat_command(found) == (
        "journey compare default --seed 1 --replications 5 --set replications=5 --set 'title=A <b>bold</b> | title'"
    )


def test_an_interrupted_report_says_so_first():
    cut = compare(load("default", ["replications=5"]), run_arm=fakes.interrupted_in_the_third)
    assert "Interrupted: 2 of 5 replications" in render_markdown(build_report(cut)).split("##")[0]


def test_what_a_user_wrote_cannot_break_a_table_or_open_a_tag(found):
    assert "# A \\<b>bold\\</b> \\| title" in render_markdown(build_report(found))
    assert "A &lt;b&gt;bold&lt;/b&gt; | title" in render_html(build_report(found))


def test_every_row_of_a_markdown_table_has_as_many_cells():
    grid = Grid(("a", "b"), (("x|y", "1"), ("two\nlines", "2")))
    rows = render_markdown([grid]).strip().splitlines()
    assert rows[1] == "| --- | ---: |"
    assert all(row.replace("\\|", "").count("|") == 3 for row in rows)


class Balance(HTMLParser):
    """Counts what is open."""

    def __init__(self):
        super().__init__()
        self.open, self.fetched = [], []

    def handle_starttag(self, tag, attrs):
        self.fetched += [value for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_fetches_nothing(found):
    page = Balance()
    page.feed(render_html(build_report(found)))
    assert page.open == []
    assert page.fetched == []


def test_the_ending_says_the_format():
    blocks = [Heading(1, "T"), Paragraph("p"), Items(("i",)), Code("c"), Grid(("a",), (("1",),))]
    assert render(blocks, Path("x.md")).startswith("# T\n")
    assert render(blocks, Path("x.html")).startswith("<!doctype html>")
    with pytest.raises(InputError, match=r"\.md or \.html"):
        render(blocks, Path("x.pdf"))


def test_points_that_need_attention_are_limited_on_the_first_screen_only():
    from scenarios.reports.comparison_summary import _attention

    items = [str(number) for number in range(7)]
    assert _attention(items, 5)[1].items == ("0", "1", "2", "3", "4", "and 2 more with --full")
    assert _attention(items, None)[1].items == tuple(items)
    assert _attention(items[:5], 5)[1].items == tuple(items[:5])


def ledger_line(quantity, unit="hours"):
    return LedgerLine("line", "cost", quantity, unit, 1.0, "default")


@pytest.mark.parametrize(
    ("quantity", "unit", "text"),
    [
        (3267.4, "revenue $", "$3,267 revenue"),
        (12.53, "hours", "12.5 hours"),
        (1234.5, "hours", "1,234 hours"),
        (0.004, "escalations", "0.004 escalations"),
        (-0.04, "days", "-0.04 days"),
        (0.0, "days", "0.0 days"),
        (None, "days", "unknown"),
    ],
)
def test_a_quantity_that_counts_is_not_shown_as_zero_and_dollars_are_dollars(quantity, unit, text):
    assert format_line_quantity(ledger_line(quantity, unit)) == text


def test_a_table_and_its_note_say_over_how_many_replications_a_figure_is():
    """The third replication has no customers in the arm `treated`."""

    def run_arm(arm, **how):
        made = fakes.planted(arm, **how)
        if arm.name == "treated" and how["replication"] == 2:
            made.metrics["csat"] = None
        return made

    text = render_markdown(build_report(compare(load("default", ["replications=5"]), run_arm=run_arm)))
    assert "measured in both arms in 4 of 5 replications" in text
    assert "(n = 4)" in text


def test_the_mean_of_an_arm_is_shown_where_the_baseline_has_none():
    """A baseline without contacts has no contact precision; that of the arm is known."""

    def run_arm(arm, **how):
        made = fakes.planted(arm, **how)
        made.metrics["contact_precision"] = None if arm.name == "baseline" else 0.75
        return made

    found = compare(load("default", ["replications=3"]), run_arm=run_arm)
    assert format_means(found, "treated", "contact_precision") == ("n/a", "75.00 %")
    assert "| contact precision | n/a | 75.00 % | n/a | n/a |" in render_markdown(build_report(found))


def test_a_variance_reduction_is_stated_with_its_interval_only():
    few, more = (compare(load("default", [f"replications={n}"]), run_arm=fakes.planted) for n in (2, 9))
    assert "unknown (fewer than three replications give no interval)" in describe_variance_reduction(few, "treated")
    assert re.search(r"by a factor of [\d.]+ \([\d.]+ to [\d.]+\)", describe_variance_reduction(more, "treated"))
