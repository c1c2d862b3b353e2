"""The events of an intervention's lifecycle, from its record and its outcome.

Records have two dates: when the decision was made and when its outcome was measured. Reviews and actions are dated at
the decision, as the contact policy dates them. An expired approval is dated at its expiry.

* Monitoring is no intervention and has no events.
* The recorded status counts. Without one (or with one that is unknown) an intervention that needs no approval was
  carried out; one that needs approval was approved and carried out if it has an outcome, and is pending otherwise.
* An approval is a review only if a person was required to approve.
* If a person overrode the decision, the recommended action was not carried out. The records do not name the action
  that was.
* An action whose last status is before its approval was carried out without approval if it has an outcome.
"""

from __future__ import annotations

from typing import NamedTuple

RECOMMENDED, PENDING, APPROVED, REJECTED, OVERRIDDEN, EXPIRED, EXECUTED, MEASURED = (
    "recommended",
    "pending_approval",
    "approved",
    "rejected",
    "overridden",
    "expired",
    "executed",
    "measured",
)
NO_STATUS = ""
"""The status of an intervention without a known status."""

STATUSES = (NO_STATUS, RECOMMENDED, PENDING, APPROVED, REJECTED, OVERRIDDEN, EXPIRED, EXECUTED, MEASURED)
"""What an intervention's status can be; a state of the lifecycle, or none."""

_REFUSALS = (REJECTED, OVERRIDDEN, EXPIRED)

ACTION = "action"
"""The label of an event of kind ``action``, in place of the name of the recommended action."""

AT_DECISION, AT_EXPIRY, AT_OUTCOME = range(3)
"""When an event of the lifecycle happened."""


class LifecycleEvent(NamedTuple):
    """An event of an intervention.

    Attributes:
        kind: ``intervention``, ``review`` or ``action``.
        label: The status or verdict, or `ACTION`.
        dated: AT_DECISION, AT_EXPIRY or AT_OUTCOME.
    """

    kind: str
    label: str
    dated: int = AT_DECISION


def list_lifecycle_events(
    status: str, *, needs_approval: bool, is_measured: bool, is_overridden: bool, is_overdue: bool
) -> tuple[LifecycleEvent, ...]:
    """The events of an intervention, in order.

    Args:
        status: One of `STATUSES`.
        needs_approval: Whether a person must approve it.
        is_measured: Whether its outcome is known.
        is_overridden: Whether an outcome states that a person overrode the decision.
        is_overdue: Whether a request for approval of its age has expired.
    """
    verdict = _find_verdict(status, needs_approval, is_measured, is_overridden, is_overdue)
    events = [LifecycleEvent("intervention", RECOMMENDED)]
    if needs_approval or status == PENDING or verdict in _REFUSALS:
        events.append(LifecycleEvent("intervention", PENDING))
    if verdict is not None:
        dated = AT_EXPIRY if verdict == EXPIRED else AT_DECISION
        if needs_approval or verdict in _REFUSALS:
            events.append(LifecycleEvent("review", verdict, dated))
        events.append(LifecycleEvent("intervention", verdict, dated))
    is_automatic = status == NO_STATUS and not needs_approval
    if verdict not in _REFUSALS and (is_measured or is_automatic or status in (EXECUTED, MEASURED)):
        events += [LifecycleEvent(ACTION, ACTION), LifecycleEvent("intervention", EXECUTED)]
        if is_measured:
            events.append(LifecycleEvent("intervention", MEASURED, AT_OUTCOME))
    return tuple(events)


def _find_verdict(
    status: str,
    needs_approval: bool,  # noqa: FBT001
    is_measured: bool,  # noqa: FBT001
    is_overridden: bool,  # noqa: FBT001
    is_overdue: bool,  # noqa: FBT001
) -> str | None:
    """How the request for approval was decided, by a person or automatically; None if it was not, or is unknown."""
    if status in _REFUSALS:
        return status
    if is_overridden:
        return OVERRIDDEN
    if status in (APPROVED, EXECUTED, MEASURED):
        return APPROVED
    if status == NO_STATUS and (is_measured or not needs_approval):
        return APPROVED
    is_pending = status in (NO_STATUS, PENDING)
    return EXPIRED if is_pending and is_overdue and not is_measured else None
