"""Histories side by side: every event once, in order; evaluations without an action are summarised."""

import pytest

from scenarios.explain.event_text import describe_event, describe_idle_evaluations
from scenarios.explain.timeline import merge_histories
from simulation.trace.events import KINDS, Row


def row(time, kind="decision", label="none", reason="no_evidence", **other):
    fields = {"stage": "retention", "to_stage": None, "reviewer": None, "value": 0.5, "source": None} | other
    return Row(time=time, customer=1, arm="a", kind=kind, label=label, reason=reason, **fields)


ACTION = row(3.0, "action", "proactive_outreach", None, value=60.0)


def test_consecutive_evaluations_without_an_action_are_one_line_with_their_count():
    lines = merge_histories([[row(1.0), row(2.0), ACTION, row(4.0)]])
    assert [line.time for line in lines] == [1.0, 3.0, 4.0]
    assert lines[0].cells == ("evaluated 2 times until day 2.0: no action (2 x no active signal)",)
    assert lines[2].cells == ("evaluated: no action (no active signal)",)


def test_shared_events_are_on_one_line_and_others_beside_an_empty_cell():
    shared, alone = merge_histories([[ACTION], [ACTION, row(5.0, "move", "churn", to_stage="churned")]])
    assert shared.is_shared
    assert not alone.is_shared
    assert alone.cells == ("", "churn: retention -> churned")


def test_several_events_at_one_time_keep_their_order():
    signal = row(3.0, "signal", "usage_drop", "noise", source="manual")
    lines = merge_histories([[signal, ACTION], [signal]])
    assert [line.time for line in lines] == [3.0, 3.0]
    assert lines[0].cells[0] == "signal usage drop 0.50, manual (hidden truth: false alarm)"
    assert lines[1].cells == ("executes proactive outreach, $60.00", "")


def test_distress_is_marked_as_hidden_truth():
    assert describe_event(row(1.0, "distress_on", "price", None)) == "distress begins: price (hidden truth)"
    assert describe_event(row(1.0, "distress_off", "price", None)) == "distress ends: price (hidden truth)"


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (row(1.0, "arrival", "arrival", None, to_stage="onboarding"), "becomes a customer, in onboarding"),
        (
            row(1.0, "value_change", "upsell", None, value=12000.0),
            "upsell: account value now $12.0k per year",
        ),
        (
            row(1.0, "move", "churn", "renewal", to_stage="churned"),
            "churn: retention -> churned (at the renewal)",
        ),
        (
            row(1.0, "move", "churn", "payment", to_stage="churned"),
            "churn: retention -> churned (a payment failed and was not recovered)",
        ),
        (
            row(9.0, "signal", "usage_drop", "orphaned", source="manual"),
            "signal usage drop 0.50, manual (recorded for an unknown customer, ignored)",
        ),
        (
            row(9.0, "signal", "usage_drop", "duplicate", source="manual", dated=4.0),
            "signal usage drop 0.50, manual, dated day 4.0 (duplicate record, ignored)",
        ),
        (
            row(9.0, to_stage="support", label="onboarding_nudge_email", reason="act"),
            "decides on onboarding nudge email, confidence 0.50 (wrong recorded stage: support)",
        ),
        (
            row(9.0, to_stage="support"),
            "evaluated: no action (no active signal) (wrong recorded stage: support)",
        ),
    ],
)
def test_every_event_of_a_full_world_has_a_text(event, text):
    assert describe_event(event) == text


def test_consecutive_evaluations_count_wrong_recorded_stages():
    text = describe_idle_evaluations([row(1.0, to_stage="support"), row(2.0)])
    assert text == ("evaluated 2 times until day 2.0: no action (2 x no active signal; wrong recorded stage in 1)")


@pytest.mark.parametrize("kind", [*KINDS, "something_new"])
def test_every_kind_of_row_has_a_text(kind):
    assert "_" not in describe_event(row(1.0, kind, "some_label", "some_reason", to_stage="churned"))


def test_a_mixed_run_counts_its_reasons():
    text = describe_idle_evaluations([row(1.0), row(2.0), row(3.0, label="monitor_only", reason="capped")])
    assert text == ("evaluated 3 times until day 3.0: no action (2 x no active signal, 1 x contact cap reached)")
