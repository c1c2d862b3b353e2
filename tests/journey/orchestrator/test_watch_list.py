"""The watch list has the customers without an action whom a person should look at, and no others."""

import pytest

from journey.decision.policy import build_policy
from journey.evaluation.evaluate import evaluate
from journey.records.folder import Records, bundled_folder, read_folder

CUSTOMER = {"customer_id": "A", "segment": "Enterprise", "account_value": 80_000, "tenure_months": 9,
            "risk_tier": "low"}  # fmt: skip
STAY = {"customer_id": "A", "journey_stage": "retention", "state_entered_at": "2030-01-01",
        "previous_stage": "engagement"}  # fmt: skip
RENEWAL = {"signal_id": "S", "customer_id": "A", "signal_type": "renewal_intent", "signal_strength": 0.3,
           "source": "manual"}  # fmt: skip


def watched(as_of, policy=None, customer=CUSTOMER, stay=STAY, signals=()):
    records = Records.from_tables({"customers": [customer], "journey_state_log": [stay], "signals": list(signals)})
    return evaluate(records, as_of=as_of, policy=policy).watch_list.top(9)


@pytest.mark.medium
def test_a_long_stay_with_a_renewal_signal_is_watched_from_the_policys_share_of_the_typical_stay():
    def reasons(as_of, **options):
        signal = RENEWAL | {"detected_at": "2030-05-20"}
        return [reason for one in watched(as_of, signals=[signal], **options) for reason in one.reasons]

    # 180 days are typical in retention, and 0.8 of them are 144.
    assert not any("typical is up to 180" in reason for reason in reasons("2030-05-24"))
    assert "144 days in retention, typical is up to 180, and the positive signal S" in reasons("2030-05-25")[0]
    early = build_policy({"thresholds": {"watch_share": 0.79}}, "test")
    assert "143 days in retention" in reasons("2030-05-24", policy=early)[0]


@pytest.mark.medium
def test_a_long_stay_alone_or_an_old_signal_is_not_an_opportunity():
    assert not watched("2030-06-10")
    assert not watched("2030-06-10", signals=[RENEWAL | {"detected_at": "2030-01-02"}])


@pytest.mark.medium
@pytest.mark.parametrize(
    ("tier", "value", "is_watched"), [("high", 10, True), ("low", 50_000, True), ("medium", 49_999, False)]
)
def test_a_doubtful_record_is_watched_if_the_tier_is_high_or_the_account_large(tier, value, is_watched):
    illegal = STAY | {"journey_stage": "engagement", "previous_stage": "support"}
    customer = CUSTOMER | {"risk_tier": tier, "account_value": value}
    assert bool(watched("2030-01-05", customer=customer, stay=illegal)) is is_watched
    assert not watched("2030-01-05", customer=customer)


@pytest.mark.medium
def test_the_seed_by_expected_loss_without_the_customers_whose_actions_are_held_back():
    found = evaluate(read_folder(bundled_folder()))
    assert [one.customer_id for one in found.watch_list] == ["C009", "C007", "C004"]
    assert [one.customer_id for one in found.watch_list.top(1)] == ["C009"]
    ranked = [decision.customer_id for decision in found.decisions.top_priority(10)]
    # By churn probability x account value: 110,000 in risk tier high is more than 38,000 in tier medium is not.
    assert ranked.index("C009") == 3
    assert ranked[-1] == "C003"
