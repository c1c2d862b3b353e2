"""`journey prove` and `journeylab.prove`."""

import json
from pathlib import Path

import pytest

import journeylab as jl
from journey.core.toml_text import format_value
from journey.machine import default_journey
from scenarios.files.loader import load
from tests.scenarios.cli.invocation import invoke

TRUE_OF_DEFAULT = """
init a=onboarding
precedence a=support b=escalation
precedence a=move:open_ticket b=support
chain_precedence a=support b=move:escalate
not_succession a=retention b=engagement
not_chain_succession a=support b=engagement
alternate_precedence a=support b=move:escalate
responded_existence a=escalation b=support
absence a=onboarding count=2
"""
TRUE_OF_TRIAL = """
init a=trial
absence a=trial count=2
exclusive_choice a=move:expire b=move:convert
precedence a=paying b=at_risk
not_succession a=paying b=move:expire
not_co_existence a=move:expire b=move:cancel
responded_existence a=paused b=paying
chain_precedence a=trial b=move:convert
chain_response a=move:cancel b=cancelled
"""


def _rule(line, number=0):
    template, *pairs = line.split()
    values = dict(pair.split("=") for pair in pairs)
    keys = {"name": f"rule {number}", "template": template, **values}
    keys = {key: int(value) if key == "count" else value for key, value in keys.items()}
    return "\n[[rules]]\n" + "".join(f"{key} = {format_value(value)}\n" for key, value in keys.items())


def _write(folder: Path, lines: str, head: str) -> Path:
    path = folder / "rules.toml"
    rules = [_rule(line, number) for number, line in enumerate(lines.strip().splitlines(), start=1)]
    path.write_text(head + "".join(rules), encoding="utf-8")
    return path


def _default_journey() -> str:
    return "[journey]\n" + "".join(
        f"{key} = {format_value(value)}\n" for key, value in default_journey().to_dict().items() if key != "stage"
    )


def _prove(path, *options):
    done = invoke("prove", path, "--json", *options)
    return done.exit_code, json.loads(done.stdout)


def _path(rule):
    return [row["move"] for row in rule["counterexample"]]


def test_ten_rules_of_the_default_journey_one_of_which_is_false(tmp_path):
    path = _write(tmp_path, TRUE_OF_DEFAULT + "absence a=escalation count=2", _default_journey())
    code, found = _prove(path)
    assert code == 1
    assert [rule["verdict"] for rule in found["rules"]] == ["holds"] * 9 + ["violated"]
    assert _path(found["rules"][-1]) == ["activate", "open_ticket", "escalate", "de_escalate", "escalate"]
    assert found["rules"][-1]["start"] == "onboarding"
    assert not found["ok"]


def test_ten_rules_of_the_scenario_trial_to_paid_one_of_which_is_false(tmp_path):
    path = _write(tmp_path, TRUE_OF_TRIAL + "response a=paused b=move:resume", 'extends = "trial_to_paid"\n')
    code, found = _prove(path)
    assert code == 1
    assert [rule["verdict"] for rule in found["rules"]] == ["holds"] * 9 + ["violated"]
    assert _path(found["rules"][-1]) == ["convert", "pause", "cancel"]


def test_rules_that_hold_succeed(tmp_path):
    assert invoke("prove", _write(tmp_path, TRUE_OF_TRIAL, 'extends = "trial_to_paid"\n')).exit_code == 0


def test_the_keys_are_those_of_the_contract(tmp_path):
    _, found = _prove(_write(tmp_path, TRUE_OF_TRIAL, 'extends = "trial_to_paid"\n'))
    assert {"file", "rules", "contradictions", "ok"} <= set(found)
    keys = {"name", "template", "verdict", "counterexample", "guards", "message"}
    assert all(keys <= set(rule) for rule in found["rules"])


def test_a_rule_of_severity_warning_does_not_fail(tmp_path):
    path = _write(tmp_path, "absence a=paying\nabsence a=trial", 'extends = "trial_to_paid"\n')
    path.write_text(path.read_text().replace("name", 'severity = "warning"\nname'))
    code, found = _prove(path)
    assert (code, found["ok"]) == (0, True)
    assert [rule["verdict"] for rule in found["rules"]] == ["violated", "unsatisfiable"]


def test_contradicting_rules_fail_although_data_must_decide_each(tmp_path):
    path = _write(
        tmp_path,
        "existence a=action:checkin_call\nabsence a=action:checkin_call",
        'extends = "trial_to_paid"\n',
    )
    code, found = _prove(path)
    assert [rule["verdict"] for rule in found["rules"]] == ["needs_data", "needs_data"]
    assert found["contradictions"][0]["rules"] == ["rule 1", "rule 2"]
    assert code == 1


@pytest.mark.parametrize("width", [80, 100])
def test_the_text_fits_and_has_the_history(tmp_path, width):
    path = _write(tmp_path, TRUE_OF_TRIAL + "response a=paused b=move:resume", 'extends = "trial_to_paid"\n')
    shown = invoke("prove", path, COLUMNS=str(width)).stdout
    assert max(map(len, shown.splitlines())) <= width
    words = " ".join(shown.split())
    assert "10 rules: holds 9, violated 1." in words
    assert "trial -convert-> paying -pause-> paused -cancel-> cancelled" in words
    assert "'paused' is followed by 'move:resume'." in words


def test_the_own_sentence_is_printed_unless_the_rule_holds(tmp_path):
    path = _write(tmp_path, "init a=trial\nabsence a=paying", 'extends = "trial_to_paid"\n')
    for number in (1, 2):
        path.write_text(path.read_text().replace(f'"rule {number}"', f'"rule {number}"\nmessage = "Call {number}."', 1))
    shown = invoke("prove", path).stdout
    assert ("Call 1." in shown, "Call 2." in shown) == (False, True)


def test_a_mistake_is_refused_with_its_line(tmp_path):
    done = invoke("prove", _write(tmp_path, "init a=trail", 'extends = "trial_to_paid"\n'))
    assert done.exit_code == 2
    assert "rules.toml:6: rules[0].a" in done.stderr
    assert "did you mean 'trial'" in done.stderr


def test_a_file_without_rules_is_named():
    done = invoke("prove", "default")
    assert (done.exit_code, "declares no rules" in done.stderr) == (0, True)


def test_a_policy_file_is_refused(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text('approve = "never"\n')
    done = invoke("prove", path)
    assert done.exit_code == 2
    assert "is a policy file" in done.stderr


def test_overrides_change_the_rules():
    code, found = _prove("trial_to_paid", "--set", 'rules=[{ name = "x", template = "init", a = "paying" }]')
    assert (code, found["rules"][0]["verdict"]) == (1, "unsatisfiable")


def test_python_proves_what_the_command_proves(tmp_path):
    path = _write(tmp_path, "existence a=paying", 'extends = "trial_to_paid"\n')
    proofs = jl.prove(path)
    assert proofs.to_dict() == _prove(path)[1]
    assert jl.prove(load(path)).to_dict() == proofs.to_dict()
    assert "trial -expire-> cancelled" in str(proofs)
    frame = proofs.to_pandas()
    assert list(frame.verdict) == ["violated"]
    assert list(frame.counterexample) == ["trial -expire-> cancelled"]
