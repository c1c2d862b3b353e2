"""Budget steps on a folder: no sequence of steps moves unapproved or missing money."""

import shutil
from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.decision.as_of import AsOf
from journey.marketing.budget.commands import StepRequest, run_step
from journey.marketing.budget.governance import prove
from journey.marketing.budget.log import LOG_DATASET
from journey.marketing.budget.log_file import locked_log
from journey.marketing.budget.rules import Transfer
from journey.marketing.checks import check
from journey.marketing.core.policy import BudgetPolicy, MarketingPolicy, RiskPolicy
from journey.marketing.records.folders import BUNDLED, bundled_folder, read_folders
from journey.marketing.views.balances import read_balances
from journey.marketing.views.context import build_context
from tests.levels import examples

START = datetime(2026, 3, 20, 9)
# Ignore the risk of CH_03, which would block many steps; `test_every_rule_is_named` covers it.
POLICY = MarketingPolicy(budget=BudgetPolicy(active=("active", "paused")), risk=RiskPolicy(force_review=("critical",)))
MOVES = {
    "A": ("CAMP_002", "CH_02", "CH_03", 3000.0),
    "B": ("CAMP_002", "CH_03", "CH_02", 2500.0),
    "C": ("CAMP_002", "CH_02", "CH_03", 499.99),
}
REQUESTS = st.tuples(
    st.sampled_from(["propose", "approve", "approve", "reject", "execute", "execute", "roll_back"]),
    st.sampled_from([*MOVES, "BUD_0003"]),
    st.sampled_from([None, "ANNA", "anna", "BERT"]),
    st.sampled_from([0, 5, 5, -60]),
)


def _request(step, key, by, when):
    transfer = Transfer(key, *MOVES[key]) if step == "propose" and key in MOVES else None
    return StepRequest(step=step, action_id=key, when=AsOf.of(when), by=by, transfer=transfer)


def _check_log(folder):
    """The log is compliant and consistent, and no balance is negative."""
    records = read_folders([folder])
    context = build_context(records, policy=POLICY)
    events = records.objects(LOG_DATASET)
    assert prove(events, POLICY).is_compliant
    kinds = ("impossible-history", "proposer-is-approver", "approved-by-no-person", "status-differs-from-log")
    codes = {finding.code for finding in check(records, context=context).findings}
    assert not codes & {*kinds, "log-of-unknown", "negative-balance", "executed-unapproved"}
    assert all(each.balance >= 0.0 for each in read_balances(context) if each.basis == "opening")
    return events


@pytest.mark.slow
@settings(max_examples=examples(12, otherwise=4))  # each reads a folder after each of its steps
@given(st.lists(REQUESTS, min_size=4, max_size=12))
@example(
    [
        ("propose", "A", "ANNA", 5),
        ("approve", "A", "anna", 5),
        ("approve", "A", "BERT", 5),
        ("execute", "A", None, -60),
        ("execute", "A", None, 90),
        ("execute", "A", None, 5),
        ("roll_back", "A", None, 5),
    ]
)
@example(
    [
        ("propose", "B", "ANNA", 5),
        ("propose", "A", "ANNA", 5),
        ("approve", "B", "BERT", 0),
        ("execute", "B", "BERT", 0),
        ("approve", "A", "BERT", 0),
        ("execute", "A", None, 0),
        ("roll_back", "B", None, 0),
    ]
)
def test_no_sequence_of_steps_leads_to_unapproved_or_missing_money(tmp_path_factory, requests):
    folder = shutil.copytree(bundled_folder(BUNDLED), tmp_path_factory.mktemp("folder") / "company")
    now, done = START, Counter()
    for step, key, by, minutes in requests:
        now += timedelta(minutes=minutes)
        log = folder / f"{LOG_DATASET}.jsonl"
        before = log.read_bytes() if log.exists() else None
        try:
            run_step(_request(step, key, by, now), [folder], POLICY)
        except InputError:
            assert (log.read_bytes() if log.exists() else None) == before
            continue
        done[step] += 1
        # Existing content is kept, and something was added.
        assert log.read_bytes().startswith(before or b"")
        assert len(log.read_bytes()) > len(before or b"")
        events = _check_log(folder)
        assert [event.timestamp for event in events[1:]] == sorted(event.timestamp for event in events[1:])
    assert done["execute"] <= done["approve"]
    assert done["roll_back"] <= done["execute"]


@pytest.mark.slow
def test_the_balances_after_each_step_of_three_transfers(tmp_path):
    """3,000 of 5,297.50 go to CH_03; then 2,500 come back; a transfer is rolled back at most once."""
    folder = shutil.copytree(bundled_folder(BUNDLED), tmp_path / "company")
    day = START

    def run(step, key, by):
        nonlocal day
        day += timedelta(hours=1)
        return run_step(_request(step, key, by, day), [folder], POLICY)

    run("propose", "A", "ANNA")
    run("approve", "A", "BERT")
    assert run("execute", "A", None).balances == {"CH_02": 2297.5, "CH_03": 5572.5}
    run("propose", "B", "BERT")
    run("approve", "B", "ANNA")
    assert run("execute", "B", None).balances == {"CH_02": 4797.5, "CH_03": 3072.5}
    run("propose", "C", "ANNA")
    run("approve", "C", None)
    # CH_03 has 3,072.50, enough to roll back the 3,000 of A.
    assert run("roll_back", "A", "BERT").balances == {"CH_02": 7797.5, "CH_03": 72.5}
    assert run("execute", "C", None).balances == {"CH_02": 7297.51, "CH_03": 572.49}
    assert len(_check_log(folder)) == 10
    with pytest.raises(InputError, match="illegal move 'roll_back' from stage 'rolled_back'"):
        run("roll_back", "A", "BERT")


@pytest.mark.slow
def test_an_execution_is_refused_if_the_money_was_spent_after_the_approval(tmp_path):
    """Two transfers are approved while the money is available; after the first, it is not enough for the second."""
    folder = shutil.copytree(bundled_folder(BUNDLED), tmp_path / "company")
    amounts = {"X": 3000.0, "Y": 2297.5}
    for hour, (key, amount) in enumerate(amounts.items()):
        for step, by in (("propose", "ANNA"), ("approve", "BERT")):
            transfer = Transfer(key, "CAMP_002", "CH_02", "CH_03", amount) if step == "propose" else None
            when = AsOf.of(START + timedelta(hours=hour))
            run_step(StepRequest(step=step, action_id=key, when=when, by=by, transfer=transfer), [folder], POLICY)
    # Meanwhile CH_02 spends 500.
    path = folder / "performance_metrics.json"
    text = path.read_text().replace('"cost": 870.0, "revenue_proxy": 2700.0', '"cost": 1370.0, "revenue_proxy": 2700.0')
    assert text != path.read_text()
    path.chmod(0o644)
    path.write_text(text)
    later = AsOf.of(START + timedelta(days=1))
    run_step(StepRequest(step="execute", action_id="X", when=later), [folder], POLICY)
    with pytest.raises(InputError, match=r"CH_02 has 1797\.50 to give, not 2297\.50\. \(rule: not_enough\)"):
        run_step(StepRequest(step="execute", action_id="Y", when=later), [folder], POLICY)
    _check_log(folder)


@pytest.mark.medium
def test_a_step_is_refused_while_another_process_writes_the_log(tmp_path):
    folder = shutil.copytree(bundled_folder(BUNDLED), tmp_path / "company")
    request = _request("reject", "BUD_0003", "ANNA", START)
    with locked_log([folder]), pytest.raises(InputError, match="another step is being"):
        run_step(request, [folder], POLICY)
    assert run_step(request, [folder], POLICY).status == "rejected"
    assert not list(folder.glob(".*"))
