"""A list of customers as arrays: recorded customers, or buyers from a funnel."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from simulation.population.initial_state import assess_evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.model.arm import CompiledArm
    from simulation.population.draw import InitialCustomer


class ListedPopulation(NamedTuple):
    """`n` customers on day 0 and their `m` earlier signals; see `simulation.population.draw.InitialCustomer`.

    Attributes:
        number, segment, tier, stage, consents: Shape (n,).
        account_value, days_in_stage, arrives_at, tenure_days, days_since_contact: Shape (n,).
        has_draw, frailty_draw: Shape (n,), whether the normal draw of the frailty is given, and its value.
        cause: Shape (n,), the cause of distress on day 0.
        is_assessed, severity: Shape (n,), whether that cause is the assessment of the evidence, and its severity.
        signal_offsets: Shape (n + 1,), index of each customer's first signal; signals are ordered from the oldest.
        signal_age, signal_strength: Shape (m,).
        signal_kind, signal_source: Shape (arms, m), by arm because policies may number them differently.
    """

    number: Any
    segment: Any
    tier: Any
    stage: Any
    consents: Any
    account_value: Any
    days_in_stage: Any
    arrives_at: Any
    tenure_days: Any
    days_since_contact: Any
    has_draw: Any
    frailty_draw: Any
    cause: Any
    is_assessed: Any
    severity: Any
    signal_offsets: Any
    signal_age: Any
    signal_strength: Any
    signal_kind: Any
    signal_source: Any


def build_listed_population(
    persons: Sequence[InitialCustomer],
    compiled_arms: Sequence[CompiledArm],
    policy_segments: Sequence[int],
    *,
    of_records: bool,
) -> ListedPopulation:
    """A list of customers as arrays.

    Args:
        persons: The customers.
        compiled_arms: The arms, compiled.
        policy_segments: The population's segments as the first arm's policy numbers them.
        of_records: Whether distress on day 0 is the assessment of the evidence.
    """
    signals = [signal for person in persons for signal in person.prior_signals]
    assessments = [
        _assess_customer(person, compiled_arms[0], policy_segments[person.segment], of_records=of_records)
        for person in persons
    ]
    draws = [person.frailty_draw for person in persons]
    return ListedPopulation(
        number=_int_array(person.number for person in persons),
        segment=_int_array(person.segment for person in persons),
        tier=_int_array(person.tier for person in persons),
        stage=_int_array(person.stage for person in persons),
        consents=_int_array(person.consents for person in persons),
        account_value=_float_array(person.account_value for person in persons),
        days_in_stage=_float_array(person.days_in_stage for person in persons),
        arrives_at=_float_array(person.arrives_at for person in persons),
        tenure_days=_float_array(person.tenure_days for person in persons),
        days_since_contact=_float_array(person.days_since_contact for person in persons),
        has_draw=_int_array(draw is not None for draw in draws),
        frailty_draw=_float_array(draw or 0.0 for draw in draws),
        cause=_int_array(cause for _, cause, _ in assessments),
        is_assessed=_int_array(is_assessed for *_, is_assessed in assessments),
        severity=_float_array(severity for severity, *_ in assessments),
        signal_offsets=_int_array(accumulate((len(person.prior_signals) for person in persons), initial=0)),
        signal_age=_float_array(signal.age_days for signal in signals),
        signal_strength=_float_array(signal.strength for signal in signals),
        signal_kind=np.array(
            [[table.signal_type_code(signal.signal_type) for signal in signals] for table in compiled_arms], np.int64
        ),
        signal_source=np.array(
            [[table.signal_source_code(signal.source) for signal in signals] for table in compiled_arms], np.int64
        ),
    )


def _assess_customer(
    person: InitialCustomer, compiled_arm: CompiledArm, policy_segment: int, *, of_records: bool
) -> tuple[float, int, bool]:
    if not of_records or person.arrives_at > 0.0:
        return 0.0, person.cause, False
    return *assess_evidence(person, compiled_arm, policy_segment), True


def _int_array(values: Any) -> Any:
    return np.fromiter(values, dtype=np.int64)


def _float_array(values: Any) -> Any:
    return np.fromiter(values, dtype=np.float64)
