"""The verdicts of rules from the initial customers and the trace of a run, by the definitions of the templates."""

from collections import Counter
from itertools import zip_longest
from math import inf

from journey.decision.policy import TIERS
from journey.rules.event_names import split_event_name
from journey.rules.monitor import BROKEN, OTHER, PENDING, A, B
from simulation.runs.cohort import draw_initial_customers
from tests.journey.rules.definitions import expect_verdict


def list_events(rows):
    """The events of a customer's rows as (time, kind, label)."""
    is_overridden = False
    for row, following in zip_longest(rows, rows[1:]):
        if row.kind == "move":
            yield row.time, "move", row.label
            yield row.time, "stage", row.to_stage
        elif row.kind == "signal" and row.reason not in ("orphaned", "duplicate"):
            yield row.time, "signal", row.label
        elif row.kind == "decision" and row.label not in ("none", "monitor_only"):
            is_overridden = False
            # An action needs no approval unless its review is requested at once.
            needs_review = following is not None and following.kind == "review_requested"
            yield row.time, "intervention", "recommended"
            yield row.time, "intervention", "pending_approval" if needs_review else "approved"
        elif row.kind == "review_decided":
            is_overridden = row.label == "overridden"
            yield row.time, "review", row.label
            yield row.time, "intervention", "expired" if row.label == "withdrawn" else row.label
        elif row.kind == "action":
            yield row.time, "action", row.label
            if not is_overridden:
                yield row.time, "intervention", "executed"
        elif row.kind == "outcome" and not is_overridden:
            yield row.time, "intervention", "measured"


def read_histories(arm_spec, run, seed):
    """Of each customer that starts within the run: traits, beginning, events, and whether the history has ended."""
    cohort, customers = draw_initial_customers(arm_spec, seed=seed, replication=0)
    stages = arm_spec.journey.compile().stages
    by_customer = {}
    for row in run.trace.rows:
        by_customer.setdefault(row.customer, []).append(row)
    for _, each in customers:
        if each.arrives_at >= run.days:
            continue
        rows, begun = by_customer.get(each.number, []), each.arrives_at - each.days_in_stage
        events = [(begun, "stage", stages[each.stage]), *list_events(rows)]
        entries = [label for _, kind, label in events if kind == "stage"]
        yield (
            (cohort.segments[each.segment], TIERS[each.tier], each.account_value, each.consents),
            begun,
            events,
            entries[-1] in arm_spec.journey.terminal,
        )


def judge(rule, begun, events, days, ended):
    """The verdict of a rule on one history."""
    a, b = set(map(split_event_name, rule.a)), set(map(split_event_name, rule.b))
    seen = [
        (time, A if (kind, label) in a else B if (kind, label) in b else OTHER)
        for time, kind, label in events
        if kind in rule.kinds
    ]
    limit = inf if rule.within_days is None else rule.within_days
    return expect_verdict(rule.template, rule.count, limit, seen, days, ended, begun)


def count_verdicts(arm_spec, run, seed):
    """By rule, and by all customers, segment and tier: number of customers to whom it applies, broken and pending."""
    found = Counter()
    for traits, begun, events, ended in read_histories(arm_spec, run, seed):
        segment, tier, value, consent = traits
        for rule in arm_spec.rules:
            if not rule.where.admits(segment, tier, value, consent=consent):
                continue
            verdict = judge(rule, begun, events, run.days, ended)
            for part in ("", f"[{segment}]", f"[tier={tier}]"):
                found[rule.name, part, "applies"] += 1
                found[rule.name, part, "broken"] += verdict == BROKEN
                found[rule.name, part, "pending"] += verdict == PENDING
    return found
