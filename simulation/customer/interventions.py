"""Actions, the customer's response and fatigue, and outcomes."""

from journey.decision.rules import fade
from simulation.customer.distress import apply_effect, apply_harm, begin_episode, draw_cause, end_episode
from simulation.customer.effects import start_discount, start_move_effect
from simulation.customer.own_metrics import count_own_event
from simulation.customer.ports import Engine, add_contact, emit
from simulation.customer.rules import see_event
from simulation.customer.satisfaction import count_satisfaction
from simulation.customer.state import NO_INDEX, Customer
from simulation.distributions.dwell_times import NEVER, power
from simulation.metrics.contacts import CONTACTS, DAYS_TO_RESOLUTION, PROACTIVE
from simulation.metrics.contacts import RESOLVED as RESOLVED_CONTACTS
from simulation.model.arm import ArmParameters
from simulation.model.event_types import ACTION, CALM, OUTCOME
from simulation.model.metric_parameters import EVENT_ACTION
from simulation.model.rule_parameters import ACTION as ACTION_EVENT
from simulation.model.rule_parameters import EXECUTED, INTERVENTION, MEASURED
from simulation.random import streams
from simulation.random.streams import uniform
from simulation.trace.codes import KIND_ACTION, KIND_OUTCOME, NO_RESPONSE, NOT_NEEDED, PARTIAL, RESOLVED

_LARGEST_RATIO = 1e100
"""A hazard ratio of which the customer leaves at once."""


def faded_ratio(ratio_per_contact: float, fatigue: float) -> float:
    """A ratio per contact, at a level of fatigue: a power, which is only computed if it differs from 1.

    It is limited, so that its product with other hazard ratios is finite.
    """
    if fatigue <= 0.0 or ratio_per_contact == 1.0:
        return 1.0
    return min(_LARGEST_RATIO, power(ratio_per_contact, fatigue))


def add_fatigue(arm: ArmParameters, customer: Customer) -> float:
    """Add one contact to the level of fatigue, and return the level before it, which has faded since."""
    level = customer.fatigue
    if level > 0.0:
        level *= fade(customer.now - customer.fatigue_at, arm.fatigue.fade_rate)
    customer.fatigue = level + 1.0
    customer.fatigue_at = customer.now
    return level


def draw_response(arm: ArmParameters, customer: Customer, engine: Engine, fatigue: float) -> None:
    """Draw whether the customer responds to the current action, and start its effects if so."""
    action, effect = customer.action, arm.effects[customer.action]
    chance = arm.responses[action][customer.segment] * faded_ratio(arm.fatigue.kept_response, fatigue)
    if uniform(customer.key, streams.RESPONSE, customer.spell, customer.actions_in_spell) >= chance:
        return
    customer.has_responded = True
    if customer.cause != CALM:
        apply_effect(arm, customer, arm.recovery_ratios[action][customer.cause], effect.lasts)
    if effect.acts_on_moves:
        start_move_effect(arm, customer, engine, action)
    if effect.discount_days > 0.0:
        start_discount(arm, customer, engine, action)


def see_status(arm: ArmParameters, customer: Customer, engine: Engine, status: int) -> None:
    """Let the rules see a status after the approval. An overridden intervention keeps this status."""
    if not customer.is_overridden:
        see_event(arm, customer, engine, INTERVENTION, status)


def on_action(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Carry out the action; the customer may respond to it."""
    action, effect, fatigue = customer.action, arm.effects[customer.action], add_fatigue(arm, customer)
    customer.event_times[ACTION] = NEVER
    emit(customer, engine, KIND_ACTION, action, NO_INDEX, NO_INDEX, NO_INDEX, effect.cost, NEVER)
    engine.actions[customer.arm][action] += 1
    contacts = engine.contacts[customer.arm][customer.segment]
    contacts[CONTACTS] += 1.0
    if not arm.in_support[customer.stage]:
        contacts[PROACTIVE] += 1.0
    count_own_event(arm, customer, engine, EVENT_ACTION, action)
    see_event(arm, customer, engine, ACTION_EVENT, action)
    see_status(arm, customer, engine, EXECUTED)
    add_contact(customer, engine)
    customer.last_contact_at = customer.now
    customer.actions_in_spell += 1
    customer.event_times[OUTCOME] = customer.now + arm.outcome_window
    customer.has_responded = False
    harm = faded_ratio(arm.fatigue.churn_ratio, fatigue)
    if customer.cause == CALM:
        customer.episode_acted_on = CALM
        apply_harm(arm, customer, engine, harm * effect.harm_ratio, effect.lasts)
        if effect.acts_when_calm:
            draw_response(arm, customer, engine, fatigue)
        return
    if harm != 1.0:
        apply_harm(arm, customer, engine, harm, effect.lasts)
    engine.totals[customer.arm].contacts_needed += 1
    customer.episode_acted_on = customer.episode
    draw_response(arm, customer, engine, fatigue)


def record_outcome(arm: ArmParameters, customer: Customer, engine: Engine, outcome: int) -> None:
    """Record the outcome of the current action."""
    customer.event_times[OUTCOME] = NEVER
    customer.has_open_action = False
    engine.outcomes[customer.arm][outcome] += 1
    value = 0.0
    if outcome == RESOLVED:
        value = customer.value_at_stake
        contacts = engine.contacts[customer.arm][customer.segment]
        contacts[RESOLVED_CONTACTS] += 1.0
        contacts[DAYS_TO_RESOLUTION] += customer.now - customer.last_contact_at
    emit(customer, engine, KIND_OUTCOME, outcome, NO_INDEX, NO_INDEX, NO_INDEX, value, NEVER)
    see_status(arm, customer, engine, MEASURED)


def resolve_by_move(arm: ArmParameters, customer: Customer, engine: Engine, slot: int) -> None:
    """Resolve an action for a customer without distress who now makes a move that its effect makes more likely."""
    move = arm.moves[customer.stage][slot]
    is_awaited = customer.event_times[OUTCOME] < NEVER and customer.episode_acted_on == CALM
    is_promoted = not move.leaves and arm.effect_move_ratios[customer.action][move.move] > 1.0
    if is_awaited and is_promoted and customer.moves_action == customer.action:
        count_satisfaction(arm, customer, engine)
        customer.satisfaction += arm.effects[customer.action].csat
        record_outcome(arm, customer, engine, RESOLVED)


def on_outcome(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Record the outcome at the end of the window, if nothing has resolved the action before."""
    if customer.episode_acted_on == CALM and not arm.effects[customer.action].acts_when_calm:
        record_outcome(arm, customer, engine, NOT_NEEDED)
    elif customer.has_responded:
        record_outcome(arm, customer, engine, PARTIAL)
    else:
        record_outcome(arm, customer, engine, NO_RESPONSE)


def on_episode(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """An episode of distress begins, or ends; its end resolves an action that has no outcome yet."""
    if customer.cause == CALM:
        begin_episode(arm, customer, engine, draw_cause(arm, customer))
        return
    end_episode(arm, customer, engine)
    if customer.event_times[OUTCOME] < NEVER and customer.episode_acted_on == customer.episode:
        # The outcome is `resolved` even without a response; only a response raises satisfaction.
        if customer.has_responded:
            customer.satisfaction += arm.effects[customer.action].csat
        record_outcome(arm, customer, engine, RESOLVED)


KERNELS = (
    faded_ratio,
    add_fatigue,
    draw_response,
    see_status,
    on_action,
    record_outcome,
    resolve_by_move,
    on_outcome,
    on_episode,
)
"""Functions to compile, callees before callers."""

INLINED = (faded_ratio,)
"""Functions to inline, because most events call them."""
