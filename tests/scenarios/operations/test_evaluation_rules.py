"""The journey and the policy of `check` and `evaluate`: `--scenario`, `--arm`, `--journey` and `--policy`."""

import json

import pytest

import journeylab as jl
from journey.core.errors import InputError, OldKeyWarning
from journey.decision.policy import Policy
from journey.machine import default_journey
from scenarios.files.loader import load
from scenarios.operations.evaluation_rules import open_journey, open_rules
from simulation.model.arm_policy import build_effective_policy
from tests.scenarios.cli.invocation import invoke, json_of
from tests.scenarios.files.test_included_files import JOURNEY, NAMES, POLICY, REST


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "journey.toml").write_text(JOURNEY)
    (tmp_path / "policy.toml").write_text(POLICY)
    (tmp_path / "scenario.toml").write_text(
        NAMES + REST + "[arms.treated.policy.thresholds]\nact_severity = 0.1\n[arms.idle]\nactive = false\n"
    )
    return tmp_path


def refused(**options):
    with pytest.raises(InputError) as caught:
        open_rules(**options)
    return str(caught.value)


def test_a_scenario_gives_its_journey_and_the_policy_of_the_arm(folder):
    baseline = open_rules(scenario=folder / "scenario.toml")
    treated = open_rules(scenario=folder / "scenario.toml", arm="treated")
    assert baseline.journey.stages == treated.journey.stages == ("trial", "paying", "gone")
    assert baseline.policy.thresholds.act_severity == 0.25
    assert treated.policy.thresholds.act_severity == 0.1
    assert (baseline.used.arm, treated.used.arm) == ("baseline", "treated")
    assert "the default arm baseline of" in baseline.described
    assert "(arm treated of" in treated.described


def test_the_actions_that_an_arm_may_not_take_are_not_recommended():
    recommended = {
        arm: {
            decision.recommended_action
            for decision in jl.evaluate(scenario="default", arm=arm, as_of="2025-01-14").decisions
        }
        for arm in ("baseline", "treated")
    }
    allowed = {None, "monitor_only", *(load("default").arms[0].actions or ())}
    assert recommended["baseline"] <= allowed
    assert "proactive_outreach" in recommended["treated"] - allowed


def test_an_arm_that_may_take_no_action_recommends_none():
    loaded = load("default", ["arms.baseline.actions=[]"])
    decisions = jl.evaluate(scenario=loaded, arm="baseline", as_of="2025-01-14").decisions
    assert {decision.recommended_action for decision in decisions} == {None, "monitor_only"}
    assert "act" not in {decision.reason for decision in decisions}
    assert "no_play" in {decision.reason for decision in decisions}
    assert decisions.count_totals().with_action == 0


def test_an_arm_decides_on_exported_records_as_its_exported_policy(tmp_path):
    small = ["--customers", "20", "--days", "60", "--seed", "5", "--engine", "reference"]
    assert invoke("simulate", "default", "--arm", "baseline", *small, "--records", tmp_path / "out").exit_code == 0
    policy = next((tmp_path / "out").rglob("policy*.toml"))
    records = policy.parent
    by_file = json_of("evaluate", records, "--policy", policy)
    by_scenario = json_of("evaluate", records, "--scenario", "default", "--arm", "baseline")
    assert by_file["decisions"] == by_scenario["decisions"]


@pytest.mark.medium
def test_the_document_states_the_scenario_the_arm_and_the_files(folder, monkeypatch):
    monkeypatch.chdir(folder)
    used = json_of("check", "--scenario", "scenario.toml", "--arm", "treated")["used"]
    assert used == {
        "scenario": "scenario.toml",
        "scenario_hash": load("scenario.toml").hash,
        "arm": "treated",
        "journey": {"name": "journey", "file": "journey.toml"},
        "policy": {"name": "mine", "file": "scenario.toml"},
        "notices": [],
    }
    assert json_of("evaluate", "--policy", "policy.toml")["used"]["policy"] == {"name": "mine", "file": "policy.toml"}
    assert jl.evaluate(scenario="scenario.toml", arm="treated").used.as_dict() == used
    assert jl.check(policy=Policy(name="own")).used.as_dict()["policy"] == {"name": "own", "file": None}


def test_evaluate_prints_which_arm_it_uses(folder):
    text = " ".join(invoke("evaluate", "--scenario", folder / "scenario.toml").stdout.split())
    assert "policy mine (the default arm baseline of" in text


def test_a_journey_option_states_that_the_policy_of_the_scenario_is_not_used(folder):
    scenario = folder / "scenario.toml"
    result = invoke("check", "--journey", scenario)
    expected = (
        f"{scenario}: only the journey of this scenario is used; its policy is not used, and the default policy is; "
        f"--scenario {scenario} uses both"
    )
    assert result.stderr.splitlines() == [expected]
    assert jl.check(journey=scenario).used.notices == (expected,)
    assert json_of("check", "--journey", scenario)["used"]["notices"] == [expected]
    (folder / "plain.toml").write_text('journey = "journey.toml"\npolicy.plays = []\n' + REST)
    both = open_rules(journey=scenario, policy=folder / "policy.toml")
    assert both.used.notices == (f"{scenario}: only the journey of this scenario is used",)
    assert both.policy.name == "mine"


def test_a_journey_file_alone_is_enough(folder):
    file = folder / "journey.toml"
    rules = open_rules(journey=file)
    assert rules.journey.stages == ("trial", "paying", "gone")
    assert (rules.policy, rules.used.notices) == (Policy(), ())
    assert list(rules.inputs.files) == [file, None]
    drawn = invoke("draw", file)
    assert drawn.exit_code == 0
    assert "trial --> paying" in drawn.stdout
    for command in ("check", "evaluate"):
        assert json_of(command, "--journey", file)["used"]["journey"] == {"name": "journey", "file": str(file)}


def test_an_invalid_journey_file_is_refused_with_its_mistakes(folder):
    file = folder / "journey.toml"
    file.write_text(JOURNEY.replace('destination = "paying"', 'destination = "paid"').replace('"leave"', '"le ave"'))
    for command in (["check", "--journey"], ["evaluate", "--journey"], ["validate"], ["draw"]):
        result = invoke(*command, file)
        assert result.exit_code == 2
        assert f"{file}:7: journey.moves[0].destination: " in result.stderr
        assert "Traceback" not in result.stderr
    with pytest.raises(InputError, match="journey"):
        open_journey(file)


def test_a_journey_file_is_valid_without_a_scenario(folder):
    result = invoke("validate", folder / "journey.toml")
    assert result.stdout.splitlines() == [
        "valid",
        "- journey: journey",
        "- stages: trial, paying, gone",
        "- moves: convert, leave",
    ]
    assert json_of("validate", folder / "journey.toml")["valid"] is True


@pytest.mark.parametrize(
    ("options", "cure"),
    [
        ({"scenario": "default", "policy": "p.toml"}, "remove --policy, or write --journey instead of --scenario"),
        ({"scenario": "default", "journey": "default"}, "remove one of the two"),
        ({"arm": "treated"}, "add --scenario FILE"),
        ({"scenario": "default", "arm": "tretaed"}, "--arm tretaed: unknown arm of default; did you mean 'treated'?"),
    ],
)
def test_options_that_contradict_each_other_are_refused_with_the_cure(options, cure):
    assert cure in refused(**options)
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    for command in ("check", "evaluate"):
        result = invoke(command, *arguments)
        assert result.exit_code == 2
        assert cure in result.stderr


def test_an_arm_without_an_orchestrator_cannot_evaluate(folder):
    scenario = folder / "scenario.toml"
    assert "the arm 'idle' has no orchestrator (active = false); name another with --arm: baseline, treated" in refused(
        scenario=scenario, arm="idle", needs_orchestrator=True
    )
    assert invoke("evaluate", "--scenario", "do_nothing").exit_code == 2
    assert invoke("check", "--scenario", "do_nothing").exit_code == 0


def test_no_output_replaces_a_file_of_the_scenario(folder):
    result = invoke("evaluate", "--scenario", folder / "scenario.toml", "--report", folder / "policy.toml")
    assert result.exit_code == 2
    assert (folder / "policy.toml").read_text() == POLICY


def test_without_options_the_defaults_are_used():
    rules = open_rules()
    assert (rules.journey, rules.policy) == (default_journey(), Policy())
    assert json.loads(invoke("check", "--json").stdout)["used"]["policy"] == {"name": "default", "file": None}


def test_the_policy_of_an_arm_keeps_the_list_of_customers_without_consent(folder):
    (folder / "policy.toml").write_text(POLICY + '[contact]\ndo_not_contact = ["C001"]\n')
    loaded = load(folder / "scenario.toml")
    assert build_effective_policy(loaded.arms[0]).contact.do_not_contact == ("C001",)
    assert build_effective_policy(loaded.arms[0], ["x"]).contact.do_not_contact == ("x",)


# -- what the journey states about its stages ------------------------------------------------------------------------

TRIAL_STAGE = "[journey.stage.trial]\ntypical_days = 14\n"


def test_typical_days_of_a_journey_file_decide_what_is_stalled(folder):
    rows = {
        "customers": [{"customer_id": "A", "segment": "solo", "risk_tier": "low", "account_value": 100.0}],
        "journey_state_log": [{"customer_id": "A", "journey_stage": "trial", "state_entered_at": "2026-01-01"}],
    }
    file = folder / "journey.toml"

    def stalled(as_of):
        checked = jl.check(rows, as_of=as_of, journey=file)
        return [finding.message for finding in checked.findings if finding.code == "stalled-stage"]

    assert stalled("2026-03-01") == []
    file.write_text(JOURNEY + TRIAL_STAGE)
    assert stalled("2026-01-15") == []
    assert stalled("2026-01-16") == ["In trial for 15 days, where 14 are typical."]


def test_typical_days_of_two_files_must_be_the_same(folder):
    journey, policy = folder / "journey.toml", folder / "policy.toml"
    journey.write_text(JOURNEY + TRIAL_STAGE)
    typical_days = POLICY + "[evidence.typical_days]\ntrial = {}\n"
    old_key = r"evidence\.typical_days: is an old key; write `typical_days` in \[journey"
    policy.write_text(typical_days.format(14))
    with pytest.warns(OldKeyWarning, match=old_key):
        open_rules(journey=journey, policy=policy)
    policy.write_text(typical_days.format(20))
    with pytest.warns(OldKeyWarning, match=old_key):
        message = refused(journey=journey, policy=policy)
    assert message == (
        f"{policy}: evidence.typical_days.trial is 20, but {journey}: journey.stage.trial.typical_days is 14; "
        "remove one"
    )


def test_customers_in_a_lost_stage_have_left(folder):
    """They are not evaluated, and count as churned."""
    rows = {
        "customers": [{"customer_id": name, "segment": "solo", "account_value": 100.0} for name in "AB"],
        "journey_state_log": [
            {"customer_id": "A", "journey_stage": "trial", "state_entered_at": "2026-01-01"},
            {"customer_id": "B", "journey_stage": "paying", "state_entered_at": "2026-01-01"},
        ],
    }
    (folder / "journey.toml").write_text(JOURNEY + '[journey.stage.paying]\nroles = ["lost"]\n')
    evaluation = jl.evaluate(rows, as_of="2026-01-10", journey=folder / "journey.toml")
    assert [decision.churn_probability is None for decision in evaluation.decisions] == [False, True]
    assert evaluation.kpis["business"]["churn_rate"].value == 0.5
    assert "a terminal or lost stage" in evaluation.kpis["business"]["churn_rate"].definition


def test_kpis_of_support_and_escalation_rest_on_roles_and_are_unknown_without_them(folder):
    entries = {"A": ["trial"], "B": ["trial", "paying"]}
    rows = {
        "customers": [{"customer_id": name, "segment": "solo", "account_value": 100.0} for name in entries],
        "journey_state_log": [
            {
                "customer_id": name,
                "journey_stage": stage,
                "previous_stage": stages[day - 1] if day else None,
                "state_entered_at": f"2026-01-0{day + 1}",
            }
            for name, stages in entries.items()
            for day, stage in enumerate(stages)
        ],
        "interventions": [
            {
                "intervention_id": "I1",
                "customer_id": "B",
                "recommended_action": "proactive_outreach",
                "journey_stage": "paying",
                "generated_at": "2026-01-03",
            }
        ],
    }

    def kpi(text, name):
        (folder / "journey.toml").write_text(JOURNEY + text)
        evaluation = jl.evaluate(rows, as_of="2026-01-10", journey=folder / "journey.toml")
        return evaluation.kpis["effectiveness"][name]

    role = '[journey.stage.paying]\nroles = ["{}"]\n'
    assert kpi(role.format("escalation"), "escalation_rate").value == 0.5
    assert kpi(role.format("escalation"), "proactive_share").value == 0.0
    assert kpi('[journey.stage.trial]\nroles = ["support"]\n', "proactive_share").value == 1.0
    for text, name, needed in (
        ("", "escalation_rate", "`escalation`"),
        (role.format("support"), "escalation_rate", "`escalation`"),
        ("", "proactive_share", "`support` or `escalation`"),
    ):
        found = kpi(text, name)
        assert found.value is None
        assert found.reason == f"no stage of the journey has the role {needed}"


def test_the_old_keys_of_a_scenario_are_named_in_its_notices(folder):
    path = folder / "old.toml"
    path.write_text('extends = "scenario.toml"\n[policy.thresholds]\napprove_value = 7\n')
    notice = f"{path}:3: policy.thresholds.approve_value: is an old key; write `policy.approve.value`"
    assert open_rules(scenario=path).used.notices == (notice,)
    assert notice in open_rules(journey=path).used.notices
