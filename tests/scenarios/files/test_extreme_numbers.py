"""Every number that a scenario may have can be computed with, or is refused with its key."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.core.errors import InputError
from scenarios.files.loader import load
from simulation.runs.run import run_arm

ALL_MECHANISMS = """
extends = "default"
title = "all mechanisms"
horizon_days = 20
replications = 1
[population]
size = 4
in_mid_stay = true
in_distress = true
arrivals = { share = 0.3, over_days = 30 }
[population.start]
onboarding = 0.3
engagement = 0.3
retention = 0.2
support = 0.2
[population.correlations]
value_tier = 0.3
[world]
notice_days = 3.0
frailty_spread = 0.5
[world.moves.activate]
by_tenure = [[10, 1.5]]
dwell_from = { onboarding = { law = "gamma", mean_days = 20, shape = 2 } }
[world.moves.mature]
dwell = { law = "log_normal", mean_days = 30, shape = 1 }
by_segment = { SMB = 1.2 }
by_tier = { high = 1.3 }
in_distress = 1.1
[world.moves.resolve]
dwell = { law = "weibull", mean_days = 6, shape = 2 }
[world.calendar.summer]
from_day = 5
until_day = 15
every_days = 30
moves = { churn = 2.0 }
onsets = { support_pain = 1.5 }
[world.renewal]
every_days = 20
churn = { SMB = 0.1 }
[world.payments]
every_days = 15
failure = { SMB = 0.2 }
recovered = 0.5
grace_days = 5
[world.value_changes.expansion]
per_day = { engagement = 0.05 }
factor = 1.2
in_distress = 0.5
[world.fatigue]
half_life_days = 20
response_lost = 0.2
churn_ratio = 1.2
[world.imperfections]
signals_missing = 0.05
signals_orphaned = 0.05
signals_duplicated = 0.05
signals_late = 0.1
late_mean_days = 3
stages_missing = 0.05
stages_wrong = 0.05
[reviewers]
count = 2
"""
EXTREMES = ("0", "5e-324", "1e-9", "0.001", "1e6", "1e12", "1.7e308", "-1.7e308")
NOT_A_NUMBER_OF_THE_WORLD = {"seed", "replications", "arms", "title"}
"""Keys without a number, or whose number only says how often to simulate."""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("scenario") / "all_mechanisms.toml"
    path.write_text(ALL_MECHANISMS, encoding="utf-8")
    return str(path)


def numeric_keys(values, path=()):
    """The dotted keys of all numbers in nested tables."""
    for name, value in values.items():
        if not path and name in NOT_A_NUMBER_OF_THE_WORLD:
            continue
        if isinstance(value, dict):
            yield from numeric_keys(value, (*path, name))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield ".".join((*path, name))


def assert_computable_or_refused(path, key, number):
    """Simulate the scenario with one number changed, unless it is refused with a message that names the key."""
    try:
        loaded = load(path, [f"{key}={number}"])
    except InputError as refused:
        # A product of two numbers of one table may be too large; then the message names the other.
        table, _, name = key.rpartition(".")
        assert name in str(refused) or (table and table in str(refused)), str(refused)  # noqa: PT017
        return
    arm = loaded.arms[-1]
    if arm.population.size > 1000:
        return
    run = run_arm(arm, seed=1, replication=0, days=min(20.0, loaded.scenario.horizon_days), trace=True)
    for name, amount in {**run.metrics, **run.quantities}.items():
        assert amount is None or math.isfinite(amount), name
    for row in run.trace.rows:
        assert math.isfinite(row.time)
        assert row.value is None or math.isfinite(row.value)


def all_keys(path):
    loaded = load(path)
    values = loaded.scenario.model_dump(mode="json") | {"policy": loaded.arms[-1].policy.model_dump(mode="json")}
    return sorted(numeric_keys(values))


@pytest.mark.medium
@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_few_extreme_numbers_are_computed_with_or_refused(path, data):
    key, number = data.draw(st.sampled_from(all_keys(path))), data.draw(st.sampled_from(EXTREMES))
    assert_computable_or_refused(path, key, number)


@pytest.mark.slow
def test_all_extreme_numbers_are_computed_with_or_refused(path):
    keys = all_keys(path)
    assert len(keys) > 250
    for key in keys:
        for number in EXTREMES:
            assert_computable_or_refused(path, key, number)


@pytest.mark.parametrize(
    "number",
    [
        "horizon_days=1e-9",
        "population.segments.SMB.tenure_mean_days=1e300",
        "population.segments.SMB.share=1e300",
        "reviewers.service_minutes=1e300",
        "reviewers.minutes_per_day=1e-300",
        "world.signals.delay_mean_days=1e300",
    ],
)
def test_a_number_that_could_not_be_computed_with_is_refused(path, number):
    key = number.partition("=")[0]
    with pytest.raises(InputError, match=key):
        load(path, [number])
