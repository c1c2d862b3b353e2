"""Cases from a table of examples: a CSV file with a stage, a move, and the stage that it must lead to.

    stage,move,to_stage,days_in_stage
    trial,convert,paying,14
    trial,convert,,13.9

An empty ``to_stage`` means that the move must not be made. The columns ``days_in_stage``, ``previous_stage``,
``segment`` and ``tier`` are optional; an empty cell is unknown.
"""

from __future__ import annotations

import csv
import io
import math
from functools import partial
from typing import TYPE_CHECKING

from journey.core.errors import InputError
from journey.core.suggestions import did_you_mean
from journey.machine import Facts, MoveResult
from journeylab.testing.cases.case import Case, CaseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from journeylab.testing.cases.answers import Forms

_REQUIRED = ("stage", "move", "to_stage")
_FACTS = ("days_in_stage", "previous_stage", "segment", "tier")


def list_example_cases(text: str, source: str, forms: Forms) -> Iterator[Case]:
    """One case for each row of a table of examples.

    Args:
        text: The content of the CSV file.
        source: The file, for messages.
        forms: The journey that is tested.

    Raises:
        InputError: A column is missing, unknown or given twice, or a row has no stage, no move, too many cells, or an
            invalid number of days.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
    _refuse_columns(reader.fieldnames, source)
    for row in reader:
        line = reader.line_num
        where = f"{source} line {line}"
        if any(cell.strip() for cell in row.get(None) or ()):
            raise InputError(f"{where}: has more cells than the first line has columns")
        values = {name: (row.get(name) or "").strip() for name in (*_REQUIRED, *_FACTS)}
        if not any(values.values()):  # as spreadsheets leave below a table
            continue
        for name in ("stage", "move"):
            if not values[name]:
                raise InputError(f"{where}: has no {name}; every example needs one")
        facts = _read_facts(values, where)
        edge = (values["stage"], values["move"]) if values["to_stage"] else None
        name = f"example[line {line}: {values['stage']} -{values['move']}-> {values['to_stage'] or 'refused'}]"
        yield Case(name, partial(_check, values, facts, where, forms), edge)


def _refuse_columns(names: Sequence[str], source: str) -> None:
    missing = [name for name in _REQUIRED if name not in names]
    if missing:
        raise InputError(
            f"{source}: has no column {', '.join(missing)}; the first line must name {','.join(_REQUIRED)}"
        )
    unknown = next((name for name in names if name not in (*_REQUIRED, *_FACTS)), None)
    if unknown is not None:
        raise InputError(f"{source}: unknown column {unknown!r}{did_you_mean(unknown, (*_REQUIRED, *_FACTS))}")
    if len(set(names)) < len(names):
        raise InputError(f"{source}: has a column twice; the first line must name each once")


def _read_facts(values: Mapping[str, str], where: str) -> Facts:
    days = values["days_in_stage"]
    try:
        number = float(days) if days else math.nan
    except ValueError:
        raise InputError(f"{where}: days_in_stage must be a number, got {days!r}") from None
    if days and not 0.0 <= number < math.inf:
        raise InputError(f"{where}: days_in_stage must be a finite number from 0, got {days!r}")
    return Facts(number, values["previous_stage"] or None, values["segment"] or None, values["tier"] or None)


def _check(values: Mapping[str, str], facts: Facts, where: str, forms: Forms) -> None:
    expected = values["to_stage"]
    for form, (result, stage) in forms.ask(values["stage"], values["move"], facts).items():
        made = stage if result is MoveResult.MOVED else ""
        if made != expected:
            wanted = f"must lead to {expected}" if expected else "must be refused"
            found = f"leads to {made}" if made else f"is {result.name}"
            raise CaseError(f"{where}: {values['move']} from {values['stage']} {wanted}; in {form} it {found}")
