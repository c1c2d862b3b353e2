"""The file of the log: one lock for a set of folders, and nothing is written that is read differently."""

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime
from itertools import permutations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.core.identifiers import normalise_identifier
from journey.decision.as_of import AsOf
from journey.marketing.budget.commands import StepRequest, run_step
from journey.marketing.budget.governance import prove
from journey.marketing.budget.log import LOG_DATASET, MarketingLog
from journey.marketing.budget.log_file import append_to_log, locked_log
from journey.marketing.budget.rules import Transfer
from journey.marketing.core.policy import BudgetPolicy, MarketingPolicy, RiskPolicy
from journey.marketing.records.folders import BUNDLED, bundled_folder, read_folders
from journey.marketing.views.balances import read_balances
from journey.marketing.views.context import build_context
from tests.levels import examples

DAY = datetime(2026, 3, 20)
POLICY = MarketingPolicy(budget=BudgetPolicy(active=("active", "paused")), risk=RiskPolicy(force_review=("critical",)))
INVISIBLE = ("", " ", "\t", "\u00a0", "\u200b", "\ufeff", "\u3164", " \u2800\n")


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(bundled_folder(BUNDLED), tmp_path / "company")


def step(name, action_id, folders, by="ANNA", amount=600.0):
    transfer = Transfer(action_id, "CAMP_002", "CH_03", "CH_02", amount) if name == "propose" else None
    request = StepRequest(step=name, action_id=action_id, when=AsOf.of(DAY), by=by, transfer=transfer)
    return run_step(request, folders, POLICY)


@pytest.mark.slow
@pytest.mark.parametrize("end", [" ", "\u200b"])
def test_an_id_with_an_invisible_end_is_the_same_id(folder, end):
    """A transfer is executed once under all spellings of its ID that are read as one."""
    for name, by in (("propose", "ANNA"), ("approve", "BERT"), ("execute", "BERT")):
        step(name, "X", [folder], by)
    with pytest.raises(InputError, match=r"^X: already exists \(status: executed\)"):
        step("propose", end + "X" + end, [folder])
    with pytest.raises(InputError, match="illegal move 'execute' from stage 'executed'"):
        step("execute", "X" + end, [folder])
    records = read_folders([folder])
    assert [event.to_status for event in records.objects(LOG_DATASET)] == ["proposed", "approved", "executed"]
    balances = {each.channel_id: each.balance for each in read_balances(build_context(records, policy=POLICY))}
    assert balances["CH_03"] == 1972.5


@pytest.mark.parametrize("end", INVISIBLE[1:])
def test_the_log_in_memory_takes_them_as_the_same_id_too(end):
    log = MarketingLog(policy=POLICY)
    log.enter("budget_action", "X" + end, at=DAY, by="human", actor="ANNA" + end, amount=5.0)
    assert log.status("budget_action", end + "X") == "proposed"
    assert (log.events[0].entity_id, log.events[0].actor_id) == ("X", "ANNA")
    with pytest.raises(InputError, match="is already in the log"):
        log.enter("budget_action", end + "X", at=DAY, by="human", actor="ANNA", amount=5.0)
    with pytest.raises(InputError, match="another person must approve it"):
        log.move("budget_action", end + "X", "approve", at=DAY, by="human", actor="ANNA")


@pytest.mark.parametrize("blank", ["", " ", "\u3164"])
@pytest.mark.parametrize("what", ["action_id", "by", "proposed_by", "campaign", "channel"])
def test_a_blank_identifier_is_refused_and_nothing_is_written(folder, blank, what):
    names = {"action_id": "X", "by": "ANNA", "proposed_by": "ANNA", "campaign": "CAMP_002", "channel": "CH_03"}
    names[what] = blank
    transfer = Transfer(names["action_id"], names["campaign"], names["channel"], "CH_02", 600.0)
    request = StepRequest("propose", names["action_id"], AsOf.of(DAY), names["by"], None, transfer, None,
                          names["proposed_by"])  # fmt: skip
    with pytest.raises(InputError, match="is blank; give at least one visible character"):
        run_step(request, [folder], POLICY)
    assert not (folder / f"{LOG_DATASET}.jsonl").exists()


TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["NA", "N/A", "null", "None", "NaN", "-", "nil", "X ", "\u00a0X", "1.0", "007", "1e5", "true"]),
)


@pytest.mark.slow
@settings(max_examples=examples(25, otherwise=6), deadline=None)
@given(TEXTS, TEXTS, TEXTS)
@example("X", "NA", "null")
@example("null", "None", "")
@example("1.0", "007", " ")
def test_what_is_written_is_read_back_as_it_was(tmp_path_factory, entity_id, actor, reason):
    folder = tmp_path_factory.mktemp("log")
    path = folder / f"{LOG_DATASET}.jsonl"
    log = MarketingLog(policy=POLICY)
    try:
        log.enter("budget_action", entity_id, at=DAY, by="human", actor=actor, amount=5.0, reason=reason)
        append_to_log(path, log.events)
    except InputError:
        assert not path.exists()
        return
    records = read_folders([folder])
    assert records.objects(LOG_DATASET) == log.events
    assert records.objects(LOG_DATASET)[0].entity_id == normalise_identifier(entity_id)
    assert records.set_aside == ()


def split_company(tmp_path):
    """The company in two folders, with budget actions in both, so that either may get the log."""
    whole = bundled_folder(BUNDLED)
    folders = [shutil.copytree(whole, tmp_path / name) for name in ("W1", "W2")]
    for folder, half in zip(folders, (0, 1), strict=True):
        for path in folder.iterdir():
            path.chmod(0o644)
            if path.name == "budget_actions.json":
                path.write_text(json.dumps(json.loads(path.read_text())[half::2]))
            elif half:
                path.unlink()
    return folders


@pytest.mark.parametrize("orders", [*permutations([("W1", "W2"), ("W2", "W1"), ("W1",), ("W2", "W1/../W1")], 2)])
def test_sets_that_share_a_folder_exclude_each_other(tmp_path, orders):
    split_company(tmp_path)
    held, wanted = ([tmp_path / name for name in order] for order in orders)
    with locked_log(held), pytest.raises(InputError, match="another step is being written; try again"):
        locked_log(wanted).__enter__()
    with locked_log(wanted):
        pass
    assert not list(tmp_path.rglob(".*"))


def test_a_link_to_a_folder_is_that_folder(tmp_path):
    first, second = split_company(tmp_path)
    (tmp_path / "link").symlink_to(first)
    with locked_log([first, second]), pytest.raises(InputError, match="another step is being written"):
        locked_log([second, tmp_path / "link"]).__enter__()


def test_folders_whose_logs_are_one_file_exclude_each_other(tmp_path):
    """Both logs are links to a central file."""
    folders = split_company(tmp_path)
    central = tmp_path / "central" / "audit.jsonl"
    central.parent.mkdir()
    central.write_text("")
    for folder in folders:
        (folder / f"{LOG_DATASET}.jsonl").symlink_to(central)
    with locked_log(folders[:1]), pytest.raises(InputError, match="another step is being written"):
        locked_log(folders[1:]).__enter__()
    assert not list(tmp_path.rglob(".*"))


def test_a_step_is_written_through_a_link_to_a_central_log(tmp_path, folder):
    central = tmp_path / "central" / "audit.jsonl"
    central.parent.mkdir()
    central.write_text("")
    central.chmod(0o600)
    (folder / f"{LOG_DATASET}.jsonl").symlink_to(central)
    step("propose", "X", [folder])
    step("approve", "X", [folder], by="BERT")
    assert (folder / f"{LOG_DATASET}.jsonl").is_symlink()
    assert len(central.read_text().splitlines()) == 2
    assert central.stat().st_mode & 0o777 == 0o600


RACE = """
import sys
from datetime import datetime
from pathlib import Path
from journey.core.errors import InputError
from tests.journey.marketing.budget.test_log_file import step
sys.stdin.readline()
try:
    step("propose", sys.argv[1], [Path(name) for name in sys.argv[2:]], by="ANNA", amount=2000.0)
except InputError as error:
    sys.exit(str(error))
"""


@pytest.mark.slow
def test_at_once_and_in_any_order_of_the_folders_money_is_promised_once(tmp_path):
    """Of 2,572.50, four people promise 2,000.00 each at the same moment."""
    folders = split_company(tmp_path)
    (tmp_path / "link").symlink_to(folders[0])
    orders = [*permutations(folders), (tmp_path / "link", folders[1]), (folders[1], tmp_path / "link")]
    started = [
        subprocess.Popen([sys.executable, "-c", RACE, f"T{n}", *map(str, order)], stdin=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
        for n, order in enumerate(orders)
    ]  # fmt: skip
    for each in started:
        each.stdin.write("go\n")
        each.stdin.flush()
    errors = [each.communicate(timeout=120)[1] for each in started]
    assert [each.returncode for each in started].count(0) == 1, errors
    assert not any("Traceback" in error for error in errors)
    logs = list(tmp_path.rglob(f"{LOG_DATASET}.jsonl"))
    assert len(logs) == 1
    records = read_folders(folders)
    assert len(records.objects(LOG_DATASET)) == 1
    assert prove(records.objects(LOG_DATASET), POLICY).is_compliant


NO_FILES = {
    "a folder": lambda path: path.mkdir(),
    "a pipe": lambda path: os.mkfifo(path),  # absent on Windows
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes and devices in a folder")
@pytest.mark.parametrize("kind", NO_FILES)
def test_a_log_that_is_not_a_file_is_refused(kind, folder):
    path = folder / f"{LOG_DATASET}.jsonl"
    path.unlink(missing_ok=True)
    NO_FILES[kind](path)
    with pytest.raises(InputError, match=r"marketing_log\.jsonl: is (a folder|a broken link, or not a regular file);"):
        step("propose", "X", [folder])
