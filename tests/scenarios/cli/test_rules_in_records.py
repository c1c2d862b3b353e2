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
