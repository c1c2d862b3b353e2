"""Assigning customers to arms: strata have the histories of their arms, and weights extend them to all customers."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.errors import InputError
from scenarios.experiment.analysis import build_scenario_split
from scenarios.experiment.assignment import build_split
from scenarios.files.loader import load
from simulation.metrics.run_results import Run
from simulation.runs.run import run_together
from tests.scenarios.experiment import known_experiments
from tests.scenarios.experiment.known_experiments import SIZES, VALUE, experiment, stratum

SEGMENTS = tuple(SIZES)


def planted_runs(loaded, split, replication=0):
    return known_experiments.planted(split.strata, seed=1, replication=replication, days=90.0)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_strata_give_the_same_histories_as_their_arms(engine):
    loaded = load("default", ["population.size=60", "arms.treated.share_by_segment={ SMB = 3.0 }"])
    split = build_split(loaded.arms, seed=1)
    options = {"seed": 1, "replication": 0, "days": 60.0, "trace": True, "engine": engine}
    arms, strata = run_together(loaded.arms, **options), run_together(split.strata, **options)
    rows = [replace_arm(row) for row in strata[0].trace.sorted_rows()]
    assert rows == arms[0].trace.sorted_rows()
    for arm, whole in zip(arms, split.pool_strata(strata), strict=True):
        for each in fields(Run):
            if each.name not in NOT_POOLED:
                assert in_any_order(getattr(whole, each.name)) == in_any_order(getattr(arm, each.name)), each.name
        # The sums are added in another order.
        assert measured(whole) == pytest.approx(measured(arm), rel=1e-12)
        assert whole.metrics.keys() == arm.metrics.keys()
        assert whole.quantities == pytest.approx(arm.quantities, rel=1e-12)
        assert of_customers(whole) == pytest.approx(of_customers(arm), rel=1e-12)


NOT_POOLED = {"metrics", "quantities", "denominators", "occupancy", "csat", "wall_seconds", "trace"}
"""Fields of a run that are compared separately below, or that a comparison does not use."""


def of_customers(run):
    """The denominators over customers, without the review queue that all strata share."""
    return {name: whole for name, whole in run.denominators.items() if name != "gate_utilisation"}


def in_any_order(value):
    return sorted(map(str, value)) if isinstance(value, list) else value


def measured(run):
    return {name: value for name, value in run.metrics.items() if value is not None}


def replace_arm(row):
    return row._replace(arm=row.arm.partition("[")[0])


def test_where_every_segment_is_divided_alike_an_arm_is_the_sum_of_its_strata():
    loaded, split = experiment("arms.treated.share=2")
    runs = planted_runs(loaded, split)
    for place, arm in enumerate(split.weight_runs(runs)):
        mine = runs[place * 3 : place * 3 + 3]
        customers = sum(run.customers for run in mine)
        churned = sum(run.metrics["churn_rate"] * run.customers for run in mine)
        assert arm.metrics["churn_rate"] == pytest.approx(churned / customers)
        assert arm.metrics["retained_value"] == pytest.approx(VALUE * (customers - churned) / customers)
        assert arm.quantities["live_value_end"] == pytest.approx(VALUE * (customers - churned) * 1000 / customers)
        assert arm.quantities["evaluations"] == pytest.approx(1000.0)


def test_where_shares_differ_a_stratum_stands_for_its_whole_segment():
    _, split = experiment("arms.treated.share_by_segment={ SMB = 9 }")
    counts = {"SMB": (60, 540), "Mid-Market": (150, 150), "Enterprise": (50, 50)}
    churned = {"SMB": (18, 162), "Mid-Market": (15, 15), "Enterprise": (2, 2)}
    runs = [stratum("x", name, counts[name][arm], churned[name][arm], 1.0) for arm in (0, 1) for name in SEGMENTS]
    expected = (600 * 0.3 + 300 * 0.1 + 100 * 0.04) / 1000
    for arm in split.weight_runs(runs):
        assert arm.metrics["churn_rate"] == pytest.approx(expected)
        assert arm.quantities["live_value_end"] == pytest.approx(VALUE * 1000 * (1 - expected))
    # Summed, the arms would differ by their mixes of segments.
    summed = [arm.metrics["churn_rate"] for arm in split.pool_strata(runs)]
    assert summed[1] - summed[0] > 0.08


def test_a_segment_of_one_arm_alone_is_not_in_the_experiment():
    _, split = experiment("arms.treated.share_by_segment={ Enterprise = 0 }")
    assert split.compared_segments == ("SMB", "Mid-Market")
    assert split.shares["Enterprise"] == (1.0, 0.0)
    assert not split.is_stratified
    runs = planted_runs(None, split)
    assert sum(run.customers for run in runs) == 1000
    assert sum(run.customers for run in split.pool_strata(runs)) == 900
    assert sum(arm.quantities["evaluations"] for arm in split.weight_runs(runs)) == pytest.approx(2 * 900)


def test_with_equal_shares_an_arm_may_have_no_customers_in_a_segment():
    _, split = experiment()
    counts = [(40, 20), (10, 30), (4, 0)]
    runs = [stratum("x", SEGMENTS[at], counts[at][arm], counts[at][arm] // 2, 1.0) for arm in (0, 1) for at in range(3)]
    baseline, treated = split.weight_runs(runs)
    assert baseline.metrics["churn_rate"] == treated.metrics["churn_rate"] == 0.5
    assert baseline.quantities["evaluations"] == pytest.approx(104.0)
    assert treated.quantities["evaluations"] == pytest.approx(104.0)
    assert treated.metrics["churn_rate[Enterprise]"] is None


def test_a_replication_in_which_an_arm_has_no_customers_is_not_used():
    _, split = experiment()
    nobody = [stratum("x", name, 10 * (arm == 0), 0, 1.0) for arm in (0, 1) for name in SEGMENTS]
    somebody = planted_runs(None, split)
    assert split.weight_runs(nobody) is None
    assert split.usable_replications([nobody, somebody]) == [split.weight_runs(somebody)]
    with pytest.raises(InputError, match=r"larger population\.size"):
        split.usable_replications([nobody])


@given(st.lists(st.tuples(st.integers(1, 400), st.floats(0.0, 1.0)), min_size=6, max_size=6), st.booleans())
def test_the_overall_mean_is_between_those_of_the_strata_and_equal_ones_stay_equal(strata, stratified):
    _, split = experiment(*(["arms.treated.share_by_segment={ SMB = 9 }"] if stratified else []))
    runs = [stratum("x", SEGMENTS[place % 3], n, round(share * n), 1.0) for place, (n, share) in enumerate(strata)]
    for place, arm in enumerate(split.weight_runs(runs)):
        rates = [run.metrics["churn_rate"] for run in runs[place * 3 : place * 3 + 3]]
        assert min(rates) <= arm.metrics["churn_rate"] <= max(rates)
        assert arm.metrics["csat"] == 4.0
        assert arm.metrics["gate_utilisation"] == 0.5


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["arms.treated.reviewers.per_1000=9"], "differs from 'baseline' in its reviewers"),
        (["arms.treated.share=0"], "no segment is divided between the arms"),
        (["arms.treated.share=0", "arms.baseline.share=0"], "no arm has a share of the customers"),
        (["arms.third.label=x", "arms.third.share=0"], "only baseline, treated have a share"),
        (["primary_metric=gate_utilisation"], "describes the reviewers, which all arms of one run share"),
        (
            ["primary_metric=churn_rate[Enterprise]", "arms.treated.share_by_segment={ Enterprise = 0 }"],
            "is not in the experiment; name another metric, or one of: SMB, Mid-Market",
        ),
    ],
)
def test_what_cannot_be_split_is_refused_with_a_way_out(overrides, message):
    with pytest.raises(InputError, match=message):
        build_scenario_split(load("default", overrides))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("arms.treated.share=-1", "arms.treated.share"),
        ("arms.treated.share_by_segment={ SMB = -1 }", "arms.treated.share_by_segment"),
        ("arms.treated.share_by_segment={ SBM = 1 }", "did you mean 'SMB'"),
    ],
)
def test_a_share_that_cannot_be_is_refused_by_name(override, message):
    with pytest.raises(InputError, match=message):
        load("default", [override])


def test_explicit_equal_shares_do_not_change_the_scenario_hash():
    assert load("default", ["arms.treated.share=1"]).hash == load("default").hash
    assert load("default", ["arms.treated.share=2"]).hash != load("default").hash


def test_recorded_customers_are_split_by_the_segments_they_bring():
    loaded = load("seed_ten")
    split = build_scenario_split(loaded)
    runs = run_together(split.strata, seed=1, replication=0, days=10.0)
    assert sum(run.customers for run in runs) == loaded.arms[0].population.size
    assert set(split.shares) == {run.arm.partition("[")[2].removesuffix("]") for run in runs}
