"""What must hold of every judgement, for any customer and any policy."""

from datetime import timedelta
from math import exp, isfinite, log, log1p

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from journey.decision import rules
from journey.decision.policy import Policy
from journey.orchestrator import Orchestrator
from journeylab.testing import RecordedCustomer, customers, signals, stage_entries
from tests.journey.recorded_customers import START, judgements, known, policies

finite = st.floats(allow_nan=False, allow_infinity=False)
NEGATIVE = tuple(name for name, kind in Policy().signals.items() if kind.polarity == "negative")
POSITIVE = tuple(name for name, kind in Policy().signals.items() if kind.polarity == "positive")
LATE = START + timedelta(days=60)


def severity(customer, *, as_of=LATE, policy=None):
    return Orchestrator(policy).evaluate_customer(*customer, as_of=as_of).severity


@pytest.mark.medium
@given(known(), policies, judgements)
def test_every_score_lies_between_0_and_1(customer, policy, as_of):
    decision = Orchestrator(policy).evaluate_customer(*customer, as_of=as_of)
    assert 0.0 <= decision.severity <= 1.0
    assert 0.0 <= decision.confidence <= 1.0
    assert decision.churn_probability is None or 0.0 <= decision.churn_probability <= 1.0
    assert decision.priority >= 0.0


@given(finite, finite, finite)
def test_evidence_is_finite_and_never_negative_for_any_numbers(weight, strength, trust):
    try:
        found = rules.signal_evidence(weight, strength, trust)
    except OverflowError:
        raise AssertionError("overflow") from None
    assert isfinite(found)
    assert found >= 0.0


@given(finite, finite, st.floats(0.0, 100.0))
def test_severity_is_a_share_for_any_evidence(negative, positive, relief):
    assume(positive >= 0.0)
    assert 0.0 <= rules.severity(negative, positive, relief) <= 1.0


@given(known(), signals(types=NEGATIVE), policies)
def test_one_more_negative_signal_never_lowers_risk(customer, more, policy):
    worse = customer._replace(signals=(*customer.signals, more))
    assert severity(worse, policy=policy) >= severity(customer, policy=policy) - 1e-12


@pytest.mark.medium
@given(known(), signals(types=POSITIVE), policies)
def test_one_more_positive_signal_never_raises_risk(customer, more, policy):
    # The same signal reported twice with two strengths is a contradiction, not one more signal.
    same = (more.signal_type, more.detected_at, more.source in ("automated", "manual") and more.source)
    assume(all((s.signal_type, s.detected_at, s.source in ("automated", "manual") and s.source) != same
               for s in customer.signals))  # fmt: skip
    better = customer._replace(signals=(*customer.signals, more))
    assert severity(better, policy=policy) <= severity(customer, policy=policy) + 1e-12


@given(known(), st.randoms(use_true_random=False), judgements)
def test_the_order_of_reading_never_matters(customer, luck, as_of):
    shuffled = RecordedCustomer(customer.customer, *(tuple(luck.sample(rows, len(rows))) for rows in customer[1:]))
    judge = Orchestrator()
    assert judge.evaluate_customer(*shuffled, as_of=as_of) == judge.evaluate_customer(*customer, as_of=as_of)


@given(customers(), signals(types=NEGATIVE), st.integers(1, 400))
def test_an_older_signal_never_weighs_more_than_the_same_one_newer(customer, signal, days):
    older = signal.model_copy(update={"detected_at": signal.detected_at - timedelta(days=days)})
    judge = Orchestrator()
    new = judge.evaluate_customer(customer, signals=[signal], as_of=LATE)
    old = judge.evaluate_customer(customer, signals=[older], as_of=LATE)
    assert old.severity <= new.severity
    assert old.confidence <= new.confidence


@pytest.mark.medium
@given(known(), st.floats(1.0, 1e9))
def test_value_is_not_risk(customer, value):
    assume(customer.customer.account_value > 0.0)
    richer = customer._replace(customer=customer.customer.model_copy(update={"account_value": value}))
    judge = Orchestrator()
    one, other = (judge.evaluate_customer(*who, as_of=LATE) for who in (customer, richer))
    assert (one.severity, one.confidence, one.churn_probability) == (
        other.severity,
        other.confidence,
        other.churn_probability,
    )


@pytest.mark.medium
@given(known(), known(), judgements)
def test_what_is_recorded_later_changes_nothing(customer, other, as_of):
    """No look-ahead: every record after the cutoff may be there or not."""
    judge = Orchestrator()
    cut = START + timedelta(days=100)
    later = RecordedCustomer(
        customer.customer,
        (*customer.entries, *(e.model_copy(update={"state_entered_at": cut}) for e in other.entries)),
        (*customer.signals, *(s.model_copy(update={"detected_at": cut}) for s in other.signals)),
        (*customer.interventions, *(i.model_copy(update={"generated_at": cut}) for i in other.interventions)),
        (*customer.outcomes, *(
            o.model_copy(update={"measured_at": cut, "intervention_id": i.intervention_id, "customer_id": None})
            for o in other.outcomes for i in customer.interventions
        )),
    )  # fmt: skip
    assert judge.evaluate_customer(*later, as_of=as_of) == judge.evaluate_customer(*customer, as_of=as_of)


@pytest.mark.parametrize(("kind", "counts"), [("usage_drop", 0.9), ("usage_recovery", 0.2)])
def test_of_conflicting_duplicates_the_strongest_negative_and_the_weakest_positive_count(kind, counts):
    orchestrator = Orchestrator()
    same = {"customer_id": "A", "signal_type": kind, "detected_at": START, "source": "automated"}
    from journey.records.model import Customer, Signal

    customer = Customer(customer_id="A", segment="SMB", account_value=10.0)
    twins = [Signal(signal_id=f"S{n}", signal_strength=s, **same) for n, s in enumerate((0.2, 0.9, 0.4))]
    alone = [signal for signal in twins if signal.signal_strength == counts]
    both = orchestrator.evaluate_customer(customer, signals=twins, as_of=START)
    one = orchestrator.evaluate_customer(customer, signals=alone, as_of=START)
    assert both.components == one.components
    assert both.triggered_by_signals == one.triggered_by_signals


@pytest.mark.medium
@given(known(), policies, judgements)
def test_only_a_decision_to_act_names_money_or_asks_for_approval(customer, policy, as_of):
    decision = Orchestrator(policy).evaluate_customer(*customer, as_of=as_of)
    if decision.reason != "act":
        assert decision.recommended_action in (None, "monitor_only")
        assert decision.priority == 0.0
        assert not decision.requires_human_approval
    assert decision.reasons


@given(st.lists(stage_entries(), min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_of_entries_of_one_moment_the_order_of_reading_does_not_choose(log_, luck):
    tied = [entry.model_copy(update={"state_entered_at": START}) for entry in log_]
    judge = Orchestrator().state_evaluator
    from journey.decision.as_of import AsOf

    when = AsOf.of(START.date())
    assert judge.evaluate(luck.sample(tied, len(tied)), when) == judge.evaluate(tied, when)


def test_the_formulas_by_hand():
    """One signal of weight 0.8, strength 0.5, trust 1, one half-life old, against the formulas of the design."""
    fresh = -log(1.0 - 0.8 * 0.5)
    assert rules.signal_evidence(0.8, 0.5, 1.0) == pytest.approx(fresh)
    assert rules.fade(14.0, log(2.0) / 14.0) == pytest.approx(0.5)
    assert rules.severity(fresh, 0.0, 1.0) == pytest.approx(0.4)
    assert rules.severity(fresh, log(2.0), 1.0) == pytest.approx(0.2)
    assert rules.confidence(1.0, 0.5, 1, 2.5, 0.8, 0.9) == pytest.approx((1 - exp(-3.75)) * (1 - 0.8 * 0.25) * 0.9)
    assert rules.churn_probability(1.0, 0.001, log(2.0), 90.0) == pytest.approx(1 - exp(-0.18))
    assert rules.overstay(20.0, 10.0, 0.2) == pytest.approx(0.2 * (1 - exp(-1.0)))
    assert rules.signal_evidence(1.0, 1.0, 1.0) == pytest.approx(-log1p(-rules.MAX_WEIGHT))


def test_an_intervention_is_held_back_by_the_first_rule_that_applies():
    assert rules.contact_rule(1, 3.0, 9, 14.0, 4) == rules.OPEN_INTERVENTION
    assert rules.contact_rule(0, 3.0, 9, 14.0, 4) == rules.COOLING_DOWN
    assert rules.contact_rule(0, 14.0, 4, 14.0, 4) == rules.CAPPED
    assert rules.contact_rule(0, -1.0, 0, 14.0, 4) == rules.ACT
