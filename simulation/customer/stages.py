"""Stages: the competing clocks of the moves out of the current stage, and their hazard ratios."""

from journey.decision.rules import NO_ACTION
from simulation.customer.account import update_value_clock
from simulation.customer.ports import Engine, guard_allows
from simulation.customer.state import NO_INDEX, Customer
from simulation.distributions.dwell_times import EXPONENTIAL, NEVER, initial_amount, set_hazard_ratio, start_clock
from simulation.model.arm import ArmParameters
from simulation.model.event_types import CALM, EPISODE, MOVE
from simulation.random import streams
from simulation.random.streams import exponential

MAX_ATTEMPTS = 4095
"""Largest number of attempts in the key of a move's draw."""


def effective_ratio(arm: ArmParameters, customer: Customer, ratio: float, slot: int) -> float:
    """`ratio` times all current hazard ratios on a move out of the current stage."""
    move, calendar = arm.moves[customer.stage][slot], arm.calendar_effects
    if move.frailty:
        ratio *= customer.frailty
    if customer.cause != CALM:
        ratio *= move.in_distress
        if move.leaves:
            ratio *= arm.causes[customer.cause].churn_ratio
    if move.leaves:
        ratio *= customer.harm_ratio
    if arm.has_calendar:
        ratio *= calendar.move_ratios[calendar.state[customer.period]][move.move]
        ratio *= calendar.tenure_ratios[customer.band][move.move]
    if arm.has_move_effects and customer.moves_action != NO_ACTION:
        ratio *= arm.effect_move_ratios[customer.moves_action][move.move]
    return ratio


def hazard_ratio(arm: ArmParameters, customer: Customer, slot: int) -> float:
    """The current hazard ratio of a move out of the current stage."""
    ratios = arm.move_ratios[customer.segment][customer.tier]
    return effective_ratio(arm, customer, ratios[arm.moves[customer.stage][slot].move], slot)


def earlier_slot(due: float, slot: int, first: float, first_slot: int) -> int:
    """The slot of the clock that runs out first of two. Compiled code chooses without a branch."""
    return slot if due < first else first_slot


def schedule_next_move(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Set the time of the next move: the earliest of the competing clocks."""
    first, due_slot, clocks = NEVER, 0, engine.clocks[customer.row]
    for slot in range(arm.move_count[customer.stage]):
        due_slot = earlier_slot(clocks[slot].due, slot, first, due_slot)
        first = min(first, clocks[slot].due)
    customer.event_times[MOVE] = first
    customer.due_slot = due_slot


def onset_rate(arm: ArmParameters, customer: Customer) -> float:
    """The current rate of distress onset per day."""
    calendar = arm.calendar_effects
    rate = calendar.onset_rates[calendar.state[customer.period]][customer.stage]
    return rate * arm.onset_ratios[customer.segment][customer.tier]


def start_onset_clock(arm: ArmParameters, customer: Customer) -> None:
    """Start the clock of the next distress episode."""
    amount, rate = exponential(customer.key, streams.ONSET, customer.episode + 1, 0), onset_rate(arm, customer)
    start_clock(customer.episode_clock, customer.now, EXPONENTIAL, 1.0, 0.0, amount, 0.0, rate, arm.knots)


def update_onset_clock(arm: ArmParameters, customer: Customer) -> None:
    """Continue the clock of the next episode, and the account's clock, at the current rate."""
    if arm.has_distress and customer.cause == CALM:
        rate = onset_rate(arm, customer)
        set_hazard_ratio(customer.episode_clock, customer.now, EXPONENTIAL, 1.0, 0.0, rate, arm.knots)
        customer.event_times[EPISODE] = customer.episode_clock.due
    update_value_clock(arm, customer)


def start_move_clock(arm: ArmParameters, customer: Customer, engine: Engine, slot: int, age: float) -> float:
    """Start the clock of one move out of the current stage, and return its due time.

    Its draw is keyed by the visit and the attempt.
    """
    stage, move = customer.stage, arm.moves[customer.stage][slot]
    context = (stage << 10) | move.move
    occurrence = (engine.visits[customer.row][stage] << 12) | customer.attempts
    draw = exponential(customer.key, streams.MOVE, context, occurrence)
    amount = initial_amount(move.distribution, move.a, age, draw)
    ratio = hazard_ratio(arm, customer, slot)
    clock = engine.clocks[customer.row][slot]
    return start_clock(clock, customer.now, move.distribution, move.a, move.b, amount, age, ratio, arm.knots)


def update_move_clocks(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Continue every move clock at its current hazard ratio, unless the customer has decided to leave."""
    if customer.notice_slot != NO_INDEX:
        return
    clocks = engine.clocks[customer.row]
    for slot in range(arm.move_count[customer.stage]):
        move, ratio = arm.moves[customer.stage][slot], hazard_ratio(arm, customer, slot)
        set_hazard_ratio(clocks[slot], customer.now, move.distribution, move.a, move.b, ratio, arm.knots)
    schedule_next_move(arm, customer, engine)


def enter_stage(arm: ArmParameters, customer: Customer, engine: Engine, stage: int, age: float) -> None:
    """Enter a stage, `age` days ago, and start the clock of every move out of it."""
    customer.stage = stage
    customer.attempts = 0
    customer.notice_slot = NO_INDEX
    engine.visits[customer.row][stage] += 1
    customer.entered_at = customer.now - age
    first, due_slot = NEVER, 0
    for slot in range(arm.move_count[stage]):
        due = start_move_clock(arm, customer, engine, slot, age)
        due_slot = earlier_slot(due, slot, first, due_slot)
        first = min(first, due)
    customer.event_times[MOVE] = first
    customer.due_slot = due_slot
    update_onset_clock(arm, customer)


def is_blocked(arm: ArmParameters, customer: Customer, engine: Engine, slot: int) -> bool:
    """Whether a guard blocks a move out of the current stage now."""
    return arm.moves[customer.stage][slot].guarded and not guard_allows(arm, customer, engine, slot)


def restart_move_clock(arm: ArmParameters, customer: Customer, engine: Engine, slot: int) -> None:
    """Start the clock of one move again, and no other clock; the stay goes on."""
    customer.attempts += 1
    if customer.attempts > MAX_ATTEMPTS:
        # The key of a draw has a limited number of attempts; continue as if it were another visit.
        customer.attempts = 0
        engine.visits[customer.row][customer.stage] += 1
    start_move_clock(arm, customer, engine, slot, 0.0)
    schedule_next_move(arm, customer, engine)


def take_due_move(arm: ArmParameters, customer: Customer, engine: Engine) -> int:
    """The slot of the move that is made now: its clock or its notice has run out. NO_INDEX if the customer stays."""
    if customer.notice_slot != NO_INDEX:
        return customer.notice_slot
    slot = customer.due_slot
    if is_blocked(arm, customer, engine, slot):
        # A blocked move is not an error: the customer stays, and the clock of this move starts again.
        restart_move_clock(arm, customer, engine, slot)
        return NO_INDEX
    notice = arm.moves[customer.stage][slot].notice
    if notice > 0.0:
        # The customer gives notice; from now on only a move at a date can end the stay earlier.
        customer.notice_slot = slot
        customer.event_times[MOVE] = customer.now + notice
        return NO_INDEX
    return slot


KERNELS = (
    effective_ratio,
    hazard_ratio,
    schedule_next_move,
    onset_rate,
    start_onset_clock,
    update_onset_clock,
    start_move_clock,
    update_move_clocks,
    enter_stage,
    is_blocked,
    restart_move_clock,
    take_due_move,
)
"""Functions to compile, callees before callers."""

INLINED = (effective_ratio, hazard_ratio, schedule_next_move, onset_rate, start_move_clock)
"""Functions to inline, because most events call them."""
