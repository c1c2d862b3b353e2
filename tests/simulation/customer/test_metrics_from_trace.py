"""The metrics of a scenario are those of the initial customers and the trace, for any metrics and any world."""

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from journey.statistics.survival import estimate_incidence, restricted_mean, time_until_share
from simulation.model.metric_spec import MetricSpec
from simulation.runs.run import run_arm
from tests.journey.statistics.survival_samples import group
from tests.levels import examples
from tests.simulation.customer.metric_strategies import metric_sets
from tests.simulation.customer.metrics_from_trace import compute, read_all, sample_of
from tests.simulation.full_worlds import full_arm
from tests.simulation.world_strategies import POLICIES, worlds
from tests.simulation.worlds import arm

SHARES = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}


def expect(spec, histories, arm_spec, days):
    """The value of a metric from the trace."""
    if spec.measure not in ("reached", "time_to"):
        return compute(spec, histories, arm_spec, days)
    times = group(sample_of(spec, histories, arm_spec, days))
    if not times.observations:
        return None
    incidence = estimate_incidence(times)
    if spec.measure == "time_to":
        mean = spec.statistic == "mean"
        return restricted_mean(incidence) if mean else time_until_share(incidence, SHARES[spec.statistic])
    return incidence.shares[-1] if incidence.is_complete else None


def assert_metrics_are_those_of_the_trace(arm_spec, *, seed, days):
    run = run_arm(arm_spec, seed=seed, replication=0, days=days, trace=True)
    histories = read_all(arm_spec, run, seed)
    groups = {
        "": histories,
        "[SMB]": [each for each in histories if each.segment == "SMB"],
        "[tier=high]": [each for each in histories if each.tier == "high"],
    }
    for name, spec in arm_spec.metrics.items():
        if spec.revenue == "all" and run.metrics[name] is not None:
            assert run.metrics[name] == pytest.approx(run.quantities["revenue"], rel=1e-9, abs=1e-4)
        if spec.measure == "ratio" or (spec.measure == "revenue" and run.quantities.get("discounts", 0.0) > 0.0):
            # The trace does not show how long a discount lasts.
            continue
        for ending, members in groups.items():
            expected = expect(spec, members, arm_spec, days)
            value = run.metrics[f"{name}{ending}"]
            if value is None and expected is not None and expected > 2.0**42:
                # Some account is worth more than $4.4 trillion a year, so the sum is unknown.
                continue
            assert value == (None if expected is None else pytest.approx(expected, rel=1e-9, abs=1e-4)), (
                name,
                ending,
                value,
                expected,
            )


def spec(**keys):
    return MetricSpec.model_validate(keys)


CASES = {
    "from a stay that began before day 0": spec(reached="engagement", within_days=30, **{"from": "onboarding"}),
    "from a later stay": spec(reached="retention", within_days=60, **{"from": "engagement"}),
    "from the start or arrival": spec(reached="retention", within_days=90),
    "until an event": spec(time_to="action:onboarding_nudge_email"),
    "until churn": spec(time_to="churned", statistic="lower_quartile"),
    "won back": spec(reached="onboarding", within_days=50, **{"from": "churned"}),
    "entries of arrivals": spec(count_of="onboarding"),
    "ever in the first stage": spec(share_of="onboarding"),
    "days after churn": spec(time_in="churned"),
    "value lost": spec(value_of="churned"),
    "revenue of a stage": spec(revenue="support"),
}


@pytest.mark.parametrize("in_mid_stay", [False, True])
def test_each_kind_of_metric_is_that_of_the_trace(in_mid_stay):
    population = {"size": 300, "in_mid_stay": in_mid_stay, "start": {"onboarding": 0.6, "engagement": 0.4}}
    arm_spec = full_arm(metrics=CASES, population=population, yearly_discount=0.08)
    assert_metrics_are_those_of_the_trace(arm_spec, seed=3, days=150.0)


@settings(max_examples=examples(15, otherwise=5), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(metric_sets(), st.integers(0, 2**32), st.booleans())
def test_metrics_of_a_world_with_everything_are_those_of_the_trace(metrics, seed, in_mid_stay):
    arm_spec = full_arm(metrics=metrics, population={"size": 40, "in_mid_stay": in_mid_stay}, yearly_discount=0.08)
    assert_metrics_are_those_of_the_trace(arm_spec, seed=seed, days=120.0)


@settings(max_examples=examples(8, otherwise=3), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(metric_sets(), worlds(), POLICIES, st.integers(0, 2**32), st.floats(10.0, 120.0))
def test_metrics_of_any_world_are_those_of_the_trace(metrics, world, policy, seed, days):
    arm_spec = arm(metrics=metrics, world=world, policy=policy, population={"size": 20, "in_mid_stay": True})
    assert_metrics_are_those_of_the_trace(arm_spec, seed=seed, days=days)
