"""One customer in the reference engine: a SimPy process that waits for the customer's next event.

A customer has one due time per event type. The process waits for the earliest, handles that event and repeats; a
reviewer's verdict interrupts the wait. What happens at an event is in `simulation.customer`. Nothing is redrawn: when a
hazard ratio changes, every clock keeps its remaining amount.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import simpy

from simulation.customer.events import handle_event, set_start, start_customer
from simulation.customer.state import Customer
from simulation.distributions.dwell_times import NEVER
from simulation.model.evidence import add_signal

if TYPE_CHECKING:
    from collections.abc import Generator

    from simulation.model.arm import ArmParameters, CompiledArm
    from simulation.population.draw import InitialCustomer
    from simulation.reference.engine import ReferenceEngine


def build_customer(initial: InitialCustomer, key: int, frailty: float, row: int) -> Customer:
    """A customer before the start, without an arm.

    Args:
        initial: The customer's initial state.
        key: The key of the customer's random streams.
        frailty: Hazard ratio on moves that are subject to frailty.
        row: Index of the customer in the engine's tables.
    """
    customer = Customer()
    customer.key, customer.number, customer.row = key, initial.number, row
    customer.frailty = frailty
    customer.segment, customer.tier, customer.has_consent = initial.segment, initial.tier, initial.consents
    set_start(
        customer, initial.stage, initial.days_in_stage, initial.arrives_at, initial.tenure_days, initial.account_value
    )
    customer.initial_cause = initial.cause
    if initial.days_since_contact >= 0.0:
        customer.last_contact_at = -initial.days_since_contact
    return customer


def assign_customer(
    customer: Customer, initial: InitialCustomer, compiled_arm: CompiledArm, arm: int, segment: int
) -> None:
    """Assign a customer to an arm, which has received the signals from before the run.

    Args:
        customer: The customer.
        initial: The customer's initial state.
        compiled_arm: The arm.
        arm: Its number.
        segment: The customer's segment as the arm's policy numbers it.
    """
    customer.arm, customer.policy_segment = arm, segment
    for signal in initial.prior_signals:
        kind = compiled_arm.signal_type_code(signal.signal_type)
        source = compiled_arm.signal_source_code(signal.source)
        now, policy = -signal.age_days, compiled_arm.parameters.policy
        add_signal(policy, customer.evidence, now, kind, signal.strength, source, 0.0)


def run_customer(arm: ArmParameters, customer: Customer, engine: ReferenceEngine) -> Generator[simpy.Event, None, None]:
    """Simulate a customer to the end of the journey or of the run."""
    env, event_times = engine.env, customer.event_times
    if not customer.is_started:
        yield env.at(customer.arrives_at)
        start_customer(arm, customer, engine)
    while not arm.terminal[customer.stage]:
        due = min(event_times)
        try:
            # If all hazards are zero, nothing is scheduled, and only a verdict can interrupt the wait.
            yield env.at(due) if due < NEVER else env.event()
        except simpy.Interrupt:
            continue
        handle_event(arm, customer, engine, event_times.index(due))
