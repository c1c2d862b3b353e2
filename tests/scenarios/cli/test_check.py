"""`journey check`: notices and never crashes."""

import json
import os
import subprocess

import pytest

from tests.scenarios.cli.invocation import RUN, invoke, json_of


@pytest.mark.medium
def test_the_json_follows_its_contract():
    found = json_of("check")
    assert {"as_of", "customers", "counts", "findings"} <= set(found)
    assert set(found["counts"]) == {"error", "warning", "notice"}
    assert sum(found["counts"].values()) == len(found["findings"])
    for finding in found["findings"]:
        assert set(finding) == {"code", "severity", "dataset", "record", "customer_id", "message"}


@pytest.mark.medium
def test_strict_fails_on_errors_and_prints_all_the_same():
    assert invoke("check").exit_code == 0
    strict = invoke("check", "--strict", "--json")
    assert strict.exit_code == 1
    assert json.loads(strict.stdout)["counts"]["error"] > 0


@pytest.mark.slow
def test_all_findings_are_printed_or_the_omitted_ones_are_counted():
    count = sum(json_of("check")["counts"].values())
    whole = invoke("check", COLUMNS="120").stdout
    assert "not listed" not in whole
    assert f"{count - 2} findings not listed" in invoke("check", "--limit", "2").stdout


@pytest.mark.medium
@pytest.mark.parametrize("columns", ["80", "120"])
def test_with_a_limit_of_0_there_is_no_empty_table(columns):
    printed = invoke("check", "--limit", "0", COLUMNS=columns).stdout
    assert "findings not listed" in printed
    assert "severity" not in printed


def company(folder, **sets):
    for name, rows in sets.items():
        (folder / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    return folder


@pytest.mark.medium
def test_an_intervention_without_the_approval_the_policy_demands_is_an_error(tmp_path):
    company(
        tmp_path,
        customers=[{"customer_id": "A", "segment": "SMB", "account_value": 500.0, "risk_tier": "high"}],
        journey_state_log=[{"customer_id": "A", "journey_stage": "onboarding", "state_entered_at": "2031-01-01"}],
        signals=[
            {
                "signal_id": "S",
                "customer_id": "A",
                "signal_type": "failed_onboarding_step",
                "signal_strength": 0.9,
                "detected_at": "2031-01-02",
                "source": "automated",
            }
        ],
        interventions=[
            {
                "intervention_id": key,
                "customer_id": "A",
                "recommended_action": "onboarding_specialist_call",
                "requires_human_approval": approval,
                "generated_at": "2031-01-03",
            }
            for key, approval in (("bad", False), ("good", True))
        ],
    )
    for command in ("check", "evaluate"):
        breaches = [f for f in json_of(command, tmp_path)["findings"] if f["code"] == "approval-policy"]
        assert [(f["record"], f["severity"], f["customer_id"]) for f in breaches] == [("bad", "error", "A")]
        assert "2031-01-03" in breaches[0]["message"]


@pytest.mark.medium
def test_a_finding_about_several_customers_names_none_of_them(tmp_path):
    company(tmp_path, customers=[{"customer_id": "A"}, {"customer_id": "B"}])
    found = json_of("check", tmp_path, "--as-of", "2031-01-01")["findings"]
    (finding,) = (each for each in found if each["code"] == "default-used")
    assert finding["record"] is None
    assert finding["message"].startswith("2 customers lack")


@pytest.mark.medium
def test_one_customer_is_not_charged_for_the_whole_company():
    one, everyone = json_of("evaluate", "--customer", "C006")["roi"], json_of("evaluate")["roi"]
    assert one.keys() == everyone.keys()
    names = [{line["name"] for line in roi["lines"]} for roi in (one, everyone)]
    assert "infrastructure" not in names[0]
    assert "infrastructure" in names[1]
    assert "cost of the whole company" in invoke("evaluate", "--customer", "C006", COLUMNS="200").stdout


def test_rows_set_aside_are_written_out(tmp_path):
    folder = tmp_path / "records"
    folder.mkdir()
    company(folder, customers=[{"customer_id": "A"}, {"customer_id": "B", "account_value": "much"}])
    aside = tmp_path / "aside"
    result = invoke("check", folder, "--quarantine", aside)
    assert result.exit_code == 0
    assert "wrote" in result.stderr
    (line,) = (aside / "customers.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["row_number"] == 2


def test_nothing_to_quarantine_is_said(tmp_path):
    assert "nothing to quarantine" in invoke("check", "--quarantine", tmp_path / "aside").stderr


@pytest.mark.medium
@pytest.mark.parametrize("text", ["", "not json", "[", "{}", "[1, 2]", "null"])
def test_a_malformed_file_is_a_message_and_never_a_traceback(tmp_path, text):
    (tmp_path / "customers.json").write_text(text, encoding="utf-8")
    result = invoke("check", tmp_path, "--as-of", "2031-01-01")
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.exit_code in (0, 2)
    if result.exit_code == 2:
        assert "customers.json" in result.stderr


@pytest.mark.medium
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_names_are_printed_in_any_encoding_of_the_terminal(tmp_path, encoding):
    name = "Zo\u00eb \u5c71"
    folder = company(tmp_path, customers=[{"customer_id": name, "segment": "SMB"}])
    for arguments in ((), ("--json",)):
        done = subprocess.run(
            [*RUN, "check", folder, *arguments], capture_output=True, env=os.environ | {"PYTHONIOENCODING": encoding}
        )
        assert done.returncode == 0, done.stderr
        if arguments:
            records = {finding["record"] for finding in json.loads(done.stdout.decode(encoding))["findings"]}
            assert name in records
        else:
            shown = name.encode(encoding, "backslashreplace").decode(encoding)
            assert shown in done.stdout.decode(encoding)
