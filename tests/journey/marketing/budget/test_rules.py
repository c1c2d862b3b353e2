"""The rules for budget transfers."""

from hypothesis import given
from hypothesis import strategies as st

from journey.marketing.budget.rules import Transfer, find_objections

C = "CAMP_001"
AVAILABLE = {(C, "A"): 1000.0, (C, "B"): 0.0, (C, "Z"): None, (C, "R"): 300.0}
RISKY = {(C, "R"): ("RSK_1",)}

channels = st.sampled_from(["A", "B", "Z", "R", "elsewhere"])
amounts = st.sampled_from([-5.0, 0.0, 0.01, 100.0, 499.99, 500.0, 1000.0, 1000.01, float("nan"), float("inf")])
transfers = st.builds(Transfer, st.sampled_from(["T1", "T2", "T3"]), st.just(C), channels, channels, amounts)


def _codes(transfer):
    return {each.code for each in find_objections(transfer, AVAILABLE, RISKY)}


@given(channels, amounts)
def test_a_channel_cannot_give_to_itself(channel, amount):
    assert "to_itself" in _codes(Transfer("T", C, channel, channel, amount))


@given(channels, amounts)
def test_a_channel_with_no_or_unknown_money_cannot_give(target, amount):
    assert "nothing_to_give" in _codes(Transfer("T", C, "B", target, amount))
    assert "balance_unknown" in _codes(Transfer("T", C, "Z", target, amount))


@given(channels, amounts)
def test_a_channel_with_an_open_high_risk_cannot_receive(source, amount):
    assert "open_risk" in _codes(Transfer("T", C, source, "R", amount))


@given(transfers)
def test_a_transfer_without_objections_never_overdraws_a_channel(transfer):
    if not find_objections(transfer, AVAILABLE, RISKY):
        assert transfer.from_channel_id in ("A", "R")
        assert transfer.to_channel_id in ("A", "B", "Z")
        assert transfer.from_channel_id != transfer.to_channel_id
        assert 0.0 < transfer.amount <= AVAILABLE[transfer.giver]
