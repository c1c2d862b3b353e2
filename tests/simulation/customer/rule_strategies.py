"""Hypothesis strategies for the rules of an arm of the small world."""

from hypothesis import strategies as st

from journey.core.findings import FindingSeverity
from journey.rules import TEMPLATES, Rule, Where
from journey.rules.event_names import REVIEW_VERDICTS
from journey.rules.templates import Days
from simulation.model.rule_parameters import INTERVENTION_STATUSES

EVENTS = st.one_of(
    st.sampled_from(["onboarding", "engagement", "retention", "support", "escalation", "churned"]),
    st.sampled_from(["move:activate", "move:open_ticket", "move:resolve", "move:churn"]),
    st.sampled_from(["signal:usage_drop", "signal:failed_onboarding_step", "signal:not_in_the_policy"]),
    st.sampled_from(["action:usage_review_checkin", "action:onboarding_specialist_call"]),
    st.sampled_from([f"review:{verdict}" for verdict in REVIEW_VERDICTS]),
    st.sampled_from([f"intervention:{status}" for status in INTERVENTION_STATUSES]),
)
WHERES = st.builds(
    Where,
    segment=st.sampled_from([(), ("SMB",), ("Enterprise", "nowhere")]),
    tier=st.sampled_from([(), ("low", "high")]),
    min_value=st.none() | st.just(9_000.0),
    max_value=st.none() | st.just(60_000.0),
    consent=st.none() | st.booleans(),
)


@st.composite
def rules(draw, name="rule"):
    """Any rule, of any template, about events of any kind."""
    template = draw(st.sampled_from(sorted(TEMPLATES)))
    definition = TEMPLATES[template]
    events = draw(st.lists(EVENTS, min_size=2, max_size=4, unique=True))
    split = draw(st.integers(1, len(events) - 1)) if definition.has_b else len(events)
    count = draw(st.integers(1, 3)) if definition.has_count else 1
    days = None
    if definition.days is not Days.UNUSED and not (template == "absence" and count == 1):
        days = draw(st.none() | st.sampled_from([0.5, 3.0, 30.0]))
    return Rule(
        name,
        template,
        tuple(events[:split]),
        tuple(events[split:]),
        within_days=days,
        count=count,
        where=draw(st.just(Where()) | WHERES),
        severity=draw(st.sampled_from(FindingSeverity)),
    )


@st.composite
def rule_sets(draw):
    """One to six rules with different names."""
    return tuple(draw(rules(f"rule {number}")) for number in range(draw(st.integers(1, 6))))
