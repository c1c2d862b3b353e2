"""Campaigns for tests: a small plain one, and any that can be thought of."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from journey.core.merging import deep_merge
from journey.decision.policy import ChurnMapping
from simulation.acquisition.spec import Acquisition, with_acquisition
from simulation.model.population_spec import Population
from tests.simulation.worlds import POPULATION, arm

SPREAD = 0.5
CAMPAIGN: dict[str, Any] = {
    "days": 84,
    "delays": {"signup": {"mean_days": 1}, "purchase": {"law": "log_normal", "mean_days": 10, "shape": 0.7}},
    "delay_by_segment": {"Enterprise": 2.0},
    "channels": {
        "search": {
            "cost_per_1000": 60,
            "budget": 3000,
            "audience": 20_000,
            "segments": {"SMB": 0.7, "Enterprise": 0.3},
            "conversion": {"click": 0.1, "visit": 0.8, "signup": 0.2, "demo_request": 0.4, "purchase": 0.3},
            "by_segment": {"Enterprise": {"purchase": 0.15}},
        },
        "deals": {
            "cost_per_1000": 25,
            "budget": 3000,
            "audience": 40_000,
            "segments": {"SMB": 1.0},
            "conversion": {"click": 0.05, "visit": 0.7, "signup": 0.15, "demo_request": 0.4, "purchase": 0.4},
            "quality": {"account_value": 0.6, "churn": 2.0, "tiers": {"high": 1.0}},
        },
    },
}
MOVING: dict[str, Any] = {
    "rule": "by_conversion",
    "every_days": 14,
    "lag_days": 7,
    "budget": {"approval_from": 200, "least_amount": 20, "least_probability": 0.5},
}


def plan(
    campaign: dict[str, Any] | None = None, reallocation: dict[str, Any] | None = None, **more: Any
) -> Acquisition:
    """The plain campaign with parts laid over it; nothing is moved unless `reallocation` says so."""
    campaigns = {"launch": deep_merge(CAMPAIGN, campaign or {})}
    return Acquisition.model_validate({"campaigns": campaigns, "reallocation": reallocation or {}, **more})


def buyers_of(acquisition: Acquisition) -> Population:
    """The population that these campaigns bring."""
    return with_acquisition(Population.model_validate(POPULATION), acquisition, spread=SPREAD, churn=ChurnMapping())


def arm_with(acquisition: Acquisition, **changes: Any) -> Any:
    """An arm of the small world whose customers come by these campaigns."""
    setup = arm(**changes)
    return replace(setup, population=buyers_of(acquisition))


RATES = st.floats(0.0, 1.0)
PATHS = st.sampled_from(
    [
        ("impression", "click", "visit", "signup", "demo_request", "purchase"),
        ("impression", "click", "signup", "purchase"),
        ("impression", "click", "purchase"),
        ("impression", "visit", "purchase"),
        ("impression", "signup", "purchase"),
        ("impression", "purchase"),
    ]
)
DELAYS = st.sampled_from(
    [
        {"mean_days": 3.0},
        {"law": "log_normal", "mean_days": 20.0, "shape": 1.0},
        {"law": "gamma", "mean_days": 5.0, "shape": 2.0},
        {"law": "deterministic", "mean_days": 7.0},
        {"law": "empirical", "points": [[1.0, 0.3], [9.0, 0.9]]},
    ]
)
SHARES = st.fixed_dictionaries({"SMB": st.floats(0.1, 1.0)}, optional={"Enterprise": st.floats(0.0, 1.0)})


@st.composite
def channels(draw, path):
    """Channels of a few hundred dollars, so that a period has some hundreds of impressions."""
    segments = draw(SHARES)
    rates = st.fixed_dictionaries(dict.fromkeys(path[1:], RATES))
    return {
        "cost_per_1000": draw(st.floats(100.0, 400.0)),
        "budget": draw(st.floats(0.0, 300.0)),
        "audience": draw(st.none() | st.floats(1.0, 5000.0)),
        "segments": segments,
        "conversion": draw(rates),
        "by_segment": {name: draw(rates) for name in segments if draw(st.booleans())},
        "quality": {
            "account_value": draw(st.floats(0.2, 3.0)),
            "churn": draw(st.floats(0.3, 3.0)),
            "tiers": draw(st.sampled_from([{}, {"low": 1.0}, {"medium": 0.5, "high": 0.5}])),
        },
    }


@st.composite
def campaigns(draw):
    """A campaign of any path, calendar and channels."""
    path = draw(PATHS)
    late = [step for step in path[2:] if step not in ("click", "visit")]
    names = draw(st.lists(st.sampled_from(["search", "social", "network", "deals"]), min_size=1, unique=True))
    return {
        "path": path,
        "days": draw(st.floats(5.0, 70.0)),
        "period_days": draw(st.sampled_from([1.0, 3.0, 7.0, 30.0])),
        "delays": {step: draw(DELAYS) for step in late if draw(st.booleans())},
        "delay_by_segment": {"Enterprise": draw(st.floats(0.2, 4.0))},
        "channels": {name: draw(channels(path)) for name in names},
    }


@st.composite
def reallocations(draw, rules=("none", "by_conversion", "by_retained_value")):
    """Rules of every kind, with thresholds low enough for small budgets to be moved."""
    return {
        "rule": draw(st.sampled_from(rules)),
        "every_days": draw(st.floats(6.0, 20.0)),
        "lag_days": draw(st.floats(0.0, 15.0)),
        "approval_mean_days": draw(st.sampled_from([0.0, 0.5, 10.0])),
        "rejected": draw(st.sampled_from([0.0, 0.3, 1.0])),
        "budget": {
            "approval_from": draw(st.sampled_from([0.0, 30.0, 1e6])),
            "least_amount": 1.0,
            "step": 1.0,
            "least_probability": draw(st.sampled_from([0.0, 0.6])),
            "most_share": draw(st.sampled_from([0.1, 0.5, 1.0])),
            "saturation": draw(st.sampled_from([0.5, 0.9])),
        },
    }


@st.composite
def plans(draw, rules=("none", "by_conversion", "by_retained_value")):
    """One or two campaigns and a rule."""
    names = draw(st.sampled_from([("launch",), ("launch", "brand")]))
    return Acquisition.model_validate(
        {"campaigns": {name: draw(campaigns()) for name in names}, "reallocation": draw(reallocations(rules))}
    )
