"""XES: well-formed, one trace a customer, one event a row, typed, and complete whatever things are called."""

from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from simulation.exports.histories import RunHistory
from simulation.exports.xes import write_xes
from simulation.model.reviewers_spec import Reviewers
from simulation.runs.run import run_arm
from simulation.trace.dates import Dates
from tests.simulation.full_worlds import full_arm
from tests.simulation.worlds import arm

NS = {"x": "http://www.xes-standard.org/"}
DAYS = 150.0
DATES = Dates.starting_on("2030-06-03", DAYS)
OWN = "{http://www.xes-standard.org/}"


def attributes(element):
    """The attributes of a log, trace or event, by key, in the type that the log gives them."""
    read = {"string": str, "int": int, "float": float, "boolean": {"true": True, "false": False}.get,
            "date": datetime.fromisoformat}  # fmt: skip
    return {
        child.get("key"): read[child.tag.removeprefix(OWN)](child.get("value"))
        for child in element
        if child.get("key") is not None
    }


def written(setup, path, *, seed=3, days=DAYS):
    run = run_arm(setup, seed=seed, replication=0, days=days, trace=True)
    told = RunHistory(setup, run, seed, 0)
    write_xes(told, path, DATES)
    return told, ET.parse(path).getroot()


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    path = tmp_path_factory.mktemp("xes") / "log.xes"
    setup = arm(reviewers=Reviewers(count=1, minutes_per_day=20), policy={"contact": {"approval_expiry_days": 4.0}})
    return written(setup, path)


def test_one_trace_is_one_customer_and_one_event_one_row(log):
    told, root = log
    traces = root.findall("x:trace", NS)
    assert [attributes(one)["customer"] for one in traces] == list(range(60))
    assert len(root.findall("x:trace/x:event", NS)) == told.run.events


@pytest.fixture(scope="module")
def full_log(tmp_path_factory):
    return written(full_arm(), tmp_path_factory.mktemp("xes") / "full.xes")


@pytest.mark.medium
def test_arrivals_and_changes_of_value_are_activities_and_late_records_say_their_day(full_log):
    told, root = full_log
    events = [attributes(event) for event in root.findall("x:trace/x:event", NS)]
    names = {event["concept:name"] for event in events}
    assert {"arrival", "value expansion", "value contraction", "win_back"} <= names
    late = [row for row in told.run.trace.rows if row.dated is not None]
    assert late
    assert sum("dated" in event for event in events) == len(late)


@pytest.mark.parametrize("name", ["log", "full_log"])
def test_events_say_what_the_rows_say(name, request):
    told, root = request.getfixturevalue(name)
    for lifeline, found in zip(told.histories(), root.findall("x:trace", NS), strict=True):
        for row, event in zip(lifeline.rows, found.findall("x:event", NS), strict=True):
            said = attributes(event)
            for column in ("kind", "stage", "to_stage", "label", "reason", "source", "value", "dated", "account_value"):
                assert said.get(column) == getattr(row, column)
            assert said["day"] == row.time
            assert said.get("org:resource") == (None if row.reviewer is None else f"reviewer {row.reviewer}")
            gap = said["time:timestamp"].replace(tzinfo=None) - DATES.start - timedelta(days=row.time)
            assert abs(gap) <= timedelta(microseconds=1)


def test_moves_carry_their_bare_name_and_other_kinds_theirs(log):
    _, root = log
    for event in root.findall("x:trace/x:event", NS):
        said = attributes(event)
        assert (said["concept:name"] == said["label"]) == (said["kind"] == "move")


def test_reviews_and_distress_have_a_lifecycle(log):
    _, root = log
    found = {}
    for event in root.findall("x:trace/x:event", NS):
        said = attributes(event)
        ends = said["label"] if said["kind"] == "review_decided" else ""
        found.setdefault((said["kind"], ends), set()).add(
            (said["concept:name"].split()[0], said["lifecycle:transition"])
        )
    assert found["review_requested", ""] == {("review", "schedule")}
    assert found["review_decided", "approved"] == {("review", "complete")}
    assert found["review_decided", "expired"] == {("review", "withdraw")}
    assert found["distress_on", ""] == {("distress", "start")}
    assert found["distress_off", ""] == {("distress", "complete")}


def test_lives_cut_off_by_the_end_of_the_run_are_marked(log):
    told, root = log
    marks = [attributes(one) for one in root.findall("x:trace", NS)]
    assert [mark["unfinished"] for mark in marks] == [life.end_stage != "churned" for life in told.histories()]
    assert {mark["unfinished"] for mark in marks} == {True, False}
    assert [mark["end_stage"] for mark in marks] == [life.end_stage for life in told.histories()]


def test_every_prefix_is_declared_and_what_is_declared_for_all_is_there_for_all(log):
    _, root = log
    assert root.get("xes.version") == "1849.2016"
    declared = {one.get("prefix") for one in root.findall("x:extension", NS)}
    keys = {one.get("key") for one in root.iter() if one.get("key")}
    assert {key.split(":")[0] for key in keys if ":" in key} == declared
    for scope, place in (("trace", "x:trace"), ("event", "x:trace/x:event")):
        promised = set(attributes(root.find(f"x:global[@scope='{scope}']", NS)))
        assert all(promised <= set(attributes(one)) for one in root.findall(place, NS))
    # The standard's order: extensions, globals, classifiers, attributes, traces.
    order = ["extension", "global", "classifier", "string", "trace"]
    tags = [child.tag.removeprefix(OWN) for child in root]
    assert sorted(dict.fromkeys(tag if tag in order else "string" for tag in tags), key=order.index) == list(
        dict.fromkeys(tag if tag in order else "string" for tag in tags)
    )


def test_names_may_hold_anything(tmp_path):
    strange = 'a<b>&"c"\t\n\r\x01\ud800 é {}'
    kept = 'a<b>&"c"\t\n\r\ufffd\ufffd é {}'
    setup = arm(
        strange,
        world={"distress": {"causes": {strange: {
            "onset_per_day": {"onboarding": 0.05}, "mean_days": 5, "symptoms": {"usage_drop": 0.2},
        }}}},
        population={"segments": {'a<b>&"c" é': {"share": 1, "account_value": 1}}},
    )  # fmt: skip
    _, root = written(setup, tmp_path / "log.xes")
    assert attributes(root)["arm"] == kept
    said = [attributes(event) for event in root.findall("x:trace/x:event", NS)]
    assert f"distress {kept}" in {one["concept:name"] for one in said}


def test_a_customer_without_events_still_has_a_trace(tmp_path):
    _, root = written(arm(active=False), tmp_path / "log.xes", days=0.01)
    assert len(root.findall("x:trace", NS)) == 60
