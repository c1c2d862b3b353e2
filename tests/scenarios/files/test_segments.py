"""Segments are declared once, in the scenario or in the policy, and the other reads them."""

import pytest

from journey.core.errors import InputError
from journey.decision.policy import OTHER_SEGMENT, build_policy
from scenarios.files.loader import load
from scenarios.operations.evaluation_rules import open_rules
from tests.scenarios.cli.invocation import json_of
from tests.scenarios.files.test_included_files import JOURNEY, NAMES, REST

TWO = REST.replace("[world.moves]", "[population.segments.team]\nshare = 1\naccount_value = 900\n[world.moves]")
PLAY = '{ stages = ["trial"], causes = ["falling_usage"], segments = ["team"], action = "usage_review_checkin" }'


@pytest.fixture
def write(tmp_path):
    def written(policy, more="", rest=TWO):
        (tmp_path / "journey.toml").write_text(JOURNEY)
        (tmp_path / "policy.toml").write_text(policy)
        (tmp_path / "scenario.toml").write_text(NAMES + rest + more)
        return tmp_path / "scenario.toml"

    return written


def refused(path, *overrides):
    with pytest.raises(InputError) as caught:
        load(path, overrides)
    return str(caught.value)


def test_the_policy_has_the_segments_of_the_scenario(write):
    policy = (
        load(write("plays = []\n[churn]\nother_yearly_hazard = 0.4\n[churn.yearly_hazard]\nteam = 0.1\n"))
        .arms[0]
        .policy
    )
    assert policy.churn.yearly_hazard == {"solo": 0.4, "team": 0.1}
    assert policy.segments == ("solo", "team", OTHER_SEGMENT)


def test_the_playbook_may_name_a_segment_of_the_scenario(write):
    scenario = write(f"plays = [{PLAY}]\n")
    assert load(scenario).arms[0].policy.plays[0].segments == ("team",)
    expected = f"{scenario.parent / 'policy.toml'}: plays[0]: 'tema' is not a segment; did you mean 'team'?"
    assert refused(write(f"plays = [{PLAY.replace('team', 'tema')}]\n")).startswith(expected)
    assert "'SMB' is not a segment" in refused(write(f"plays = [{PLAY.replace('team', 'SMB')}]\n"))


def test_two_different_declarations_are_refused_with_both(write):
    scenario = write("plays = []\n[churn.yearly_hazard]\nsolo = 0.2\nteams = 0.1\n")
    assert refused(scenario) == (
        f"{scenario.parent / 'policy.toml'}:4: churn.yearly_hazard.teams: 'teams' is not one of the segments of the "
        f"scenario, which are declared once, in {scenario}: population.segments; did you mean 'team'?"
    )


def test_a_second_declaration_in_an_arm_or_an_override_is_refused_too(write):
    scenario = write("plays = []\n", "[arms.treated.policy.churn.yearly_hazard]\nlarge = 0.1\n")
    assert f"{scenario}:24: arms.treated.policy.churn.yearly_hazard.large: 'large' is not one of" in refused(scenario)
    override = "policy.churn.yearly_hazard.large=1"
    assert f"{override}: 'large' is not one of" in refused(write("plays = []\n"), override)


def test_a_value_for_one_segment_is_an_override_and_no_declaration():
    policy = load("default", ["policy.churn.yearly_hazard.SMB=0.5"]).arms[0].policy
    assert policy.churn.yearly_hazard == {"SMB": 0.5, "Mid-Market": 0.15, "Enterprise": 0.08}


def test_customers_from_records_have_the_segments_of_the_policy():
    base = ["world.moves.churn.by_segment={}", "world.distress.by_segment={}", "world.renewal.churn={}"]
    base += ["world.payments.failure={}", "world.moves.churn.by_segment.SMB=2"]
    declared = "policy.churn.yearly_hazard.Startup=0.3"
    misspelt = "world.moves.churn.by_segment.Startpu=2"
    assert load("seed_ten", [misspelt]).arms  # no declaration: the records determine the segments
    assert load("seed_ten", [declared, "world.moves.churn.by_segment.Startup=2"]).arms
    assert "is not a segment of churn.yearly_hazard of the policy; did you mean 'Startup'?" in refused(
        "seed_ten", declared, misspelt
    )
    assert load("seed_ten", [*base, declared]).arms


def test_records_are_evaluated_with_the_segments_of_the_scenario(write, tmp_path):
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "customers.csv").write_text("customer_id,segment\nA,solo\nB,team\nC,SMB\n")
    scenario = write("plays = []\n")
    findings = json_of("check", folder, "--scenario", scenario, "--as-of", "2030-01-01")["findings"]
    unknown = [finding["message"] for finding in findings if finding["code"] == "unknown-segment"]
    assert [message.split("'")[1] for message in unknown] == ["SMB"]
    assert open_rules(scenario=scenario).policy.segments == ("solo", "team", OTHER_SEGMENT)


def test_the_segments_of_a_simulation_decide_as_before():
    """A declared segment without a hazard of its own has that of all others: the numbers do not change."""
    declared = build_policy({}, "", segments=["SMB", "Startup"])
    undeclared = build_policy({}, "")
    assert declared.churn.yearly_hazard["SMB"] == undeclared.churn.yearly_hazard["SMB"]
    assert declared.churn.yearly_hazard["Startup"] == undeclared.churn.other_yearly_hazard


def test_an_invalid_signal_type_does_not_make_the_causes_of_plays_an_error_too(write):
    play = '{ stages = ["trial"], causes = ["bored"], action = "usage_review_checkin" }'
    message = refused(
        write(f'plays = [{play}]\n[signals.skipped]\npolarity = "negative"\nwight = 1\ncause = "bored"\n')
    )
    assert "wight: unknown key; did you mean 'weight'?" in message
    assert "causes" not in message
