"""Codes of the events of a trace, which the engines count and write in place of texts."""

from journey.rules.event_names import REVIEW_VERDICTS
from simulation.trace.events import KINDS

(
    KIND_MOVE,
    KIND_SIGNAL,
    KIND_DECISION,
    KIND_REQUESTED,
    KIND_DECIDED,
    KIND_ACTION,
    KIND_OUTCOME,
    KIND_DISTRESS_ON,
    KIND_DISTRESS_OFF,
    KIND_ARRIVAL,
    KIND_VALUE,
    KIND_FUNNEL,
    KIND_EFFECT_ON,
    KIND_EFFECT_OFF,
) = range(len(KINDS))

OUTCOMES = ("resolved", "partial_improvement", "no_response", "no_action_needed")
RESOLVED, PARTIAL, NO_RESPONSE, NOT_NEEDED = range(4)

VERDICTS = REVIEW_VERDICTS
APPROVED, REJECTED, OVERRIDDEN, EXPIRED, WITHDRAWN = range(5)

# Negative codes stand for values that are not in a list of the arm.
LOWEST_CODE = -3
LABEL_ARRIVAL = -1
LABEL_MONITOR_ONLY, LABEL_NONE = -2, -3
"""Labels of decisions without an action."""
REASON_NOISE, REASON_ORPHANED, REASON_DUPLICATE = -1, -2, -3
"""Reasons of signals that are not causes."""
REASON_RENEWAL, REASON_PAYMENT = 0, 1
"""Reasons of moves that are caused by a date, not by a hazard."""
REASON_MOVES, REASON_PRICE = 0, 1
"""What an effect of an action changes."""
