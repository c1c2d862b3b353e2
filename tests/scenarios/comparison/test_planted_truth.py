"""One planted truth, end to end: a treatment whose effect is known in closed form, and `compare` on the real engine.

Customers are calm or in distress; those in distress show it at a rate, and the treated arm acts at once on the
first sign, which makes the episode end faster until it is over. So each arm is a Markov chain of three or four states,
and the probability of churn by the horizon is an entry of a matrix exponential.
"""

from functools import partial

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import binom

from journey.decision.policy import build_policy
from journey.machine import Journey, Move
from journey.statistics.means import CONFIDENCE
from scenarios.comparison.options import ReplicationOptions
from scenarios.comparison.replications import replicate
from scenarios.metrics.effects import compute_paired_difference
from simulation.model.arm import ArmSpec
from simulation.model.population_spec import Population
from simulation.model.reviewers_spec import Reviewers
from simulation.model.world_spec import World
from simulation.runs.run import run_arm

CHURN, RATIO, ONSET, END, SIGN, HELP = 0.002, 8.0, 0.02, 0.03, 0.15, 6.0
DAYS, CUSTOMERS, REPLICATIONS = 120.0, 150, 10

WORLD = World.model_validate(
    {
        "moves": {"leave": {"dwell": {"mean_days": 1.0 / CHURN}}},
        "distress": {
            "causes": {
                "falling_usage": {
                    "onset_per_day": {"here": ONSET},
                    "mean_days": 1.0 / END,
                    "churn_ratio": RATIO,
                    "symptoms": {"usage_drop": SIGN},
                }
            }
        },
        "signals": {"delay_mean_days": 0.0, "strength": {"low": 0.9, "high": 0.9}},
        "effects": {
            "usage_review_checkin": {
                "delay_days": 0.0,
                "response": 1.0,
                "recovery_ratio": HELP,
                "lasts_days": 1e6,
            }
        },
        # An outcome window that closes at once leaves nothing open when the next episode begins.
        "decisions": {"on_stage_entry": False, "cadence_days": 0.0, "outcome_window_days": 1e-9},
    }
)
POLICY = build_policy(
    {
        "evidence": {"half_life_days": 1e-3},
        "thresholds": {"act_severity": 0.0, "act_confidence": 0.0, "approve_human_severity": 1.0,
                       "approve_high_tier_severity": 1.0, "approve_value": 1e12},
        "contact": {"cool_down_days": 0.0, "max_contacts": 1_000_000},
        "plays": [{"stages": ["here"], "causes": ["falling_usage"], "action": "usage_review_checkin"}],
    },
    "test",
)  # fmt: skip


def arm(name: str, *, active: bool) -> ArmSpec:
    return ArmSpec(
        name=name,
        journey=Journey.build(
            stages=("here", "gone"), moves=(Move("leave", "here", "gone"),), initial="here", terminal="gone"
        ),
        world=WORLD,
        policy=POLICY,
        population=Population.model_validate(
            {"size": CUSTOMERS, "segments": {"SMB": {"share": 1.0, "account_value": 9000, "tiers": {"medium": 1.0}}}}
        ),
        reviewers=Reviewers(count=1),
        active=active,
    )


def churned(*, treated: bool) -> float:
    """Probability of churn by the horizon: calm, in distress unseen, in distress and helped, gone."""
    seen = SIGN if treated else 0.0
    rates = np.array(
        [
            [0.0, ONSET, 0.0, CHURN],
            [END, 0.0, seen, CHURN * RATIO],
            [END * HELP, 0.0, 0.0, CHURN * RATIO],
            [0.0, 0.0, 0.0, 0.0],
        ]
    )
    generator = rates - np.diag(rates.sum(axis=1))
    return float(expm(generator * DAYS)[0, 3])


ARMS = (arm("baseline", active=False), arm("treated", active=True))
TRUTH = churned(treated=True) - churned(treated=False)


def difference(seed: int, engine: str, replications: int = REPLICATIONS):
    done = replicate(
        ARMS,
        ReplicationOptions(run_arm=partial(run_arm, engine=engine)),
        seed=seed,
        replications=replications,
        days=DAYS,
    )
    values = [[run[place].metrics["churn_rate"] for run in done.runs] for place in range(2)]
    return compute_paired_difference(*values)


def test_the_effect_is_worth_finding():
    assert -0.2 < TRUTH < -0.05


@pytest.mark.compiled
@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_the_planted_effect_is_recovered(engine):
    """Within four standard errors of it: a false alarm in 16,000 for each engine."""
    found = difference(11, engine, replications=40)
    error = found.sd / np.sqrt(found.n)
    assert abs(found.mean - TRUTH) < 4.0 * error
    assert error < 0.1 * abs(TRUTH)


@pytest.mark.slow
def test_the_interval_covers_the_truth_at_its_stated_rate():
    """Of 300 comparisons, as many as a coin of that rate gives; bounds with a false alarm in 1,000, seeds fixed."""
    trials = 300
    found = [difference(1_000 + trial, "compiled") for trial in range(trials)]
    covered = sum(each.low <= TRUTH <= each.high for each in found)
    low, high = binom.ppf([0.0005, 0.9995], trials, CONFIDENCE)
    assert low <= covered <= high
