"""Strategies for journeys, guards, and the facts that guards ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from journey.machine import Facts, Guard, Journey, Move, StageDetails
from journeylab.testing.strategies.tables import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

STAGE_NAMES = ("trial", "Active", "on hold", "win-back", "support", "gone", "élan")
"""Stages of drawn journeys, with spaces, hyphens, capitals and accents among them."""

MOVE_NAMES = ("advance", "fall_back", "pause", "resume", "finish", "leave")
SEGMENTS = ("smb", "mid", "enterprise")
TIERS = ("low", "high")


def stage_names(*, min_size: int = 1, max_size: int = 6) -> st.SearchStrategy[list[str]]:
    """Distinct stage names in any order.

    Args:
        min_size: Smallest number of names, 1 or more.
        max_size: Largest number of names, at most 7.
    """
    return st.lists(st.sampled_from(STAGE_NAMES), min_size=min_size, max_size=max_size, unique=True)


def guards(
    stages: Sequence[str], *, segments: Sequence[str] = SEGMENTS, tiers: Sequence[str] = TIERS
) -> st.SearchStrategy[Guard]:
    """Guards with one or more of the built-in conditions; `facts` draws both what meets and what misses them.

    Args:
        stages: Stages that ``came_from`` may name.
        segments: Segments that a guard may name.
        tiers: Risk tiers that a guard may name.
    """
    conditions = {
        "min_days_in_stage": st.sampled_from([0, 7, 30.5]),
        "came_from": st.lists(st.sampled_from(stages), min_size=1, max_size=2),
        "segment": st.sampled_from(segments),
        "risk_tier": st.sampled_from(tiers),
    }
    return tables(conditions).filter(bool).map(Guard.from_dict)


@st.composite
def journeys(draw: st.DrawFn, *, guarded: bool = True, max_stages: int = 6, max_moves: int = 14) -> Journey:
    """Any journey that may be defined: loops, dead ends and unreachable stages are among them.

    The smallest journey has the one stage ``trial`` and no moves.

    Args:
        draw: Provided by Hypothesis.
        guarded: Whether moves may have guards.
        max_stages: Largest number of stages, at most 7.
        max_moves: Largest number of moves.
    """
    stages = draw(stage_names(max_size=max_stages))
    # A stage is drawn by its name, not by its place: so the rest stays when a stage is deleted.
    stage = st.sampled_from(STAGE_NAMES).filter(stages.__contains__)
    terminal = draw(st.lists(stage, unique=True, max_size=2))
    initial = draw(st.lists(stage, unique=True, min_size=1, max_size=2))
    chosen: list[tuple[str, str]] = []
    if any(each not in terminal for each in stages):
        live = st.sampled_from(STAGE_NAMES).filter(lambda each: each in stages and each not in terminal)
        chosen = draw(st.lists(st.tuples(live, st.sampled_from(MOVE_NAMES)), unique=True, max_size=max_moves))
    guard = st.none() | guards(stages) if guarded else st.none()
    moves = []
    for source, name in chosen:
        destination = draw(stage)
        restarts = destination != source or not draw(st.booleans())
        moves.append(Move(name, source, destination, draw(guard), restarts))
    details = {each: draw(_TERMINAL_DETAILS if each in terminal else _LIVE_DETAILS) for each in stages}
    return Journey.build(stages=stages, moves=moves, initial=initial, terminal=terminal, details=details)


def stage_details(*, is_terminal: bool) -> st.SearchStrategy[StageDetails]:
    """Details that a stage may have; most have none.

    Args:
        is_terminal: Whether the stage is terminal: customers pay nothing there.
    """
    return _TERMINAL_DETAILS if is_terminal else _LIVE_DETAILS


def _details(pays: Sequence[float | None]) -> st.SearchStrategy[StageDetails]:
    roles = st.lists(st.sampled_from(["lost", "support", "escalation", "own"]), unique=True, max_size=2)
    details = st.builds(
        StageDetails, pays=st.sampled_from(pays), roles=roles.map(tuple), typical_days=st.sampled_from([None, 7.0])
    )
    return st.just(StageDetails()) | details.filter(lambda stage: not ("lost" in stage.roles and stage.pays))


_LIVE_DETAILS, _TERMINAL_DETAILS = _details([None, 0.0, 0.5, 1.0]), _details([None, 0.0])


def facts(
    stages: Sequence[str], *, segments: Sequence[str] = SEGMENTS, tiers: Sequence[str] = TIERS
) -> st.SearchStrategy[Facts]:
    """What may be known about a customer when a move is requested; some facts are unknown.

    Args:
        stages: Stages of which one may be the previous stage.
        segments: Segments of customers.
        tiers: Risk tiers of customers.
    """
    return st.builds(
        Facts,
        days_in_stage=st.sampled_from([0.0, 6.999, 7.0, 30.5, 400.0, float("nan")]),
        previous_stage=st.none() | st.sampled_from(stages),
        segment=st.none() | st.sampled_from(segments),
        tier=st.none() | st.sampled_from(tiers),
    )
