"""The other state machines: an intervention, a budget action, a risk signal, and the acquisition funnel.

Each is a `Journey` like the customer's: it is validated, answers the same questions, compiles to the same kind of
tables and can be drawn.
"""

from collections.abc import Iterable
from itertools import pairwise

from journey.machine import Journey, JourneyDefinitionError, Move, MoveRule

FUNNEL_STEPS = {
    "impression": "show",
    "click": "click",
    "visit": "visit",
    "signup": "sign_up",
    "demo_request": "request_demo",
    "purchase": "purchase",
    "feature_adopt": "adopt_feature",
}
"""The steps of acquisition in order, each with the move that leads to it."""


def intervention_lifecycle() -> Journey:
    """An intervention, from recommendation to measured outcome.

    An action that needs no review is approved immediately (`approve_automatically`). Otherwise it waits until a
    reviewer decides or the request expires.
    """
    return Journey.build(
        name="intervention",
        stages=(
            "recommended",
            "pending_approval",
            "approved",
            "rejected",
            "overridden",
            "expired",
            "executed",
            "measured",
        ),
        initial="recommended",
        terminal=("rejected", "overridden", "expired", "measured"),
        moves=(
            Move("request_approval", "recommended", "pending_approval"),
            Move("approve_automatically", "recommended", "approved"),
            Move("approve", "pending_approval", "approved"),
            Move("reject", "pending_approval", "rejected"),
            Move("override", "pending_approval", "overridden"),
            Move("expire", "pending_approval", "expired"),
            Move("execute", "approved", "executed"),
            Move("measure", "executed", "measured"),
        ),
    )


def budget_action_lifecycle() -> Journey:
    """A proposal to move budget between channels; once executed it can be rolled back."""
    return Journey.build(
        name="budget action",
        stages=("proposed", "approved", "rejected", "executed", "rolled_back"),
        initial="proposed",
        terminal=("rejected", "rolled_back"),
        moves=(
            Move("approve", "proposed", "approved"),
            Move("reject", "proposed", "rejected"),
            Move("execute", "approved", "executed"),
            Move("roll_back", "executed", "rolled_back"),
        ),
    )


def risk_signal_lifecycle() -> Journey:
    """A risk in a campaign; a dismissed risk may reopen."""
    return Journey.build(
        name="risk signal",
        stages=("open", "in_review", "mitigated", "dismissed"),
        initial="open",
        terminal="mitigated",
        moves=(
            Move("review", "open", "in_review"),
            Move("mitigate", "in_review", "mitigated"),
            Move("dismiss", "in_review", "dismissed"),
            Move("reopen", "dismissed", "open"),
        ),
    )


def funnel_lifecycle(path: Iterable[str] = tuple(FUNNEL_STEPS)) -> Journey:
    """The acquisition funnel of a campaign with these steps, each leading to the next.

    Args:
        path: Two or more of the steps in `FUNNEL_STEPS`, in that order.

    Raises:
        JourneyDefinitionError: A step is unknown, repeated or out of order, or there are fewer than two.
    """
    steps = tuple(path)
    order = tuple(FUNNEL_STEPS)
    unknown = [step for step in steps if step not in FUNNEL_STEPS]
    if unknown:
        raise JourneyDefinitionError(
            f"a funnel has no step {', '.join(map(repr, unknown))}; the steps are {', '.join(order)}"
        )
    in_order = tuple(sorted(set(steps), key=order.index))
    if steps != in_order:
        raise JourneyDefinitionError(
            f"the steps of a funnel must be in order, each once; write {', '.join(in_order)} instead of "
            f"{', '.join(steps)}"
        )
    if len(steps) < 2:
        raise JourneyDefinitionError("a funnel needs two or more steps")
    return Journey.build(
        name="funnel",
        stages=steps,
        initial=steps[0],
        terminal=steps[-1],
        moves=(MoveRule(FUNNEL_STEPS[end], start, end) for start, end in pairwise(steps)),
    )
