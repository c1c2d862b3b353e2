"""One customer's share of what money is made of, read off the customer's rows of the trace.

Summed over all customers it is what the run itself has counted (`simulation.tally`).
"""

from __future__ import annotations

from collections import Counter
from math import log1p
from typing import TYPE_CHECKING

from simulation import trace
from simulation.tally import discounted_days
from simulation.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from simulation.chronicle import Lifeline
    from simulation.setup import ArmSetup

REVIEWED = ("approved", "rejected", "overridden")


def quantities_of(lifeline: Lifeline, setup: ArmSetup, days: float) -> dict[str, float]:
    """What one customer brought and cost in an arm, under the names of `Tally.quantities`.

    Args:
        lifeline: The customer.
        setup: The arm.
        days: The horizon.
    """
    value, rate = lifeline.person.account_value, log1p(setup.yearly_discount) / DAYS_PER_YEAR
    terminal = setup.journey.terminal
    paid = [
        (max(0.0, stay.entered_at), days if stay.left_at is None else stay.left_at)
        for stay in lifeline.stays
        if stay.stage not in terminal
    ]
    reviews = sum(row.kind == trace.REVIEW_DECIDED and row.label in REVIEWED for row in lifeline.rows)
    actions = Counter(row.label for row in lifeline.rows if row.kind == trace.ACTION)
    costs = setup.policy.actions
    return {
        "revenue": value / DAYS_PER_YEAR * sum(discounted_days(start, stop, rate) for start, stop in paid),
        "live_value_end": 0.0 if lifeline.end_stage in terminal else value,
        "escalations": float(sum(row.kind == trace.MOVE and row.label == "escalate" for row in lifeline.rows)),
        "support_days": sum(
            (days if stay.left_at is None else stay.left_at) - max(0.0, stay.entered_at)
            for stay in lifeline.stays
            if stay.stage == "support"
        ),
        "reviews": float(reviews),
        "review_minutes": reviews * setup.reviewers.service_minutes,
        "evaluations": float(sum(row.kind == trace.DECISION for row in lifeline.rows)),
        **{f"actions.{name}": float(times) for name, times in actions.items()},
        **{f"action_cost.{name}": times * costs[name].cost for name, times in actions.items()},
    }
