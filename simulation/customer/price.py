"""The price that a customer pays now."""

from journey.decision.rules import NO_ACTION
from simulation.customer.state import Customer
from simulation.model.arm import ArmParameters


def full_price(arm: ArmParameters, customer: Customer) -> float:
    """What the customer pays in the current stage without a discount, in dollars per year; 0 in a free trial."""
    return customer.account_value * arm.pays[customer.stage]


def unpaid_share(arm: ArmParameters, customer: Customer) -> float:
    """Share of the full price that the customer does not pay now, because of a discount."""
    if arm.has_discounts and customer.discount_action != NO_ACTION:
        return arm.discount_shares[customer.discount_action][customer.stage]
    return 0.0


def changes_price(arm: ArmParameters, customer: Customer, stage: int) -> bool:
    """Whether the price of the same account may be different in `stage` from that in the current stage."""
    return arm.pays[stage] != arm.pays[customer.stage] or (arm.has_discounts and customer.discount_action != NO_ACTION)


KERNELS = (full_price, unpaid_share, changes_price)
"""Functions to compile."""

INLINED = KERNELS
"""Functions to inline, because most events call them."""
