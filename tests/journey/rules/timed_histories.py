"""Rules of every template, with histories of events at some times."""

from math import inf

from hypothesis import strategies as st

from journey.rules.monitor import OTHER, A, B
from journey.rules.templates import TEMPLATES, Days

BEGUN = 2.0
"""The time at which every history begins."""


def list_symbols(name):
    """What an event can be to a rule of a template."""
    return [OTHER, A, B] if TEMPLATES[name].has_b else [OTHER, A]


@st.composite
def timed_histories(draw):
    """The name of a template, a count, a limit in days, and pairs of a time and what the event is to the rule."""
    name = draw(st.sampled_from(sorted(TEMPLATES)))
    template = TEMPLATES[name]
    count = draw(st.integers(1, 3)) if template.has_count else 1
    days = inf
    if template.days is not Days.UNUSED and not (name == "absence" and count == 1):
        days = draw(st.sampled_from([inf, 1.0, 2.0, 5.0]))
    events, now = [], BEGUN
    for gap, symbol in draw(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(list_symbols(name))), max_size=9)):
        now += gap
        events.append((now, symbol))
    return name, count, days, events
