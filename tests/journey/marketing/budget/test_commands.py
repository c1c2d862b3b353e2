"""Whatever is tried, in whatever order: the log of a folder holds no money that moved unapproved or was not there."""

import shutil
from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.decision.as_of import AsOf
from journey.marketing.budget import commands
from journey.marketing.budget.commands import StepRequest, run_step
from journey.marketing.budget.governance import prove
from journey.marketing.budget.log import LOG_DATASET
from journey.marketing.budget.rules import Transfer
from journey.marketing.checks import check
from journey.marketing.core.policy import BudgetPolicy, MarketingPolicy, RiskPolicy
from journey.marketing.records.folders import BUNDLED, bundled_folder, read_folders
from journey.marketing.views.balances import read_balances
from journey.marketing.views.context import build_context

START = datetime(2026, 3, 20, 9)
# The risk of CH_03 may not bar every second step here; `test_every_rule_is_named` has it.
POLICY = MarketingPolicy(budget=BudgetPolicy(active=("active", "paused")), risk=RiskPolicy(force_review=("critical",)))
MOVES = {
    "A": ("CAMP_002", "CH_02", "CH_03", 3000.0),
    "B": ("CAMP_002", "CH_03", "CH_02", 2500.0),
    "C": ("CAMP_002", "CH_02", "CH_03", 499.99),
}
ORDERS = st.tuples(
    st.sampled_from(["propose", "approve", "approve", "reject", "execute", "execute", "roll_back"]),
    st.sampled_from([*MOVES, "BUD_0003"]),
    st.sampled_from([None, "ANNA", "anna", "BERT"]),
    st.sampled_from([0, 5, 5, -60]),
)


def _order(step, key, by, when):
    transfer = Transfer(key, *MOVES[key]) if step == "propose" and key in MOVES else None
    return StepRequest(step=step, action_id=key, when=AsOf.of(when), by=by, transfer=transfer)


def _held(folder):
    """The log is proved, tells no impossible story, and no channel has less than nothing."""
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
@settings(max_examples=12)  # each reads a folder after each of its steps
@given(st.lists(ORDERS, min_size=4, max_size=12))
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
def test_no_sequence_of_steps_leads_to_unapproved_or_missing_money(tmp_path_factory, orders):
    folder = shutil.copytree(bundled_folder(BUNDLED), tmp_path_factory.mktemp("desk") / "company")
    now, done = START, Counter()
    for step, key, by, minutes in orders:
        now += timedelta(minutes=minutes)
        log = folder / f"{LOG_DATASET}.jsonl"
        before = log.read_bytes() if log.exists() else None
        try:
            run_step(_order(step, key, by, now), [folder], POLICY)
        except InputError:
            assert (log.read_bytes() if log.exists() else None) == before
            continue
        done[step] += 1
        # What stood there stays, and something was added.
        assert log.read_bytes().startswith(before or b"")
        assert len(log.read_bytes()) > len(before or b"")
        events = _held(folder)
        assert [event.timestamp for event in events[1:]] == sorted(event.timestamp for event in events[1:])
    assert done["execute"] <= done["approve"]
    assert done["roll_back"] <= done["execute"]


def test_a_whole_life_and_what_it_does_to_the_balances(tmp_path):
    """3,000 of 5,297.50 go to CH_03; then 2,500 more of what it has come back, and cannot be fetched twice."""
    folder = shutil.copytree(bundled_folder(BUNDLED), tmp_path / "company")
    day = START

    def do(step, key, by):
        nonlocal day
        day += timedelta(hours=1)
        return run_step(_order(step, key, by, day), [folder], POLICY)

    do("propose", "A", "ANNA")
    do("approve", "A", "BERT")
    assert do("execute", "A", None).balances == {"CH_02": 2297.5, "CH_03": 5572.5}
    do("propose", "B", "BERT")
    do("approve", "B", "ANNA")
    assert do("execute", "B", None).balances == {"CH_02": 4797.5, "CH_03": 3072.5}
    do("propose", "C", "ANNA")
    do("approve", "C", None)
    # Of 3,072.50 in CH_03 the 3,000 of A could go back once; then B's 2,500 are there to go back too.
    assert do("roll_back", "A", "BERT").balances == {"CH_02": 7797.5, "CH_03": 72.5}
    assert do("execute", "C", None).balances == {"CH_02": 7297.51, "CH_03": 572.49}
    assert len(_held(folder)) == 10
    with pytest.raises(InputError, match="illegal move 'roll_back' from stage 'rolled_back'"):
        do("roll_back", "A", "BERT")


def test_what_is_gone_by_the_time_of_the_step_is_refused_then(tmp_path):
    """Both were approved when the money was there; after the first, it no longer is."""
    folder = shutil.copytree(bundled_folder(BUNDLED), tmp_path / "company")
    big = {"X": 3000.0, "Y": 2297.5}
    for place, (key, amount) in enumerate(big.items()):
        for step, by in (("propose", "ANNA"), ("approve", "BERT")):
            transfer = Transfer(key, "CAMP_002", "CH_02", "CH_03", amount) if step == "propose" else None
            when = AsOf.of(START + timedelta(hours=place))
            run_step(StepRequest(step=step, action_id=key, when=when, by=by, transfer=transfer), [folder], POLICY)
    # Somebody spends 500 on CH_02 meanwhile.
    path = folder / "performance_metrics.json"
    text = path.read_text().replace('"cost": 870.0, "revenue_proxy": 2700.0', '"cost": 1370.0, "revenue_proxy": 2700.0')
    assert text != path.read_text()
    path.chmod(0o644)
    path.write_text(text)
    later = AsOf.of(START + timedelta(days=1))
    run_step(StepRequest(step="execute", action_id="X", when=later), [folder], POLICY)
    with pytest.raises(InputError, match=r"CH_02 has 1797\.50 to give, not 2297\.50\. \(rule: not_enough\)"):
        run_step(StepRequest(step="execute", action_id="Y", when=later), [folder], POLICY)
    _held(folder)


def test_another_step_that_is_being_written_is_waited_for_by_the_person(tmp_path):
    folder = shutil.copytree(bundled_folder(BUNDLED), tmp_path / "company")
    order = _order("reject", "BUD_0003", "ANNA", START)
    with (
        commands._exclusive_lock(folder / f"{LOG_DATASET}.jsonl"),
        pytest.raises(InputError, match="another step is being"),
    ):
        run_step(order, [folder], POLICY)
    assert run_step(order, [folder], POLICY).status == "rejected"
    assert not list(folder.glob(".*"))
