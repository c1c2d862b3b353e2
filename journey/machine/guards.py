"""Guards: named conditions of legal moves.

A guard is written once, as a function from columns to an array of booleans. Cohorts use this function directly; the
state machine calls the same function on one row.

An unknown fact never satisfies a condition: an unknown number of days is not "at least seven", and an unknown segment
is not one of the listed segments.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from journey.core.suggestions import did_you_mean
from journey.machine.errors import JourneyDefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy as np
    import numpy.typing as npt

    BoolColumn = npt.NDArray[np.bool_]
    FloatColumn = npt.NDArray[np.float64]
    NameColumn = npt.NDArray[np.str_] | npt.NDArray[np.object_]

GuardValue = float | tuple[str, ...]
"""A guard's parameter: a number, or one or more names."""


@dataclass(frozen=True, slots=True)
class FactColumns:
    """The facts for guards, for many customers. All columns have the same length.

    Attributes:
        days_in_stage: Days since the current stage was entered; NaN if unknown.
        previous_stage: Name of the previous stage; None or "" if there was none.
        segment: Name of the customer's segment.
        tier: The customer's risk tier.
    """

    days_in_stage: FloatColumn
    previous_stage: NameColumn
    segment: NameColumn
    tier: NameColumn


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts for guards, for one customer; see `FactColumns`. Omitted facts are unknown."""

    days_in_stage: float = math.nan
    previous_stage: str | None = None
    segment: str | None = None
    tier: str | None = None

    def as_columns(self) -> FactColumns:
        """The same facts as columns of one row."""
        import numpy as np

        return FactColumns(
            days_in_stage=np.array([self.days_in_stage], dtype=np.float64),
            previous_stage=np.array([self.previous_stage], dtype=object),
            segment=np.array([self.segment], dtype=object),
            tier=np.array([self.tier], dtype=object),
        )


@dataclass(frozen=True, slots=True)
class GuardKind:
    """One kind of condition of moves.

    Attributes:
        name: Its name in journeys, for instance ``min_days_in_stage``.
        test: The condition: a function from columns and the parameter to one boolean per row. Numbers count by their
            truth value; None and NaN are unknown, so they do not meet the condition.
        parse_parameter: Converts the value in a journey file into the parameter; raises ValueError with the expected
            form.
        template: The condition as text, with ``{value}`` in place of the parameter.
        names_stages: Whether the parameter names stages, which must then exist.
    """

    name: str
    test: Callable[[FactColumns, Any], BoolColumn]
    parse_parameter: Callable[[object], GuardValue]
    template: str
    names_stages: bool = False


def parse_days(given: object) -> float:
    """A finite number of days, at least 0; raises ValueError otherwise."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise ValueError("expected a number of days")  # noqa: TRY004 - one kind of error for bad parameters
    if not (math.isfinite(given) and given >= 0):
        raise ValueError("expected a finite number of days, at least 0")
    return float(given)


def parse_names(given: object) -> tuple[str, ...]:
    """One name or a list of names, each once, in alphabetical order; raises ValueError otherwise."""
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list | tuple | set | frozenset) or not names:
        raise ValueError("expected a name or a list of names")
    if not all(isinstance(name, str) and name for name in names):
        raise ValueError("expected names (text that is not empty)")
    return tuple(sorted(set(names)))


def _is_one_of(column: NameColumn, names: tuple[str, ...]) -> BoolColumn:
    return reduce(operator.or_, (column == name for name in names))


def _min_days_in_stage(facts: FactColumns, days: float) -> BoolColumn:
    return facts.days_in_stage >= days


def _came_from(facts: FactColumns, stages: tuple[str, ...]) -> BoolColumn:
    return _is_one_of(facts.previous_stage, stages)


def _segment(facts: FactColumns, segments: tuple[str, ...]) -> BoolColumn:
    return _is_one_of(facts.segment, segments)


def _risk_tier(facts: FactColumns, tiers: tuple[str, ...]) -> BoolColumn:
    return _is_one_of(facts.tier, tiers)


_KINDS: dict[str, GuardKind] = {
    kind.name: kind
    for kind in (
        GuardKind("min_days_in_stage", _min_days_in_stage, parse_days, "at least {value} days in stage"),
        GuardKind("came_from", _came_from, parse_names, "to have come from {value}", names_stages=True),
        GuardKind("segment", _segment, parse_names, "segment {value}"),
        GuardKind("risk_tier", _risk_tier, parse_names, "risk tier {value}"),
    )
}


def guard_names() -> tuple[str, ...]:
    """The names of all available guards."""
    return tuple(_KINDS)


def guard_kind(name: str) -> GuardKind:
    """The guard of this name.

    Raises:
        JourneyDefinitionError: The name is unknown.
    """
    try:
        return _KINDS[name]
    except KeyError:
        raise JourneyDefinitionError(
            f"unknown guard {name!r}{did_you_mean(name, guard_names())} (register_guard adds your own)"
        ) from None


def register_guard(kind: GuardKind) -> GuardKind:
    """Make a custom guard available to journeys, by its name.

    Worker processes must register it too; register it when your module is imported.

    Raises:
        JourneyDefinitionError: A guard of that name already exists.
    """
    if kind.name in _KINDS:
        raise JourneyDefinitionError(f"a guard named {kind.name!r} already exists; choose another name")
    _KINDS[kind.name] = kind
    return kind


def unregister_guard(name: str) -> None:
    """Remove a registered guard, for instance at the end of a test."""
    _KINDS.pop(guard_kind(name).name)


@dataclass(frozen=True, slots=True)
class Guard:
    """The condition of one move: one or more named conditions, all of which must be met.

    Attributes:
        conditions: Pairs of guard name and parameter, in alphabetical order of the names.

    Raises:
        JourneyDefinitionError: A guard is unknown, named twice, or its parameter is invalid.
    """

    conditions: tuple[tuple[str, GuardValue], ...]

    def __post_init__(self) -> None:
        names = [name for name, _ in self.conditions]
        if not names or len(set(names)) != len(names):
            raise JourneyDefinitionError("a guard needs one or more conditions, each named once")
        checked = tuple(sorted((name, _parse_parameter(name, given)) for name, given in self.conditions))
        object.__setattr__(self, "conditions", checked)

    @classmethod
    def of(cls, **conditions: object) -> Guard:
        """A guard from its conditions: ``Guard.of(min_days_in_stage=7, segment=["smb", "mid"])``."""
        return cls.from_dict(conditions)

    @classmethod
    def from_dict(cls, conditions: Mapping[str, object]) -> Guard:
        """A guard from the data of a journey file: ``{min_days_in_stage = 7}``."""
        return cls(tuple((name, _parse_parameter(name, given)) for name, given in conditions.items()))

    def to_dict(self) -> dict[str, float | str | list[str]]:
        """The guard as plain data; the inverse of `from_dict`."""
        return {name: _to_plain_value(value) for name, value in self.conditions}

    def evaluate(self, facts: FactColumns) -> BoolColumn:
        """Whether the condition is met, for each row.

        Raises:
            JourneyDefinitionError: A registered guard raised an error, or returned something else than one truth value
                per row.
        """
        rows = len(facts.days_in_stage)
        return reduce(
            operator.and_,
            (_to_booleans(name, _test(name, facts, value), rows) for name, value in self.conditions),
        )

    def allows(self, facts: Facts | None = None) -> bool:
        """Whether the condition is met for one customer. Without facts the result is False."""
        return bool(self.evaluate((facts or Facts()).as_columns())[0])

    def named_stages(self) -> Iterable[str]:
        """The stages that the conditions name."""
        for name, value in self.conditions:
            if guard_kind(name).names_stages and isinstance(value, tuple):
                yield from value

    def __str__(self) -> str:
        return " and ".join(
            guard_kind(name).template.format(value=_format_value(value)) for name, value in self.conditions
        )


def _test(name: str, facts: FactColumns, value: GuardValue) -> Any:
    """The result of a guard's test function; an exception that it raises becomes an error that names the guard."""
    try:
        return guard_kind(name).test(facts, value)
    except JourneyDefinitionError:
        raise
    except Exception as error:
        raise JourneyDefinitionError(
            f"guard {name!r} raised {type(error).__name__}: {error}; correct its test function"
        ) from error


def _to_booleans(name: str, answer: Any, rows: int) -> BoolColumn:
    """The answer of a guard as booleans: numbers by their truth value; None and NaN, which are unknown, as False."""
    import numpy as np

    column = np.asarray(answer)
    if column.shape != (rows,):
        raise JourneyDefinitionError(
            f"guard {name!r} returned {_describe_shape(column.shape)} for {rows} rows; return one boolean per row"
        )
    if column.dtype == np.bool_:
        return column
    if column.dtype == object:
        column = np.array([False if value is None else value for value in column.tolist()])
    if column.dtype.kind not in "biuf":
        raise JourneyDefinitionError(
            f"guard {name!r} returned values of type {column.dtype.name}; return one boolean per row"
        )
    known: BoolColumn = column.astype(np.bool_) & ~np.isnan(column)
    return known


def _describe_shape(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} values" if len(shape) == 1 else "an array of several dimensions" if shape else "one value"


def _parse_parameter(name: str, given: object) -> GuardValue:
    try:
        return guard_kind(name).parse_parameter(given)
    except JourneyDefinitionError:
        raise
    except ValueError as error:
        raise JourneyDefinitionError(f"guard {name!r}: {error}, got {given!r}") from None
    except Exception as error:
        raise JourneyDefinitionError(
            f"guard {name!r} raised {type(error).__name__}: {error}, got {given!r}; correct its parser"
        ) from error


def _to_plain_value(value: GuardValue) -> float | str | list[str]:
    if isinstance(value, tuple):
        return value[0] if len(value) == 1 else list(value)
    return value


def _format_value(value: GuardValue) -> str:
    return " or ".join(value) if isinstance(value, tuple) else f"{value:g}"
