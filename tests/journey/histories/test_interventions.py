"""The events of an intervention's lifecycle."""

from itertools import pairwise, product

import pytest

from journey.histories.interventions import ACTION, STATUSES, list_lifecycle_events
from journey.machine.lifecycles import intervention_lifecycle


def _names(status, needs_approval=True, is_measured=False, is_overridden=False, is_overdue=False):
    events = list_lifecycle_events(
        status,
        needs_approval=needs_approval,
        is_measured=is_measured,
        is_overridden=is_overridden,
        is_overdue=is_overdue,
    )
    return [event.label if event.kind == "intervention" else f"{event.kind}:{event.label}" for event in events]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("",), ["recommended", "pending_approval"]),
        (("", False), ["recommended", "approved", "action:action", "executed"]),
        (("recommended", False), ["recommended"]),
        (("approved",), ["recommended", "pending_approval", "review:approved", "approved"]),
        (("rejected",), ["recommended", "pending_approval", "review:rejected", "rejected"]),
        (("pending_approval", True, False, False, True),
         ["recommended", "pending_approval", "review:expired", "expired"]),
        (("", True, True),
         ["recommended", "pending_approval", "review:approved", "approved", "action:action", "executed", "measured"]),
        (("", True, True, True), ["recommended", "pending_approval", "review:overridden", "overridden"]),
        (("pending_approval", True, True),
         ["recommended", "pending_approval", "action:action", "executed", "measured"]),
    ],
)  # fmt: skip
def test_the_events_are_those_that_the_record_shows(given, expected):
    assert _names(*given) == expected


def test_an_intervention_moves_only_along_its_lifecycle_except_where_an_approval_is_missing():
    lifecycle = intervention_lifecycle()
    for status, *flags in product(STATUSES, *[[False, True]] * 4):
        names = _names(status, *flags)
        statuses = [name for name in names if ":" not in name]
        assert statuses[0] == "recommended"
        illegal = [pair for pair in pairwise(statuses) if not lifecycle.is_legal_step(*pair)]
        assert all(after == "executed" and "review:approved" not in names for _, after in illegal)
        assert ("action:" + ACTION in names) == ("executed" in statuses)
