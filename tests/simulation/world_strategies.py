"""Hypothesis strategies for the parts of an arm: any world, policy, reviewers and population."""

from hypothesis import strategies as st

from journey.decision.policy import Policy
from journeylab.testing import dwells
from simulation.model.reviewers_spec import Reviewers
from tests.simulation.worlds import WORLD

DISTRIBUTIONS = dwells()
RATIOS = st.floats(0.2, 6.0)


SHARES = st.floats(0.0, 0.4)
BELOW_1 = st.floats(0.0, 0.9)


@st.composite
def phases(draw):
    """A recurring season, or a one-time incident."""
    start, length = draw(st.floats(0.0, 60.0)), draw(st.floats(0.5, 30.0))
    return {
        "from_day": start,
        "until_day": start + length,
        "every_days": draw(st.none() | st.floats(31.0, 90.0)),
        "moves": {"churn": draw(RATIOS), "open_ticket": draw(RATIOS)},
        "onsets": {"support_pain": draw(RATIOS)},
    }


RECORD_ERRORS = (
    "signals_missing", "signals_orphaned", "signals_duplicated", "signals_late", "stages_missing", "stages_wrong",
)  # fmt: skip
OPTIONAL_WORLD_KEYS = st.fixed_dictionaries(
    {},
    optional={
        "calendar": st.dictionaries(st.sampled_from(["summer", "outage"]), phases()),
        "renewal": st.fixed_dictionaries(
            {
                "every_days": st.floats(5.0, 100.0),
                "churn": st.dictionaries(st.sampled_from(["SMB", "Enterprise"]), BELOW_1),
            }
        ),
        "payments": st.fixed_dictionaries(
            {
                "every_days": st.floats(5.0, 40.0),
                "failure": st.dictionaries(st.sampled_from(["SMB", "Enterprise"]), BELOW_1),
                "recovered": SHARES,
                "grace_days": st.floats(1.0, 20.0),
            }
        ),
        "value_changes": st.fixed_dictionaries(
            {
                "expansion": st.fixed_dictionaries(
                    {"per_day": st.fixed_dictionaries({"retention": SHARES, "engagement": SHARES}), "factor": RATIOS}
                ),
                "contraction": st.fixed_dictionaries(
                    {
                        "per_day": st.fixed_dictionaries({"retention": SHARES}),
                        "factor": st.floats(0.2, 1.0),
                        "in_distress": RATIOS,
                    }
                ),
            }
        ),
        "fatigue": st.fixed_dictionaries(
            {"half_life_days": st.floats(1.0, 60.0), "response_lost": BELOW_1, "churn_ratio": RATIOS}
        ),
        "imperfections": st.fixed_dictionaries(dict.fromkeys(RECORD_ERRORS, SHARES)),
        "notice_days": st.floats(0.0, 60.0),
    },
)


MOVE_EFFECTS = st.fixed_dictionaries(
    {},
    optional={
        "moves": st.dictionaries(
            st.sampled_from(["activate", "churn", "open_ticket", "mature"]), RATIOS | st.just(0.0)
        ),
        "discount": st.fixed_dictionaries(
            {"share": st.floats(0.0, 1.0)},
            optional={"days": st.floats(0.5, 90.0), "stages": st.just(["engagement", "retention"])},
        ),
    },
)
"""Effects of an action on moves and price."""


@st.composite
def worlds(draw):
    """Worlds with every distribution, every multiplier and every kind of effect."""
    return {
        "moves": {
            move: {
                "dwell": draw(DISTRIBUTIONS),
                "in_distress": draw(RATIOS),
                "by_segment": {"SMB": draw(RATIOS)},
                "by_tenure": [[20.0, draw(RATIOS)], [70.0, draw(RATIOS)]] if draw(st.booleans()) else [],
            }
            for move in WORLD["moves"]
        },
        "frailty_spread": draw(st.floats(0.0, 1.0)),
        "distress": {"causes": {cause: {"churn_ratio": draw(RATIOS)} for cause in WORLD["distress"]["causes"]}},
        "signals": {
            "false_per_day": {"usage_drop": draw(st.floats(0.0, 0.05))},
            "delay_mean_days": draw(st.floats(0.0, 20.0)),
            "recovery_probability": draw(st.floats(0.0, 1.0)),
        },
        "effects": {
            action: {
                "response": draw(st.floats(0.0, 1.0)),
                "recovery_ratio": draw(RATIOS),
                "harm_ratio": draw(RATIOS),
                "delay_days": draw(st.floats(0.0, 10.0)),
                "lasts_days": draw(st.floats(0.5, 40.0)),
                "by_segment": {"SMB": draw(RATIOS)},
                **draw(MOVE_EFFECTS),
            }
            for action in ("usage_review_checkin", "support_manager_followup", "onboarding_specialist_call")
        },
        "decisions": {
            "cadence_days": draw(st.sampled_from([0.0, 1.0, 7.0])),
            "on_signal": draw(st.booleans()),
            "on_stage_entry": draw(st.booleans()),
            "outcome_window_days": draw(st.floats(1.0, 40.0)),
        },
        **draw(OPTIONAL_WORLD_KEYS),
    }


REVIEWERS = st.builds(
    lambda count, minutes, opens, days, service: Reviewers(
        count=count, minutes_per_day=minutes, opens_at_hour=opens, days_per_week=days, service_minutes=service
    ),
    st.integers(0, 3),
    st.floats(5.0, 600.0),
    st.floats(0.0, 14.0),
    st.integers(1, 7),
    st.floats(1.0, 400.0),
)
TIMED_PLAYS = st.lists(
    st.fixed_dictionaries(
        {
            "stages": st.sampled_from([["onboarding"], ["engagement", "retention"]]),
            "action": st.sampled_from(["onboarding_nudge_email", "usage_review_checkin"]),
            "after_days": st.sampled_from([0.0, 3.0, 7.0]) | st.floats(0.0, 60.0),
        },
        optional={"until_days": st.floats(61.0, 90.0), "segments": st.just(["SMB"])},
    ),
    max_size=2,
)
"""Entries of the playbook for days in a stage."""

TIMED_POLICIES = TIMED_PLAYS.map(
    lambda timed: {"plays": [*(play.model_dump() for play in Policy().plays), *timed]} if timed else {}
)

POLICIES = st.builds(
    lambda act, approve, cool, cap, expiry: {
        "thresholds": {"act_severity": act},
        "approve": approve,
        "contact": {"cool_down_days": cool, "max_contacts": cap, "approval_expiry_days": expiry},
    },
    st.floats(0.0, 0.6),
    st.floats(0.0, 1.0).map(lambda severity: {"human_severity": severity}) | st.sampled_from(["never", "always"]),
    st.floats(0.0, 30.0),
    st.integers(0, 5),
    st.floats(0.1, 30.0),
)


@st.composite
def populations(draw):
    """Populations with tenures, correlated traits, customers without consent, and later arrivals."""
    segment = {"tenure_mean_days": draw(st.floats(0.0, 500.0)), "do_not_contact": draw(SHARES)}
    return {
        "size": draw(st.integers(1, 40)),
        "segments": {"SMB": segment, "Enterprise": segment},
        "correlations": {"value_tier": draw(st.floats(-0.4, 0.4)), "tenure_frailty": draw(st.floats(-0.4, 0.4))},
        "arrivals": {"share": draw(SHARES), "over_days": draw(st.floats(1.0, 300.0))} if draw(st.booleans()) else None,
    }
