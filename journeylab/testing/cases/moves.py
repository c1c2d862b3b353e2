"""Cases about moves: each stage and move, legal or not, and each boundary of each guard."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from journey.machine import Facts, MoveResult
from journeylab.testing.cases.answers import COLUMNS, MACHINE, Answer, Forms
from journeylab.testing.cases.boundaries import is_built_in, list_boundaries, list_samples, meet
from journeylab.testing.cases.case import Case, CaseError, CaseSkipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from journeylab.testing.cases.statement import StatedMove, Statement

_MAX_SAMPLES = 200


def list_move_cases(statement: Statement, forms: Forms) -> Iterator[Case]:
    """One case for each stage and move that the statement or the journey names.

    Args:
        statement: What is expected.
        forms: The journey that is tested.
    """
    stages = dict.fromkeys((*statement.stages, *forms.journey.stages))
    names = dict.fromkeys((*statement.move_names, *forms.journey.move_names))
    for stage, name in product(stages, names):
        move = statement.moves.get((stage, name))
        if move is None:
            yield Case(f"illegal[{stage}, {name}]", partial(_check_illegal, statement, forms, stage, name))
        else:
            yield Case(f"legal[{move}]", partial(_check_legal, statement, forms, move), (stage, name))


def list_guard_cases(statement: Statement, forms: Forms) -> Iterator[Case]:
    """One case for each boundary of each guard that the statement has; one for a guard with conditions of your own.

    Args:
        statement: What is expected.
        forms: The journey that is tested.
    """
    for move in statement.moves.values():
        if not is_built_in(move.conditions):
            yield Case(f"guard[{move}: own conditions]", partial(_check_own_guard, statement, forms, move))
            continue
        for name, facts, allowed in list_boundaries(move.conditions, statement):
            check = partial(_check_boundary, statement, forms, move, facts, allowed=allowed)
            yield Case(f"guard[{move}: {name}]", check, (move.source, move.name) if allowed else None)


def _check_legal(statement: Statement, forms: Forms, move: StatedMove) -> None:
    expected = Answer(MoveResult.MOVED, move.destination)
    if is_built_in(move.conditions):
        facts = meet(move.conditions)
        _compare(statement, str(move), expected, forms.ask(move.source, move.name, facts), facts)
    else:
        _check_own_guard(statement, forms, move)
    arc = forms.journey.arcs.get((move.source, move.name))
    if arc is not None and arc.restarts_clocks != move.restarts_clocks:
        raise CaseError(
            f"{move}: restarts_clocks is {move.restarts_clocks} in {statement.source}, and {arc.restarts_clocks} in "
            "the journey"
        )


def _check_illegal(statement: Statement, forms: Forms, stage: str, name: str) -> None:
    answers = forms.ask(stage, name, Facts())
    _compare(statement, f"{name} from {stage}", Answer(MoveResult.ILLEGAL, stage), answers, Facts())


def _check_boundary(statement: Statement, forms: Forms, move: StatedMove, facts: Facts, *, allowed: bool) -> None:
    expected = Answer(MoveResult.MOVED, move.destination) if allowed else Answer(MoveResult.BLOCKED, move.source)
    _compare(statement, str(move), expected, forms.ask(move.source, move.name, facts), facts)


def _check_own_guard(statement: Statement, forms: Forms, move: StatedMove) -> None:
    """With conditions of the user's own: all forms agree on many facts, and some facts make the move."""
    samples = list_samples(statement)
    made = False
    for facts in samples[:: max(1, len(samples) // _MAX_SAMPLES)]:
        answers = forms.ask(move.source, move.name, facts)
        expected = answers[MACHINE]
        made = made or expected == Answer(MoveResult.MOVED, move.destination)
        if expected.result is MoveResult.ILLEGAL:
            expected = Answer(MoveResult.MOVED, move.destination)
        _compare(statement, str(move), expected, answers, facts)
    if not made:
        raise CaseSkipped(f"{move}: none of {_MAX_SAMPLES} combinations of facts meets its guard")


def _compare(statement: Statement, subject: str, expected: Answer, answers: Mapping[str, Answer], facts: Facts) -> None:
    """Compare the answers of all forms with the expected one."""
    wrong = {form: answer for form, answer in answers.items() if answer != expected}
    if not wrong:
        return
    lines = [f"{subject}: expected {expected}, as {statement.source} states"]
    if len(wrong) == len(answers) and len(set(wrong.values())) == 1:
        lines.append(f"the journey answers: {answers[COLUMNS]}")
    else:
        lines += [f"{form}: {answer}" for form, answer in answers.items()]
    if facts != Facts():
        lines.append(f"facts: {_describe(facts)}")
    raise CaseError("\n".join(lines))


def _describe(facts: Facts) -> str:
    known = {
        "days in stage": None if facts.days_in_stage != facts.days_in_stage else repr(facts.days_in_stage),
        "previous stage": facts.previous_stage,
        "segment": facts.segment,
        "tier": facts.tier,
    }
    return ", ".join(f"{name} {'unknown' if value is None else value}" for name, value in known.items())
