"""Strategies for recorded customers: stage entries, signals, interventions and outcomes, some on the same date."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st

from journey.decision.policy import Policy
from journey.machine import Journey, default_journey
from journey.machine.lifecycles import intervention_lifecycle
from journey.records.model import Customer, Intervention, Outcome, Signal, StageEntry
from journeylab.testing.strategies.histories import FIRST_DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

UNKNOWN_STAGE = "limbo"
UNKNOWN_SIGNALS = ("smoke_signal", "carrier_pigeon", "Zeichen")
UNKNOWN_ACTION = "send_flowers"


class RecordedCustomer(NamedTuple):
    """A customer with everything recorded of it, in the order of the arguments of `Orchestrator.evaluate_customer`."""

    customer: Customer
    entries: tuple[StageEntry, ...] = ()
    signals: tuple[Signal, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    outcomes: tuple[Outcome, ...] = ()


def moments(first_day: datetime = FIRST_DAY) -> st.SearchStrategy[datetime]:
    """Few distinct dates, some with a time of day, so that ties and duplicates are common.

    Args:
        first_day: The earliest date; the others are within 41 days of it.
    """
    return st.builds(
        lambda days, hours: first_day + timedelta(days=days, hours=hours),
        st.integers(0, 40) | st.integers(0, 3),
        st.sampled_from([0, 0, 0, 9, 15.5]),
    )


def customers(customer_id: str = "A", *, policy: Policy | None = None) -> st.SearchStrategy[Customer]:
    """Customers of the policy's segments and of unknown ones.

    Args:
        customer_id: ID of the customer.
        policy: The policy. Default: the default policy.
    """
    return st.builds(
        Customer,
        customer_id=st.just(customer_id),
        segment=st.sampled_from([*(policy or Policy()).segments, "unknown"]),
        account_value=st.sampled_from([0.0, 900.0, 50_000.0]) | st.floats(0.0, 1e7),
        risk_tier=st.sampled_from(["low", "medium", "high"]),
    )


def stage_entries(
    customer_id: str = "A", *, journey: Journey | None = None, unknown_names: bool = False
) -> st.SearchStrategy[StageEntry]:
    """Entries into any stage at any time, so that illegal steps are among them; `legal_histories` draws legal ones.

    Args:
        customer_id: ID of the customer.
        journey: The journey. Default: the default journey.
        unknown_names: Whether to draw stages that the journey does not have, too.
    """
    stages = [*(journey or default_journey()).stages, *([UNKNOWN_STAGE] if unknown_names else [])]
    return st.builds(
        StageEntry,
        customer_id=st.just(customer_id),
        journey_stage=st.sampled_from(stages),
        state_entered_at=moments(),
        previous_stage=st.none() | st.sampled_from(stages),
    )


def signals(
    customer_id: str = "A",
    *,
    policy: Policy | None = None,
    types: Sequence[str] | None = None,
    unknown_names: bool = False,
) -> st.SearchStrategy[Signal]:
    """Signals with and without ID, source and date of recording.

    Args:
        customer_id: ID of the customer.
        policy: The policy whose signal types are drawn. Default: the default policy.
        types: Signal types to draw, in place of those of the policy.
        unknown_names: Whether to draw types and sources that the policy does not have, too.
    """
    known = tuple((policy or Policy()).signals) if types is None else tuple(types)
    return st.builds(
        Signal,
        signal_id=st.none() | st.uuids().map(str),
        customer_id=st.just(customer_id),
        signal_type=st.sampled_from((*known, *(UNKNOWN_SIGNALS if unknown_names else ()))),
        signal_strength=st.sampled_from([0.0, 0.3, 0.55, 0.9, 1.0]) | st.floats(0.0, 1.0),
        detected_at=moments(),
        recorded_at=st.none() | moments(),
        source=st.sampled_from([None, "automated", "manual", *(["horoscope"] if unknown_names else [])]),
    )


def interventions(
    customer_id: str = "A", *, policy: Policy | None = None, unknown_names: bool = False
) -> st.SearchStrategy[Intervention]:
    """Earlier decisions in every state of the intervention lifecycle, and without a state.

    Args:
        customer_id: ID of the customer.
        policy: The policy whose actions are drawn. Default: the default policy.
        unknown_names: Whether to draw an action and a state that do not exist, too.
    """
    actions = [*(policy or Policy()).actions, *([UNKNOWN_ACTION] if unknown_names else [])]
    return st.builds(
        Intervention,
        intervention_id=st.uuids().map(str),
        customer_id=st.just(customer_id),
        recommended_action=st.sampled_from(actions),
        requires_human_approval=st.booleans(),
        account_value=st.none() | st.sampled_from([0.0, 900.0, 80_000.0]),
        generated_at=moments(),
        status=st.sampled_from([None, *intervention_lifecycle().stages, *(["lost"] if unknown_names else [])]),
    )


def outcomes(intervention: Intervention, *, other_customers: bool = False) -> st.SearchStrategy[Outcome]:
    """Outcomes of an intervention, some of them without a date.

    Args:
        intervention: The intervention.
        other_customers: Whether to draw outcomes that name another customer, or none, too.
    """
    named = [intervention.customer_id, *([None, "somebody else"] if other_customers else [])]
    return st.builds(
        Outcome,
        outcome_id=st.just(f"O-{intervention.intervention_id}"),
        intervention_id=st.just(intervention.intervention_id),
        customer_id=st.sampled_from(named),
        outcome=st.sampled_from(["resolved", "no_response", "odd"]),
        churn_risk_delta=st.none() | st.floats(-1.0, 1.0),
        resolution_time_days=st.none() | st.floats(0.0, 30.0),
        measured_at=st.none() | moments(),
    )


@st.composite
def recorded_customers(
    draw: st.DrawFn,
    customer_id: str = "A",
    *,
    journey: Journey | None = None,
    policy: Policy | None = None,
    unknown_names: bool = False,
    max_signals: int = 6,
) -> RecordedCustomer:
    """A customer with records of all kinds.

    Args:
        draw: Provided by Hypothesis.
        customer_id: ID of the customer.
        journey: The journey. Default: the default journey.
        policy: The policy. Default: the default policy.
        unknown_names: Whether to draw names that journey and policy do not have, and outcomes of other customers, too.
        max_signals: Largest number of signals.
    """
    journey, policy = journey or default_journey(), policy or Policy()
    entries = stage_entries(customer_id, journey=journey, unknown_names=unknown_names)
    sent = signals(customer_id, policy=policy, unknown_names=unknown_names)
    taken = interventions(customer_id, policy=policy, unknown_names=unknown_names)
    past = draw(st.lists(_measured(taken, other_customers=unknown_names), max_size=3))
    return RecordedCustomer(
        draw(customers(customer_id, policy=policy)),
        tuple(draw(st.lists(entries, max_size=4))),
        tuple(draw(st.lists(sent, max_size=max_signals))),
        tuple(intervention for intervention, _ in past),
        tuple(outcome for _, outcome in past if outcome is not None),
    )


@st.composite
def _measured(
    draw: st.DrawFn, taken: st.SearchStrategy[Intervention], *, other_customers: bool
) -> tuple[Intervention, Outcome | None]:
    """An intervention with its outcome, if it has one; drawn together, so that they are deleted together."""
    intervention = draw(taken)
    is_measured = draw(st.booleans())
    return intervention, draw(outcomes(intervention, other_customers=other_customers)) if is_measured else None


@st.composite
def companies(
    draw: st.DrawFn,
    *,
    journey: Journey | None = None,
    policy: Policy | None = None,
    unknown_names: bool = False,
    max_customers: int = 16,
) -> list[RecordedCustomer]:
    """One or more customers, named ``K00``, ``K01`` and so on.

    Args:
        draw: Provided by Hypothesis.
        journey: The journey. Default: the default journey.
        policy: The policy. Default: the default policy.
        unknown_names: As in `recorded_customers`.
        max_customers: Largest number of customers, which half of the drawn companies have.
    """
    count = draw(st.integers(1, max_customers) | st.just(max_customers))
    return [
        draw(recorded_customers(f"K{place:02}", journey=journey, policy=policy, unknown_names=unknown_names))
        for place in range(count)
    ]
