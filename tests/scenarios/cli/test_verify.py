"""`journey verify`."""

import json

import pytest

from simulation.distributions import dwell_times
from tests.scenarios.cli.invocation import invoke, json_of

QUICK = (
    "--customers", "300", "--engine", "reference", "--set", "population.size=100", "--set", "horizon_days=60",
    "--set", "world.frailty_spread=0",
)  # fmt: skip


@pytest.fixture(scope="module")
def found():
    return json_of("verify", *QUICK)


@pytest.mark.medium
def test_json_has_what_the_contract_promises(found):
    assert found["ok"] is True
    assert len(found["checks"]) > 30
    for check in found["checks"]:
        assert {"name", "expected", "observed", "standard_error", "z", "ok"} <= set(check)


def test_json_has_what_is_needed_to_repeat_it(found):
    assert found["scenario"] == "default"
    assert (found["seed"], found["customers"], found["false_alarm_rate"]) == (1, 300, 0.001)
    assert found["scenario_hash"]
    assert found["version"]


def test_every_arm_is_checked_as_it_is_and_the_shared_world_once(found):
    names = [check["name"] for check in found["checks"]]
    assert sum(name.startswith("baseline as it is: Little") for name in names) == 1
    assert sum(name.startswith("treated as it is: Little") for name in names) == 1
    assert len(names) == len(set(names))


@pytest.mark.slow
def test_a_person_reads_a_table_of_what_was_changed_and_what_was_found():
    done = invoke("verify", *QUICK, COLUMNS="120")
    assert done.exit_code == 0
    for words in ("expected", "observed", "s.e.", "dwells made exponential with the same mean", "0 failed", "1,000"):
        assert words in done.stdout
    assert done.stderr == ""


@pytest.mark.slow
def test_an_engine_that_is_wrong_exits_1_and_says_where(monkeypatch):
    honest = dwell_times.scale_for_mean

    def twice_as_fast(law, mean_days, shape):
        return honest(law, mean_days / 2.0, shape)

    monkeypatch.setattr(dwell_times, "scale_for_mean", twice_as_fast)
    done = invoke("verify", *QUICK, "--json")
    assert done.exit_code == 1
    result = json.loads(done.stdout)
    assert result["ok"] is False
    assert any("only one" in check["name"] for check in result["checks"] if not check["ok"])
    assert "NO" in invoke("verify", *QUICK).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing",), "neither a built-in scenario nor a file"),
        (("default", "--seed", "-1"), "seed"),
        (("default", "--customers", "5"), "100"),
    ],
)
def test_wrong_input_is_a_message_and_exit_code_2(arguments, message):
    done = invoke("verify", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["default", "onboarding_outreach", "seed_ten", "acquisition_quality"])
def test_every_builtin_scenario_passes(scenario):
    found = json_of("verify", scenario, "--engine", "reference")
    assert found["ok"] is True
    of_campaigns = [check["name"] for check in found["checks"] if "product of binomials" in check["name"]]
    assert bool(of_campaigns) == (scenario == "acquisition_quality")
