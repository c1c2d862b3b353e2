"""A list of customers as arrays: recorded ones, or buyers that a funnel has brought."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from simulation.population.initial_state import believed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.model.arm import ArmTable
    from simulation.population.draw import Person


class Roll(NamedTuple):
    """Customers on day 0, `n` of them, and the `m` signals they bring along; see `simulation.population.draw.Person`.

    Attributes:
        number, segment, tier, stage, consents: Shape (n,).
        account_value, days_in_stage, arrives_at, tenure_days, days_since_contact: Shape (n,).
        has_draw, frailty_draw: Shape (n,), whether the normal behind the frailty is known, and which it is.
        cause: Shape (n,), the cause of a distress on day 0.
        is_believed, severity: Shape (n,), whether that is what the evidence says, and how bad it looks.
        told_from: Shape (n + 1,), where each customer's signals begin, oldest first.
        told_age, told_strength: Shape (m,).
        told_kind, told_source: Shape (arms, m), by arm because policies may number them differently.
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
    is_believed: Any
    severity: Any
    told_from: Any
    told_age: Any
    told_strength: Any
    told_kind: Any
    told_source: Any


def roll_of(
    persons: Sequence[Person], tables: Sequence[ArmTable], policy_segments: Sequence[int], *, of_records: bool
) -> Roll:
    """A list of customers as arrays.

    Args:
        persons: The customers.
        tables: The arms, compiled.
        policy_segments: The population's segments as the first arm's policy numbers them.
        of_records: Whether distress on day 0 is what the evidence says.
    """
    heard = [signal for person in persons for signal in person.heard]
    beliefs = [_belief(person, tables[0], policy_segments[person.segment], of_records=of_records) for person in persons]
    draws = [person.frailty_draw for person in persons]
    return Roll(
        number=_ints(person.number for person in persons),
        segment=_ints(person.segment for person in persons),
        tier=_ints(person.tier for person in persons),
        stage=_ints(person.stage for person in persons),
        consents=_ints(person.consents for person in persons),
        account_value=_floats(person.account_value for person in persons),
        days_in_stage=_floats(person.days_in_stage for person in persons),
        arrives_at=_floats(person.arrives_at for person in persons),
        tenure_days=_floats(person.tenure_days for person in persons),
        days_since_contact=_floats(person.days_since_contact for person in persons),
        has_draw=_ints(draw is not None for draw in draws),
        frailty_draw=_floats(draw or 0.0 for draw in draws),
        cause=_ints(cause for _, cause, _ in beliefs),
        is_believed=_ints(is_believed for *_, is_believed in beliefs),
        severity=_floats(severity for severity, *_ in beliefs),
        told_from=_ints(accumulate((len(person.heard) for person in persons), initial=0)),
        told_age=_floats(signal.age_days for signal in heard),
        told_strength=_floats(signal.strength for signal in heard),
        told_kind=np.array([[table.type_of(signal.signal_type) for signal in heard] for table in tables], np.int64),
        told_source=np.array([[table.source_of(signal.source) for signal in heard] for table in tables], np.int64),
    )


def _belief(person: Person, table: ArmTable, policy_segment: int, *, of_records: bool) -> tuple[float, int, bool]:
    if not of_records or person.arrives_at > 0.0:
        return 0.0, person.cause, False
    return *believed(person, table, policy_segment), True


def _ints(values: Any) -> Any:
    return np.fromiter(values, dtype=np.int64)


def _floats(values: Any) -> Any:
    return np.fromiter(values, dtype=np.float64)
