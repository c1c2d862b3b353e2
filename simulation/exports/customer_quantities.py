"""The quantities of one customer, from the customer's rows of the trace.

Summed over all customers, they equal the quantities of the run (`simulation.metrics.counters`).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from journey.core.time_units import DAYS_PER_YEAR
from simulation.metrics.counters import discounted_days
from simulation.model.arm import ESCALATION_MOVE, SUPPORT_STAGE
from simulation.trace import events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.exports.histories import CustomerHistory
    from simulation.model.arm import ArmSpec

_BASE_QUANTITIES = (
    "revenue", "discounts", "live_value_end", "escalations", "support_days", "reviews", "review_minutes", "evaluations",
)  # fmt: skip
REVIEWED_VERDICTS = ("approved", "rejected", "overridden")


def compute_customer_quantities(history: CustomerHistory, arm_spec: ArmSpec, days: float) -> dict[str, float]:
    """The quantities of one customer in an arm, named as by `Counters.compute_quantities`; unknown ones are missing.

    Args:
        history: The customer.
        arm_spec: The arm.
        days: Length of the run, in days.
    """
    if history.initial.arrives_at >= days:
        return _known_quantities(arm_spec, dict.fromkeys(_BASE_QUANTITIES, 0.0))
    exit_stages, rate = arm_spec.exit_stages, arm_spec.daily_discount_rate
    reviews = sum(row.kind == events.REVIEW_DECIDED and row.label in REVIEWED_VERDICTS for row in history.rows)
    actions = Counter(row.label for row in history.rows if row.kind == events.ACTION)
    costs = arm_spec.policy.actions
    paid = list(_paid_intervals(history, arm_spec, days))
    quantities = {
        "revenue": sum(
            value / DAYS_PER_YEAR * (1.0 - discount) * discounted_days(start, stop, rate)
            for start, stop, value, discount in paid
        ),
        "discounts": sum(
            value / DAYS_PER_YEAR * discount * discounted_days(start, stop, rate)
            for start, stop, value, discount in paid
        ),
        "live_value_end": 0.0 if history.end_stage in exit_stages else history.values[-1][1],
        "escalations": float(sum(row.kind == events.MOVE and row.label == ESCALATION_MOVE for row in history.rows)),
        "support_days": sum(
            (days if stay.left_at is None else stay.left_at) - max(0.0, stay.entered_at)
            for stay in history.stays
            if stay.stage == SUPPORT_STAGE
        ),
        "reviews": float(reviews),
        "review_minutes": reviews * arm_spec.reviewers.service_minutes,
        "evaluations": float(sum(row.kind == events.DECISION for row in history.rows)),
        **{f"actions.{name}": float(times) for name, times in actions.items()},
        **{f"action_cost.{name}": times * costs[name].cost for name, times in actions.items()},
    }
    return _known_quantities(arm_spec, quantities)


def _known_quantities(arm_spec: ArmSpec, quantities: dict[str, float]) -> dict[str, float]:
    """The quantities without those that the journey does not define."""
    unknown = set()
    if ESCALATION_MOVE not in {move.name for move in arm_spec.journey.moves}:
        unknown.add("escalations")
    if not any(effect.discount for effect in arm_spec.world.effects.values()):
        unknown.add("discounts")
    if SUPPORT_STAGE not in arm_spec.journey.stages:
        unknown.add("support_days")
    return {name: amount for name, amount in quantities.items() if name not in unknown}


def _paid_intervals(
    history: CustomerHistory, arm_spec: ArmSpec, days: float
) -> Iterator[tuple[float, float, float, float]]:
    """The intervals in which the account had one price and was paid for.

    A customer that has left pays nothing; one that is won back pays the same value as before, without a discount.

    Yields:
        First day, last day, dollars per year without a discount, and the share of them that is not paid.
    """
    exit_stages, effects = arm_spec.exit_stages, arm_spec.world.effects
    value, since, discount = history.initial.account_value, history.initial.arrives_at, None
    stage = history.first_stage
    for row in history.rows:
        changes_price = row.kind in (events.EFFECT_ON, events.EFFECT_OFF) and row.reason == events.ON_PRICE
        if row.kind not in (events.MOVE, events.VALUE_CHANGE) and not changes_price:
            continue
        if stage not in exit_stages:
            yield since, row.time, value, 0.0 if discount is None else discount.share_in(stage)
        since = row.time
        if row.kind == events.MOVE:
            stage = str(row.to_stage)
            discount = None if stage in exit_stages else discount
        elif changes_price:
            discount = effects[row.label].discount if row.kind == events.EFFECT_ON else None
        else:
            value = float(row.value or 0.0)
    if stage not in exit_stages:
        yield since, days, value, 0.0 if discount is None else discount.share_in(stage)
