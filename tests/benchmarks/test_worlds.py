"""The worlds of the benchmarks are as described in the tables."""

import pytest

from benchmarks.worlds import LAWS, whole, whole_by_law
from simulation.exact.scipy_distributions import mean_days
from simulation.runs.run import run_arm


def _dwells(setup):
    for clock in setup.world.moves.values():
        yield from (clock.dwell, *clock.dwell_from.values())


@pytest.mark.medium
def test_the_gate_is_loaded_and_not_drowned():
    """A reviewer for a thousand customers, half a year: busy for most of the time, and requests do not expire."""
    run = run_arm(whole(1_000), seed=1, replication=0, days=180.0)
    assert 0.4 < run.metrics["gate_utilisation"] < 0.9
    assert run.events_by_kind["review_decided"] > 0.9 * run.events_by_kind["review_requested"]
    assert run.reviews_by_verdict.get("expired", 0) < 0.05 * run.events_by_kind["review_requested"]


def test_the_whole_world_has_exponential_and_weibull_dwells_and_a_look_every_week():
    setup = whole(10)
    assert {dwell.law for dwell in _dwells(setup)} == {"exponential", "weibull"}
    assert setup.world.decisions.cadence_days == 7
    assert setup.active


@pytest.mark.medium
@pytest.mark.parametrize("law", sorted(LAWS))
def test_a_world_of_one_law_has_no_other_and_keeps_the_means(law):
    made, given = list(_dwells(whole_by_law(10, law))), list(_dwells(whole(10)))
    assert {dwell.law for dwell in made} == {law}
    if law != "empirical":
        assert [mean_days(dwell) for dwell in made] == pytest.approx([mean_days(dwell) for dwell in given])
