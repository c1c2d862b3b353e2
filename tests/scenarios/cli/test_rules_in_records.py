"""Rules are broken for as many customers in the exported records of a simulation as in the simulation itself."""

import json

import pytest

from tests.scenarios.cli.invocation import invoke, json_of

SCENARIO = """
extends = "default"
title = "rules in a simulation and in its records"

[[rules]]
name = "churn soon after support"
template = "not_succession"
a = "support"
b = "churned"
within_days = 20

[[rules]]
name = "support is short"
template = "response"
a = "support"
b = ["retention", "escalation", "churned"]
within_days = 7

[[rules]]
name = "few drops"
template = "absence"
a = "signal:usage_drop"
count = 2
within_days = 14
where = { segment = "SMB" }

[[rules]]
name = "approved first"
template = "precedence"
a = "review:approved"
b = ["action:proactive_outreach", "action:support_manager_followup"]
severity = "warning"

[[rules]]
name = "nothing after an escalation"
template = "not_chain_succession"
a = "escalation"
b = "churned"
where = { tier = ["medium", "high"] }
"""
"""Rules whose events have the same dates in both. In records, actions and reviews are dated at the decision, and moves
before the run are known; a simulated history begins with the stage of the start."""


@pytest.mark.slow
def test_a_simulation_and_its_records_break_rules_for_the_same_number_of_customers(tmp_path):
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(SCENARIO)
    run = ("simulate", scenario, "--arm", "treated", "--customers", 600, "--days", 150, "--seed", 3)
    metrics = json_of(*run)["metrics"]
    assert invoke(*run, "--records", tmp_path / "records").exit_code == 0
    done = invoke("check", tmp_path / "records", "--scenario", scenario, "--arm", "treated", "--json")
    found = json.loads(done.stdout)["rules"]
    assert len(found) == 5
    for rule in found:
        for measure in ("broken", "pending"):
            share = metrics[f"{measure}:{rule['name']}"]
            assert rule[measure] == pytest.approx(share * rule["customers"]), (rule, measure)
    assert sum(rule["broken"] for rule in found) > 50


RESPECTED = """
extends = "default"
title = "rules that decisions respect"

[policy]
approve = "never"
[policy.contact]
cool_down_days = 0
max_contacts = 99
[reviewers]
override = 0.0

[[rules]]
name = "approved first"
template = "precedence"
a = "review:approved"
b = ["action:proactive_outreach", "action:usage_review_checkin"]

[[rules]]
name = "two contacts in 40 days"
template = "absence"
a = "intervention:executed"
count = 2
within_days = 40
"""
"""Rules that only the orchestrator can break."""


@pytest.mark.slow
def test_the_records_of_a_simulation_that_respects_rules_break_none(tmp_path):
    scenario, ignoring = tmp_path / "scenario.toml", tmp_path / "ignoring.toml"
    scenario.write_text(RESPECTED)
    ignoring.write_text(RESPECTED.replace('template = "', 'severity = "warning"\ntemplate = "'))
    for file, is_broken in ((ignoring, True), (scenario, False)):
        run = ("simulate", file, "--arm", "treated", "--customers", 400, "--days", 200, "--seed", 3)
        metrics = json_of(*run)["metrics"]
        assert (metrics["broken:approved first"] > 0.0) == is_broken
        assert (metrics["broken:two contacts in 40 days"] > 0.0) == is_broken
        records = tmp_path / f"{file.stem}_records"
        assert invoke(*run, "--records", records).exit_code == 0
        done = invoke("check", records, "--scenario", file, "--arm", "treated", "--json")
        found = json.loads(done.stdout)["rules"]
        assert [rule["broken"] > 0 for rule in found] == [is_broken, is_broken]
    # Decided again from the records, the same actions are recommended with the same reviews, and others are held back.
    rows = json_of("evaluate", records, "--scenario", scenario, "--arm", "treated", "--replay")["agreement"]["rows"]
    acted = [row for row in rows if row["recorded_action"] != "monitor_only"]
    assert len(acted) > 100
    for row in acted:
        decided = (row["action"], row["reason"], row["approval"])
        assert decided == (row["recorded_action"], "act", row["recorded_approval"])
    assert sum(row["reason"] == "breaks_rule" for row in rows) > 50


@pytest.mark.parametrize(
    ("event", "is_known"),
    [("signal:usage_drop", True), ("signal:usage_drp", False), ("action:usage_review_chekin", False)],
)
def test_a_name_that_the_policy_lacks_is_reported(tmp_path, event, is_known):
    """A misspelt signal or action would make a rule that no record can break."""
    file = tmp_path / "journey.toml"
    file.write_text(
        f'[journey.stage.support]\ntypical_days = 7\n[[rules]]\nname = "few"\ntemplate = "absence"\na = "{event}"\n'
    )
    done = invoke("check", "--journey", file)
    assert done.exit_code == 0
    assert (f"rule 'few': '{event}' is not one of the" in " ".join(done.stderr.split())) is not is_known


@pytest.mark.parametrize(("first", "is_unknown"), [("C1,onboarding,,", False), ("C1,retention,engagement,", True)])
def test_a_count_of_unknown_histories_is_explained_under_the_table(tmp_path, first, is_unknown):
    """If the log begins late, the customer may have been in support before."""
    (tmp_path / "customers.csv").write_text("customer_id,segment\nC1,SMB\n")
    stage = first.split(",")[1]
    (tmp_path / "journey_state_log.csv").write_text(
        "customer_id,journey_stage,previous_stage,state_entered_at\n"
        f"{first}2025-01-01\nC1,escalation,{stage},2025-01-09\n"
    )
    file = tmp_path / "rules.toml"
    rule = 'name = "support first"\ntemplate = "precedence"\na = "support"\nb = "escalation"\n'
    file.write_text(f"[journey.stage.support]\ntypical_days = 7\n[[rules]]\n{rule}")
    shown = " ".join(invoke("check", tmp_path, "--journey", file).stdout.split())
    assert ("unknown: the records do not show whether the rule is broken" in shown) is is_unknown
    assert f"support first error 1 {int(not is_unknown)} 0 {int(is_unknown)}" in shown
