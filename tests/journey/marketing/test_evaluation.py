"""The evaluation of `journey campaigns` and its output."""

import json
from datetime import date
from functools import cache
from io import StringIO

import pytest
import typer
from typer.testing import CliRunner

from journey.marketing.evaluation import CONTRACT, OWN_KEYS, SECTIONS, evaluate_campaigns, find_missing_sections
from scenarios.cli.campaigns import command
from scenarios.cli.commands import COMMANDS
from scenarios.cli.error_handling import handle_errors
from tests.journey.marketing.companies import records, rows
from tests.scenarios.cli.invocation import broken_words


@pytest.fixture(scope="module")
def run():
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command("campaigns")(handle_errors(command))
    return lambda *arguments: CliRunner().invoke(single, [str(argument) for argument in arguments])


def test_the_command_is_listed_if_and_only_if_its_contract_is_complete():
    assert ("campaigns" in COMMANDS) == (not find_missing_sections())
    assert set(OWN_KEYS) | set(SECTIONS) | set(find_missing_sections()) == set(CONTRACT)


@pytest.mark.slow
def test_the_json_has_findings_and_the_funnel(run):
    result = run("--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert set(OWN_KEYS) | set(SECTIONS) <= set(found)
    assert found["as_of"] == "2026-03-19T15:05:00"
    assert {"code", "severity", "dataset", "record", "customer_id", "message", "campaign_id", "amount"} == set(
        found["findings"][0]
    )
    assert {"campaign_id", "segment_id", "channel_id", "date", "stage", "count", "conversion", "ci_low", "ci_high",
            "flag"} <= set(found["funnel"][0])  # fmt: skip
    assert found["funnel"][0]["conversion"] is None


@pytest.mark.slow
def test_the_output_shows_leaky_cells(run):
    result = run("--as-of", "2026-03-19", "--limit", "3", "--full")
    assert result.exit_code == 0
    assert "as of 2026-03-19.\n" in result.stdout
    assert "not listed; raise --limit" in result.stdout
    assert "SEG_003 on CH_03: 7.5% of 28,500 impressions are clicked, but 0 of 480 reach demo_request" in " ".join(
        result.stdout.split()
    )


@pytest.mark.slow
def test_the_report_is_written_and_an_unknown_file_type_is_refused(run, tmp_path):
    target = tmp_path / "report.md"
    assert run("--report", target).exit_code == 0
    text = target.read_text(encoding="utf-8")
    assert "## Funnel drop-off" in text
    assert "| error | transfer-to-itself | BUD\\_0002 | CAMP\\_001 | $2,000.00 |" in text
    refused = run("--report", tmp_path / "report.pdf")
    assert refused.exit_code == 2
    assert "unknown report format; use the extension .md or .html" in refused.stderr


def test_a_folder_without_campaigns_is_refused_with_one_message(run, tmp_path):
    result = run(tmp_path)
    assert result.exit_code == 2
    assert "no records found; expected a file for each of campaigns" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.medium
def test_an_earlier_as_of_gives_a_smaller_funnel():
    tables = rows()
    for event in tables["funnel_events"][:4]:
        event["timestamp"] = event["date"] = "2026-03-13"
    found = evaluate_campaigns(records(tables), as_of=date(2026, 3, 14))
    assert {step.date.isoformat() for step in found.funnel} == {"2026-03-13"}


@pytest.mark.slow
def test_the_report_has_all_sections(run, tmp_path):
    for name in ("report.md", "report.html"):
        assert run("--report", tmp_path / name).exit_code == 0
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    sections = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert sections == [
        "Summary", "Campaign health", "Funnel drop-off", "Capital allocation decisions",
        "Proposed budget transfers", "Open risks", "Segment rollups", "Experiments", "Attribution",
        "Return on investment", "KPIs", "Data-quality findings",
    ]  # fmt: skip
    assert "scale CAMP\\_001 SEG\\_002; revise CAMP\\_002 SEG\\_002; stop" in text
    assert "approved by HUMAN\\_01 2026-03-16 11:25" in text
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert all(f"<h2>{section}</h2>" in page for section in sections)


@pytest.mark.medium
def test_the_summary_reports_a_disagreement_with_the_ledger():
    from scenarios.reports.campaigns.report import build_report
    from scenarios.reports.document import render_markdown

    tables = rows()
    tables["roi_ledger"][0] |= {"media_spend": 4200.0, "net_roi": 20_998.6}
    text = render_markdown(build_report(evaluate_campaigns(records(tables))))
    assert "the recorded net is $2,942.00 less than the net from performance, in CAMP\\_001" in text


@pytest.mark.medium
def test_empty_records_give_a_report_and_tables():
    from scenarios.cli.campaign_tables import print_campaigns
    from scenarios.cli.console import console
    from scenarios.reports.campaigns.report import build_report
    from scenarios.reports.document import render_markdown

    empty = evaluate_campaigns(records({name: [] for name in rows()}))
    assert "No campaign is recorded." in render_markdown(build_report(empty))
    out = console()
    out.file, out.width = StringIO(), 120
    print_campaigns(out, empty, latest=True, limit=10)
    assert "Experiments: none" in out.file.getvalue()


@pytest.mark.slow
def test_the_output_shows_rollups_experiments_attribution_targets_and_roi(run):
    text = run("--limit", "4", "--full").stdout
    for title in ("By stage and segment", "Segments from 2026-03-10 to 2026-03-16", "Experiments", "Attribution",
                  "Targets and actuals", "Business: is it worth it?", "ROI"):  # fmt: skip
        assert title in text
    assert "net $26,531.10" in text


@pytest.mark.slow
@pytest.mark.parametrize("width", [80, 100])
def test_the_first_screen_has_the_most_important_first_and_breaks_no_word(run, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", "400")
    wide = run().stdout
    monkeypatch.setenv("COLUMNS", str(width))
    shown = run().stdout
    titles = ("Summary", "Proposed budget transfers: 1", "PROP_CAMP_002_CH_03_CH_02_20260319", "Open risks: 6",
              "critical: RSK_0002", "high: RSK_0001", "Targets and actuals", "--full")  # fmt: skip
    places = [shown.find(title) for title in titles]
    assert -1 not in places
    assert places == sorted(places)
    assert len(shown.splitlines()) <= 70
    assert max(map(len, shown.splitlines())) <= width
    assert not broken_words(shown, wide)


@pytest.mark.slow
def test_the_full_output_breaks_no_word_at_80_columns(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    wide = run("--full").stdout
    monkeypatch.setenv("COLUMNS", "80")
    assert not broken_words(run("--full").stdout, wide)


@pytest.mark.slow
def test_the_window_and_order_options_take_effect(run):
    found = json.loads(run("--window", "3", "--order", "2", "--json").stdout)
    assert ("2026-03-14", "2026-03-16") in {(row["window_start"], row["window_end"]) for row in found["rollups"]}
    assert {row["order"] for row in found["attribution"] if row["method"] == "markov"} == {2}


@pytest.mark.medium
def test_the_audit_trail_of_a_decision_comes_from_the_log_if_there_is_one():
    tables = rows()
    tables["marketing_log"] = [
        {"event_id": f"LOG_{index}", "timestamp": f"2026-03-16T1{index}:00:00", "entity": "budget_action",
         "entity_id": "BUD_0001", "campaign_id": "CAMP_002", "from_status": start, "to_status": end,
         "actor_kind": kind, "actor_id": actor, "amount": 1500.0}
        for index, (start, end, kind, actor) in enumerate([
            (None, "proposed", "orchestrator", None), ("proposed", "approved", "human", "HUMAN_01"),
            ("approved", "executed", "orchestrator", None),
        ])
    ]  # fmt: skip
    decisions = evaluate_campaigns(records(tables)).sections["capital"]
    first, second = decisions[0], decisions[1]
    assert (first["trail_from"], [step["what"] for step in first["trail"]]) == (
        "log", ["proposed", "approved", "executed"],
    )  # fmt: skip
    assert first["trail"][1] == {"at": "2026-03-16T11:00:00", "what": "approved", "who": "HUMAN_01"}
    # A record contains the times of the proposal and the approval, but not of the execution.
    assert second["trail_from"] == "record"
    assert second["trail"][1]["at"] == "2026-03-17T09:50:00"
    assert second["trail"][2] == {"at": None, "what": "executed", "who": None}


@pytest.mark.medium
def test_dates_and_latencies_without_bounds_raise_no_error():
    tables = rows()
    tables["budget_actions"][0]["approval_latency_minutes"] = 10**12
    tables["budget_actions"][1] |= {"timestamp": "9999-12-31T23:00:00", "approval_latency_minutes": 600}
    decisions = {row["budget_action_id"]: row for row in evaluate_campaigns(records(tables)).sections["capital"]}
    assert decisions["BUD_0001"]["trail"][1]["at"] is None
    # The time of a proposal is required, so this row is set aside while reading, with a finding.
    assert "BUD_0002" not in decisions


@pytest.mark.slow
@pytest.mark.parametrize("width", [40, 60, 120])
def test_output_fits_a_narrow_terminal_with_one_block_per_row(width):
    from scenarios.cli.campaign_tables import print_campaigns
    from scenarios.cli.console import console

    out = console()
    out.file, out.width = StringIO(), width
    print_campaigns(out, _bundled_evaluation(), latest=True, limit=200)
    output = out.file.getvalue()
    assert max(len(line.rstrip()) for line in output.splitlines()) <= width
    whole = " ".join(output.split())
    assert ("code: transfer-to-itself; record: BUD_0002" in whole) == (width < 90)
    assert "journey budget propose PROP_CAMP_002_CH_03_CH_02_20260319 FOLDER" in whole


def test_long_ids_can_wrap_in_report_tables():
    from scenarios.reports.campaigns.report import build_report
    from scenarios.reports.document import render_html, render_markdown

    page = render_html(build_report(_bundled_evaluation()))
    assert "SEEN_<wbr>data_<wbr>quality_<wbr>CAMP_<wbr>001_<wbr>records" in page
    assert "<td>CAMP_001</td>" in page
    text = render_markdown(build_report(_bundled_evaluation()))
    assert "wbr" not in text
    assert "2 of 5 steps on a day have a significant drop-off" in text
    assert "The marketing log is empty." in text


@pytest.mark.medium
def test_shared_results_are_computed_once(monkeypatch):
    """An evaluation computes the inbox, the funnel, the experiments and the allocation once each."""
    from journey.marketing.analysis import experiments
    from journey.marketing.budget import proposals
    from journey.marketing.risks import inbox
    from journey.marketing.views import funnel

    computed = []
    for module, name in ((inbox, "_build_sorted_inbox"), (funnel, "_build_rows"), (experiments, "_analyse_all"),
                         (proposals, "_compute_allocation")):  # fmt: skip
        function = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda context, function=function, name=name: (computed.append(name), function(context))[1]
        )
    evaluate_campaigns(records(rows()))
    assert sorted(computed) == ["_analyse_all", "_build_rows", "_build_sorted_inbox", "_compute_allocation"]


@cache
def _bundled_evaluation():
    return evaluate_campaigns(records(rows()))
