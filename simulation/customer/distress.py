"""Episodes of distress, and the effects of actions on the customer."""

from simulation.customer.account import close_account, update_value_clock
from simulation.customer.ports import Engine, emit
from simulation.customer.satisfaction import count_satisfaction
from simulation.customer.signals import schedule_symptom, send_recovery_signal
from simulation.customer.stages import start_onset_clock, update_move_clocks
from simulation.customer.state import NO_INDEX, Customer
from simulation.distributions.dwell_times import EXPONENTIAL, NEVER, set_hazard_ratio, start_clock
from simulation.model.arm import ArmParameters
from simulation.model.event_types import CALM, CALM_SPELL, EFFECT_END, EPISODE, HARM_END, SYMPTOM
from simulation.population.draw import pick
from simulation.random import streams
from simulation.random.streams import exponential, uniform
from simulation.trace.codes import KIND_DISTRESS_OFF, KIND_DISTRESS_ON


def draw_cause(arm: ArmParameters, customer: Customer) -> int:
    """Draw the cause of the next episode."""
    calendar = arm.calendar_effects
    shares = calendar.onset_cumulative[calendar.state[customer.period]][customer.stage]
    return pick(shares, uniform(customer.key, streams.CAUSE, customer.episode + 1, 0))


def begin_spell(customer: Customer, spell: int) -> None:
    """Begin a spell: a new episode, or the calm period after one; the draws of its actions are keyed by `spell`."""
    customer.spell = spell
    customer.actions_in_spell = 0
    customer.requests_in_spell = 0


def begin_episode(arm: ArmParameters, customer: Customer, engine: Engine, cause: int) -> None:
    """Begin an episode of distress."""
    count_satisfaction(arm, customer, engine)
    customer.episode += 1
    customer.cause = cause
    customer.episode_stage = customer.stage
    customer.distress_since = customer.now
    amount, rate = exponential(customer.key, streams.RECOVERY, customer.episode, 0), arm.causes[cause].end_rate
    start_clock(customer.episode_clock, customer.now, EXPONENTIAL, rate, 0.0, amount, 0.0, 1.0, arm.knots)
    customer.event_times[EPISODE] = customer.episode_clock.due
    engine.totals[customer.arm].episodes += 1
    emit(customer, engine, KIND_DISTRESS_ON, cause, NO_INDEX, NO_INDEX, NO_INDEX, NEVER, NEVER)
    begin_spell(customer, customer.episode)
    customer.symptom = 0
    customer.is_detected = False
    schedule_symptom(arm, customer)
    update_move_clocks(arm, customer, engine)
    update_value_clock(arm, customer)


def close_episode(customer: Customer, engine: Engine) -> None:
    """Count the episode that ends now, or that is open when the customer leaves or the run ends."""
    customer.distress_days += customer.now - customer.distress_since
    engine.totals[customer.arm].episodes_seen += int(customer.is_detected)
    engine.distressed[customer.arm][customer.episode_stage][customer.segment] += 1
    if customer.actions_in_spell == 0:
        engine.untreated[customer.arm][customer.episode_stage][customer.segment] += 1


def end_episode(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """End the current episode."""
    count_satisfaction(arm, customer, engine)
    cause = customer.cause
    emit(customer, engine, KIND_DISTRESS_OFF, cause, NO_INDEX, NO_INDEX, NO_INDEX, NEVER, NEVER)
    close_episode(customer, engine)
    customer.cause = CALM
    customer.event_times[EFFECT_END] = NEVER
    start_onset_clock(arm, customer)
    customer.event_times[EPISODE] = customer.episode_clock.due
    update_move_clocks(arm, customer, engine)
    update_value_clock(arm, customer)
    customer.event_times[SYMPTOM] = NEVER
    send_recovery_signal(arm, customer, engine, cause)
    begin_spell(customer, customer.episode | CALM_SPELL)


def settle_account(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Close a customer's account, and count an episode that is still open."""
    count_satisfaction(arm, customer, engine)
    close_account(arm, customer, engine)
    customer.active_days += customer.now - customer.active_since
    if customer.cause != CALM:
        close_episode(customer, engine)


def apply_effect(arm: ArmParameters, customer: Customer, recovery_ratio: float, days: float) -> None:
    """Let the current episode end faster for some days."""
    rate = arm.causes[customer.cause].end_rate
    set_hazard_ratio(customer.episode_clock, customer.now, EXPONENTIAL, rate, 0.0, recovery_ratio, arm.knots)
    customer.event_times[EPISODE] = customer.episode_clock.due
    customer.event_times[EFFECT_END] = customer.now + days


def on_effect_end(arm: ArmParameters, customer: Customer) -> None:
    """The effect of an action on the end of the episode wears off."""
    customer.event_times[EFFECT_END] = NEVER
    rate = arm.causes[customer.cause].end_rate
    set_hazard_ratio(customer.episode_clock, customer.now, EXPONENTIAL, rate, 0.0, 1.0, arm.knots)
    customer.event_times[EPISODE] = customer.episode_clock.due


def apply_harm(arm: ArmParameters, customer: Customer, engine: Engine, churn_ratio: float, days: float) -> None:
    """Multiply the hazard of churn for some days after a contact."""
    customer.harm_ratio = churn_ratio
    customer.event_times[HARM_END] = customer.now + days
    update_move_clocks(arm, customer, engine)


def on_harm_end(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """The effect of a contact on churn wears off."""
    customer.event_times[HARM_END] = NEVER
    customer.harm_ratio = 1.0
    update_move_clocks(arm, customer, engine)


KERNELS = (
    draw_cause,
    begin_spell,
    begin_episode,
    close_episode,
    end_episode,
    settle_account,
    apply_effect,
    on_effect_end,
    apply_harm,
    on_harm_end,
)
"""Functions to compile, callees before callers."""
