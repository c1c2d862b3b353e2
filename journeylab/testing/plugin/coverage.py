"""Coverage of moves: which moves of a journey passing tests made, and the paths that cover all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from journey.machine import format_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journey.machine import Journey

Edge = tuple[str, str]
"""A move, as (stage, name)."""

MAX_LISTED = 20
"""Longest list of moves or paths in a summary."""


def format_coverage(journey: Journey, by_cases: set[Edge], by_own_tests: set[Edge] | None) -> Iterator[str]:
    """The lines of the summary of one journey.

    Args:
        journey: The journey.
        by_cases: Moves made by passing cases of its file.
        by_own_tests: Moves made by passing tests of the user; None if there are no such tests.
    """
    edges = list(journey.arcs)
    made = by_cases | (by_own_tests or set())
    yield f"moves made by passing tests: {_count(made, edges)}"
    if by_own_tests is not None:
        yield f"moves made by your own tests: {_count(by_own_tests, edges)}"
    counted, who = (made, "any passing test") if by_own_tests is None else (by_own_tests, "your own tests")
    missing = [str(journey.arcs[edge]) for edge in edges if edge not in counted]
    if missing:
        yield f"not made by {who}:"
        yield from _limit(missing)
    paths = journey.covering_paths()
    yield f"paths that cover every reachable move: {len(paths)}"
    yield from _limit([format_path(path) for path in paths])


def _count(made: set[Edge], edges: list[Edge]) -> str:
    covered = sum(edge in made for edge in edges)
    share = f" ({covered / len(edges):.0%})" if edges else ""
    return f"{covered} of {len(edges)}{share}"


def _limit(lines: list[str]) -> Iterator[str]:
    yield from (f"  {line}" for line in lines[:MAX_LISTED])
    if len(lines) > MAX_LISTED:
        yield f"  and {len(lines) - MAX_LISTED} more"
