"""All errors of a scenario at once, in the order of its file, also those found only after others are corrected."""

from contextlib import suppress
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.core.errors import InputError
from scenarios.files.loader import load
from scenarios.files.messages import ScenarioError
from tests.levels import examples

TEXT = """\
extends = "default"
title = 5
horizn_days = 9

[population]
size = 0

[population.segments.SMB]
share = "x"

[world.moves.churn]
dwel = 3

[world.effects.proactive_outrech]
resolves = 0.3

[policy]
approve = "nevr"
[policy.evidence.typical_days]
onbording = 4

[reviewers]
count = -1

[arms.treated]
actions = ["proactive_outreach", "cal"]
label = "{customer} are called"
[arms.treated.policy.thresholds]
act_severity = 3
[arms.treated.reviewers]
cont = 1
"""
ERRORS = [
    (2, "title", "should be a valid string, but 5 was given"),
    (3, "horizn_days", "did you mean 'horizon_days'?"),
    (6, "population.size", "greater than or equal to 1, but 0 was given"),
    (9, "population.segments.SMB.share", "should be a valid number"),
    (12, "world.moves.churn.dwel", "did you mean 'dwell'?"),
    (14, "world.effects.proactive_outrech", "did you mean 'proactive_outreach'?"),
    (15, "world.effects.proactive_outrech.resolves", "unknown key"),
    (18, "policy.approve", "did you mean 'never'?"),
    (20, "policy.evidence.typical_days.onbording", "did you mean 'onboarding'?"),
    (23, "reviewers.count", "greater than or equal to 0, but -1 was given"),
    (26, "arms.treated.actions", "'cal' is not an action of the policy"),
    (27, "arms.treated.label", "unknown placeholder {customer}; did you mean 'customers'?"),
    (29, "arms.treated.policy.thresholds.act_severity", "less than or equal to 1, but 3 was given"),
    (31, "arms.treated.reviewers.cont", "unknown key; did you mean 'count'?"),
]
JOURNEY = """\
extends = "default"
[journey]
stages = ["onboarding", "engagement", "retention", "support", "escalation", "churned", "churned"]
initial = "onboardin"
terminal = ["churned"]
x = 1
[[journey.moves]]
name = "activate"
source = "onboarding"
destination = "engagment"
[[journey.moves]]
name = "churn"
source = "every_live_stage"
destination = "churned"
gaurd = {}
[[journey.moves]]
name = "mature"
source = "engagement"
destination = 5
[arms.treated]
actions = ["cal"]
"""
JOURNEY_ERRORS = [
    (3, "journey.stages", "stage 'churned' is listed 2 times"),
    (4, "journey.initial", "did you mean 'onboarding'?"),
    (6, "journey.x", "unknown key `x`"),
    (10, "journey.moves[0].destination", "did you mean 'engagement'?"),
    (15, "journey.moves[1].gaurd", "did you mean 'guard'?"),
    (19, "journey.moves[2].destination", "must be text, got 5"),
    (21, "arms.treated.actions", "'cal' is not an action"),
]


def errors_of(tmp_path, text, *overrides):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load(path, overrides)
    assert str(caught.value) == "\n".join(map(str, caught.value.errors))
    return [error for error in caught.value.errors if error.file == str(path)], caught.value.errors


@pytest.mark.parametrize(("text", "expected"), [(TEXT, ERRORS), (JOURNEY, JOURNEY_ERRORS)], ids=["tables", "journey"])
def test_all_errors_are_reported_in_the_order_of_the_file(text, expected, tmp_path):
    mine, _ = errors_of(tmp_path, text)
    assert [(error.line, error.key) for error in mine] == [(line, key) for line, key, _ in expected]
    pairs = zip(mine, expected, strict=True)
    assert [error.message for error, (_, _, part) in pairs if part not in error.message] == []
    assert str(mine[0]).startswith(f"{tmp_path / 'mine.toml'}:{mine[0].line}: {mine[0].key}: ")


def test_the_same_mistake_in_two_stages_is_reported_for_each_and_names_its_key_once(tmp_path):
    stages = ('trial = { role = "lost" }', 'paying = { role = "lost" }')
    mine, _ = errors_of(tmp_path, "\n".join(['extends = "trial_to_paid"', 'title = "T"', "[journey.stage]", *stages]))
    message = "unknown key `role`; did you mean 'roles'?"
    assert [(error.line, error.key, error.message) for error in mine] == [
        (4, "journey.stage.trial.role", message),
        (5, "journey.stage.paying.role", message),
    ]


def test_a_file_without_one_of_the_errors_has_the_others(tmp_path):
    """What is reported does not depend on the errors of other keys: removing one line removes its errors only."""
    lines = TEXT.splitlines()
    for line, key, _ in ERRORS:
        if line in (14, 15):
            continue  # the table of an unknown action, and the only key in it
        shorter = "\n".join([*lines[: line - 1], "#", *lines[line:]])
        mine, _ = errors_of(tmp_path, shorter)
        assert [(error.line, error.key) for error in mine] == [(n, k) for n, k, _ in ERRORS if k != key], key


def test_the_own_file_comes_first_then_overrides_then_extended_files(tmp_path):
    (tmp_path / "base.toml").write_text('extends = "default"\ntitle = "B"\n[reviewers]\ncount = -2\n')
    mine, found = errors_of(tmp_path, 'extends = "base.toml"\n\nseed = -1\n', "horizon_days=0", "replications=0")
    assert [error.line for error in mine] == [3]
    assert [error.file for error in found] == [
        str(tmp_path / "mine.toml"), "horizon_days=0", "replications=0", str(tmp_path / "base.toml"),
    ]  # fmt: skip
    assert [error.line for error in found] == [3, None, None, 4]


def test_an_error_that_may_follow_from_another_one_is_not_reported(tmp_path):
    text = 'extends = "default"\n[world.moves.churn.dwell]\nmean_days = "x"\n'
    mine, found = errors_of(tmp_path, text)
    assert [error.key for error in found] == [error.key for error in mine] == ["world.moves.churn.dwell.mean_days"]


def test_names_that_keys_share_hide_no_error(tmp_path):
    text = 'extends = "default"\n[world.moves]\nchurn = 3\n[policy]\nchurn = 4\n[arms]\ntreated = 5\n'
    mine, _ = errors_of(tmp_path, text)
    assert [(error.line, error.key) for error in mine] == [
        (3, "world.moves.churn"),
        (5, "policy.churn"),
        (7, "arms.treated"),
    ]


def test_a_missing_key_has_the_line_of_its_table(tmp_path):
    text = 'extends = "default"\n\n[arms.third]\n[population.segments.New]\nshare = 0.1\n'
    mine, _ = errors_of(tmp_path, text)
    assert [(error.line, error.key) for error in mine] == [(4, "population.segments.New.account_value")]


def test_an_expected_number_of_events_is_checked_beside_other_errors(tmp_path):
    signals = "[world.signals]\nfalse_per_day = { usage_drop = 1e9 }\n"
    text = f'extends = "default"\n{signals}[arms.treated]\nactions = ["cal"]\n'
    mine, _ = errors_of(tmp_path, text)
    assert [error.line for error in mine] == [3, 5]


PLANTED = {
    "seed = -1": "seed",
    "relications = 3": "relications",
    "policy.contact.max_contacts = -1": "policy.contact.max_contacts",
    "policy.approve = 3": "policy.approve",
    "reviewers.count = -1": "reviewers.count",
    "world.frailty_spread = -1": "world.frailty_spread",
    "world.moves.activat = { dwell = { mean_days = 3 } }": "world.moves.activat",
    "population.start.nowhere = 1.0": "population.start.nowhere",
    'primary_metric = "chrn"': "primary_metric",
    'arms.treated.actions = ["cal"]': "arms.treated.actions",
    "arms.treated.policy.churn.horizon_days = -1": "arms.treated.policy.churn.horizon_days",
    "money.discount_per_year = 2": "money.discount_per_year",
    'metrics."a b" = { time_in = "support" }': "metrics.a b",
    'metrics."" = { time_in = "support" }': "metrics.",
    'metrics.stay = { time_in = "suport" }': "metrics.stay.time_in",
    'population.segments."a[b]" = { share = 1, account_value = 1 }': "population.segments.a[b]",
    'arms."c/d" = { label = "x" }': "arms.c/d",
    'world.signals.recovery = "nothing"': "world.signals.recovery",
    "world.distress.causes.price.onset_per_day.churned = 0.1": "world.distress.causes.price.onset_per_day.churned",
}


@settings(max_examples=examples(20, otherwise=5))
@given(st.lists(st.sampled_from(sorted(PLANTED)), min_size=1, unique=True))
def test_every_planted_error_is_reported_at_once_in_its_line(tmp_path_factory, planted):
    path = tmp_path_factory.mktemp("planted") / "mine.toml"
    path.write_text("\n".join(['extends = "default"', *planted]))
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert [(error.line, error.key) for error in caught.value.errors] == [
        (number, PLANTED[line]) for number, line in enumerate(planted, start=2)
    ]


@settings(max_examples=examples(20, otherwise=5))
@given(st.lists(st.sampled_from(TEXT.splitlines() + JOURNEY.splitlines()), max_size=30))
def test_any_file_is_loaded_or_refused_in_words(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("any") / "mine.toml"
    path.write_text("\n".join(['extends = "default"', *lines]))
    with suppress(InputError):
        load(path)


@pytest.mark.medium
@pytest.mark.parametrize("line", ["k{} = 1", "population.start.k{} = 1", "policy.contact.k{} = 1"])
def test_the_time_for_many_errors_does_not_grow_with_their_square(line, tmp_path):
    started = perf_counter()
    mine, _ = errors_of(tmp_path, "\n".join(['extends = "default"', *(line.format(i) for i in range(2_000))]))
    assert [error.line for error in mine] == list(range(2, 2_002))
    assert perf_counter() - started < 20.0


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("report=3", "should be a list, but 3 was given"),
        ("arms.baseline.actions=3", "should be a list, but 3 was given"),
        ("guardrails=3", "should be a table, but 3 was given"),
        ("population=3", "should be a table, but 3 was given"),
        ("rules=[3]", "should be a table, but 3 was given"),
    ],
)
def test_a_value_of_another_kind_is_refused_in_the_words_of_the_file_format(override, expected):
    with pytest.raises(InputError, match=expected):
        load("default", [override])
