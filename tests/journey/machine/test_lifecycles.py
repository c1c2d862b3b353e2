"""The other machines: interventions, budget actions, risk signals and the acquisition funnel."""

from __future__ import annotations

from itertools import combinations

import pytest

from journey.machine import IllegalMoveError, Journey, JourneyDefinitionError
from journey.machine.lifecycles import (
    FUNNEL_STEPS,
    budget_action_lifecycle,
    funnel_lifecycle,
    intervention_lifecycle,
    risk_signal_lifecycle,
)


def steps(journey: Journey) -> set[tuple[str, str]]:
    return {(move.source, move.destination) for move in journey.moves}


def test_an_intervention_that_needs_a_human_waits_for_one():
    machine = intervention_lifecycle()
    assert steps(machine) == {
        ("recommended", "pending_approval"),
        ("recommended", "approved"),
        ("pending_approval", "approved"),
        ("pending_approval", "rejected"),
        ("pending_approval", "overridden"),
        ("pending_approval", "expired"),
        ("approved", "executed"),
        ("executed", "measured"),
    }
    with pytest.raises(IllegalMoveError, match="legal from there: approve, reject, override, expire"):
        machine.move("pending_approval", "execute")


def test_nothing_that_was_refused_or_has_expired_is_executed():
    machine = intervention_lifecycle()
    for stage in ("rejected", "overridden", "expired"):
        assert machine.shortest_path(stage, "executed") is None


def test_an_executed_budget_action_can_be_rolled_back():
    assert steps(budget_action_lifecycle()) == {
        ("proposed", "approved"),
        ("proposed", "rejected"),
        ("approved", "executed"),
        ("executed", "rolled_back"),
    }


def test_a_dismissed_risk_may_reopen_and_a_mitigated_one_may_not():
    machine = risk_signal_lifecycle()
    assert machine.is_legal("dismissed", "reopen")
    assert machine.legal_moves("mitigated") == ()
    assert machine.shortest_path("dismissed", "mitigated") is not None


@pytest.mark.parametrize("machine", [intervention_lifecycle(), budget_action_lifecycle(), risk_signal_lifecycle()])
def test_no_machine_has_a_stage_that_is_never_reached_never_left_or_never_finishes(machine: Journey):
    assert machine.findings() == []


def test_a_funnel_leads_through_the_steps_that_a_campaign_has():
    for count in range(2, len(FUNNEL_STEPS) + 1):
        for path in combinations(FUNNEL_STEPS, count):
            machine = funnel_lifecycle(path)
            assert machine.stages == path
            assert [move.destination for move in machine.shortest_path(path[0], path[-1]) or ()] == list(path[1:])
            assert len(machine.moves) == count - 1
            assert machine.findings() == []


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (["visit", "checkout"], "a funnel has no step 'checkout'; the steps are impression, click, visit"),
        (["signup", "visit"], "write visit, signup instead of signup, visit"),
        (["visit", "visit", "signup"], "write visit, signup instead of visit, visit, signup"),
        (["visit"], "a funnel needs two or more steps"),
        ([], "a funnel needs two or more steps"),
    ],
)
def test_a_funnel_that_cannot_be_is_refused(path: list[str], message: str):
    with pytest.raises(JourneyDefinitionError, match=message):
        funnel_lifecycle(path)
