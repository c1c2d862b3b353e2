"""The order of a customer's stage entries, which does not depend on the order of the rows.

Entries at the same moment are ordered by `previous_stage`: an entry that another one names as its previous stage comes
before it. Where that decides nothing, the later stage in the journey's order is the later entry.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter

from journey.records.model import StageEntry

_MAX_CHAIN = 50
"""Longest chain of entries at one moment that is followed; it also ends chains that are circles."""


def sort_entries(entries: Iterable[StageEntry], stages: Sequence[str]) -> list[StageEntry]:
    """A customer's entries, earliest first; the result is the same for every order of the input.

    Args:
        entries: The entries of one customer.
        stages: The stages of the journey, in its order.
    """
    by_moment = attrgetter("state_entered_at")
    ordered: list[StageEntry] = []
    for _, together in groupby(sorted(entries, key=by_moment), key=by_moment):
        ordered.extend(_sort_same_moment(list(together), stages))
    return ordered


def _sort_same_moment(entries: list[StageEntry], stages: Sequence[str]) -> list[StageEntry]:
    if len(entries) == 1:
        return entries
    left = {entry.previous_stage for entry in entries if entry.previous_stage != entry.journey_stage}
    chain = _measure_chains(entries)
    codes = {stage: code for code, stage in enumerate(stages)}

    def place(entry: StageEntry) -> tuple[bool, int, int, str, str, float]:
        has_left = entry.journey_stage in left
        return (
            not has_left,
            chain[entry.journey_stage] if has_left else 0,
            codes.get(entry.journey_stage, -1),
            entry.journey_stage,
            entry.previous_stage or "",
            -1.0 if entry.days_in_state is None else entry.days_in_state,
        )

    return sorted(entries, key=place)


def _measure_chains(entries: Sequence[StageEntry]) -> dict[str, int]:
    """How many entries of the same moment precede each stage, through `previous_stage`."""
    chain = {entry.journey_stage: 0 for entry in entries}
    steps = {
        (entry.previous_stage, entry.journey_stage)
        for entry in entries
        if entry.previous_stage in chain and entry.previous_stage != entry.journey_stage
    }
    for _ in range(min(len(chain), _MAX_CHAIN)):
        longer = {stage: chain[before] + 1 for before, stage in sorted(steps, key=str) if before is not None}
        raised = {stage: max(length, chain[stage]) for stage, length in longer.items()}
        if all(chain[stage] == length for stage, length in raised.items()):
            break
        chain |= raised
    return chain
