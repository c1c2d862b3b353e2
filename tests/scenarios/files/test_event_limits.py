"""A scenario whose clocks tick absurdly often is refused with the key that causes it, and no other scenario is."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.core.errors import InputError
from scenarios.files.loader import builtin_names, load
from tests.levels import examples

CYCLE = """
title = "cycle"
horizon_days = 2
replications = 1
population = {{ size = 1, segments = {{ S = {{ share = 1, account_value = 100 }} }} }}
arms = {{ baseline = {{ active = false }} }}
[journey]
stages = ["in", "out", "gone"]
initial = "in"
terminal = "gone"
moves = [
 {{ name = "leave_office", source = "in", destination = "out" }},
 {{ name = "return", source = "out", destination = "in" }},
 {{ name = "resign", source = "out", destination = "gone" }},
]
[world.moves]
leave_office.dwell = {{ law = "{law}", mean_days = {mean_days}, shape = {shape} }}
leave_office.by_segment.S = {ratio}
return.dwell = {{ law = "{law}", mean_days = {mean_days}, shape = {shape} }}
return.by_segment.S = {ratio}
resign.dwell = {{ mean_days = {resign_days} }}
"""


def cycle(folder: Path, *, law="exponential", mean_days=0.001, shape=1.0, ratio=1.0, resign_days=1000.0):
    """A scenario in which a customer goes back and forth between two stages."""
    path = folder / "cycle.toml"
    text = CYCLE.format(law=law, mean_days=mean_days, shape=shape, ratio=ratio, resign_days=resign_days)
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("law", ["exponential", "weibull", "gamma", "deterministic"])
def test_a_cycle_of_instant_moves_is_refused_with_its_moves(law, tmp_path):
    with pytest.raises(InputError) as refused:
        load(cycle(tmp_path, law=law, ratio=1e6))
    assert "world.moves.leave_office: about " in str(refused.value)
    assert "moves per customer within horizon_days = 2" in str(refused.value)
    assert "world.moves.return: about " in str(refused.value)


def test_a_cycle_of_dwell_times_whose_median_is_near_zero_is_refused_although_their_mean_is_long(tmp_path):
    with pytest.raises(InputError, match=r"world\.moves\.return: about"):
        load(cycle(tmp_path, law="log_normal", mean_days=30.0, shape=37.0))
    load(cycle(tmp_path, law="log_normal", mean_days=30.0, shape=2.0))


def test_instant_moves_that_soon_end_the_journey_are_accepted(tmp_path):
    load(cycle(tmp_path, ratio=1e6, resign_days=0.001))
    load(cycle(tmp_path, ratio=1.0))


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("world.decisions.cadence_days=1e-9", "world.decisions.cadence_days=1e-9: about"),
        ("world.decisions.cadence_days=1e-300", "world.decisions.cadence_days=1e-300: about"),
        ("world.value_changes.x={ per_day = { engagement = 100 }, factor = 1, in_distress = 1e6 }",
         "in_distress = 1e6 }: about"),
        ("world.value_changes.x={ per_day = { engagement = 100 }, factor = 2 }", "world.value_changes.x.factor: about"),
        ("population.size=2000000000", "population.size=2000000000: 2,000,000,000 customers with about 36,500 regular"),
    ],
)  # fmt: skip
def test_the_key_that_causes_too_many_events_is_named(override, key):
    more = ["world.decisions.cadence_days=0.01"] if override.startswith("population") else []
    with pytest.raises(InputError) as refused:
        load("default", [override, *more])
    assert key in str(refused.value)


def test_the_limit_is_that_of_a_customer_in_the_whole_run():
    load("default", ["horizon_days=10", "world.decisions.cadence_days=1e-5"])
    with pytest.raises(InputError, match="set at least 1e-05 days"):
        load("default", ["horizon_days=10", "world.decisions.cadence_days=9e-6"])


@settings(max_examples=examples(60, otherwise=15), deadline=None)
@given(st.floats(0.5, 36_500.0))
def test_the_advised_value_is_accepted(days):
    key = "world.decisions.cadence_days"
    with pytest.raises(InputError) as refused:
        load("default", [f"{key}=1e-9", f"horizon_days={days!r}"])
    (advised,) = re.findall(r"set at least (\S+) days", str(refused.value))
    load("default", [f"{key}={advised}", f"horizon_days={days!r}"])
    with pytest.raises(InputError):
        load("default", [f"{key}={float(advised) * 0.98!r}", f"horizon_days={days!r}"])


def test_a_key_that_the_override_names_is_not_named_again():
    with pytest.raises(InputError, match=r"^world\.decisions\.cadence_days=1e-9: about .*, but at most 1,000,000 are"):
        load("default", ["world.decisions.cadence_days=1e-9"])
    with pytest.raises(InputError, match=r"^population\.size=-1: should be greater than"):
        load("default", ["population.size=-1"])
    with pytest.raises(InputError, match=r"^population=\{size=-1\}: population\.size: should be greater than"):
        load("default", ["population={size=-1}"])


def test_without_an_orchestrator_the_cadence_has_no_events(tmp_path):
    load(cycle(tmp_path), ["world.decisions.cadence_days=1e-9"])


@pytest.mark.parametrize("name", builtin_names())
def test_a_hundred_years_of_every_built_in_scenario_are_accepted(name):
    load(name, ["horizon_days=36500"])
