"""Generated full worlds: every part of the world, the policy, the review queue and the population, by a fixed seed.

Drawn with Python's own generator instead of Hypothesis, because what Hypothesis draws changes with its version.
"""

from dataclasses import replace
from random import Random
from typing import Any

from simulation.model.arm import ArmSpec
from simulation.model.reviewers_spec import Reviewers
from tests.simulation.acquisition_plans import MOVING, buyers_of, plan
from tests.simulation.full_worlds import full_arm
from tests.simulation.worlds import WORLD, arm

WORLDS = 40
_SEGMENTS = ("SMB", "Enterprise")
_RANDOM_LAWS = ("exponential", "weibull", "log_normal", "gamma", "log_logistic")
_TREATED = ("usage_review_checkin", "support_manager_followup", "onboarding_specialist_call")


def generated_arm(number: int) -> ArmSpec:
    """World `number` of `WORLDS`: every fourth has the small world's parts only, every tenth is fed by campaigns."""
    random = Random(number)
    make = arm if number % 4 == 0 else full_arm
    population = _population(random)
    setup = make(
        world=_world(random, full=number % 4 != 0),
        population=population,
        policy=_policy(random),
        reviewers=_reviewers(random),
    )
    if number % 10 == 9:
        moving = MOVING | {"rule": random.choice(["by_conversion", "by_retained_value"])} if number % 20 == 9 else None
        return replace(setup, population=buyers_of(plan(reallocation=moving)))
    return setup


def _ratio(random: Random) -> float:
    return round(random.uniform(0.2, 6.0), 3)


def _dwell(random: Random) -> dict[str, Any]:
    kind = random.randrange(8)
    if kind == 6:
        first = round(random.uniform(1.0, 60.0), 2)
        return {"law": "empirical", "points": [[first, 0.3], [first + round(random.uniform(1.0, 90.0), 2), 0.8]]}
    if kind == 7:
        return {"law": "deterministic", "mean_days": float(random.randint(5, 90))}
    law = _RANDOM_LAWS[kind % len(_RANDOM_LAWS)]
    given = {"law": law, "mean_days": round(random.uniform(2.0, 200.0), 2)}
    return given if law == "exponential" else given | {"shape": round(random.uniform(1.1, 4.0), 2)}


def _world(random: Random, *, full: bool) -> dict[str, Any]:
    given: dict[str, Any] = {
        "moves": {
            move: {
                "dwell": _dwell(random),
                "in_distress": _ratio(random),
                "by_segment": {"SMB": _ratio(random)},
                "by_tenure": [[20.0, _ratio(random)], [70.0, _ratio(random)]] if random.random() < 0.5 else [],
            }
            for move in WORLD["moves"]
        },
        "frailty_spread": round(random.uniform(0.0, 1.0), 2),
        "distress": {"causes": {cause: {"churn_ratio": _ratio(random)} for cause in WORLD["distress"]["causes"]}},
        "signals": {
            "false_per_day": {"usage_drop": round(random.uniform(0.0, 0.05), 4)},
            "delay_mean_days": round(random.uniform(0.0, 20.0), 2),
            "recovery_probability": round(random.uniform(0.0, 1.0), 2),
        },
        "effects": {
            action: {
                "response": round(random.uniform(0.0, 1.0), 2),
                "recovery_ratio": _ratio(random),
                "harm_ratio": _ratio(random),
                "delay_days": round(random.uniform(0.0, 10.0), 2),
                "lasts_days": round(random.uniform(0.5, 40.0), 2),
                "by_segment": {"SMB": _ratio(random)},
            }
            for action in _TREATED
        },
        "decisions": {
            "cadence_days": random.choice([0.0, 1.0, 7.0]),
            "on_signal": random.random() < 0.8,
            "on_stage_entry": random.random() < 0.5,
            "outcome_window_days": round(random.uniform(1.0, 40.0), 2),
        },
    }
    return given | _parts(random) if full else given


def _parts(random: Random) -> dict[str, Any]:
    flaws = (
        "signals_missing", "signals_orphaned", "signals_duplicated", "signals_late", "stages_missing", "stages_wrong",
    )  # fmt: skip
    start, length = round(random.uniform(0.0, 60.0), 1), round(random.uniform(0.5, 30.0), 1)
    every = random.choice([None, round(random.uniform(31.0, 90.0), 1)])
    return {
        "calendar": {
            "summer": {
                "from_day": start,
                "until_day": start + length,
                "every_days": every,
                "moves": {"churn": _ratio(random), "open_ticket": _ratio(random)},
                "onsets": {"support_pain": _ratio(random)},
            }
        },
        "renewal": {
            "every_days": round(random.uniform(5.0, 100.0), 1),
            "churn": {segment: round(random.uniform(0.0, 0.5), 3) for segment in _SEGMENTS},
        },
        "payments": {
            "every_days": round(random.uniform(5.0, 40.0), 1),
            "failure": {segment: round(random.uniform(0.0, 0.3), 3) for segment in _SEGMENTS},
            "recovered": round(random.uniform(0.0, 0.6), 2),
            "grace_days": round(random.uniform(1.0, 20.0), 1),
        },
        "fatigue": {
            "half_life_days": round(random.uniform(1.0, 60.0), 1),
            "response_lost": round(random.uniform(0.0, 0.9), 2),
            "churn_ratio": _ratio(random),
        },
        "imperfections": {flaw: round(random.uniform(0.0, 0.4), 2) for flaw in flaws},
    }


def _population(random: Random) -> dict[str, Any]:
    segment = {
        "tenure_mean_days": round(random.uniform(0.0, 500.0), 1),
        "do_not_contact": round(random.uniform(0.0, 0.4), 2),
    }
    return {
        "size": random.randint(20, 200),
        "segments": dict.fromkeys(_SEGMENTS, segment),
        "correlations": {
            "value_tier": round(random.uniform(-0.4, 0.4), 2),
            "tenure_frailty": round(random.uniform(-0.4, 0.4), 2),
        },
        "arrivals": {"share": round(random.uniform(0.0, 0.4), 2), "over_days": round(random.uniform(1.0, 300.0), 1)}
        if random.random() < 0.5
        else None,
    }


def _policy(random: Random) -> dict[str, Any]:
    return {
        "thresholds": {
            "act_severity": round(random.uniform(0.0, 0.5), 3),
            "approve_human_severity": round(random.uniform(0.0, 1.0), 3),
        },
        "contact": {
            "cool_down_days": round(random.uniform(0.0, 30.0), 1),
            "max_contacts": random.randint(0, 5),
            "approval_expiry_days": round(random.uniform(0.1, 30.0), 1),
        },
    }


def _reviewers(random: Random) -> Reviewers:
    return Reviewers(
        count=random.randint(0, 3),
        minutes_per_day=round(random.uniform(5.0, 600.0), 1),
        opens_at_hour=round(random.uniform(0.0, 14.0), 1),
        days_per_week=random.randint(1, 7),
        service_minutes=round(random.uniform(1.0, 400.0), 1),
    )
