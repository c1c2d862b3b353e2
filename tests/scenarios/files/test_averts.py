"""What an action averts in a scenario: stated, or computed from its effect on moves."""

import json

import pytest

from scenarios.files.loader import load
from tests.scenarios.cli.invocation import invoke

TRIAL = """
title = "Trial"
horizon_days = 90

[journey]
stages = ["trial", "paying", "gone"]
initial = "trial"
terminal = "gone"
moves = [
  { name = "convert", source = "trial", destination = "paying" },
  { name = "give_up", source = "trial", destination = "gone" },
  { name = "cancel", source = "paying", destination = "gone" },
]

[population]
size = 200
[population.segments.self_serve]
share = 0.75
account_value = 1200
[population.segments.sales]
share = 0.25
account_value = 9000

[world.moves]
convert.dwell = { mean_days = 30 }
give_up = { dwell = { mean_days = 40 }, by_segment = { sales = 0.5 } }
cancel.dwell = { mean_days = 200 }

[world.effects.nudge]
response = 0.8
lasts_days = 20
moves = { convert = 2.0, give_up = 0.5 }

[world.effects.offer]
response = 0.5
discount = { share = 0.2, days = 60, stages = ["paying"] }

[policy]
plays = [{ stages = ["trial"], segments = ["self_serve"], after_days = 3, action = "nudge" }]
[policy.actions]
nudge = { delivery = "automated", cost = 0.5 }
offer = { delivery = "automated", cost = 1 }

[arms.baseline]
active = false
[arms.treated]
"""


@pytest.fixture
def trial(tmp_path):
    path = tmp_path / "trial.toml"
    path.write_text(TRIAL)
    return str(path)


def averts_of(source, keys=(), arm=1):
    return load(source, list(keys)).arms[arm].policy.actions["nudge"].averts


def test_it_is_derived_where_it_is_not_stated(trial):
    """From the probabilities of `tests.simulation.exact.test_averted`, times the response."""
    without, treated = 0.59951459, 0.46517421
    assert averts_of(trial) == pytest.approx(0.8 * (1.0 - treated / without), rel=1e-6)


def test_it_is_what_the_scenario_states(trial):
    assert averts_of(trial, ["policy.actions.nudge.averts=0.3"]) == 0.3
    assert averts_of(trial, ["arms.treated.policy.actions.nudge.averts=0.4"]) == 0.4


def test_an_effect_that_averts_nothing_has_0(trial):
    moves = "world.effects.nudge.moves"
    assert averts_of(trial, [f"{moves}.convert=1", f"{moves}.give_up=1"]) == 0.0
    assert averts_of(trial, [f"{moves}.convert=1", f"{moves}.give_up=3"]) == 0.0


def test_scenarios_without_effects_on_moves_keep_the_defaults():
    actions = load("default").arms[0].policy.actions
    assert actions["onboarding_nudge_email"].averts == 0.05


def test_validate_states_where_each_comes_from(trial):
    found = json.loads(invoke("validate", trial, "--json").stdout)["arms"]["treated"]["averts"]
    assert found["nudge"] == {"value": pytest.approx(0.179266, rel=1e-4), "source": "simulated"}
    assert "nudge 0.18 (simulated)" in " ".join(invoke("validate", trial).stdout.split())


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("world.effects.nudge.moves.convrt=2", "'convrt' is not a move of the journey; did you mean 'convert'?"),
        ("world.effects.offer.discount.stages=['gone']", "'gone' is terminal"),
        ("world.effects.offer.discount.share=1.5", "less than or equal to 1"),
    ],
)
def test_an_effect_on_what_does_not_exist_is_refused(trial, key, sentence):
    result = invoke("validate", trial, "--set", key)
    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.split())
