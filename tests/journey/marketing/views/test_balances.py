"""Balances of channels: transfers conserve the total."""

import shutil
from datetime import datetime

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.marketing.budget.availability import compute_available_in_campaigns
from journey.marketing.budget.rules import Transfer, find_objections
from journey.marketing.records.folders import BUNDLED, bundled_folder, read_folders
from journey.marketing.views.balances import read_balances
from journey.marketing.views.context import build_context
from tests.journey.marketing.companies import find_codes, records, row, rows
from tests.levels import examples


def _by_channel(tables, **options):
    found = read_balances(build_context(records(tables), **options))
    return {(each.campaign_id, each.channel_id): each for each in found}


def test_a_bundled_balance_agrees_with_a_hand_calculation():
    """CAMP_002 on CH_03: opening 4,000, spend 427.50, 1,500 transferred out (BUD_0001), 500 back in (BUD_0004)."""
    social = _by_channel(rows())["CAMP_002", "CH_03"]
    assert (social.basis, social.opening, social.spent, social.taken, social.brought) == (
        "opening", 4000.0, 427.5, 1500.0, 500.0,
    )  # fmt: skip
    assert social.balance == 2572.5


def test_spend_replaces_a_missing_opening_balance_and_without_either_the_balance_is_unknown():
    tables = rows()
    for campaign in tables["campaigns"]:
        del campaign["channel_budgets"]
    found = _by_channel(tables)
    assert (found["CAMP_002", "CH_03"].basis, found["CAMP_002", "CH_03"].balance) == ("spend", 427.5 - 1500 + 500)
    assert (found["CAMP_001", "CH_02"].basis, found["CAMP_001", "CH_02"].balance) == ("unknown", None)


def test_a_transfer_counts_from_its_approval():
    """BUD_0001 was proposed at 10:30 on 16 March and approved 55 minutes later."""
    key = ("CAMP_002", "CH_02")
    assert _by_channel(rows(), as_of=datetime(2026, 3, 16, 11, 24))[key].brought == 0.0
    assert _by_channel(rows(), as_of=datetime(2026, 3, 16, 11, 25))[key].brought == 1500.0


def test_an_executed_transfer_counts_at_the_latest_date_although_its_computed_approval_is_later():
    """CAMP_002 on CH_03 has 2,572.50; the last record of all is an executed transfer of 100 with a latency of 90."""
    tables = rows()
    last = {**row(tables, "budget_actions", "BUD_0001"), "budget_action_id": "BUD_LAST", "amount": 100.0}
    tables["budget_actions"].append(last | {"timestamp": "2026-12-01T09:00:00", "approval_latency_minutes": 90})
    assert _by_channel(tables)["CAMP_002", "CH_03"].balance == 2472.5
    # On the records' own last moment it is executed; before that it is not known yet.
    assert _by_channel(tables, as_of=datetime(2026, 12, 1, 8, 59))["CAMP_002", "CH_03"].balance == 2572.5


moves = st.lists(
    st.tuples(
        st.sampled_from(["CH_02", "CH_03"]),
        st.sampled_from(["CH_02", "CH_03"]),
        st.integers(0, 100_000),
        st.sampled_from(["proposed", "approved", "rejected", "executed", "rolled_back"]),
    ),
    max_size=8,
)


@pytest.mark.slow
@settings(max_examples=examples(15, otherwise=4))  # each example reads all tables
@given(moves)
def test_transfers_conserve_the_sum_of_a_campaigns_balances(transfers):
    tables = rows()
    tables["budget_actions"] = [
        row(rows(), "budget_actions", "BUD_0001")
        | {"budget_action_id": f"B{index}", "from_channel_id": source, "to_channel_id": target, "amount": cents / 100,
           "status": status}
        for index, (source, target, cents, status) in enumerate(transfers)
    ]  # fmt: skip
    found = [each for key, each in _by_channel(tables).items() if key[0] == "CAMP_002"]
    # Sums of a few doubles exact to the cent, rounded to cents: the error stays below half a cent.
    assert sum(each.balance for each in found) == pytest.approx(10_000.0 - 2_130.0, abs=0.005)
    assert sum(each.brought for each in found) == pytest.approx(sum(each.taken for each in found), abs=0.005)


def test_a_transfer_in_another_currency_makes_both_balances_unknown_and_enters_no_sum():
    tables = rows()
    row(tables, "budget_actions", "BUD_0004").update(amount=50_000.0, currency="JPY")
    found = _by_channel(tables)
    for channel in ("CH_02", "CH_03"):
        assert found["CAMP_002", channel].balance is None
        assert found["CAMP_002", channel].reason == "BUD_0004 is in another currency, and amounts are not converted"
    # BUD_0001 is in dollars, and is all that enters a sum.
    assert (found["CAMP_002", "CH_03"].taken, found["CAMP_002", "CH_03"].brought) == (1500.0, 0.0)
    assert found["CAMP_001", "CH_01"].balance == _by_channel(rows())["CAMP_001", "CH_01"].balance


@pytest.mark.parametrize("spelling", ["usd", " USD ", "Usd"])
def test_a_currency_is_the_same_in_capitals(spelling):
    tables = rows()
    row(tables, "budget_actions", "BUD_0004")["currency"] = spelling
    assert _by_channel(tables) == _by_channel(rows())
    assert ("foreign-currency", "BUD_0004") not in find_codes(tables)


def test_campaigns_as_parquet_have_the_same_channels_as_in_json(tmp_path):
    """Parquet stores a mapping as a structure, with a null for each channel that only other campaigns have."""
    folder = shutil.copytree(bundled_folder(BUNDLED), tmp_path / "company")
    expected = read_balances(build_context(read_folders([folder])))
    source = folder / "campaigns.json"
    duckdb.sql(f"COPY (FROM read_json('{source}')) TO '{folder / 'campaigns.parquet'}' (FORMAT parquet)")
    source.unlink()
    context = build_context(read_folders([folder]))
    assert read_balances(context) == expected
    sql = "SELECT channel_id FROM campaign_channels WHERE campaign_id = 'CAMP_002' ORDER BY 1"
    assert context.cursor.execute(sql).fetchall() == [("CH_02",), ("CH_03",)]
    transfer = Transfer("T", "CAMP_002", "CH_02", "CH_04", 100.0)
    available = compute_available_in_campaigns(context, deduct_pending=True)
    assert [each.code for each in find_objections(transfer, available, {})] == ["not_in_campaign"]
