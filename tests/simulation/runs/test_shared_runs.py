"""Several arms in one run: the assignment of customers, and that each customer is counted exactly once."""

import pytest
from scipy.stats import chisquare

from simulation.metrics.mean import Mean
from simulation.population.draw import build_arm_splits
from simulation.runs.run import run_arm, run_together
from tests.simulation.worlds import arm

# One chance in ten thousand for each test below that a right split is called wrong.
FALSE_ALARM = 1e-4


def customers(setups, **how):
    return {run.arm: run for run in run_together(setups, seed=3, replication=0, days=20.0, **how)}


def in_segment(run, segment):
    return run.denominators[f"churn_rate[{segment}]"]


@pytest.mark.slow
def test_every_customer_is_assigned_once_and_in_proportion_to_the_shares():
    population = {"size": 3000}
    runs = customers([arm("baseline", population=population), arm("treated", population=population, share=2.0)])
    counts = [runs["baseline"].customers, runs["treated"].customers]
    assert sum(counts) == 3000
    assert chisquare(counts, [1000, 2000]).pvalue > FALSE_ALARM


@pytest.mark.medium
def test_a_share_may_differ_by_segment_and_leave_a_segment_out():
    population = {"size": 3000}
    shares = {"SMB": 4.0, "Enterprise": 0.0}
    runs = customers(
        [arm("baseline", population=population), arm("treated", population=population, share_by_segment=shares)]
    )
    assert in_segment(runs["treated"], "Enterprise") == 0
    assert in_segment(runs["baseline"], "Enterprise") > 0
    small = [in_segment(runs[name], "SMB") for name in ("baseline", "treated")]
    assert chisquare(small, [sum(small) * 0.2, sum(small) * 0.8]).pvalue > FALSE_ALARM


def test_a_segment_that_no_arm_has_a_share_of_goes_to_the_first():
    assert build_arm_splits([(0.0, 0.0), (1.0, 3.0)]) == ((1.0, 1.0), (0.25, 1.0))


@pytest.mark.medium
def test_another_policy_does_not_change_the_assignment():
    alike = customers([arm("baseline"), arm("treated")])
    other = customers([arm("baseline"), arm("treated", active=False)])
    for name in ("baseline", "treated"):
        for segment in ("SMB", "Enterprise"):
            assert in_segment(alike[name], segment) == in_segment(other[name], segment)


def test_a_mean_times_what_it_is_taken_over_is_what_was_counted():
    run = run_arm(arm(population={"size": 300}), seed=1, replication=0, days=200.0)
    of = run.denominators
    assert of["churn_rate"] == of["csat"] == run.customers == 300
    assert run.metrics["churn_rate"] * of["churn_rate"] == pytest.approx(churned(run))
    assert of["contact_precision"] == run.metrics["interventions"] == run.events_by_kind["action"]
    assert of["signal_recall"] >= run.events_by_kind["distress_on"]
    assert set(of) < set(run.metrics)


def churned(run):
    return 300 * run.occupancy[-1]["churned"]


def test_a_mean_over_no_customers_is_none():
    assert Mean(0.0, 0).value is None
