"""Arbitrary declared rules over the events of recorded customers, for property tests."""

from hypothesis import strategies as st

from journey.rules import TEMPLATES, Rule, Where
from journey.rules.templates import Days
from tests.journey.recorded_customers import ACTIONS, SIGNAL_TYPES, STAGES

_EVENTS = (
    *(f"action:{action}" for action in ACTIONS),
    *(f"review:{verdict}" for verdict in ("approved", "rejected")),
    *(f"intervention:{status}" for status in ("recommended", "pending_approval", "approved", "executed")),
    *STAGES[:3],
    *(f"signal:{kind}" for kind in SIGNAL_TYPES[:3]),
)


@st.composite
def rules(draw, name="r"):
    """A rule of severity error, about actions more often than not."""
    template = draw(st.sampled_from(sorted(TEMPLATES)))
    definition = TEMPLATES[template]
    every_action = tuple(f"action:{action}" for action in ACTIONS if action != "monitor_only")
    names = st.just(every_action) | st.lists(st.sampled_from(_EVENTS), min_size=1, max_size=3, unique=True).map(tuple)
    a = draw(names)
    b = tuple(each for each in draw(names) if each not in a) if definition.has_b else ()
    if definition.has_b and not b:
        b = ("review:approved",) if "review:approved" not in a else ("review:withdrawn",)
    count = draw(st.integers(1, 3)) if definition.has_count else 1
    limited = definition.days is not Days.UNUSED and not (template == "absence" and count == 1)
    return Rule(
        name,
        template,
        a,
        b,
        within_days=draw(st.none() | st.sampled_from([1.0, 7.0, 14.0])) if limited else None,
        count=count,
        where=draw(st.sampled_from([Where(), Where(), Where(tier=("high",)), Where(segment=("SMB",)),
                                    Where(min_value=1_000.0), Where(consent=True)])),
    )  # fmt: skip


rule_sets = st.lists(rules(), min_size=1, max_size=3).map(
    lambda found: tuple(Rule(f"r{n}", *_rest(rule)) for n, rule in enumerate(found))
)
"""One to three rules."""


def _rest(rule):
    return rule.template, rule.a, rule.b, rule.within_days, rule.count, rule.where
