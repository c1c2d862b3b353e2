"""What an action averts, computed from its simulated effect, against matrix exponentials."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from journey.core.errors import InputError
from journey.decision.policy import Action, Policy, build_policy, read_policy
from scenarios.files.loader import load
from simulation.model.averted_loss import compute_averted_share, compute_reduction
from simulation.model.distress_spec import Cause
from tests.scenarios.cli.invocation import invoke, json_of


def cause(mean_days, churn_ratio):
    return Cause(onset_per_day={"a": 0.1}, mean_days=mean_days, churn_ratio=churn_ratio, symptoms={})


def generator(hazard, ratio, recovery):
    """Rates between distress, calm and having left."""
    rates = np.array([[0.0, recovery, ratio * hazard], [0.0, 0.0, hazard], [0.0, 0.0, 0.0]])
    return rates - np.diag(rates.sum(axis=1))


def reduction_by_matrices(hazard, mean_days, churn_ratio, days, recovery_ratio, exit_ratio, lasts_days):
    untreated = generator(hazard, churn_ratio, 1 / mean_days)
    treated = generator(hazard * exit_ratio, churn_ratio, recovery_ratio / mean_days)
    during = min(lasts_days, days)
    left = expm(untreated * days)[0, 2]
    return 1 - (expm(treated * during) @ expm(untreated * (days - during)))[0, 2] / left


@given(
    hazard=st.floats(1e-4, 0.05),
    mean_days=st.floats(1, 200),
    churn_ratio=st.floats(0, 20),
    days=st.floats(1, 365),
    recovery_ratio=st.floats(0, 10),
    exit_ratio=st.floats(0, 3),
    lasts_days=st.floats(0.5, 100),
)
def test_the_reduction_is_that_of_the_matrix_exponential(
    hazard, mean_days, churn_ratio, days, recovery_ratio, exit_ratio, lasts_days
):
    computed = compute_reduction(
        hazard,
        cause(mean_days, churn_ratio),
        days,
        recovery_ratio=recovery_ratio,
        exit_ratio=exit_ratio,
        lasts_days=lasts_days,
    )
    expected = reduction_by_matrices(hazard, mean_days, churn_ratio, days, recovery_ratio, exit_ratio, lasts_days)
    assert computed == pytest.approx(expected, abs=1e-8)


def test_equal_rates_have_the_limit():
    """The excess of the rate out of distress is 0: recovery equals the churn that distress prevents."""
    computed = compute_reduction(0.1, cause(10, 0.0), 5.0, recovery_ratio=2.0, exit_ratio=1.0, lasts_days=2.0)
    assert math.isfinite(computed)
    assert computed == pytest.approx(reduction_by_matrices(0.1, 10, 0.0, 5.0, 2.0, 1.0, 2.0), abs=1e-12)


def test_the_share_is_the_mean_over_the_causes_of_the_playbook():
    loaded = load("default", ["policy.actions.usage_review_checkin.averts=simulated"])
    arm = loaded.arms[1]
    effect, world, policy = arm.world.effects["usage_review_checkin"], arm.world, arm.policy
    hazard = np.mean(list(policy.churn.yearly_hazard.values())) / 365
    distress = world.distress.causes["falling_usage"]  # the only cause of its play
    expected = effect.response * reduction_by_matrices(
        hazard, distress.mean_days, distress.churn_ratio, 90.0, effect.by_cause["falling_usage"], 1.0, effect.lasts_days
    )
    assert policy.actions["usage_review_checkin"].averts == pytest.approx(expected, rel=1e-9)
    assert 0.0 < expected < 1.0


def test_an_effect_on_the_move_out_of_the_journey_counts():
    names = ["policy.actions.usage_review_checkin.averts=simulated"]
    without = load("default", names).arms[1].policy.actions["usage_review_checkin"].averts
    less_churn = [*names, "world.effects.usage_review_checkin.moves={ churn = 0.2 }"]
    assert load("default", less_churn).arms[1].policy.actions["usage_review_checkin"].averts > without
    other_move = [*names, "world.effects.usage_review_checkin.moves={ mature = 0.2 }"]
    assert load("default", other_move).arms[1].policy.actions["usage_review_checkin"].averts == without


def test_an_action_without_an_effect_averts_nothing():
    arm = load("default").arms[1]
    assert compute_averted_share("monitor_only", arm.policy, arm.world, arm.journey) == 0.0


def test_an_action_of_a_policy_file_states_what_it_averts(tmp_path):
    file = tmp_path / "policy.toml"
    for averts in ("", 'averts = "simulated"\n'):
        file.write_text(f'[actions.call]\ndelivery = "human"\ncost = 3\n{averts}')
        with pytest.raises(InputError, match=r"policy\.toml: actions\.call\.averts: is missing; state the share"):
            read_policy(file)
    open_policy = Policy(actions={**Policy().actions, "call": Action(delivery="human", cost=3)})
    with pytest.raises(InputError, match=r"actions\.call\.averts: is missing"):
        open_policy.compile(("a",))
    assert build_policy({"actions": {"call": {"delivery": "human", "cost": 3, "averts": 0.1}}}, "")


def test_validate_names_the_source_of_what_an_action_averts():
    overrides = [
        "policy.actions.usage_review_checkin.averts=simulated",
        "arms.treated.policy.actions.proactive_outreach.averts=0.5",
    ]
    options = [part for each in overrides for part in ("--set", each)]
    arms = json_of("validate", "default", *options)["arms"]
    averts = arms["treated"]["averts"]
    assert averts["proactive_outreach"] == {"value": 0.5, "source": "stated"}
    assert averts["usage_review_checkin"]["source"] == "simulated"
    assert averts["onboarding_specialist_call"] == {"value": 0.3, "source": "default"}
    assert "proactive_outreach" not in arms["baseline"]["averts"]
    text = " ".join(invoke("validate", "default", *options).stdout.split())
    assert "averts: proactive_outreach 0.5 (stated), " in text
