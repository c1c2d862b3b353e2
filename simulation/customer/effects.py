"""Effects of actions on a customer's moves and price. They last some days, whether or not there is distress.

A customer has at most one effect on moves and one discount at a time: a later one replaces the earlier. An effect
continues in the next stage, and ends when the customer leaves.
"""

from journey.decision.rules import NO_ACTION
from simulation.customer.account import add_revenue
from simulation.customer.ports import Engine, emit
from simulation.customer.stages import update_move_clocks
from simulation.customer.state import NO_INDEX, Customer
from simulation.distributions.dwell_times import NEVER
from simulation.model.arm import ArmParameters
from simulation.model.event_types import DISCOUNT_END, MOVE_EFFECT_END
from simulation.trace.codes import KIND_EFFECT_OFF, KIND_EFFECT_ON, REASON_MOVES, REASON_PRICE


def start_move_effect(arm: ArmParameters, customer: Customer, engine: Engine, action: int) -> None:
    """Multiply the hazards of an action's moves from now on. Every clock keeps its remaining amount."""
    emit(customer, engine, KIND_EFFECT_ON, action, NO_INDEX, REASON_MOVES, NO_INDEX, NEVER, NEVER)
    customer.moves_action = action
    customer.event_times[MOVE_EFFECT_END] = customer.now + arm.effects[action].lasts
    update_move_clocks(arm, customer, engine)


def on_move_effect_end(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """End the effect of an action on moves, because its days are over."""
    action = customer.moves_action
    emit(customer, engine, KIND_EFFECT_OFF, action, NO_INDEX, REASON_MOVES, NO_INDEX, NEVER, NEVER)
    customer.moves_action = NO_ACTION
    customer.event_times[MOVE_EFFECT_END] = NEVER
    update_move_clocks(arm, customer, engine)


def start_discount(arm: ArmParameters, customer: Customer, engine: Engine, action: int) -> None:
    """Start the discount of an action."""
    add_revenue(arm, customer, engine)
    emit(customer, engine, KIND_EFFECT_ON, action, NO_INDEX, REASON_PRICE, NO_INDEX, NEVER, NEVER)
    customer.discount_action = action
    customer.event_times[DISCOUNT_END] = customer.now + arm.effects[action].discount_days


def on_discount_end(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """End the discount, because its days are over: the customer pays the full price again."""
    add_revenue(arm, customer, engine)
    action = customer.discount_action
    emit(customer, engine, KIND_EFFECT_OFF, action, NO_INDEX, REASON_PRICE, NO_INDEX, NEVER, NEVER)
    customer.discount_action = NO_ACTION
    customer.event_times[DISCOUNT_END] = NEVER


def end_effects(customer: Customer) -> None:
    """End all effects on moves and price, because the customer has left; the account is closed."""
    customer.moves_action = NO_ACTION
    customer.discount_action = NO_ACTION
    customer.event_times[MOVE_EFFECT_END] = NEVER
    customer.event_times[DISCOUNT_END] = NEVER


KERNELS = (
    start_move_effect,
    on_move_effect_end,
    start_discount,
    on_discount_end,
    end_effects,
)
"""Functions to compile, callees before callers."""
