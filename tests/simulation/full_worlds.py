"""The small world of `tests.simulation.worlds` with every part of the world switched on at once."""

from copy import deepcopy
from typing import Any

from journey.core.merging import deep_merge
from simulation.model.arm import ArmSpec
from tests.simulation.worlds import arm, win_back_journey

FULL: dict[str, Any] = {
    "lost": ["churned"],
    "moves": {
        "win_back": {"dwell": {"mean_days": 60}},
        "churn": {"dwell": {"mean_days": 400}, "by_tenure": [[60, 0.7], [200, 1.4]]},
    },
    "calendar": {
        "summer": {"from_day": 20, "until_day": 50, "every_days": 100, "moves": {"churn": 1.5, "open_ticket": 0.5}},
        "outage": {"from_day": 40, "until_day": 45, "moves": {"churn": 3.0}, "onsets": {"falling_usage": 6.0}},
    },
    "renewal": {"every_days": 60, "churn": {"SMB": 0.15, "Enterprise": 0.05}},
    "payments": {"every_days": 30, "failure": {"SMB": 0.1, "Enterprise": 0.03}, "recovered": 0.5, "grace_days": 7},
    "value_changes": {
        "expansion": {"per_day": {"retention": 0.01, "engagement": 0.005}, "factor": 1.3, "in_distress": 0.2},
        "contraction": {"per_day": {"retention": 0.005, "support": 0.02}, "factor": 0.8, "in_distress": 2.0},
    },
    "fatigue": {"half_life_days": 20, "response_lost": 0.4, "churn_ratio": 1.2},
    "imperfections": {
        "signals_missing": 0.1,
        "signals_orphaned": 0.1,
        "signals_duplicated": 0.1,
        "signals_late": 0.2,
        "late_mean_days": 5,
        "stages_missing": 0.1,
        "stages_wrong": 0.1,
    },
}
POPULATION: dict[str, Any] = {
    "segments": {
        "SMB": {"tenure_mean_days": 100, "do_not_contact": 0.2},
        "Enterprise": {"tenure_mean_days": 300, "do_not_contact": 0.1},
    },
    "correlations": {"value_tier": -0.3, "tier_frailty": 0.4, "value_tenure": 0.3},
    "arrivals": {"share": 0.3, "over_days": 150},
}


def full_arm(
    name: str = "treated",
    *,
    world: dict[str, Any] | None = None,
    population: dict[str, Any] | None = None,
    **changes: Any,
) -> ArmSpec:
    """An arm of the small world in full, with parts laid over it."""
    return arm(
        name,
        journey=changes.pop("journey", None) or win_back_journey(),
        world=deep_merge(deepcopy(FULL), world or {}),
        population=deep_merge(deepcopy(POPULATION), population or {}),
        **changes,
    )
