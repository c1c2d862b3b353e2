"""Validation errors of pydantic as readable messages: where, the value, and what is expected."""

import re
from collections.abc import Callable, Iterator, Sequence
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from journey.core.errors import InputError
from journey.core.suggestions import did_you_mean

Location = Sequence[int | str]

UNION_TAG = "|"
"""Prefix of the tags of a union's alternatives; pydantic has these tags in the locations of errors."""

_OF_KEY = "[key]"
"""Last part of a location of pydantic if the key itself is invalid, and not its value."""

_PERCENTAGE = re.compile(r"\s*(\d{1,3}(?:\.\d{1,9})?)\s*%\s*", re.ASCII)

Locate = Callable[[Location], str]
"""A function that returns the text for a location: the file, and the key in it."""


class KeyProblem(NamedTuple):
    """What is wrong with one key.

    Attributes:
        path: The path of the key, with positions in lists; empty for the whole data.
        message: What is wrong, and what is expected.
    """

    path: tuple[int | str, ...]
    message: str


class InvalidKeysError(InputError):
    """Data with invalid keys; the message has one line for each.

    Attributes:
        problems: What is wrong with each key.
    """

    def __init__(self, problems: Sequence[KeyProblem], source: str | Locate) -> None:
        """Name the origin of every problem.

        Args:
            problems: What is wrong with each key.
            source: The file (or other origin) of the data, or a function that names the origin and the key.
        """
        super().__init__("\n".join(f"{_name_place(each.path, source)}: {each.message}" for each in problems))
        self.problems = tuple(problems)


def format_validation_error(error: ValidationError, model: type[BaseModel], source: str | Locate) -> str:
    """All errors of a validation, one per line: ``source: key: what is wrong``.

    Args:
        error: The error that pydantic raised.
        model: The validated model; its keys are the suggestions for an unknown key.
        source: The file (or other origin) of the data; or, for data from several files, a function that names the
            file and the key.
    """
    return str(InvalidKeysError(list_problems(error, model), source))


def list_problems(error: ValidationError, model: type[BaseModel]) -> list[KeyProblem]:
    """All errors of a validation, with their keys.

    Args:
        error: The error that pydantic raised.
        model: The validated model; its keys are the suggestions for an unknown key.
    """
    return [KeyProblem(_get_location(detail), _explain(detail, model)) for detail in error.errors(include_url=False)]


def _get_location(detail: Any) -> tuple[int | str, ...]:
    """The path of the key that an error is about, whether the key itself or its value is invalid."""
    location = tuple(step for step in detail["loc"] if not str(step).startswith(UNION_TAG))
    return location[:-1] if location[-1:] == (_OF_KEY,) else location


_EXPECTED = {
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), "should be a list"),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), "should be a table"),
}
"""What a file should contain, by the type of an error; the words of pydantic are those of Python."""


def _explain(detail: Any, model: type[BaseModel]) -> str:
    location = _get_location(detail)
    value = detail["input"]
    if detail["type"] == "extra_forbidden":
        return f"unknown key{did_you_mean(str(location[-1]), known_keys(model, location[:-1]))}"
    if detail["type"] == "missing":
        return "is missing; it has no default"
    message = _EXPECTED.get(detail["type"]) or str(detail["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    if detail["type"] == "value_error":
        return message
    return f"{message}, but {_format_value(value)} was given{_explain_percentage(detail)}"


def _explain_percentage(detail: Any) -> str:
    """A hint for a message if the value looks like a percentage where a share is expected; otherwise empty.

    It does so if it is text such as ``12 %``, or a number from 5 to 100 where the largest valid number is 1.
    """
    value = detail["input"]
    if detail["type"] == "float_parsing" and (percentage := _PERCENTAGE.fullmatch(str(value))):
        return f"; write {percentage[1]} % as {float(percentage[1]) / 100:g}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if detail["type"] != "less_than_equal" or detail["ctx"]["le"] != 1 or not is_number or not 5 <= value <= 100:
        return ""
    return f"; write {value:g} % as {value / 100:g}"


def _name_place(location: Location, source: str | Locate) -> str:
    """The origin of a key and the key itself, such as ``policy.toml: thresholds.act_severity``."""
    if not isinstance(source, str):
        return source(location)
    key = format_location(location)
    return f"{source}: {key}" if key else source


def known_keys(model: type[BaseModel], location: Location) -> list[str]:
    """The keys a model accepts at a nested location."""
    models = [model]
    for step in location:
        models = [inner for outer in models for inner in _models_below(outer, step)]
    return sorted({name for reached in models for name in _field_names(reached)})


def _field_names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _models_below(model: type[BaseModel], step: int | str) -> Iterator[type[BaseModel]]:
    by_name = {field.alias or name: field for name, field in model.model_fields.items()}
    field = by_name.get(str(step))
    if field is not None:
        yield from _models_in(field.annotation)
    else:
        # A list index or a free key of a mapping stays in the same model.
        yield model


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    if get_origin(annotation) in (Annotated, Union, UnionType, list, tuple, dict):
        for inner in get_args(annotation):
            yield from _models_in(inner)


def format_location(location: Location) -> str:
    """A key with its list indices, such as ``plays[0].action``; empty for the whole data."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _format_value(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
