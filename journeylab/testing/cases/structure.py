"""Cases about the structure of a journey: its stages with their details, where it begins and ends, and its paths."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from journeylab.testing.cases.case import Case, CaseError
from journeylab.testing.cases.statement import StatedStage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from journey.machine import Journey
    from journeylab.testing.cases.answers import Forms
    from journeylab.testing.cases.statement import Statement


def list_structure_cases(statement: Statement, forms: Forms) -> Iterator[Case]:
    """One case for each stage, for what the journey begins and ends with, and for the paths of each stage.

    Args:
        statement: What is expected.
        forms: The journey that is tested.
    """
    journey = forms.journey
    yield _compare("journey[stages]", statement, statement.stages, lambda: journey.stages)
    yield _compare("journey[initial]", statement, statement.initial, lambda: journey.initial)
    yield _compare("journey[terminal]", statement, set(statement.terminal), lambda: set(journey.terminal))
    for stage in statement.stages:
        expected = statement.details[stage]
        yield _compare(f"stage[{stage}]", statement, expected, partial(_read_details, journey, stage))
    for stage in dict.fromkeys((*statement.stages, *journey.stages)):
        yield Case(f"reachable[{stage}]", partial(_check_reachable, journey, stage))
        if statement.terminal:
            yield Case(f"finishes[{stage}]", partial(_check_finishes, journey, stage))


def _compare(name: str, statement: Statement, expected: object, observe: Callable[[], object]) -> Case:
    def check() -> None:
        observed = observe()
        if observed != expected:
            raise CaseError(f"{name}: expected {expected}, as {statement.source} states\nthe journey has: {observed}")

    return Case(name, check)


def _read_details(journey: Journey, stage: str) -> StatedStage | str:
    details = journey.details_by_stage.get(stage)
    if details is None:
        return "no such stage"
    return StatedStage(details.pays, details.roles, details.typical_days)


def _check_reachable(journey: Journey, stage: str) -> None:
    if stage not in journey.stages or stage in journey.unreachable_stages():
        initial = ", ".join(journey.initial)
        raise CaseError(f"no path from an initial stage ({initial}) leads to {stage}; add a move to it, or remove it")


def _check_finishes(journey: Journey, stage: str) -> None:
    if stage in journey.dead_ends():
        raise CaseError(f"{stage} is not terminal, and no move leaves it; add a move, or list it in `terminal`")
    if stage not in journey.stages or stage in journey.cannot_finish():
        raise CaseError(f"no path from {stage} leads to a terminal stage; add a move")
