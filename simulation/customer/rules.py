"""The rules of a scenario: what the events of a customer mean for each of them.

The verdicts are those of `journey.rules.monitor`. The customer's marks of all rules are among the marks of the
scenario's metrics, from `RuleParameters.begun`. A history begins with the entry into the stage in which the customer
starts, which may be before day 0. What happened earlier is unknown, and counts as not happened.

Decisions respect the rules of severity error (`apply_rules`).
"""

from typing import Any

from journey.rules.monitor import BROKEN as IS_BROKEN
from journey.rules.monitor import BROKEN_MARK, judge
from journey.rules.monitor import PENDING as IS_PENDING
from journey.rules.respect import NO_RULE, advance_further, breaks_rule, combine_rules
from simulation.customer.own_metrics import customer_cell
from simulation.customer.ports import Engine
from simulation.customer.state import Customer
from simulation.model.arm import ArmParameters
from simulation.model.rule_parameters import ANY_CONSENT, BROKEN, EXEMPT, PENDING, STAGE

DOES_NOT_APPLY = -1.0
"""The mark in place of `BROKEN_MARK` if the rule does not apply to the customer."""


def advance_rules(arm: ArmParameters, marks: Any, code: int, time: float) -> None:
    """Advance the marks of all rules that see an event.

    Args:
        arm: The arm.
        marks: The customer's marks.
        code: Code of the event.
        time: The day on which it happens; never before that of the event before it.
    """
    rules = arm.rules
    for position in range(rules.first[code], rules.first[code + 1]):
        use = rules.uses[position]
        rule = rules.definitions[use.rule]
        broken = marks[rule.first + BROKEN_MARK]
        if broken == 0.0 or (rule.is_respected and broken != DOES_NOT_APPLY):
            # Actions must not break a rule again, so its marks go on after a break if decisions respect it.
            begun = marks[rules.begun]
            advance_further(rule.template, rule.times, rule.days, marks, rule.first, use.symbol, time, begun)


def see_event(arm: ArmParameters, customer: Customer, engine: Engine, kind: int, label: int) -> None:
    """Let all rules see an event that happens now.

    Args:
        arm: The arm.
        customer: The customer.
        engine: The engine.
        kind: A kind of `simulation.model.rule_parameters`.
        label: Code of the stage, move, action, signal type, verdict or status.
    """
    if arm.has_rules:
        code = arm.rule_event_first[kind] + label
        if arm.rule_event_uses[code]:
            advance_rules(arm, engine.observed[customer.row], code, customer.now)


def find_exemptions(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Find out which rules do not apply to a customer who starts."""
    rules, marks = arm.rules, engine.observed[customer.row]
    for index in range(len(rules.definitions)):
        rule = rules.definitions[index]
        applies = rules.admits[index][customer.segment][customer.tier]
        if customer.account_value < rule.min_value or customer.account_value > rule.max_value:
            applies = False
        if rule.consent != ANY_CONSENT and customer.has_consent != (rule.consent == 1):
            applies = False
        if not applies:
            marks[rule.first + BROKEN_MARK] = DOES_NOT_APPLY


def begin_history(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Begin the history of a customer who starts."""
    if not arm.has_rules:
        return
    marks, begun = engine.observed[customer.row], customer.entered_at
    marks[arm.rules.begun] = begun
    if arm.rules.has_conditions:
        find_exemptions(arm, customer, engine)
    code = arm.rule_event_first[STAGE] + customer.stage
    if arm.rule_event_uses[code]:
        advance_rules(arm, marks, code, begun)


def judge_rules(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Count the verdicts on a customer at the end of the run, which leaves open demands pending, or after the end."""
    if not arm.has_rules:
        return
    rules, marks, cell = arm.rules, engine.observed[customer.row], customer_cell(customer)
    counts = engine.rule_counts[customer.arm]
    counts[len(rules.definitions)][0][cell] += 1
    for index in range(len(rules.definitions)):
        rule = rules.definitions[index]
        if marks[rule.first + BROKEN_MARK] == DOES_NOT_APPLY:
            counts[index][EXEMPT][cell] += 1
            continue
        verdict = judge(
            rule.template,
            rule.times,
            rule.days,
            marks,
            rule.first,
            customer.now,
            marks[rules.begun],
            arm.terminal[customer.stage],
        )
        if verdict == IS_BROKEN:
            counts[index][BROKEN][cell] += 1
        elif verdict == IS_PENDING:
            counts[index][PENDING][cell] += 1


def apply_rules(arm: ArmParameters, customer: Customer, engine: Engine, action: int, needs_approval: bool) -> int:  # noqa: FBT001
    """What the rules say about an action now: ALLOWED, ONLY_APPROVED or FORBIDDEN of `journey.rules.respect`.

    Args:
        arm: The arm, which has rules that decisions respect.
        customer: The customer.
        engine: The engine.
        action: The action, other than monitoring.
        needs_approval: Whether the policy demands approval.
    """
    rules, marks, trial = arm.rules, engine.observed[customer.row], engine.trial_marks
    unreviewed, reviewed = NO_RULE, NO_RULE
    for index in range(len(rules.definitions)):
        rule = rules.definitions[index]
        if not rule.is_respected or marks[rule.first + BROKEN_MARK] == DOES_NOT_APPLY:
            continue
        symbols, first = rules.action_symbols[index], rule.first
        for is_reviewed in (False, True):
            if breaks_rule(
                rule.template,
                rule.times,
                rule.days,
                symbols,
                marks,
                first,
                trial,
                first,
                action,
                is_reviewed,
                customer.now,
            ):
                if is_reviewed and reviewed == NO_RULE:
                    reviewed = index
                elif not is_reviewed and unreviewed == NO_RULE:
                    unreviewed = index
    verdict, _ = combine_rules(needs_approval, unreviewed, reviewed)
    return verdict


KERNELS = (
    advance_rules,
    see_event,
    find_exemptions,
    begin_history,
    judge_rules,
    apply_rules,
)
"""Functions to compile, callees before callers."""

INLINED = (see_event,)
"""Functions to inline, because most events call them."""
