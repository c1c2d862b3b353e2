"""The evaluation behind `journey campaigns`, and what it prints; the command is listed once every part is there."""

import json
from datetime import date

import pytest
import typer
from typer.testing import CliRunner

from journey.marketing.evaluation import CONTRACT, OWN, PARTS, evaluate_campaigns, missing_parts
from scenarios.cli.campaigns import command
from scenarios.cli.guard import guarded
from scenarios.cli.registry import COMMANDS
from tests.journey.marketing.companies import records, rows


@pytest.fixture(scope="module")
def run():
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command("campaigns")(guarded(command))
    return lambda *arguments: CliRunner().invoke(single, [str(argument) for argument in arguments])


def test_the_command_is_listed_when_and_only_when_every_key_of_its_contract_is_filled():
    assert ("campaigns" in COMMANDS) == (not missing_parts())
    assert set(OWN) | set(PARTS) | set(missing_parts()) == set(CONTRACT)


def test_the_json_is_one_value_with_findings_and_funnel(run):
    result = run("--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert set(OWN) | set(PARTS) <= set(found)
    assert found["as_of"] == "2026-03-19T15:05:00"
    assert {"code", "severity", "dataset", "record", "customer_id", "message", "campaign_id", "amount"} == set(
        found["findings"][0]
    )
    assert {"campaign_id", "segment_id", "channel_id", "date", "stage", "count", "conversion", "ci_low", "ci_high",
            "flag"} <= set(found["funnel"][0])  # fmt: skip
    assert found["funnel"][0]["conversion"] is None


def test_a_person_reads_where_people_get_stuck(run):
    result = run("--as-of", "2026-03-19", "--limit", "3")
    assert result.exit_code == 0
    assert "as of 2026-03-19\n" in result.stdout
    assert "more; --limit prints more" in result.stdout
    assert "SEG_003 on CH_03: 7.5% of 28,500 impressions are clicked, but 0 of 480 reach demo_request" in " ".join(
        result.stdout.split()
    )


def test_the_report_is_written_whole_and_a_wrong_ending_is_refused_before_the_work(run, tmp_path):
    target = tmp_path / "report.md"
    assert run("--report", target).exit_code == 0
    text = target.read_text(encoding="utf-8")
    assert "## Where people get stuck" in text
    assert "| error | transfer-to-itself | BUD\\_0002 | CAMP\\_001 | 2,000.00 |" in text
    refused = run("--report", tmp_path / "report.pdf")
    assert refused.exit_code == 2
    assert "written as .md or .html" in refused.stderr


def test_a_folder_without_campaigns_is_refused_in_one_sentence(run, tmp_path):
    result = run(tmp_path)
    assert result.exit_code == 2
    assert "no records found; expected a file for each of campaigns" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_earlier_day_sees_a_smaller_funnel():
    tables = rows()
    for event in tables["funnel_events"][:4]:
        event["timestamp"] = event["date"] = "2026-03-13"
    found = evaluate_campaigns(records(tables), as_of=date(2026, 3, 14))
    assert {step.date.isoformat() for step in found.funnel} == {"2026-03-13"}
