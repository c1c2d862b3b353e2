"""Recurring revenue: what a customer pays per year at the start and at the end of the run, at full price.

The two ends of a run are compared, as in a revenue report of one period. A customer who leaves and comes back within it
has not churned.
"""

from simulation.customer.ports import Engine
from simulation.customer.price import full_price
from simulation.customer.state import Customer
from simulation.metrics.recurring_revenue import (
    CHURNED,
    CONTRACTION,
    END,
    EXPANSION,
    LOST,
    NEW,
    PAYING_AT_START,
    START,
)
from simulation.model.arm import ArmParameters


def current_recurring_revenue(arm: ArmParameters, customer: Customer) -> float:
    """What the customer pays per year without a discount; 0 without an account."""
    return full_price(arm, customer) if arm.live[customer.stage] else 0.0


def count_recurring_revenue(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Add a customer's recurring revenue at the start and at the end of the run, and the change between them."""
    before, after = customer.revenue_at_start, current_recurring_revenue(arm, customer)
    totals = engine.recurring[customer.arm][customer.segment]
    totals[START] += before
    totals[END] += after
    if before == 0.0:
        totals[NEW] += after
        return
    totals[PAYING_AT_START] += 1.0
    if after == 0.0:
        totals[CHURNED] += before
        totals[LOST] += 1.0
    else:
        totals[CONTRACTION] += max(0.0, before - after)
        totals[EXPANSION] += max(0.0, after - before)


KERNELS = (current_recurring_revenue, count_recurring_revenue)
"""Functions to compile, callees before callers."""
