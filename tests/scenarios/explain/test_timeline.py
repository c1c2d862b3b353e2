"""Lives side by side: every event is told once, in order, and looks without consequence are gathered."""

import pytest

from scenarios.explain.event_text import describe_event, describe_idle_evaluations
from scenarios.explain.timeline import merge_histories
from simulation.trace.events import KINDS, Row


def row(time, kind="decision", label="none", reason="no_evidence", **other):
    fields = {"stage": "retention", "to_stage": None, "reviewer": None, "value": 0.5, "source": None} | other
    return Row(time=time, customer=1, arm="a", kind=kind, label=label, reason=reason, **fields)


ACTION = row(3.0, "action", "proactive_outreach", None, value=60.0)


def test_runs_of_quiet_looks_are_one_line_with_their_count():
    lines = merge_histories([[row(1.0), row(2.0), ACTION, row(4.0)]])
    assert [line.time for line in lines] == [1.0, 3.0, 4.0]
    assert lines[0].cells == ("looks 2 times, does nothing (2 x no live signal), up to day 2.0",)
    assert lines[2].cells == ("looks, does nothing: no live signal",)


def test_what_two_arms_share_stands_on_one_line_and_what_not_beside_an_empty_cell():
    shared, alone = merge_histories([[ACTION], [ACTION, row(5.0, "move", "churn", to_stage="churned")]])
    assert shared.is_shared
    assert not alone.is_shared
    assert alone.cells == ("", "churn: retention -> churned")


def test_several_events_at_one_time_keep_their_order():
    signal = row(3.0, "signal", "usage_drop", "noise", source="manual")
    lines = merge_histories([[signal, ACTION], [signal]])
    assert [line.time for line in lines] == [3.0, 3.0]
    assert lines[0].cells[0] == "signal usage drop 0.50, manual (truth, unseen: a false alarm)"
    assert lines[1].cells == ("proactive outreach is carried out, $60.00", "")


def test_nobody_sees_the_truth():
    assert describe_event(row(1.0, "distress_on", "price", None)) == "distress begins: price (truth, unseen)"
    assert describe_event(row(1.0, "distress_off", "price", None)) == "distress ends: price (truth, unseen)"


@pytest.mark.parametrize(
    ("happened", "words"),
    [
        (row(1.0, "arrival", "arrival", None, to_stage="onboarding"), "becomes a customer, in onboarding"),
        (
            row(1.0, "value_change", "upsell", None, value=12000.0),
            "upsell: the account is now worth $12.0k a year",
        ),
        (
            row(1.0, "move", "churn", "renewal", to_stage="churned"),
            "churn: retention -> churned (at the renewal)",
        ),
        (
            row(1.0, "move", "churn", "payment", to_stage="churned"),
            "churn: retention -> churned (a charge failed and was not made good)",
        ),
        (
            row(9.0, "signal", "usage_drop", "orphaned", source="manual"),
            "signal usage drop 0.50, manual (recorded for a customer nobody knows, so not heard)",
        ),
        (
            row(9.0, "signal", "usage_drop", "duplicate", source="manual", dated=4.0),
            "signal usage drop 0.50, manual, dated day 4.0 (recorded a second time, so not heard)",
        ),
        (
            row(9.0, to_stage="support", label="onboarding_nudge_email", reason="act"),
            "decides on onboarding nudge email, confidence 0.50 (on record in support, which is wrong)",
        ),
        (
            row(9.0, to_stage="support"),
            "looks, does nothing: no live signal (on record in support, which is wrong)",
        ),
    ],
)
def test_what_a_full_world_brings_is_said_in_words(happened, words):
    assert describe_event(happened) == words


def test_a_run_of_looks_says_how_often_the_stage_on_record_was_wrong():
    text = describe_idle_evaluations([row(1.0, to_stage="support"), row(2.0)])
    assert text == (
        "looks 2 times, does nothing (2 x no live signal; the stage on record is wrong in 1), up to day 2.0"
    )


@pytest.mark.parametrize("kind", [*KINDS, "something_new"])
def test_every_kind_of_row_has_words(kind):
    assert "_" not in describe_event(row(1.0, kind, "some_label", "some_reason", to_stage="churned"))


def test_a_mixed_run_counts_its_reasons():
    text = describe_idle_evaluations([row(1.0), row(2.0), row(3.0, label="monitor_only", reason="capped")])
    assert text == ("looks 3 times, does nothing (2 x no live signal, 1 x contacted too often of late), up to day 3.0")
