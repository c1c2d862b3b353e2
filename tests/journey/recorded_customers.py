"""Arbitrary recorded customers and policies for property tests: odd ones are all among them."""

from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from journey.decision.policy import Policy, build_policy
from journey.machine import default_journey
from journey.records.model import Customer, Intervention, Outcome, Signal, StageEntry

START = datetime(2030, 6, 1)
STAGES = default_journey().stages
ACTIONS = tuple(Policy().actions)
SIGNAL_TYPES = (*Policy().signals, "smoke_signal", "carrier_pigeon", "Zeichen")
STATUSES = (None, "recommended", "pending_approval", "approved", "rejected", "overridden", "expired", "executed",
            "measured", "lost")  # fmt: skip


class Known(NamedTuple):
    """A customer with everything recorded of the customer, in the order of `evaluate_customer`."""

    customer: Customer
    entries: tuple[StageEntry, ...] = ()
    signals: tuple[Signal, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    outcomes: tuple[Outcome, ...] = ()


# Few distinct moments, some with a time of day, so that ties and duplicates are common.
moments = st.builds(
    lambda days, hours: START + timedelta(days=days, hours=hours),
    st.integers(0, 40) | st.integers(0, 3),
    st.sampled_from([0, 0, 0, 9, 15.5]),
)
strengths = st.sampled_from([0.0, 0.3, 0.55, 0.9, 1.0]) | st.floats(0.0, 1.0)


def customers(customer_id="A"):
    return st.builds(
        Customer,
        customer_id=st.just(customer_id),
        segment=st.sampled_from(["SMB", "Mid-Market", "Enterprise", "Startup", "unknown"]),
        account_value=st.sampled_from([0.0, 900.0, 50_000.0]) | st.floats(0.0, 1e7),
        risk_tier=st.sampled_from(["low", "medium", "high"]),
    )


def entries(customer_id="A"):
    return st.builds(
        StageEntry,
        customer_id=st.just(customer_id),
        journey_stage=st.sampled_from([*STAGES, "limbo"]),
        state_entered_at=moments,
        previous_stage=st.none() | st.sampled_from([*STAGES, "limbo"]),
    )


def signals(customer_id="A", types=SIGNAL_TYPES):
    return st.builds(
        Signal,
        signal_id=st.none() | st.uuids().map(str),
        customer_id=st.just(customer_id),
        signal_type=st.sampled_from(types),
        signal_strength=strengths,
        detected_at=moments,
        recorded_at=st.none() | moments,
        source=st.sampled_from([None, "automated", "manual", "horoscope"]),
    )


def interventions(customer_id="A"):
    return st.builds(
        Intervention,
        intervention_id=st.uuids().map(str),
        customer_id=st.just(customer_id),
        recommended_action=st.sampled_from([*ACTIONS, "send_flowers"]),
        requires_human_approval=st.booleans(),
        account_value=st.none() | st.sampled_from([0.0, 900.0, 80_000.0]),
        generated_at=moments,
        status=st.sampled_from(STATUSES),
    )


def outcomes_of(intervention):
    return st.builds(
        Outcome,
        outcome_id=st.just(f"O-{intervention.intervention_id}"),
        intervention_id=st.just(intervention.intervention_id),
        customer_id=st.sampled_from([intervention.customer_id, None, "somebody else"]),
        outcome=st.sampled_from(["resolved", "no_response", "odd"]),
        churn_risk_delta=st.none() | st.floats(-1.0, 1.0),
        resolution_time_days=st.none() | st.floats(0.0, 30.0),
        measured_at=st.none() | moments,
    )


@st.composite
def known(draw, customer_id="A", most=6):
    """A customer with records of all kinds, some of the outcomes undated or of another customer."""
    past = tuple(draw(st.lists(interventions(customer_id), max_size=3)))
    outcomes = tuple(draw(outcomes_of(intervention)) for intervention in past if draw(st.booleans()))
    return Known(
        draw(customers(customer_id)),
        tuple(draw(st.lists(entries(customer_id), max_size=4))),
        tuple(draw(st.lists(signals(customer_id), max_size=most))),
        past,
        outcomes,
    )


@st.composite
def companies(draw, most=16):
    """Several customers."""
    count = draw(st.integers(1, most) | st.just(most))
    return [draw(known(f"K{place:02}")) for place in range(count)]


unit = st.floats(0.0, 1.0)
timed_plays = st.fixed_dictionaries(
    {
        "stages": st.lists(st.sampled_from(STAGES), min_size=1, max_size=3),
        "action": st.sampled_from(ACTIONS),
        "after_days": st.floats(0.0, 40.0) | st.integers(0, 20).map(float),
    },
    optional={
        "until_days": st.floats(41.0, 90.0),
        "segments": st.lists(st.sampled_from([*Policy().segments]), max_size=2),
    },
)
"""Entries of the playbook for days in a stage."""

policies = st.fixed_dictionaries(
    {},
    optional={
        "evidence": st.fixed_dictionaries(
            {},
            optional={
                "half_life_days": st.floats(0.5, 200.0),
                "trust_manual": unit,
                "trust_other": unit,
                "relief": st.floats(0.0, 5.0),
                "overstay_weight": st.floats(0.0, 3.0),
                "mass_scale": st.floats(0.1, 10.0),
                "conflict_penalty": unit,
                "gap_factor": unit,
            },
        ),
        "thresholds": st.fixed_dictionaries({}, optional={"act_severity": unit, "act_confidence": unit}),
        "approve": st.sampled_from(["never", "always"])
        | st.fixed_dictionaries({}, optional={"human_severity": unit, "value": st.floats(0.0, 1e6)}),
        "contact": st.fixed_dictionaries(
            {},
            optional={
                "cool_down_days": st.floats(0.0, 60.0),
                "max_contacts": st.integers(0, 3),
                "approval_expiry_days": st.floats(0.5, 40.0),
                "outcome_wait_days": st.floats(0.5, 60.0),
                "do_not_contact": st.lists(st.sampled_from(["A", "K00", "K01"]), max_size=2),
            },
        ),
        "plays": st.lists(timed_plays, min_size=1, max_size=3).map(
            lambda timed: [*(play.model_dump() for play in Policy().plays), *timed]
        ),
        "unknown_signal": st.fixed_dictionaries(
            {
                "polarity": st.sampled_from(["negative", "positive"]),
                "weight": st.floats(0.01, 1.0),
                "cause": st.just("other"),
            }
        ),
    },
).map(lambda override: build_policy(override, "test"))

judgements = st.sampled_from(
    [
        START.date() + timedelta(days=2),
        START.date() + timedelta(days=20),
        START + timedelta(days=2, hours=9),
        START + timedelta(days=30),
        START.date() + timedelta(days=90),
    ]
)
