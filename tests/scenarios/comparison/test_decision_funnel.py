"""The decision funnel: it adds up for any cohort, in JSON, tables and reports."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.decision.rules import REASONS
from scenarios.comparison import decision_funnel
from scenarios.comparison.compare import compare
from scenarios.comparison.decision_funnel import REASON_LABELS, VERDICTS, build_funnel
from scenarios.files.loader import load
from scenarios.reports.comparison import build_report
from scenarios.reports.document import render_markdown
from simulation.runs.run import run_arm
from tests.scenarios import fakes


def parts_of(step):
    return {name: count for name, count in step.items() if name != "total"}


def adds_up(told):
    assert sum(parts_of(told["evaluations"]).values()) == pytest.approx(told["evaluations"]["total"])
    assert sum(parts_of(told["reviews"]).values()) == pytest.approx(told["reviews"]["total"])
    assert sum(parts_of(told["outcomes"]).values()) == pytest.approx(told["outcomes"]["total"])
    assert sum(parts_of(told["distress"]).values()) == pytest.approx(told["distress"]["total"])
    assert all(count >= 0 for step in told.values() for count in step.values())
    assert told["outcomes"]["total"] <= told["actions"]["total"] <= told["evaluations"]["act"]


@settings(max_examples=12)
@given(
    seed=st.integers(0, 10**6),
    size=st.integers(1, 60),
    days=st.floats(1, 200),
    reviewers=st.integers(0, 2),
    expiry=st.floats(0.5, 20),
    contacts=st.integers(1, 3),
)
def test_whatever_the_world_the_numbers_add_up(seed, size, days, reviewers, expiry, contacts):
    loaded = load(
        "default",
        [f"population.size={size}", f"reviewers.count={reviewers}", f"policy.contact.approval_expiry_days={expiry}",
         f"policy.contact.max_contacts={contacts}"],
    )  # fmt: skip
    for setup in loaded.arms:
        adds_up(decision_funnel.as_dict(build_funnel([run_arm(setup, seed=seed, replication=0, days=days)])))


def test_means_over_replications_add_up_too():
    found = compare(load("default", ["population.size=60", "horizon_days=120", "replications=3"])).to_dict()
    assert list(found["funnel"]) == ["baseline", "treated"]
    for arm in found["funnel"].values():
        adds_up(arm)
    json.dumps(found["funnel"], allow_nan=False)


def test_every_reason_has_its_place_and_its_name():
    assert set(REASON_LABELS) == set(REASONS)
    told = decision_funnel.as_dict(build_funnel([fakes.run("baseline", 10.0, 0.1)]))
    assert list(parts_of(told["evaluations"])) == [reason for reason in REASONS if reason != "breaks_rule"]
    run = replace(fakes.run("baseline", 10.0, 0.1), decisions_by_reason={"breaks_rule": 2})
    told = decision_funnel.as_dict(build_funnel([run]))
    assert list(parts_of(told["evaluations"])) == list(REASONS)


def test_what_the_rules_do_not_know_by_name_is_counted_all_the_same():
    run = replace(
        fakes.run("baseline", 10.0, 0.1),
        events_by_kind={"decision": 3},
        decisions_by_reason={"act": 1, "holiday": 2},
    )
    told = decision_funnel.as_dict(build_funnel([run]))
    assert told["evaluations"]["holiday"] == 2
    assert sum(parts_of(told["evaluations"]).values()) == told["evaluations"]["total"] == 3


def test_an_arm_without_an_orchestrator_makes_no_decisions():
    setup = replace(load("default", ["population.size=20"]).arms[0], active=False)
    told = decision_funnel.as_dict(build_funnel([run_arm(setup, seed=1, replication=0, days=90)]))
    distress = told.pop("distress")
    assert all(count == 0 for step in told.values() for count in step.values())
    assert (distress["helped"], distress["got_nothing"]) == (0, distress["total"])
    assert distress["total"] > 0


def test_every_verdict_is_listed_even_without_review_requests():
    told = decision_funnel.as_dict(build_funnel([fakes.run("baseline", 10.0, 0.1)]))
    assert list(parts_of(told["reviews"])) == [*VERDICTS, "waiting"]


def test_the_report_has_it_as_a_table_without_empty_lines():
    found = compare(load("default", ["population.size=60", "horizon_days=120", "replications=2"]))
    text = render_markdown(build_report(found))
    assert "## The decision funnel" in text
    assert "| of which: below the threshold |" in text
    assert "| review requests |" in text
    assert "of which: vetoed" not in text
