"""`journey check`: notices and never crashes."""

import json
import os
import subprocess
from collections import Counter

import duckdb
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
    found = json_of("check")["findings"]
    by_code = Counter((finding["severity"], finding["code"]) for finding in found)
    assert "not listed" not in invoke("check", "--limit", "100", COLUMNS="120").stdout
    for limit in (1, 3):
        omitted = sum(max(0, number - limit) for number in by_code.values())
        arguments = () if limit == 3 else ("--limit", limit)
        assert f"{omitted} findings not listed" in invoke("check", *arguments, COLUMNS="120").stdout


@pytest.mark.medium
def test_findings_are_grouped_by_code_with_their_count(tmp_path):
    log = [{"customer_id": f"X{number}", "journey_stage": "engagement", "state_entered_at": "2031-03-01"}
           for number in range(12)]  # fmt: skip
    folder = company(tmp_path, customers=[{"customer_id": "K1"}], journey_state_log=log)
    shown = invoke("check", folder, COLUMNS="150").stdout
    assert shown.count("is unknown, so this stage entry is ignored") == 3
    (row,) = (line for line in shown.splitlines() if "unknown-customer" in line)
    assert row.split()[:3] == ["error", "unknown-customer", "12"]
    narrow = invoke("check", folder, COLUMNS="70").stdout
    assert "unknown-customer 3 of 12" in narrow
    assert "4 of 12" not in narrow


@pytest.mark.medium
def test_follow_on_errors_come_after_their_cause(tmp_path):
    folder = company(
        tmp_path,
        customers=[{"customer_id": None, "segment": "SMB"}, {"customer_id": "", "segment": "SMB"}],
        journey_state_log=[{"customer_id": "K1", "journey_stage": "engagement", "state_entered_at": "yesterday"},
                           {"customer_id": "K2", "journey_stage": "engagement", "state_entered_at": "2031-03-01"}],
    )  # fmt: skip
    found = json.loads(invoke("check", folder, "--json").stdout)["findings"]
    errors = [finding["code"] for finding in found if finding["severity"] == "error"]
    assert errors == ["not-a-date", "missing-value", "missing-value", "unknown-customer"]


@pytest.mark.medium
def test_without_a_usable_customer_the_exit_code_is_1_and_says_why(tmp_path):
    folder = company(tmp_path, customers=[{"customer_id": None, "segment": "SMB"}])
    done = invoke("check", folder)
    assert done.exit_code == 1
    assert "no customer of" in done.stderr
    assert "correct the errors above" in done.stderr
    assert json.loads(invoke("check", folder, "--json").stdout)["customers"] == 0
    assert invoke("check", company(tmp_path, customers=[{"customer_id": "K1"}])).exit_code == 0


@pytest.mark.medium
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_all_findings_are_written_to_a_file(tmp_path, ending):
    file = tmp_path / f"found.{ending}"
    done = invoke("check", "--findings", file, "--json")
    assert f"wrote {file}" in done.stderr
    rows = duckdb.sql(f"SELECT * FROM '{file}'")
    names = ["code", "severity", "dataset", "record", "customer_id", "message"]
    assert rows.columns == names
    assert [dict(zip(names, row, strict=True)) for row in rows.fetchall()] == json.loads(done.stdout)["findings"]


def test_findings_in_another_format_are_refused_before_any_work(tmp_path):
    done = invoke("check", "--findings", tmp_path / "found.xlsx")
    assert done.exit_code == 2
    assert "findings are written as .parquet or .csv" in done.stderr


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
    printed = invoke("evaluate", "--customer", "C006", COLUMNS="200").stdout
    assert "cost of the whole company" in printed
    assert "not part of the ledger: revenue saved, as recorded: unknown" in printed


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
    assert result.exit_code in (1, 2)
    assert result.stderr
    if result.exit_code == 2:
        assert "customers.json" in result.stderr


@pytest.mark.medium
@pytest.mark.parametrize(
    "encoding", ["ascii", *(pytest.param(name, marks=pytest.mark.slow) for name in ("latin-1", "utf-8"))]
)
@pytest.mark.parametrize("arguments", [(), pytest.param(("--json",), marks=pytest.mark.slow)])
def test_names_are_printed_in_any_encoding_of_the_terminal(tmp_path, encoding, arguments):
    name = "Zo\u00eb \u5c71"
    folder = company(tmp_path, customers=[{"customer_id": name, "segment": "SMB"}])
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


def stages(folder, first, second):
    entered = {"state_entered_at": "2025-03-01"}
    return company(
        folder,
        customers=[{"customer_id": "K1"}, {"customer_id": "K2"}],
        journey_state_log=[
            {"customer_id": "K1", "journey_stage": first, **entered},
            {"customer_id": "K2", "journey_stage": second, **entered},
        ],
    )


@pytest.mark.parametrize("command", ["check", "evaluate"])
def test_records_of_another_journey_are_answered_with_how_to_name_it(tmp_path, command):
    hint = "name their journey: --scenario SCENARIO or --journey FILE"
    folder = stages(tmp_path, "trial", "paying")
    assert hint in invoke(command, folder).stderr
    assert hint not in invoke(command, folder, "--journey", "trial_to_paid").stderr


def test_a_misspelt_stage_is_not_taken_for_another_journey(tmp_path):
    done = invoke("check", stages(tmp_path, "retentoin", "retention"))
    assert "unknown-stage" in done.stdout
    assert "name their journey" not in done.stderr


RULES = """
[journey.stage.onboarding]
typical_days = 30

[[rules]]
name = "answer failed steps"
template = "response"
a = "signal:failed_onboarding_step"
b = "action:onboarding_specialist_call"
within_days = 3
severity = "SEVERITY"
message = "Call within three days."
"""


@pytest.mark.medium
@pytest.mark.parametrize(("severity", "code"), [("error", 1), ("warning", 0)])
def test_a_broken_rule_of_the_journey_is_found_and_strict_fails_on_an_error(tmp_path, severity, code):
    folder = company(tmp_path, customers=[{"customer_id": "K1"}], signals=[
        {"signal_id": "S1", "customer_id": "K1", "signal_type": "failed_onboarding_step", "signal_strength": 0.5,
         "detected_at": "2031-03-01", "source": "manual"},
    ], journey_state_log=[{"customer_id": "K1", "journey_stage": "onboarding", "state_entered_at": "2031-02-28"}],
    interventions=[], outcomes=[])  # fmt: skip
    (tmp_path / "journey.toml").write_text(RULES.replace("SEVERITY", severity))
    rules = ("--journey", tmp_path / "journey.toml", "--as-of", "2031-03-10")
    done = invoke("check", folder, *rules, "--json", "--strict")
    assert done.exit_code == code
    (finding,) = (f for f in json.loads(done.stdout)["findings"] if f["code"] == "rule-broken")
    assert finding == {
        "code": "rule-broken", "severity": severity, "dataset": "signals", "record": "S1", "customer_id": "K1",
        "message": (
            "Rule 'answer failed steps': signal:failed_onboarding_step of 2031-03-01 (S1) was not followed by "
            "action:onboarding_specialist_call by 2031-03-04. Call within three days."
        ),
    }  # fmt: skip
    shown = invoke("check", folder, *rules, COLUMNS="120").stdout
    (row,) = (line for line in shown.splitlines() if line.startswith("answer failed steps"))
    assert row.split()[3:] == [severity, "1", "1", "0", "0"]
