"""Overrides, ``a.b.c=value``: one key of a scenario in TOML syntax; a bare word is text.

The command line gives them with `--set`, Python as `overrides`; errors name the override itself.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from journey.core.errors import InputError
from journey.core.nested_tables import nest
from journey.core.toml_files import parse_toml
from journey.core.toml_text import format_inline
from scenarios.files.merging import Layer, normalise

_MAX_DEPTH = 30
_MAX_SHOWN_CHARACTERS = 80
_KEY = re.compile(r"""(?:[^="']|"(?:[^"\\]|\\.)*"|'[^']*')*""", re.DOTALL)
"""A dotted key. An equals sign ends it, except in quoted steps: ``guardrails."churn_rate[tier=high]"``."""


def parse_override(argument: str) -> Layer:
    """The layer of one ``key=value`` argument.

    Raises:
        InputError: There is no ``=``, the key is not a dotted key, or the value is invalid TOML.
    """
    key, equals, value = _split(argument)
    if not equals:
        raise InputError(f"override {argument!r}: write it as key=value, for instance population.size=5000")
    path = parse_key(key.strip(), argument)
    return Layer(argument, normalise(nest(_parse_value(value.strip(), argument), path)))


def _split(argument: str) -> tuple[str, str, str]:
    """The key, the sign after it, and the value; as with `str.partition`, the last two may be empty."""
    found = _KEY.match(argument)
    end = found.end() if found else 0
    if argument[end : end + 1] != "=":
        # A quote is not closed, which the parser of the key reports.
        return argument.partition("=")
    return argument[:end], "=", argument[end + 1 :]


def parse_key(key: str, argument: str) -> tuple[str, ...]:
    """The steps of a dotted key; quoted steps are read as in TOML.

    Args:
        key: The key.
        argument: The argument that it is part of, for messages.

    Raises:
        InputError: It is not a dotted key.
    """
    path: list[str] = []
    if key.count(".") > _MAX_DEPTH:
        raise InputError(
            f"{argument[:60]}...: the key has more than {_MAX_DEPTH} steps, and no key of a scenario has that many"
        )
    try:
        table: Any = parse_toml(f"{key} = 0") if "\n" not in key else {}
    except tomllib.TOMLDecodeError:
        table = {}
    while isinstance(table, dict) and len(table) == 1:
        (step, table) = next(iter(table.items()))
        path.append(step)
    if not path or table != 0:
        raise InputError(f"{argument}: {key!r} is not a dotted key such as world.frailty_spread")
    return tuple(path)


def _parse_value(text: str, argument: str) -> Any:
    try:
        parsed = parse_toml(f"value = {text}")
    except tomllib.TOMLDecodeError as error:
        if not text or text[0] in "\"'[{":
            expected = "is not a TOML value" if text else "has no value after the ="
            shown = argument if len(argument) <= _MAX_SHOWN_CHARACTERS else f"{argument[:_MAX_SHOWN_CHARACTERS]}..."
            raise InputError(f"{shown}: {expected} ({_strip_position(error)})") from None
        return text
    if set(parsed) != {"value"}:
        raise InputError(f"{argument}: one value per override; give each key an override of its own")
    return parsed["value"]


def _strip_position(error: tomllib.TOMLDecodeError) -> str:
    return re.sub(r" \(at .*\)$", "", str(error))


def format_overrides(overrides: Mapping[str, object] | Sequence[str] | None) -> list[str]:
    """Overrides as ``key=value`` arguments: a mapping from dotted key to Python value, or such arguments.

    Raises:
        InputError: A value has no form in TOML.
    """
    if isinstance(overrides, str):
        raise InputError(f"overrides: give a mapping, or a list of key=value texts such as [{overrides!r}]")
    if isinstance(overrides, Mapping):
        return [f"{key}={format_inline(_to_plain(key, value))}" for key, value in overrides.items()]
    return list(overrides or ())


def _to_plain(key: str, value: object) -> object:
    """A value in types that TOML has."""
    if hasattr(value, "item"):
        value = value.item()  # a NumPy scalar
    if isinstance(value, Mapping):
        return {str(name): _to_plain(key, item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_plain(key, item) for item in value]
    if isinstance(value, bool | int | float | str | date):
        return value
    raise InputError(
        f"overrides: {key}: {type(value).__name__} is not a TOML value; give a number, a text, a boolean, a date, a "
        "list or a mapping"
    )
