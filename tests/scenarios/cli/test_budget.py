"""`journey budget`: a person proposes, approves, rejects, executes and rolls back, and the log tells all of it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from journey.marketing.records.folders import BUNDLED, bundled_folder
from tests.scenarios.cli.invocation import RUN, invoke, json_of

PROPOSED = "PROP_CAMP_002_CH_03_CH_02_20260319"
"""What `journey campaigns` proposes on the bundled records: 1,280 from CH_03 to CH_02."""


@pytest.fixture
def folder(tmp_path):
    """A copy of the bundled campaigns."""
    return shutil.copytree(bundled_folder(BUNDLED), tmp_path / "company")


def _refused(folder, *arguments):
    """The message on a refused step; checks that the folder is unchanged."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = invoke("budget", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    return " ".join(done.stderr.split())


@pytest.mark.slow
def test_a_proposal_is_entered_approved_executed_and_rolled_back_and_the_evaluation_follows(folder):
    balances = []
    for day, *arguments in (
        (20, "propose", PROPOSED),
        (21, "approve", PROPOSED, "--by", "ANNA", "--reason", "social stays as it is"),
        (22, "execute", PROPOSED, "--by", "BERT"),
    ):
        done = json_of("budget", *arguments[:2], folder, "--on", f"2026-03-{day}", *arguments[2:])
        balances.append(done["balances"])
    # CH_03: 4,000 opened, 427.50 spent, 1,500 given and 500 received; CH_02: 6,000 opened, 1,702.50 spent, the same
    # moves the other way.
    assert balances == [{"CH_03": 2572.5, "CH_02": 5297.5}] * 2 + [{"CH_03": 1292.5, "CH_02": 6577.5}]
    found = json_of("campaigns", folder)
    governance = found["budget"]["governance"]
    assert governance["executed_in_log"] == [PROPOSED]
    assert governance["message"].startswith("The only executed transfer in the log was approved before its execution.")
    (recorded,) = (each for each in found["capital"] if each["budget_action_id"] == PROPOSED)
    assert [(step["what"], step["who"]) for step in recorded["trail"]] == [
        ("proposed", "journeylab"), ("approved", "ANNA"), ("executed", "BERT"),
    ]  # fmt: skip
    assert (recorded["status"], recorded["approver_id"], recorded["approval_latency_minutes"]) == (
        "executed",
        "ANNA",
        1440.0,
    )
    # BUD_0004 had brought money the other way, and that is all there is to say.
    about = [f["code"] for f in found["findings"] if f["dataset"] == "marketing_log" or f["record"] == PROPOSED]
    assert about == ["moved-back"]
    back = json_of("budget", "roll-back", PROPOSED, folder, "--by", "BERT", "--on", "2026-03-23")
    assert (back["status"], back["legal_moves"]) == ("rolled_back", [])
    assert back["balances"] == {"CH_03": 2572.5, "CH_02": 5297.5}


@pytest.mark.slow
def test_a_recorded_action_is_moved_on_by_the_log_and_its_record_stays_as_it_is(folder):
    records = (folder / "budget_actions.json").read_bytes()
    done = invoke("budget", "reject", "BUD_0003", folder, "--by", "ANNA", "--on", "2026-03-20")
    assert done.exit_code == 0
    assert "BUD_0003 is rejected: $1,000.00 from CH_04 to CH_02 in CAMP_003, by ANNA" in " ".join(done.stdout.split())
    assert "marketing_log.jsonl" in done.stderr
    assert (folder / "budget_actions.json").read_bytes() == records
    found = json_of("campaigns", folder)
    assert [f["message"] for f in found["findings"] if f["code"] == "record-behind-log"] == [
        "The status of its record is still proposed; the later status in the log, rejected, is used."
    ]
    assert found["budget"]["waiting"] == []
    lines = (folder / "marketing_log.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["to_status"] for line in lines] == ["proposed", "rejected"]


@pytest.mark.slow
def test_every_rule_is_named_and_nothing_is_written(folder):
    own = ["--campaign", "CAMP_002", "--on", "2026-03-20"]
    from_search = [*own, "--from", "CH_02"]
    for arguments, rule in (
        (["approve", PROPOSED, folder, "--by", "ANNA"], "unknown budget action"),
        (["propose", "PROP_CAMP_002_CH_03_CH_02_2026031", folder], f"did you mean '{PROPOSED}'?"),
        (["execute", "BUD_0003", folder, "--on", "2026-03-20"], "illegal move 'execute' from stage 'proposed'"),
        (["execute", "BUD_0001", folder], "its record has status executed, but the log has no history of it"),
        (["approve", "BUD_0003", folder, "--by", "A", "--on", "2026-03-20"], "rule: campaign_closed"),
        (["approve", "BUD_0003", folder, "--by", "A", "--on", "2026-03-01"], "is before its proposal"),
        (["propose", "X", folder, *from_search, "--to", "CH_03", "--amount", "10"], "rule: open_risk"),
        (["propose", "X", folder, *from_search, "--to", "CH_02", "--amount", "10"], "rule: to_itself"),
        (["propose", "X", folder, *from_search, "--to", "CH_09", "--amount", "10"], "rule: not_in_campaign"),
        (["propose", "X", folder, *own, "--from", "CH_03", "--to", "CH_02", "--amount", "2572.51"], "rule: not_enough"),
        (["propose", "X", folder, *own, "--from", "CH_03", "--to", "CH_02", "--amount", "-5"], "rule: no_amount"),
        (["propose", "X", folder, *own, "--from", "CH_03", "--to", "CH_02", "--amount", "nan"], "rule: no_amount"),
        (["propose", "X", folder, *own, "--from", "CH_03", "--to", "CH_02", "--amount", "0.001"], "whole cents"),
        (["propose", "BUD_0003", folder, *from_search, "--to", "CH_03", "--amount", "5"], "already exists"),
        (["propose", "bud_0003", folder, *from_search, "--to", "CH_03", "--amount", "5"], "differ only in capitals"),
        (["propose", "X", folder, *from_search, "--to", "CH_03"], "missing: --amount"),
        (["propose", "X", folder, *from_search, "--to", "CH_03", "--amount", "5", "--code", "roi"], "unknown reason"),
        (["approve", "BUD_0003", folder, "--amount", "5", "--campaign", "C", "--from", "A", "--to", "B"], "to propose"),
        (["approve", "BUD_0003", folder, "--by", "  "], "not a valid name"),
        (["approve", "BUD_0003", folder, "--by", "A", "--on", "soon"], "'soon' is not a date"),
    ):
        assert rule in _refused(folder, *arguments), arguments


@pytest.mark.slow
def test_no_one_approves_their_own_transfer_in_any_spelling(folder):
    own = ["--campaign", "CAMP_002", "--from", "CH_03", "--to", "CH_02", "--amount", "600", "--on", "2026-03-20"]
    assert invoke("budget", "propose", "MINE", folder, "--by", "Anna Berg", *own).exit_code == 0
    for name in ("Anna Berg", "anna  BERG", "AnnaBerg"):
        assert "rule: own_approval" in _refused(folder, "approve", "MINE", folder, "--by", name, "--on", "2026-03-20")
    assert "rule: no_person" in _refused(folder, "approve", "MINE", folder, "--on", "2026-03-20")
    assert invoke("budget", "approve", "MINE", folder, "--by", "Bert", "--on", "2026-03-21").exit_code == 0


@pytest.mark.slow
def test_who_proposed_is_to_be_said_where_the_record_does_not(folder):
    actions = json.loads((folder / "budget_actions.json").read_text(encoding="utf-8"))
    actions[2]["proposed_by"] = "human"
    (folder / "budget_actions.json").write_text(json.dumps(actions), encoding="utf-8")
    reject = ["reject", "BUD_0003", folder, "--by", "ANNA", "--on", "2026-03-20"]
    assert "its record does not name the proposer" in _refused(folder, *reject)
    assert invoke("budget", *reject, "--proposed-by", "CARL").exit_code == 0


@pytest.mark.slow
def test_money_that_waits_is_not_promised_twice(folder):
    assert invoke("budget", "propose", PROPOSED, folder, "--on", "2026-03-20").exit_code == 0
    own = ["--campaign", "CAMP_002", "--from", "CH_03", "--to", "CH_02", "--on", "2026-03-20"]
    # 2,572.50 less 1,280.00 that wait.
    assert "has 1292.50 to give" in _refused(folder, "propose", "MORE", folder, "--amount", "1292.51", *own)
    assert invoke("budget", "propose", "MORE", folder, "--by", "ANNA", "--amount", "1292.50", *own).exit_code == 0


@pytest.mark.medium
def test_the_bundled_records_and_broken_or_foreign_logs_are_never_written_to(folder, tmp_path):
    bundled = bundled_folder(BUNDLED)
    assert "which are read-only" in _refused(bundled, "reject", "BUD_0003", bundled, "--by", "ANNA")
    log = folder / "marketing_log.jsonl"
    log.write_text('{"event_id": "L1"}\n', encoding="utf-8")
    reject = ["reject", "BUD_0003", folder, "--by", "ANNA"]
    assert "there is no field 'timestamp', which every row needs" in _refused(folder, *reject)
    log.rename(folder / "marketing_log.json")
    (folder / "marketing_log.json").write_text("[]", encoding="utf-8")
    assert "convert it to marketing_log.jsonl" in _refused(folder, "reject", "BUD_0003", folder, "--by", "ANNA")
    assert "there is no such folder" in invoke("budget", "reject", "BUD_0003", tmp_path / "nowhere").stderr


@pytest.mark.medium
def test_a_log_is_added_to_and_what_stands_in_it_stays(folder):
    entry = (
        '{"event_id":"OLD_1", "timestamp":"2026-03-18T10:00:00","entity":"risk_signal","entity_id":"RSK_0003",'
        '"to_status":"open","actor_kind":"orchestrator","seen_by":"a field of our own"}'
    )
    log = folder / "marketing_log.jsonl"
    log.write_text(entry, encoding="utf-8")
    assert invoke("budget", "reject", "BUD_0003", folder, "--by", "ANNA", "--on", "2026-03-20").exit_code == 0
    assert log.read_text(encoding="utf-8").splitlines()[0] == entry
    assert len(log.read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.slow
def test_of_many_steps_at_once_every_one_is_in_the_log_or_refused(folder):
    """Six people approve at the same moment: the log holds one approval, and the others get an error."""
    assert invoke("budget", "propose", PROPOSED, folder, "--on", "2026-03-20").exit_code == 0
    started = [
        subprocess.Popen(
            [*RUN, "budget", "approve", PROPOSED, str(folder), "--by", f"P{n}", "--on", "2026-03-21"],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for n in range(6)
    ]
    errors = [each.communicate(timeout=120)[1] for each in started]
    codes = sorted(each.returncode for each in started)
    assert codes == [0, 2, 2, 2, 2, 2]
    assert not any(b"Traceback" in each for each in errors)
    lines = (folder / "marketing_log.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["to_status"] for line in lines] == ["proposed", "approved"]
    assert not list(folder.glob(".*"))


def test_a_step_that_is_written_is_not_reported_as_refused(folder):
    """Exit code 2 means that nothing is written; on a full disk, stdout fails after the step."""
    step = ["budget", "reject", "BUD_0003", str(folder), "--by", "ANNA", "--on", "2026-03-20"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*RUN, *step], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    log = folder / "marketing_log.jsonl"
    assert done.returncode == 1
    expected = f"journey: the step is in {log}, but the result cannot be printed: No space left on device\n"
    assert done.stderr.endswith(expected)
    assert json.loads(log.read_text(encoding="utf-8").splitlines()[-1])["to_status"] == "rejected"


@pytest.mark.slow
def test_without_a_date_the_rules_are_checked_as_of_the_latest_date_in_the_records(folder):
    """The campaigns ended long ago by the clock, but not by the records, which end on 2026-03-19."""
    done = invoke("budget", "propose", PROPOSED, folder)
    assert done.exit_code == 0
    assert "rules checked as of 2026-03-19T15:05:00, the latest date in the records" in " ".join(done.stdout.split())
    step = json_of("budget", "approve", PROPOSED, folder, "--by", "ANNA")
    assert step["as_of"] == "2026-03-19T15:05:00"
    # The row has the time of the clock.
    assert step["events"][-1]["timestamp"] > "2026-06"
    json_of("budget", "execute", PROPOSED, folder, "--by", "BERT")
    # The log does not move the date of the evaluation, and all of it is used.
    found = json_of("campaigns", folder)
    assert found["as_of"] == "2026-03-19T15:05:00"
    assert found["budget"]["governance"]["executed_in_log"] == [PROPOSED]
    available = {(each["campaign_id"], each["channel_id"]): each["available"] for each in found["budget"]["channels"]}
    assert available["CAMP_002", "CH_03"] == 1292.5
    assert "dated-later" not in [each["code"] for each in found["findings"]]
    # Before the steps, as of the records' last day, nothing was executed.
    assert json_of("campaigns", folder, "--as-of", "2026-03-19")["budget"]["governance"]["executed_in_log"] == []
