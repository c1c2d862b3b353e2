"""Arbitrary rules about the events of arbitrary recorded customers."""

from hypothesis import strategies as st

from journey.rules import TEMPLATES, Rule
from journey.rules.templates import Days

NAMES = (
    "onboarding", "engagement", "support", "churned", "move:activate", "move:churn", "signal:usage_drop",
    "signal:smoke_signal", "action:proactive_outreach", "action:send_flowers", "review:approved", "review:rejected",
    "intervention:recommended", "intervention:measured",
)  # fmt: skip


@st.composite
def rules(draw, names=NAMES):
    """A rule of any template about some of these events."""
    template = draw(st.sampled_from(sorted(TEMPLATES)))
    definition = TEMPLATES[template]
    order = draw(st.permutations(names))
    number = draw(st.integers(1, 2))
    count = draw(st.integers(1, 3)) if definition.has_count else 1
    days = None
    if definition.days is not Days.UNUSED and not (definition.days is Days.WINDOW and count == 1):
        days = draw(st.sampled_from([None, 1.0, 2.5, 7.0, 30.0]))
    b = tuple(order[number : 2 * number]) if definition.has_b else ()
    return Rule("r", template, tuple(order[:number]), b, days, count)
