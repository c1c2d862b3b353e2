"""One customer's share of what money is made of, read off the customer's rows of the trace.

Summed over all customers it is what the run itself has counted (`simulation.metrics.counters`).
"""

from __future__ import annotations

from collections import Counter
from math import log1p
from typing import TYPE_CHECKING

from simulation.metrics.counters import discounted_days
from simulation.model.units import DAYS_PER_YEAR
from simulation.trace import events

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from simulation.exports.histories import Lifeline
    from simulation.model.arm import ArmSetup

_SUPPORT = "support"
_ALWAYS = (
    "revenue", "live_value_end", "escalations", "support_days", "reviews", "review_minutes", "evaluations",
)  # fmt: skip
REVIEWED = ("approved", "rejected", "overridden")


def quantities_of(lifeline: Lifeline, setup: ArmSetup, days: float) -> dict[str, float]:
    """What one customer brought and cost in an arm, under the names of `Tally.quantities`.

    Args:
        lifeline: The customer.
        setup: The arm.
        days: The horizon.
    """
    if lifeline.person.arrives_at >= days:
        return dict.fromkeys(_ALWAYS, 0.0)
    gone = {*setup.journey.terminal, *setup.world.lost}
    rate = log1p(setup.yearly_discount) / DAYS_PER_YEAR
    reviews = sum(row.kind == events.REVIEW_DECIDED and row.label in REVIEWED for row in lifeline.rows)
    actions = Counter(row.label for row in lifeline.rows if row.kind == events.ACTION)
    costs = setup.policy.actions
    return {
        "revenue": sum(
            value / DAYS_PER_YEAR * discounted_days(start, stop, rate)
            for start, stop, value in _paid(lifeline, gone, days)
        ),
        "live_value_end": 0.0 if lifeline.end_stage in gone else lifeline.values[-1][1],
        "escalations": float(sum(row.kind == events.MOVE and row.label == "escalate" for row in lifeline.rows)),
        "support_days": sum(
            (days if stay.left_at is None else stay.left_at) - max(0.0, stay.entered_at)
            for stay in lifeline.stays
            if stay.stage == _SUPPORT
        ),
        "reviews": float(reviews),
        "review_minutes": reviews * setup.reviewers.service_minutes,
        "evaluations": float(sum(row.kind == events.DECISION for row in lifeline.rows)),
        **{f"actions.{name}": float(times) for name, times in actions.items()},
        **{f"action_cost.{name}": times * costs[name].cost for name, times in actions.items()},
    }


def _paid(lifeline: Lifeline, gone: Collection[str], days: float) -> Iterator[tuple[float, float, float]]:
    """The stretches in which the account had one value and was paid for: first day, last day, dollars a year.

    Whoever is lost pays nothing, and pays as before when won back.
    """
    value, since = lifeline.person.account_value, lifeline.person.arrives_at
    stage = lifeline.first_stage
    for row in lifeline.rows:
        if row.kind not in (events.MOVE, events.VALUE_CHANGE):
            continue
        if stage not in gone:
            yield since, row.time, value
        since = row.time
        if row.kind == events.MOVE:
            stage = str(row.to_stage)
        else:
            value = float(row.value or 0.0)
    if stage not in gone:
        yield since, days, value
