"""A scenario prints the question and the lesson that are its own, with the counts of its own run."""

import pytest

from journey.core.errors import InputError
from scenarios.comparison.compare import compare
from scenarios.files.loader import load, override
from scenarios.operations.catalogue import list_scenarios
from scenarios.reports.comparison import build_report
from scenarios.reports.document import render_markdown
from tests.scenarios import fakes

PARENT = """
extends = "default"
title = "Parent"
question = "Do {reviewers.treated} help {customers} in {days}?"
teaches = "They help a tenth of them."

[reviewers]
count = 2

[arms.treated]
label = "{reviewers.treated} for all"
reviewers.count = 3
"""


@pytest.fixture
def parent(tmp_path):
    (tmp_path / "parent.toml").write_text(PARENT, encoding="utf-8")
    return tmp_path


def child(folder, text):
    path = folder / "child.toml"
    path.write_text(f'extends = "parent.toml"\n{text}', encoding="utf-8")
    return load(path).scenario


def test_another_title_does_not_have_the_question_and_the_lesson_of_the_parent(parent):
    own = child(parent, 'title = "Child"\n')
    assert (own.title, own.question, own.teaches) == ("Child", "", "")


def test_a_question_of_its_own_stays_with_the_title(parent):
    own = child(parent, 'title = "Child"\nquestion = "Is it so?"\nteaches = "Not always."\n')
    assert (own.question, own.teaches) == ("Is it so?", "Not always.")


def test_without_another_title_the_question_stays_and_the_lesson_only_where_nothing_changed(parent):
    same, changed = child(parent, "seed = 5\nreplications = 3\n"), child(parent, "horizon_days = 30\n")
    assert same.question == changed.question != ""
    assert (same.teaches, changed.teaches) == ("They help a tenth of them.", "")


def test_an_override_changes_the_counts_of_the_question_and_takes_the_lesson_away(parent):
    loaded = load(parent / "parent.toml")
    assert loaded.describe(loaded.scenario.question) == "Do 3 reviewers help 1,000 customers in 365 days?"
    changed = override(loaded, ["population.size=1", "arms.treated.reviewers.count=1", "horizon_days=1"])
    assert changed.describe(changed.scenario.question) == "Do 1 reviewer help 1 customer in 1 day?"
    assert changed.describe(changed.scenario.arms["treated"].label) == "1 reviewer for all"
    assert (loaded.scenario.teaches, changed.scenario.teaches) == ("They help a tenth of them.", "")
    assert "Do 3 reviewers help 1,000 customers" in str(loaded)


def test_a_report_has_the_customers_that_were_run(parent):
    """The scenario has 1,000 customers; the runs of this fake have 40."""

    def run_arm(arm, **how):
        return fakes.run(arm.name, how["days"], 0.2, customers=40)

    found = compare(load(parent / "parent.toml", ["replications=2"]), run_arm=run_arm)
    text = render_markdown(build_report(found))
    assert "Do 3 reviewers help 40 customers in 365 days?" in text
    assert "3 reviewers for all" in text
    assert "{" not in text


def test_a_question_that_names_a_removed_arm_is_not_asked(parent):
    assert child(parent, "arms.treated = false\narms.other.label = 'x'\n").question == ""


@pytest.mark.parametrize(
    ("override_", "message"),
    [
        ('question="Do {custmers} leave?"', "unknown placeholder {custmers}; did you mean 'customers'?"),
        ('question="Do {reviewers.tretaed} help?"', "unknown placeholder {reviewers.tretaed}"),
        ('arms.treated.label="{reviewer}"', ": unknown placeholder {reviewer}"),
    ],
)
def test_an_unknown_placeholder_is_refused_with_its_key(override_, message):
    with pytest.raises(InputError) as caught:
        load("default", [override_])
    assert message in str(caught.value)
    assert str(caught.value).startswith(override_)


def test_other_braces_are_text(parent):
    assert child(parent, 'question = "Is {this, too} text?"\n').question == "Is {this, too} text?"


def test_the_list_of_scenarios_has_counts_and_no_placeholders():
    listed = {each.name: each for each in list_scenarios()}
    assert "2,000 customers are approved by 2 reviewers" in listed["more_reviewers"].question
    assert not any("{" in each.question for each in listed.values())
    assert all(each.question and each.teaches for each in listed.values())


def test_texts_do_not_change_the_hash_of_the_content(parent):
    """What is not printed is still part of the file, so files of stored replications remain valid."""
    assert load(parent / "parent.toml").hash == load(parent / "parent.toml", ["seed=9"]).hash
