"""Hypothesis strategies for runs of full worlds: all parts of the world, in one arm or several that share reviewers."""

from dataclasses import replace

from hypothesis import Phase, settings
from hypothesis import strategies as st

from journey.machine import Guard
from tests.simulation.full_worlds import full_arm
from tests.simulation.world_strategies import POLICIES, REVIEWERS, populations, worlds
from tests.simulation.worlds import win_back_journey

ONE_ARM = ("treated",)
THREE_ARMS = ("baseline", "treated", "limited")
LIMITED = ("onboarding_nudge_email", "usage_review_checkin")
RECORDED = {"records": "bundled", "segments": {}}
MID_JOURNEY = {
    "start": {"onboarding": 0.2, "engagement": 0.2, "retention": 0.3, "support": 0.2, "escalation": 0.1},
    "in_mid_stay": True,
    "in_distress": True,
}
NOT_IN_THE_ORACLE = {"notice_days": 0.0}
"""Mechanisms that the oracle does not have, because they are younger than it; they are off in all comparisons."""
PROBABILITIES = st.floats(0.0, 1.0)


def few(examples):
    """Settings of a test of few examples. It fails fast, because it does not search for a smaller example."""
    return settings(max_examples=examples, phases=(Phase.explicit, Phase.reuse, Phase.generate))


def guarded_journey():
    """The journey with win-backs, with a guard of each kind. The guard on churn also blocks renewals and payments."""
    guards = {
        "activate": Guard.of(min_days_in_stage=6.0),
        "mature": Guard.of(segment=["SMB"], min_days_in_stage=20.0),
        "open_ticket": Guard.of(risk_tier=["medium", "high"]),
        "escalate": Guard.of(came_from=["retention"]),
        "churn": Guard.of(min_days_in_stage=4.0),
    }
    journey = win_back_journey()
    return replace(
        journey, moves=tuple(replace(move, guard=guards.get(move.name, move.guard)) for move in journey.moves)
    )


@st.composite
def any_populations(draw):
    """Customers who are drawn, new or in the middle of their journey, or who continue from records."""
    kind = draw(st.sampled_from(["new", "new", "mid_journey", "mid_journey", "recorded"]))
    drawn = {"new": {}, "mid_journey": MID_JOURNEY}
    size = {"size": draw(st.integers(20, 60))}
    return (RECORDED if kind == "recorded" else draw(populations()) | drawn[kind]) | size


@st.composite
def reviewer_teams(draw, size):
    """Reviewers of any number, speed, skill and working hours, in as many pods as they and the customers allow."""
    count = draw(st.sampled_from([2, 1, 4, 0]))
    pods = draw(st.integers(1, max(1, min(count, size))))
    skill = {name: draw(PROBABILITIES) for name in ("approve_distressed", "reject_calm", "override")}
    return draw(REVIEWERS).model_copy(update=skill | {"count": count, "pods": pods})


@st.composite
def full_runs(draw, names=ONE_ARM):
    """Arguments of `tests.oracle.comparison.assert_equal_to_oracle`: arms with these names, a seed and a length."""
    population = draw(any_populations())
    shared = {
        "journey": draw(st.sampled_from([win_back_journey(), guarded_journey()])),
        "world": draw(worlds(acts_on_moves=False)) | NOT_IN_THE_ORACLE,
        "population": population,
        "reviewers": draw(reviewer_teams(population["size"])),
        "yearly_discount": draw(st.sampled_from([0.0, 0.08])),
    }
    arm_specs = [
        full_arm(
            name,
            policy=draw(POLICIES),
            active=name != "baseline",
            actions=LIMITED if name == "limited" else None,
            share=draw(st.floats(0.1, 3.0)),
            share_by_segment=draw(st.dictionaries(st.just("SMB"), st.floats(0.0, 3.0))),
            **shared,
        )
        for name in names
    ]
    return {
        "arm_specs": arm_specs,
        "seed": draw(st.integers(0, 2**32)),
        "replication": draw(st.integers(0, 9)),
        "days": draw(st.floats(50.0, 250.0)),
    }
