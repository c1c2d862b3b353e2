"""Untreated distress and the review queue over time: counted from the runs, in JSON and reports, kept over a resume."""

import json
from dataclasses import replace

import pytest

from scenarios.comparison.checkpoint import open_checkpoint
from scenarios.comparison.compare import build_identity, compare
from scenarios.comparison.review_queue import summarise_queue
from scenarios.comparison.untreated_distress import UntreatedEpisodes, summarise_untreated, untreated_rows
from scenarios.experiment.assignment import build_split
from scenarios.files.loader import load
from scenarios.reports.comparison import build_report
from scenarios.reports.document import render_markdown
from simulation.runs.run import run_arm
from tests.scenarios import fakes
from tests.scenarios.cli.invocation import json_of

SMALL = ["population.size=80", "horizon_days=120", "replications=2"]


def counted(**unhelped):
    """A run with these episodes and untreated ones, by stage, all of one segment."""
    listed = [
        {"stage": stage, "segment": "SMB", "episodes": episodes, "got_nothing": nothing}
        for stage, (episodes, nothing) in unhelped.items()
    ]
    occupancy = [{"day": 0.0, "onboarding": 1.0, "retention": 0.0}]
    return replace(fakes.run("baseline", 10.0, 0.1), unhelped=listed, occupancy=occupancy)


def test_means_are_over_all_replications_also_those_without_an_episode_there():
    found = summarise_untreated([counted(retention=(4, 1)), counted(onboarding=(2, 2), retention=(0, 0))])
    assert found == (UntreatedEpisodes("onboarding", "SMB", 1.0, 1.0), UntreatedEpisodes("retention", "SMB", 2.0, 0.5))
    assert [row.share for row in found] == [1.0, 0.25]


def test_arms_stand_side_by_side_also_where_one_has_no_episode():
    arms = {
        "a": summarise_untreated([counted(onboarding=(2, 2))]),
        "b": summarise_untreated([counted(retention=(4, 1))]),
    }
    assert [(stage, [row.episodes for row in of_arms]) for stage, _, of_arms in untreated_rows(arms)] == [
        ("onboarding", [2.0, 0.0]),
        ("retention", [0.0, 4.0]),
    ]


def test_a_stretch_without_anything_to_divide_by_leaves_the_mean_to_the_other_replications():
    gates = [
        [{"day": 0.0, "backlog": 0, "utilisation": None, "wait_days_mean": None},
         {"day": 5.0, "backlog": 3, "utilisation": 0.4, "wait_days_mean": wait}]
        for wait in (None, 1.5)
    ]  # fmt: skip
    start, end = summarise_queue([replace(fakes.run("a", 5.0, 0.1), gate=gate) for gate in gates])
    assert (start.utilisation, start.wait_days_mean) == (None, None)
    assert (end.backlog, end.utilisation, end.wait_days_mean) == (3.0, 0.4, 1.5)


@pytest.fixture(scope="module")
def found():
    return compare(load("default", SMALL))


@pytest.mark.slow
def test_json_agrees_with_the_runs(found):
    told = found.to_dict()
    json.dumps(told, allow_nan=False)
    runs = [
        run_arm(found.loaded.arms[1], seed=found.seed, replication=replication, days=120.0) for replication in (0, 1)
    ]
    nothing = sum(row["got_nothing"] for run in runs for row in run.unhelped) / 2
    assert sum(row["got_nothing"] for row in told["unhelped"]["treated"]) == pytest.approx(nothing)
    assert told["funnel"]["treated"]["distress"]["got_nothing"] == pytest.approx(nothing)
    backlog = [sum(run.gate[place]["backlog"] for run in runs) / 2 for place in range(13)]
    assert [day["backlog"] for day in told["gate"]["treated"]] == backlog
    assert [day["day"] for day in told["gate"]["treated"]] == [10.0 * place for place in range(13)]


def test_the_report_has_both(found):
    text = render_markdown(build_report(found))
    assert "## Untreated distress episodes" in text
    assert "## Reviewers over time" in text
    assert "| day | baseline: backlog | baseline: utilisation | baseline: wait | treated: backlog |" in text


def test_an_arm_without_reviews_has_no_review_queue_section():
    idle = ["arms.treated.active=false", "arms.treated.label=none", "arms.baseline.actions=[]"]
    text = render_markdown(build_report(compare(load("default", [*SMALL, *idle]))))
    assert "## Untreated distress episodes" in text
    assert "Reviewers over time" not in text


def test_arms_of_one_experiment_share_their_reviewers():
    loaded = load("default", SMALL)
    made = compare(loaded, split=build_split(loaded.arms, seed=loaded.scenario.seed))
    assert made.gate["baseline"] == made.gate["treated"]
    assert "| day | all arms: backlog |" in render_markdown(build_report(made))


def test_what_is_stored_and_resumed_gives_the_same_to_the_bit(found, tmp_path):
    path = tmp_path / "store.jsonl"
    for _ in range(2):
        with open_checkpoint(path, build_identity(found.loaded, "reference")) as store:
            again = compare(found.loaded, checkpoint=store)
    assert len(store.runs) == 2
    assert (again.untreated, again.gate, again.funnels) == (found.untreated, found.gate, found.funnels)


def test_simulate_reports_the_same_for_one_run():
    told = json_of("simulate", "default", "--customers", 50, "--days", 60)
    assert [row["day"] for row in told["gate"]] == [5.0 * place for place in range(13)]
    assert sum(told["reviews_by_verdict"].values()) == told["events_by_kind"].get("review_decided", 0)
    assert sum(told["outcomes"].values()) == told["events_by_kind"].get("outcome", 0)
    assert all(0 <= row["got_nothing"] <= row["episodes"] for row in told["unhelped"])
