"""`journey evaluate` on the bundled ten customers and on others."""

import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from journey.core.errors import InputError
from scenarios.execution.memory import BYTES_PER_ROW, refuse_large_records
from tests.scenarios.cli.invocation import broken_words, invoke, json_of, process

DECISION = {"customer_id", "stage", "days_in_stage", "severity", "confidence", "churn_probability", "priority",
            "recommended_action", "requires_human_approval", "triggered_by_signals", "reasons"}  # fmt: skip
ROW = {"intervention_id", "recorded_action", "action", "recorded_approval", "approval", "recorded_confidence",
       "confidence"}  # fmt: skip


@pytest.fixture(scope="module")
def found():
    return json_of("evaluate", "--replay")


@pytest.mark.medium
def test_the_json_follows_its_contract(found):
    assert {"as_of", "findings", "decisions", "open_loops", "kpis", "roi", "agreement"} <= set(found)
    assert found["as_of"] == "2025-01-20"
    assert len(found["decisions"]) == 10
    for decision in found["decisions"]:
        assert set(decision) >= DECISION
    for loop in found["open_loops"]:
        assert set(loop) == {"intervention_id", "customer_id", "state", "age_days", "message"}
    for group in ("operational", "effectiveness", "business"):
        for kpi in found["kpis"][group].values():
            assert {"value", "unit", "n", "definition", "status"} <= set(kpi)
    assert {"value", "cost", "net", "roi", "lines"} <= set(found["roi"])
    for line in found["roi"]["lines"]:
        assert {"name", "kind", "quantity", "unit_price", "amount", "provenance"} <= set(line)
    for row in found["agreement"]["rows"]:
        assert set(row) >= ROW


@pytest.mark.medium
def test_the_replay_agrees_and_is_optional(found):
    agreement = found["agreement"]
    assert (agreement["interventions"], agreement["same_action"], agreement["same_approval"]) == (8, 8, 8)
    assert "agreement" not in json_of("evaluate")


def test_findings_of_the_records_are_there(found):
    codes = {finding["code"]: finding["customer_id"] for finding in found["findings"]}
    assert codes["illegal-move"] == "C009"
    assert codes["unknown-customer"] == "C999"
    assert [loop["intervention_id"] for loop in found["open_loops"]] == ["I005"]


@pytest.mark.medium
def test_latency_is_measured_on_request_and_changes_nothing_else(found, tmp_path):
    file = tmp_path / "decisions.csv"
    measured = json_of("evaluate", "--replay", "--latency", "--decisions", file)
    latencies = [decision.pop("evaluation_latency_ms") for decision in measured["decisions"]]
    assert all(latency > 0.0 for latency in latencies)
    rows = csv.DictReader(file.read_text().splitlines())
    assert [float(row["evaluation_latency_ms"]) for row in rows] == latencies
    operational = measured["kpis"]["operational"]
    assert operational.pop("decision_latency_ms")["value"] == pytest.approx(sum(latencies) / len(latencies))
    assert operational.pop("decision_latency_p95_ms")["value"] == max(latencies)
    assert measured == found


@pytest.mark.medium
def test_tables_and_reports_have_the_latency_only_where_it_is_measured(tmp_path):
    file = tmp_path / "report.md"
    shown = invoke("evaluate", "--latency", "--full", "--report", file).stdout
    assert shown.count(", evaluated in ") == 10
    assert "| latency |" in file.read_text()
    plain = invoke("evaluate", "--full", "--report", file).stdout
    assert "evaluated in" not in plain
    assert "| latency |" not in file.read_text()


@pytest.mark.medium
def test_as_of_changes_what_is_known():
    early = json_of("evaluate", "--as-of", "2025-01-16")
    decisions = {decision["customer_id"]: decision for decision in early["decisions"]}
    assert decisions["C004"]["recommended_action"] == "monitor_only"
    assert decisions["C003"]["recommended_action"] is None
    assert decisions["C003"]["reasons"]
    assert early["kpis"]["business"]["csat_delta"]["n"] == 0


@pytest.mark.medium
@pytest.mark.parametrize("spelling", ["C005", " C005", "C005\u00a0"])
def test_one_customer_alone(found, spelling):
    alone = json_of("evaluate", "--customer", spelling)
    assert alone["decisions"] == [one for one in found["decisions"] if one["customer_id"] == "C005"]


@pytest.mark.medium
def test_a_policy_file_changes_decisions(tmp_path):
    policy = tmp_path / "bold.toml"
    policy.write_text('name = "bold"\n[contact]\ncool_down_days = 1\n', encoding="utf-8")
    bold = json_of("evaluate", "--policy", policy)
    assert bold["policy"] == "bold"
    actions = {decision["customer_id"]: decision["recommended_action"] for decision in bold["decisions"]}
    assert actions["C001"] == "proactive_outreach"


@pytest.mark.medium
def test_the_date_of_the_evaluation_and_its_source_are_printed():
    shown = invoke("evaluate", "--replay", "--full", COLUMNS="120").stdout
    for part in (
        "2025-01-20 (the latest date in the records)",
        "proactive_outreach is held back: last contact 5 days ago",
        "onboarding_specialist_call waits for a person's approval",
        "directional",
        "same action 8 of 8, same approval 8 of 8 (regression check, not validation)",
    ):
        assert part in " ".join(shown.split())


@pytest.mark.medium
def test_the_first_screen_lists_actions_then_who_waits_then_the_rest():
    shown = invoke("evaluate", "--as-of", "2025-01-14", COLUMNS="80").stdout
    whole = " ".join(shown.split())
    titles = ("Actions to take: 3 (1 with approval)", "C001: signals", "Open loops: 4 interventions", "Held back",
              "KPIs", "Records: 2 errors", "Past interventions:", "--full")  # fmt: skip
    places = [whole.find(title) for title in titles]
    assert -1 not in places
    assert places == sorted(places)
    assert whole.index("C001") < whole.index("C005") < whole.index("C002")
    assert not broken_words(shown, invoke("evaluate", "--as-of", "2025-01-14", COLUMNS="400").stdout)


_RULES = """
[journey.stage.support]
typical_days = 7
[[rules]]
name = "approval first"
template = "precedence"
a = "review:approved"
b = "action:support_manager_followup"
[[rules]]
name = "no emails"
template = "absence"
a = "action:onboarding_nudge_email"
"""


@pytest.mark.medium
def test_declared_rules_hold_actions_back_and_demand_approvals(tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(_RULES, encoding="utf-8")
    given = json_of("evaluate", "--journey", file, "--as-of", "2025-01-14")["decisions"]
    decisions = {decision["customer_id"]: decision for decision in given}
    assert decisions["C005"]["recommended_action"] == "support_manager_followup"
    assert decisions["C005"]["requires_human_approval"]
    assert "'approval first'" in decisions["C005"]["reasons"][-1]
    assert (decisions["C002"]["reason"], decisions["C002"]["held_back_action"]) == (
        "breaks_rule",
        "onboarding_nudge_email",
    )
    shown = " ".join(invoke("evaluate", "--journey", file, "--as-of", "2025-01-14").stdout.split())
    assert "Held back by contact policy, governance or rules: 3 actions" in shown


@pytest.mark.compiled
def test_a_file_of_decisions_respects_declared_rules(tmp_path):
    file, exported = tmp_path / "rules.toml", tmp_path / "decisions.csv"
    file.write_text(_RULES, encoding="utf-8")
    invoke("evaluate", "--journey", file, "--as-of", "2025-01-14", "--decisions", exported)
    rows = {row["customer_id"]: row for row in csv.DictReader(exported.read_text(encoding="utf-8").splitlines())}
    assert rows["C002"]["reason"] == "breaks_rule"
    assert rows["C005"]["requires_human_approval"] == "true"


@pytest.mark.medium
def test_a_day_without_actions_is_reported_with_the_actions_held_back():
    whole = " ".join(invoke("evaluate", COLUMNS="80").stdout.split())
    assert "Actions to take None on this date." in whole
    assert "I005 C006 4 pending approval" in whole
    assert "C001: proactive_outreach is held back: last contact 5 days ago" in whole


@pytest.mark.medium
def test_unknown_kpis_are_one_line_with_their_reasons_and_rows_with_full():
    whole = " ".join(invoke("evaluate", COLUMNS="120").stdout.split())
    assert "Unknown, 10 KPIs: signal precision, signal recall (no field states which signals were true)" in whole
    assert "nps delta unknown" not in whole
    full = invoke("evaluate", "--full", COLUMNS="120").stdout
    assert [line.split() for line in full.splitlines() if line.startswith("nps_delta")] == [
        ["nps_delta", "unknown", "0", "unknown"]
    ]
    assert "(no field states it)" in full


@pytest.mark.medium
def test_the_return_is_beside_the_recorders_own_with_the_period_of_its_value(tmp_path):
    report = tmp_path / "report.md"
    whole = " ".join(invoke("evaluate", "--report", report, COLUMNS="120").stdout.split())
    assert "net $6,840.23, ROI 27.7 (net divided by cost)" in whole
    assert "revenue saved, as recorded: $4,800.00 (ROI 10.4)" in whole
    assert "revenue preserved, with overridden interventions: $20,850.00 (ROI 47.1)" in whole
    assert "Periods: value: revenue of one year after each outcome; cost: 2025-01-11 to 2025-01-20" in whole
    for text in (whole, report.read_text(encoding="utf-8"), invoke("evaluate", "--full").stdout):
        assert "return per dollar" not in text
        assert "per dollar of cost" not in text


@pytest.mark.medium
def test_records_without_any_value_have_no_net_and_no_return(tmp_path):
    sets = {
        "customers": [{"customer_id": "A", "account_value": 500.0}],
        "interventions": [{"intervention_id": "I", "customer_id": "A", "recommended_action": "proactive_outreach",
                           "generated_at": "2031-01-01"}],
        "outcomes": [{"intervention_id": "I", "outcome": "resolved", "measured_at": "2031-09-05"}],
    }  # fmt: skip
    for name, rows in sets.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    whole = " ".join(invoke("evaluate", tmp_path, COLUMNS="200").stdout.split())
    assert "value unknown, cost $1,690.68, net unknown, ROI unknown" in whole
    assert "override rate" in whole.partition("Unknown, ")[2].partition("(no outcome has human_override)")[0]
    roi = json_of("evaluate", tmp_path)["roi"]
    assert (roi["value"], roi["net"], roi["roi"]) == (None, None, None)


@pytest.mark.medium
def test_the_watch_list_is_printed_and_in_the_json(found, tmp_path):
    assert [one["customer_id"] for one in found["watch_list"]] == ["C009", "C007", "C004"]
    assert set(found["watch_list"][0]) == {"customer_id", "stage", "days_in_stage", "expected_loss", "reasons"}
    report = tmp_path / "report.md"
    whole = " ".join(invoke("evaluate", "--report", report, COLUMNS="120").stdout.split())
    assert "Watch list: 3 customers without an action" in whole
    assert "C007 (expected loss $1,714): 172 days in retention, typical is up to 180" in whole
    assert "Watch list" in report.read_text(encoding="utf-8")


@pytest.mark.medium
def test_the_header_names_the_policy_file_and_what_it_changes(tmp_path):
    policy = tmp_path / "bold.toml"
    policy.write_text("[contact]\ncool_down_days = 1\n", encoding="utf-8")
    report = tmp_path / "report.md"
    whole = " ".join(invoke("evaluate", "--policy", policy, "--report", report, COLUMNS="300").stdout.split())
    described = f"policy default ({policy} changes contact.cool_down_days of the default policy)"
    assert described in whole
    assert described in report.read_text(encoding="utf-8").replace("\\", "")


@pytest.mark.medium
def test_omitted_rows_are_counted():
    assert "7 decisions not listed" in invoke("evaluate", "--limit", "3", "--full").stdout


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["md", "html"])
def test_the_report_has_every_section(tmp_path, ending):
    path = tmp_path / "deep" / f"report.{ending}"
    result = invoke("evaluate", "--replay", "--report", path)
    assert result.exit_code == 0
    assert f"wrote {path}" in result.stderr
    text = path.read_text(encoding="utf-8").replace("\\", "")
    for part in ("Actions to take", "Summary", "Decisions", "Reasons", "Open loops", "Data-quality findings", "KPIs",
                 "Return on investment", "Replay", "Assumptions", "regression check, not validation", "I005",
                 "total cost"):  # fmt: skip
        assert part in text


@pytest.mark.medium
def test_customers_alone_are_evaluated_and_records_without_dates_need_as_of(tmp_path):
    (tmp_path / "customers.json").write_text(json.dumps([{"customer_id": "only [one]"}]), encoding="utf-8")
    result = invoke("evaluate", tmp_path)
    assert result.exit_code == 2
    assert "as_of" in result.stderr
    assert "--as-of" in result.stderr
    assert invoke("evaluate", tmp_path, "--as-of", "2031-01-01").exit_code == 0
    (one,) = json_of("evaluate", tmp_path, "--as-of", "2031-01-01")["decisions"]
    assert one["reason"] == "no_stage"


def test_odd_names_break_neither_table_nor_report(tmp_path):
    odd = "x|y [bold]\n<b>_*`"
    (tmp_path / "customers.json").write_text(json.dumps([{"customer_id": odd, "segment": "[red]"}]), encoding="utf-8")
    (tmp_path / "journey_state_log.json").write_text(
        json.dumps([{"customer_id": odd, "journey_stage": "[/]", "state_entered_at": "2031-01-01"}]), encoding="utf-8"
    )
    report = tmp_path / "report.md"
    result = invoke("evaluate", tmp_path, "--full", "--report", report)
    assert result.exit_code == 0, result.stderr
    assert "[bold]" in result.stdout
    assert "<b>" not in report.read_text(encoding="utf-8").replace("\\<", "")


@pytest.mark.slow
def test_it_runs_from_any_folder(tmp_path):
    done = process("evaluate", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    assert json.loads(done.stdout)["customers"] == 10


@pytest.mark.compiled
def test_no_text_in_a_file_of_decisions_is_a_formula(tmp_path):
    names = ["=1+1", "+1", "-1", "@sum", "\uff1d1", "plain", "1=1"]
    customers = [{"customer_id": name} for name in names]
    stages = [{"customer_id": name, "journey_stage": "onboarding", "state_entered_at": "2025-01-01"} for name in names]
    signals = [
        {"signal_id": f"{name}{n}", "customer_id": name, "signal_type": "usage_drop", "signal_strength": 0.9,
         "detected_at": "2025-01-01", "source": "automated"}
        for name in names for n in range(2)
    ]  # fmt: skip
    for dataset, rows in (("customers", customers), ("journey_state_log", stages), ("signals", signals)):
        (tmp_path / f"{dataset}.json").write_text(json.dumps(rows))
    for ending in ("csv", "parquet"):
        assert invoke("evaluate", tmp_path, "--decisions", tmp_path / "out" / f"d.{ending}").exit_code == 0
    with (tmp_path / "out" / "d.csv").open(encoding="utf-8", newline="") as lines:
        written = {row["customer_id"]: row for row in csv.DictReader(lines)}
    assert set(written) == {"'=1+1", "'+1", "'-1", "'@sum", "'\uff1d1", "plain", "1=1"}
    assert {each[:5] for each in written["'=1+1"]["triggered_by_signals"].split(";")} == {"'=1+1"}
    assert written["'=1+1"]["lead_signal"].startswith("'=1+1")
    assert {each[:5] for each in written["plain"]["triggered_by_signals"].split(";")} == {"plain"}
    assert {row["customer_id"] for row in pq.read_table(tmp_path / "out" / "d.parquet").to_pylist()} == set(names)


@pytest.mark.compiled
def test_all_decisions_go_to_a_file_by_column(tmp_path):
    file = tmp_path / "all.csv"
    done = invoke("evaluate", "--decisions", file, "--json")
    assert done.exit_code == 0
    assert f"wrote {file}" in done.stderr
    listed = json.loads(done.stdout)["decisions"]
    with file.open(encoding="utf-8") as lines:
        written = list(csv.DictReader(lines))
    assert [row["customer_id"] for row in written] == [one["customer_id"] for one in listed]
    assert [row["recommended_action"] or None for row in written] == [one["recommended_action"] for one in listed]
    assert [float(row["severity"]) for row in written] == [one["severity"] for one in listed]


@pytest.mark.slow
def test_a_batch_prints_the_json_of_one_by_one_and_a_breakdown_for_people(tmp_path):
    alone, batch = json_of("evaluate", "--replay"), json_of("evaluate", "--replay", "--decisions", tmp_path / "d.csv")
    assert batch == alone
    shown = invoke("evaluate", "--decisions", tmp_path / "d.parquet", "--full", COLUMNS="120").stdout
    assert "Decisions by stage, risk tier and action" in shown
    assert "Decisions: " in shown


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--decisions", "d.xlsx"), ".parquet or .csv"),
        (("--decisions", "d.csv", "--customer", "C001"), "--customer"),
    ],
)
def test_decisions_that_could_not_be_written_are_refused_before_the_work(options, why, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused = invoke("evaluate", *options)
    assert refused.exit_code == 2
    assert why in refused.stderr
    assert not list(tmp_path.iterdir())


def test_records_that_will_not_fit_in_memory_are_refused_before_they_are_read(tmp_path):
    rows = 300_000
    pq.write_table(pa.table({"customer_id": [f"C{n}" for n in range(rows)]}), tmp_path / "customers.parquet")
    refuse_large_records(tmp_path, available=rows * BYTES_PER_ROW)
    with pytest.raises(InputError, match=r"the records takes about 150 MB, and 149 MB are available"):
        refuse_large_records(tmp_path, available=149e6)
    (tmp_path / "customers.parquet").rename(tmp_path / "Customers.PARQUET")
    with pytest.raises(InputError, match="will not fit"):
        refuse_large_records(tmp_path, available=149e6)
    (tmp_path / "signals.parquet").write_bytes(b"no parquet" * 100_000)
    refuse_large_records(tmp_path, available=rows * BYTES_PER_ROW)


@pytest.mark.parametrize("name", ["customers.json", "Signals.JSONL", "outcomes.csv", "customers.csv.gz"])
def test_a_file_of_text_that_will_not_fit_in_memory_is_refused_by_its_size(name, tmp_path):
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(2_000_000_000)
    with pytest.raises(InputError, match=r"will not fit in memory: .* and 4\.0 GB are available\. Split the folder"):
        refuse_large_records(tmp_path, available=4e9)
    path.rename(tmp_path / "video.bin")
    refuse_large_records(tmp_path, available=4e9)
