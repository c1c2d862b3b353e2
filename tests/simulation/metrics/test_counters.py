"""Metrics and quantities of a run that the journey does not define are unknown, not 0."""

from dataclasses import replace
from itertools import pairwise

import pytest

from journey.machine import Journey, Move, StageDetails
from simulation.exports.customer_quantities import compute_customer_quantities
from simulation.exports.histories import RunHistory
from simulation.model.world_spec import World
from tests.simulation.bare_worlds import simulate
from tests.simulation.worlds import arm


def journey_of(*stages, **roles):
    """A journey from the first stage to the last, in which the named stages have one role each."""
    moves = [Move(f"to_{end}", start, end) for start, end in pairwise(stages)]
    details = {stage: StageDetails(roles=(role,)) for stage, role in roles.items()}
    return Journey.build(stages=stages, moves=moves, initial=stages[0], terminal=stages[-1], details=details)


def run_of(journey):
    clocks = {move.name: {"dwell": {"mean_days": 20.0}} for move in journey.moves}
    world = World.model_validate({"moves": clocks})
    spec = replace(arm(journey=journey, active=False, population={"size": 30}), world=world)
    return spec, simulate(spec, seed=1, days=60.0)


@pytest.mark.parametrize(
    ("journey", "has_escalations", "has_support"),
    [
        (journey_of("trial", "paid", "gone"), False, False),
        # Names alone mean nothing.
        (journey_of("trial", "support", "escalation", "gone"), False, False),
        (journey_of("trial", "manager", "gone", manager="escalation"), True, False),
        (journey_of("trial", "help", "more_help", "gone", help="support", more_help="support"), False, True),
    ],
)
def test_a_journey_without_escalations_or_support_has_an_unknown_number_of_them(journey, has_escalations, has_support):
    spec, run = run_of(journey)
    assert (run.metrics["escalations"] is not None) == has_escalations
    assert ("escalations" in run.quantities) == has_escalations
    assert ("support_days" in run.quantities) == has_support
    if has_escalations:
        assert run.metrics["escalations"] == run.quantities["escalations"] > 0
    if has_support:
        at_end = run.occupancy[-1]
        assert run.quantities["support_days"] > 0.0
        assert at_end["help"] + at_end["more_help"] > 0.0
    for history in RunHistory(spec, run, 1, 0).histories():
        # Actions that a customer never had are not listed.
        assert set(compute_customer_quantities(history, spec, 60.0)) == set(run.quantities)
