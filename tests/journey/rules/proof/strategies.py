"""Journeys with many histories, and rules about their events, for property tests."""

from hypothesis import strategies as st

from journey.machine import Journey, Move
from journey.rules import TEMPLATES, Rule, Where
from journey.rules.templates import Days
from journeylab.testing import guards
from journeylab.testing.strategies.journeys import MOVE_NAMES, SEGMENTS, TIERS

OUTSIDE = ("signal:x", "action:y")
WHERES = st.sampled_from(
    [Where(), Where(segment=SEGMENTS[:1]), Where(segment=SEGMENTS[:2]), Where(tier=TIERS), Where(min_value=5.0)]
)


@st.composite
def connected_journeys(draw):
    """Small journeys with many histories; those of `journeys` may have hardly any."""
    stages = ["one", "two", "three", "end"][-draw(st.integers(3, 4)) :]
    live = stages[:-1]
    places = [(stage, name) for stage in live for name in MOVE_NAMES[:3]]
    chosen = draw(st.lists(st.sampled_from(places), unique=True, min_size=len(live) + 1, max_size=7))
    moves = []
    for stage, name in chosen:
        destination = draw(st.sampled_from(stages))
        guard = draw(st.one_of(st.none(), st.none(), guards(stages)))
        moves.append(Move(name, stage, destination, guard, destination != stage or draw(st.booleans())))
    initial = draw(st.lists(st.sampled_from(live), unique=True, min_size=1, max_size=2))
    return Journey.build(stages=stages, moves=moves, initial=initial, terminal="end")


@st.composite
def rules_about(draw, journey, *, outside=False, limited=False, name="rule"):
    """Rules about the events of a journey; with signals and actions, or with limits in days, if wanted."""
    kind = draw(st.sampled_from(sorted(TEMPLATES)))
    template = TEMPLATES[kind]
    known = [*journey.stages, *(f"move:{move}" for move in journey.move_names), "nowhere", *(OUTSIDE * outside)]
    names = draw(st.lists(st.sampled_from(known), min_size=2, max_size=3, unique=True))
    count = draw(st.integers(1, 3)) if template.has_count else 1
    may_limit = limited and template.days is not Days.UNUSED and not (kind == "absence" and count == 1)
    return Rule(
        name,
        kind,
        tuple(names[1:]),
        tuple(names[:1]) if template.has_b else (),
        within_days=7.0 if may_limit else None,
        count=count,
        where=draw(WHERES),
    )
