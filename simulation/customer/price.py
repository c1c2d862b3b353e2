"""The price that a customer pays now."""

from journey.decision.rules import NO_ACTION
from simulation.customer.state import Customer
from simulation.model.arm import ArmParameters


def unpaid_share(arm: ArmParameters, customer: Customer) -> float:
    """Share of the full price that the customer does not pay now, because of a discount."""
    if arm.has_discounts and customer.discount_action != NO_ACTION:
        return arm.discount_shares[customer.discount_action][customer.stage]
    return 0.0


KERNELS = (unpaid_share,)
"""Functions to compile."""

INLINED = KERNELS
"""Functions to inline, because most events call them."""
