"""The quantities of one customer, from the customer's rows of the trace.

Summed over all customers, they equal the quantities of the run (`simulation.metrics.counters`).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from journey.core.time_units import DAYS_PER_YEAR
from journey.machine.stages import ESCALATION, SUPPORT
from simulation.metrics.counters import discounted_days
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
    journey, rate = arm_spec.journey, arm_spec.daily_discount_rate
    pays = _shares_paid(arm_spec)
    escalation, support = journey.stages_with(ESCALATION), journey.stages_with(SUPPORT)
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
        "live_value_end": history.values[-1][1] * pays[history.end_stage],
        "escalations": float(
            sum(
                row.kind == events.MOVE and row.to_stage in escalation and row.stage not in escalation
                for row in history.rows
            )
        ),
        "support_days": sum(
            (days if stay.left_at is None else stay.left_at) - max(0.0, stay.entered_at)
            for stay in history.stays
            if stay.stage in support
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
    if not arm_spec.journey.stages_with(ESCALATION):
        unknown.add("escalations")
    if not any(effect.discount for effect in arm_spec.world.effects.values()):
        unknown.add("discounts")
    if not arm_spec.journey.stages_with(SUPPORT):
        unknown.add("support_days")
    return {name: amount for name, amount in quantities.items() if name not in unknown}


def _shares_paid(arm_spec: ArmSpec) -> dict[str, float]:
    """Share of the account value that is paid, by stage."""
    return dict(zip(arm_spec.journey.stages, arm_spec.journey.pays, strict=True))


def _paid_intervals(
    history: CustomerHistory, arm_spec: ArmSpec, days: float
) -> Iterator[tuple[float, float, float, float]]:
    """The intervals in which the customer paid one price.

    A customer that has left pays nothing; the account of one that is won back has the same value as before, without a
    discount.

    Yields:
        First day, last day, dollars per year without a discount, and the share of them that is not paid.
    """
    exit_stages, effects = arm_spec.exit_stages, arm_spec.world.effects
    pays = _shares_paid(arm_spec)
    value, since, discount = history.initial.account_value, history.initial.arrives_at, None
    stage = history.first_stage
    for row in history.rows:
        changes_price = row.kind in (events.EFFECT_ON, events.EFFECT_OFF) and row.reason == events.ON_PRICE
        if row.kind not in (events.MOVE, events.VALUE_CHANGE) and not changes_price:
            continue
        yield since, row.time, value * pays[stage], 0.0 if discount is None else discount.share_in(stage)
        since = row.time
        if row.kind == events.MOVE:
            stage = str(row.to_stage)
            discount = None if stage in exit_stages else discount
        elif changes_price:
            discount = effects[row.label].discount if row.kind == events.EFFECT_ON else None
        else:
            value = float(row.value or 0.0)
    yield since, days, value * pays[stage], 0.0 if discount is None else discount.share_in(stage)
