"""Arbitrary journeys, moves and facts for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from journey.machine import Facts, Guard, Journey, Move, StageDetails

SEGMENTS = ("smb", "mid", "enterprise")
TIERS = ("low", "high")
MOVE_NAMES = ("advance", "fall_back", "pause", "resume", "finish", "leave")


def stage_names(at_least: int = 1, at_most: int = 6) -> st.SearchStrategy[list[str]]:
    """Some stage names, with spaces, hyphens and capitals among them."""
    names = ("trial", "Active", "on hold", "win-back", "support", "gone", "élan")
    return st.permutations(names).flatmap(
        lambda order: st.integers(at_least, at_most).map(lambda count: list(order[:count]))
    )


def guards(stages: list[str]) -> st.SearchStrategy[Guard]:
    """One or more conditions, whose facts `facts` can both meet and miss."""
    conditions = st.fixed_dictionaries(
        {},
        optional={
            "min_days_in_stage": st.sampled_from([0, 7, 30.5]),
            "came_from": st.lists(st.sampled_from(stages), min_size=1, max_size=2),
            "segment": st.sampled_from(SEGMENTS),
            "risk_tier": st.sampled_from(TIERS),
        },
    )
    return conditions.filter(bool).map(Guard.from_dict)


@st.composite
def journeys(draw: st.DrawFn, *, guarded: bool = True, max_stages: int = 6, max_arcs: int = 14) -> Journey:
    """Any journey that may be defined: odd shapes, loops, dead ends and unreachable stages are all among them."""
    stages = draw(stage_names(at_most=max_stages))
    terminal = draw(st.lists(st.sampled_from(stages), unique=True, max_size=2))
    initial = draw(st.lists(st.sampled_from(stages), unique=True, min_size=1, max_size=2))
    live = [stage for stage in stages if stage not in terminal]
    places = [(stage, name) for stage in live for name in MOVE_NAMES]
    chosen = draw(st.lists(st.sampled_from(places), unique=True, max_size=max_arcs)) if places else []
    guard = st.none() | guards(stages) if guarded else st.none()
    moves = []
    for stage, name in chosen:
        destination = draw(st.sampled_from(stages))
        restarts = destination != stage or draw(st.booleans())
        moves.append(Move(name, stage, destination, draw(guard), restarts))
    details = {stage: draw(stage_details(is_terminal=stage in terminal)) for stage in stages}
    return Journey.build(stages=stages, moves=moves, initial=initial, terminal=terminal, details=details)


def stage_details(*, is_terminal: bool) -> st.SearchStrategy[StageDetails]:
    """Any details that a stage may have; most have none."""
    roles = st.lists(st.sampled_from(["lost", "support", "escalation", "own"]), unique=True, max_size=2)
    pays = st.sampled_from([None, 0.0] if is_terminal else [None, 0.0, 0.5, 1.0])
    details = st.builds(StageDetails, pays=pays, roles=roles.map(tuple), typical_days=st.sampled_from([None, 7.0]))
    return st.just(StageDetails()) | details.filter(lambda stage: not ("lost" in stage.roles and stage.pays))


def facts(stages: tuple[str, ...]) -> st.SearchStrategy[Facts]:
    """What may be known about a customer, with gaps."""
    return st.builds(
        Facts,
        days_in_stage=st.sampled_from([0.0, 6.999, 7.0, 30.5, 400.0, float("nan")]),
        previous_stage=st.none() | st.sampled_from(stages),
        segment=st.none() | st.sampled_from(SEGMENTS),
        tier=st.none() | st.sampled_from(TIERS),
    )
