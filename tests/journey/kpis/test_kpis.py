"""KPIs have a definition and a sample size, and are unknown where the records have no ground truth."""

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from journey.decision.policy import build_policy
from journey.evaluation.evaluate import evaluate
from journey.kpis import NEED_INTERVENTIONS, NEED_OUTCOMES
from journey.orchestrator.ports import MemoryKpiSink
from journey.records.folder import Records, bundled_folder, read_folder
from tests.levels import examples


@pytest.fixture(scope="module")
def seed():
    return evaluate(read_folder(bundled_folder()))


def kpi(found, name):
    (one,) = [members[name] for members in found.kpis.values() if name in members]
    return one


# Each value by hand from the seed's records.
SEED = {
    "evaluation_latency_ms": ((240 + 180 + 210 + 320 + 290 + 150 + 200 + 120) / 8, 8),
    "evaluation_latency_p95_ms": (320, 8),
    "journey_state_classification_accuracy": (8 / 8, 8),
    "human_escalation_rate": (3 / 8, 8),
    "override_rate": (1 / 8, 8),
    "override_rate_of_outcomes": (1 / 6, 6),
    "override_rate_of_reviewed": (1 / 2, 2),
    # Ten customers and ten entries of five fields, twelve signals of seven, eight interventions of nine, six outcomes
    # of ten. Three customers in onboarding have no previous stage, two outcomes no resolution: nothing is missing
    # there. One signal names an unknown customer.
    "data_completeness": ((50 + 47 + 83 + 72 + 58) / 311, 50 + 47 + 84 + 72 + 58),
    "schema_validation_rate": (1.0, 46),
    "time_to_resolution_days": ((3 + 2 + 5) / 3, 3),
    "intervention_success_rate": (3 / 6, 6),
    "unresolved_rate": (2 / 6, 6),
    "repeat_issue_rate": (1 / 6, 6),
    "escalation_rate": (0.0, 10),
    "proactive_share": (6 / 7, 7),
    "churn_rate": (0.0, 10),
    "churn_risk_reduction": ((0.25 + 0.10 + 0.15) / 5, 5),
    "csat_delta": ((1 + 2 + 1) / 6, 6),
    "cost_per_support_case": (2 * 40.0, 1),
    "revenue_preserved": (0.25 * 12000 + 0.10 * 42000 + 0.15 * 15000, 5),
    "lifetime_value_change": (9450 * 0.75 / 5, 5),
    "revenue_saved_as_recorded": (2000 + 500 + 1500 + 800, 6),
}
UNKNOWN = (
    "signal_precision",
    "signal_recall",
    "reduction_in_unresolved_or_repeat_issues",
    "decrease_in_escalations",
    "increase_in_proactive_interventions",
    "consistency_across_channels",
    "nps_delta",
    "change_in_cost_per_support_case",
    "reduction_in_avoidable_escalations",
)


@pytest.mark.medium
@pytest.mark.parametrize("name", sorted(SEED))
def test_the_seeds_kpis_by_hand(seed, name):
    value, n = SEED[name]
    assert kpi(seed, name).value == pytest.approx(value)
    assert kpi(seed, name).n == n


@pytest.mark.parametrize("name", UNKNOWN)
def test_kpis_without_ground_truth_are_unknown_and_have_no_value(seed, name):
    assert kpi(seed, name).value is None
    assert kpi(seed, name).status == "unknown"


def test_every_kpi_is_defined_and_a_value_has_a_denominator(seed):
    assert set(seed.kpis) == {"operational", "effectiveness", "business"}
    for members in seed.kpis.values():
        for one in members.values():
            assert one.definition
            assert one.unit
            assert (one.value is None) == (one.status == "unknown") == bool(one.reason)
            assert one.value is None or one.n > 0


def test_without_a_counterfactual_money_and_comparisons_are_directional(seed):
    for name in ("revenue_preserved", "churn_risk_reduction", "churn_rate_treated_less_baseline"):
        assert kpi(seed, name).status == "directional"
    assert seed.ledger.label.startswith("directional")


def test_a_kpi_by_segment_adds_up_to_the_whole(seed):
    for name in ("csat_delta", "churn_risk_reduction", "time_to_resolution_days"):
        one = kpi(seed, name)
        assert sum(part["n"] for part in one.by.values()) == one.n
        assert sum(part["n"] * part["value"] for part in one.by.values()) / one.n == pytest.approx(one.value)


def company(outcomes, **changes):
    return Records.from_tables(
        {
            "customers": [{"customer_id": "A", "segment": "SMB", "account_value": 1000.0}],
            "interventions": [
                {"intervention_id": "I", "customer_id": "A", "recommended_action": "proactive_outreach",
                 "journey_stage": "support", "generated_at": "2031-01-01"} | changes
            ],
            "outcomes": outcomes,
        }
    )  # fmt: skip


@pytest.mark.medium
def test_a_missing_outcome_and_a_null_are_not_zeros():
    empty = evaluate(company([]), as_of="2031-01-10")
    assert kpi(empty, "time_to_resolution_days").status == "unknown"
    assert kpi(empty, "override_rate").status == "unknown"
    assert empty.ledger.lines[0].amount is None
    null = evaluate(company([{"intervention_id": "I", "outcome": "resolved", "measured_at": "2031-01-05"}]))
    assert kpi(null, "time_to_resolution_days").value is None
    assert kpi(null, "csat_delta").value is None
    assert kpi(null, "intervention_success_rate").value == 1.0


OUTCOME = {"intervention_id": "I", "outcome": "resolved", "measured_at": "2031-01-05"}


@pytest.mark.medium
def test_values_that_no_record_states_make_value_net_and_return_unknown():
    # The days saved in support are known, but the change of churn risk is most of the value.
    ledger = evaluate(company([OUTCOME | {"resolution_time_days": 3}])).ledger
    assert {line.name: line.amount for line in ledger.lines}["lower support workload"] == 80.0
    assert (ledger.value, ledger.net, ledger.roi) == (None, None, None)
    assert ledger.cost > 0.0
    assert ledger.memos[0].amount is None
    without_account_value = Records.from_tables(
        {
            "customers": [{"customer_id": "A"}],
            "interventions": [{"intervention_id": "I", "customer_id": "A", "recommended_action": "proactive_outreach",
                               "generated_at": "2031-01-01"}],
            "outcomes": [OUTCOME | {"churn_risk_delta": -0.5}],
        }
    )  # fmt: skip
    found = evaluate(without_account_value)
    assert kpi(found, "revenue_preserved").value is None
    assert found.ledger.value is None


def test_without_an_action_the_value_is_known_to_be_zero():
    waiting = evaluate(company([], requires_human_approval=True), as_of="2031-01-05").ledger
    assert waiting.value == 0.0


@pytest.mark.medium
def test_without_a_set_its_kpis_have_one_reason():
    customers = {"customers": [{"customer_id": "A"}]}
    none = evaluate(Records.from_tables(customers), as_of="2031-01-01")
    assert kpi(none, "override_rate").reason == kpi(none, "csat_delta").reason == "there are no interventions"
    without_outcomes = evaluate(company([]), as_of="2031-01-10")
    assert kpi(without_outcomes, "csat_delta").reason == "there are no outcomes"
    assert kpi(without_outcomes, "override_rate").reason == "no outcome has human_override"
    names = {name for members in none.kpis.values() for name in members}
    assert names >= NEED_INTERVENTIONS | NEED_OUTCOMES


@pytest.mark.medium
def test_rates_of_fields_that_no_record_has_are_unknown():
    found = evaluate(company([OUTCOME]))
    for name in ("override_rate", "override_rate_of_outcomes", "override_rate_of_reviewed", "human_escalation_rate",
                 "churn_rate", "escalation_rate"):  # fmt: skip
        assert kpi(found, name).value is None, name
        assert kpi(found, name).reason
    stated = evaluate(company([OUTCOME | {"human_override": False}], requires_human_approval=False))
    assert (kpi(stated, "override_rate").value, kpi(stated, "override_rate").n) == (0.0, 1)
    assert kpi(stated, "human_escalation_rate").value == 0.0
    by_status = evaluate(company([], status="overridden"), as_of="2031-01-05")
    assert kpi(by_status, "override_rate").value == 1.0


def test_labels_of_outcomes_are_compared_without_regard_to_capitals_and_separators():
    for label in ("Resolved", "RESOLVED ", "Improved engagement", "improved-engagement"):
        found = evaluate(company([OUTCOME | {"outcome": label}]))
        assert kpi(found, "intervention_success_rate").value == 1.0, label


def test_an_unknown_label_is_neither_a_success_nor_a_failure():
    found = evaluate(company([OUTCOME | {"outcome": "escalated to partner"}]))
    for name in ("intervention_success_rate", "unresolved_rate"):
        assert kpi(found, name).value is None
        assert kpi(found, name).reason == "no outcome has a known label"


@pytest.mark.parametrize(("label", "days"), [("resolved", 3.0), ("partial_improvement", None), ("failed", None)])
def test_resolution_time_is_that_of_resolved_outcomes(label, days):
    found = evaluate(company([OUTCOME | {"outcome": label, "resolution_time_days": 3}]))
    assert kpi(found, "time_to_resolution_days").value == days


figures = st.none() | st.floats(-1.0, 1.0)
overridable = st.lists(st.tuples(st.booleans(), figures, st.integers(0, 9)), min_size=1, max_size=5)


def treated(rows):
    """Records of one action for each row: whether a person overrode it, its change of churn risk, and its duration."""
    return Records.from_tables(
        {
            "customers": [{"customer_id": "A", "segment": "SMB", "account_value": 1000.0, "tenure_months": 1,
                           "risk_tier": "low"}],
            "interventions": [
                {"intervention_id": f"I{n}", "customer_id": "A", "recommended_action": "proactive_outreach",
                 "journey_stage": "support", "generated_at": "2031-01-01"} for n in range(len(rows))
            ],
            "outcomes": [
                {"intervention_id": f"I{n}", "outcome": "resolved", "human_override": overridden,
                 "churn_risk_delta": delta, "estimated_revenue_saved": 100.0, "resolution_time_days": days,
                 "measured_at": "2031-01-10"}
                for n, (overridden, delta, days) in enumerate(rows)
            ],
        }
    )  # fmt: skip


@pytest.mark.slow
@settings(max_examples=examples(20, otherwise=5), deadline=None, phases=(Phase.explicit, Phase.generate))
@given(overridable)
def test_an_overridden_intervention_adds_neither_value_nor_the_cost_of_its_action(rows):
    ledger = evaluate(treated(rows)).ledger
    own = [row for row in rows if not row[0]]
    amounts = {line.name: line.amount for line in ledger.lines}
    deltas = [delta for _, delta, _ in own if delta is not None]
    expected = sum(-delta * 1000 * 0.75 for delta in deltas) if deltas else None if own else 0.0
    assert amounts["reduced churn risk"] == (None if expected is None else pytest.approx(expected, abs=0.005))
    assert amounts["lower support workload"] == sum((5 - days) * 40 for *_, days in own)
    assert amounts.get("action: proactive_outreach") == (60.0 * len(own) if own else None)
    assert amounts["tool and API calls"] == round(0.002 * len(rows), 2)


@pytest.mark.medium
def test_a_customer_with_a_pending_intervention_is_neither_treated_nor_baseline(seed):
    compared = kpi(seed, "severity_treated_less_baseline")
    # C006 waits for an approval; C003, C008 and C009 have no intervention.
    assert {name: part["n"] for name, part in compared.by.items()} == {"treated": 6, "baseline": 3}
    assert compared.n == 9
    assert kpi(seed, "churn_rate").n == 10


@pytest.mark.slow
def test_outcomes_join_on_intervention_and_customer():
    row = {"intervention_id": "I", "outcome": "resolved", "churn_risk_delta": -0.5, "measured_at": "2031-01-05"}
    same_customer = evaluate(company([row | {"customer_id": "A"}]), as_of="2031-01-10")
    without_customer = evaluate(company([row]), as_of="2031-01-10")
    other_customer = evaluate(company([row | {"customer_id": "B"}]), as_of="2031-01-10")
    assert kpi(same_customer, "revenue_preserved").value == kpi(without_customer, "revenue_preserved").value == 500.0
    assert kpi(other_customer, "revenue_preserved").value is None


@pytest.mark.medium
def test_two_outcomes_of_one_intervention_are_counted_once_by_the_later_one():
    rows = [
        {"outcome_id": f"O{day}", "intervention_id": "I", "customer_id": "A", "outcome": "resolved",
         "churn_risk_delta": delta, "measured_at": f"2031-01-0{day}"}
        for day, delta in ((3, -0.9), (5, -0.2))
    ]  # fmt: skip
    assert kpi(evaluate(company(rows)), "revenue_preserved").value == pytest.approx(200.0)
    assert kpi(evaluate(company(rows), as_of="2031-01-04"), "revenue_preserved").value == pytest.approx(900.0)


def test_an_outcome_without_a_date_gets_the_latest_date_of_the_records():
    rows = [{"intervention_id": "I", "customer_id": "A", "outcome": "resolved"}]
    records = company(rows)
    assert kpi(evaluate(records), "intervention_success_rate").n == 1


@pytest.mark.medium
def test_costs_are_charged_only_for_actions_carried_out():
    waiting = evaluate(company([], requires_human_approval=True), as_of="2031-01-05").ledger
    costs = {line.name: line.amount for line in waiting.lines if line.kind == "cost"}
    assert not [name for name in costs if name.startswith("action")]
    assert costs["human review"] == 0.0
    assert costs["LLM calls"] == 0.0
    policy = build_policy({"economics": {"llm_calls_per_evaluation": 3.0}}, "test")
    with_llm = evaluate(company([]), as_of="2031-01-05", policy=policy).ledger
    assert {line.name: line.amount for line in with_llm.lines}["LLM calls"] == 0.03


def test_an_action_without_a_price_is_reported_as_not_counted():
    ledger = evaluate(company([], recommended_action="send_flowers"), as_of="2031-01-05").ledger
    assert "action: send_flowers" in ledger.not_counted


@pytest.mark.medium
def test_signals_before_and_after_a_contact_are_compared_once_the_window_after_it_is_complete():
    days = ("2030-12-25", "2030-12-28", "2031-01-06")
    records = Records.from_tables(
        {
            "customers": [{"customer_id": "A", "segment": "SMB", "account_value": 1000.0}],
            "signals": [{"customer_id": "A", "signal_type": "usage_drop", "signal_strength": 0.5, "detected_at": day}
                        for day in days],
            "interventions": [{"intervention_id": "I", "customer_id": "A", "recommended_action": "proactive_outreach",
                               "generated_at": "2031-01-01"}],
        }
    )  # fmt: skip
    assert kpi(evaluate(records, as_of="2031-01-14"), "negative_signals_before_after_contact").value is None
    assert kpi(evaluate(records, as_of="2031-01-15"), "negative_signals_before_after_contact").value == -1.0


@pytest.mark.medium
def test_kpis_go_to_the_sink(seed):
    sink = MemoryKpiSink()
    evaluate(read_folder(bundled_folder()), sink=sink)
    ((when, kpis),) = sink.recorded
    assert when == seed.as_of
    assert kpis["operational"]["override_rate"]["n"] == 8
    assert kpis["operational"]["signal_recall"]["reason"] == "no field states which signals were true"


def test_the_ledger_of_the_seed_by_hand(seed):
    lines = {line.name: line.amount for line in seed.ledger.lines}
    assert lines["reduced churn risk"] == pytest.approx(9_450 * 0.75)
    # The one support case was overridden.
    assert lines["lower support workload"] == 0.0
    assert lines["human review"] == pytest.approx(2 * 12 / 60 * 60)
    assert sum(lines[name] for name in lines if name.startswith("action")) == pytest.approx(60 + 0.5 + 45 + 50 + 2)
    assert lines["infrastructure"] == pytest.approx(200 * 10 / (365 / 12), abs=0.005)
    assert seed.ledger.roi == pytest.approx((7087.50 - 247.27) / 247.27)


def test_the_recorders_own_estimate_is_beside_the_seeds_ledger_with_the_roi_that_it_gives(seed):
    memos = {memo.name: (memo.amount, memo.roi) for memo in seed.ledger.memos}
    assert memos == {
        "revenue saved, as recorded": (4800.0, pytest.approx((4800 * 0.75 + 3 * 40 - 327.27) / 327.27)),
        "revenue saved, as recorded, without overridden interventions": (
            3300.0,
            pytest.approx((3300 * 0.75 - 247.27) / 247.27),
        ),
        "revenue preserved, with overridden interventions": (
            20850.0,
            pytest.approx((20850 * 0.75 + 3 * 40 - 327.27) / 327.27),
        ),
    }
    assert "one year" in seed.ledger.periods["value"]
    assert seed.ledger.periods["cost"].startswith("2025-01-11 to 2025-01-20")


def test_evaluating_one_customer_gives_only_that_customers_findings_and_open_loops():
    records = read_folder(bundled_folder())
    alone = evaluate(records, customer_id=records.customer_ids()[5])
    assert len(alone.decisions) == 1
    assert {finding.customer_id for finding in alone.findings} == {alone.decisions[0].customer_id}
    assert {loop.customer_id for loop in alone.open_loops} <= {alone.decisions[0].customer_id}


OUTCOMES = st.lists(
    st.fixed_dictionaries(
        {
            "outcome": st.sampled_from(["resolved", "escalated", None]),
            "csat_delta": st.sampled_from([None, -1, 2]),
            "estimated_revenue_saved": st.sampled_from([None, 10, 900]),
            "human_override": st.sampled_from([None, True, False]),
        }
    ),
    min_size=2,
    max_size=4,
)


@pytest.mark.slow
@settings(max_examples=examples(15, otherwise=4), deadline=None)
@given(data=st.data(), outcomes=OUTCOMES)
def test_outcomes_of_one_moment_give_the_same_kpis_in_every_order_of_the_rows(data, outcomes):
    rows = [OUTCOME | values for values in outcomes]
    orders = (rows, data.draw(st.permutations(rows)))
    assert len({repr(evaluate(company(order)).kpis) for order in orders}) == 1
