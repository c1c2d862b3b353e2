"""Small worlds for tests: the default journey, three causes of distress, and a policy that acts on them."""

from typing import Any

from journey.core.merging import deep_merge
from journey.decision.policy import Policy, build_policy
from journey.machine import Journey, default_journey
from simulation.model.arm import ArmSpec
from simulation.model.population_spec import Population
from simulation.model.reviewers_spec import Reviewers
from simulation.model.world_spec import World

WORLD: dict[str, Any] = {
    "moves": {
        "activate": {"dwell": {"law": "weibull", "mean_days": 21, "shape": 1.3}, "in_distress": 0.5},
        "mature": {"dwell": {"mean_days": 90}},
        "open_ticket": {"dwell": {"mean_days": 60}, "in_distress": 2.5},
        "resolve": {"dwell": {"law": "log_logistic", "mean_days": 6, "shape": 2}},
        "escalate": {"dwell": {"mean_days": 30}, "in_distress": 3},
        "de_escalate": {"dwell": {"mean_days": 10}},
        "recover": {"dwell": {"mean_days": 14}},
        "churn": {"dwell": {"mean_days": 1500}, "by_segment": {"SMB": 1.8}, "by_tier": {"high": 1.6}, "frailty": True},
    },
    "frailty_spread": 0.5,
    "distress": {
        "causes": {
            "failed_onboarding": {
                "onset_per_day": {"onboarding": 0.02},
                "mean_days": 30,
                "churn_ratio": 6,
                "symptoms": {"failed_onboarding_step": 0.12},
            },
            "falling_usage": {
                "onset_per_day": {"engagement": 0.006, "retention": 0.004},
                "mean_days": 40,
                "churn_ratio": 5,
                "symptoms": {"usage_drop": 0.08, "inactivity_warning": 0.04},
            },
            "support_pain": {
                "onset_per_day": {"support": 0.03, "escalation": 0.05},
                "mean_days": 15,
                "churn_ratio": 4,
                "symptoms": {"support_ticket_spike": 0.15},
            },
        }
    },
    "signals": {"false_per_day": {"usage_drop": 0.002}, "recovery": "usage_recovery", "recovery_probability": 0.5},
    "effects": {
        action: {"response": 0.6, "recovery_ratio": 4.0, "harm_ratio": 1.2, "csat": 0.2}
        for action in (
            "proactive_outreach",
            "onboarding_specialist_call",
            "usage_review_checkin",
            "support_manager_followup",
            "onboarding_nudge_email",
            "reengagement_campaign",
            "renewal_health_check",
        )
    },
}

POPULATION: dict[str, Any] = {
    "size": 60,
    "segments": {
        "SMB": {"share": 0.7, "account_value": 9000},
        "Enterprise": {"share": 0.3, "account_value": 90000},
    },
}


def arm(
    name: str = "treated",
    *,
    world: dict[str, Any] | None = None,
    population: dict[str, Any] | None = None,
    policy: dict[str, Any] | None = None,
    **changes: Any,
) -> ArmSpec:
    """An arm of the small world, with parts laid over it."""
    return ArmSpec(
        name=name,
        journey=changes.pop("journey", None) or default_journey(),
        world=World.model_validate(deep_merge(WORLD, world or {})),
        policy=build_policy(policy, "test") if policy else Policy(),
        population=Population.model_validate(deep_merge(POPULATION, population or {})),
        reviewers=changes.pop("reviewers", Reviewers(count=1)),
        **changes,
    )


def win_back_journey() -> Journey:
    """The default journey, but those who churned may be won back."""
    given = default_journey().to_dict()
    moves = [move for move in given["moves"] if move["name"] != "churn"]
    live = [stage for stage in given["stages"] if stage != "churned"]
    moves.append({"name": "churn", "sources": live, "destination": "churned"})
    moves.append({"name": "win_back", "source": "churned", "destination": "engagement"})
    return Journey.from_dict({**given, "terminal": [], "moves": moves})


WIN_BACK: dict[str, Any] = {
    "lost": ["churned"],
    "moves": {"win_back": {"dwell": {"mean_days": 60}}, "churn": {"dwell": {"mean_days": 150}}},
    "renewal": {"every_days": 50, "churn": {"SMB": 0.2}},
    "payments": {"failure": {"SMB": 0.1, "Enterprise": 0.02}},
}

CHANGING_VALUES: dict[str, Any] = {
    **WIN_BACK,
    "value_changes": {
        name: {"per_day": {"retention": 0.01}, "factor": factor}
        for name, factor in {"expansion": 1.3, "contraction": 0.6}.items()
    },
}

ARRIVING: dict[str, Any] = {
    "arrivals": {"share": 0.2, "over_days": 100.0},
    "start": {"retention": 0.5, "engagement": 0.5},
}
"""A population for `CHANGING_VALUES`: some arrive during the run."""

NO_EFFECT = {
    action: {"response": 1.0, "recovery_ratio": 1.0, "by_cause": {}, "harm_ratio": 1.0, "csat": 0.0}
    for action in WORLD["effects"]
}
