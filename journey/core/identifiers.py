"""Identifiers as text from outside: their ends are trimmed once, the same way for reading and for writing.

An identifier must be found again under the spelling in which it was written. `normalise_identifier` is therefore
applied to records when they are read, and to names and IDs before they are written; `TRIMMED_ENDS_PATTERN` is the same
rule for SQL.

Identifiers that differ within the text are different identifiers. `spelling_key` is equal for spellings that only look
different, or that a program changed on the way. It serves to report near matches and to refuse look-alikes of a person.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from journey.core.errors import InputError

_CONTROLS = (("0000", "0020"), ("007F", "00A0"))
_SPACES = (("1680", "1680"), ("2000", "200A"), ("2028", "2029"), ("202F", "202F"), ("205F", "205F"), ("2800", "2800"),
           ("3000", "3000"))  # fmt: skip
# The characters that Unicode calls default ignorable: nothing is shown for them.
_IGNORABLE = (("00AD", "00AD"), ("034F", "034F"), ("061C", "061C"), ("115F", "1160"), ("17B4", "17B5"),
              ("180B", "180F"), ("200B", "200F"), ("202A", "202E"), ("2060", "206F"), ("3164", "3164"),
              ("FE00", "FE0F"), ("FEFF", "FEFF"), ("FFA0", "FFA0"), ("FFF0", "FFFB"), ("1BCA0", "1BCA3"),
              ("1D173", "1D17A"), ("E0000", "E0FFF"))  # fmt: skip
# In the notation of RE2, which DuckDB uses.
_INVISIBLE = "".join(rf"\x{{{first}}}-\x{{{last}}}" for first, last in (*_CONTROLS, *_SPACES, *_IGNORABLE))

TRIMMED_ENDS_PATTERN = f"^[{_INVISIBLE}]+|[{_INVISIBLE}]+$"
"""Regular expression of DuckDB for what `normalise_identifier` removes."""

_PYTHON_INVISIBLE = re.sub(r"\\x\{(\w+)\}", lambda found: rf"\U{found[1]:0>8}", _INVISIBLE)
_INVISIBLE_ANYWHERE = re.compile(f"[{_PYTHON_INVISIBLE}]+")
_TRIMMED_ENDS = re.compile(rf"\A[{_PYTHON_INVISIBLE}]+|[{_PYTHON_INVISIBLE}]+\Z")
_NUMBER = re.compile(r"0*([0-9]+)(?:\.0+)?")

# Cyrillic and Greek letters that look like a Latin letter in lower case or in capitals.
_LOOK_ALIKES = str.maketrans("авекмнорстухіјѕԁһԛԝαβεζηικμνορτυχ", "abekmhopctyxijsdhqwabezhikmnoptyx")


def normalise_identifier(text: str) -> str:
    """An identifier, or the name of a person, without white space and invisible characters at its ends.

    The text between the ends is unchanged. The result is empty if nothing visible remains.
    """
    return _TRIMMED_ENDS.sub("", text)


def require_identifier(text: str, name: str) -> str:
    """The normalised identifier.

    Args:
        text: The identifier as given.
        name: What it identifies, for the message, for instance ``--by``.

    Raises:
        InputError: Nothing visible remains.
    """
    identifier = normalise_identifier(text)
    if not identifier:
        raise InputError(f"{name}: is blank; give at least one visible character")
    return identifier


@dataclass(frozen=True, slots=True)
class _Step:
    """One difference that `spelling_key` ignores: its name after "differ", and the text without it."""

    name: str
    remove: Callable[[str], str]
    is_visible: bool


def _drop_invisible(text: str) -> str:
    return _INVISIBLE_ANYWHERE.sub("", text)


def _compose(text: str) -> str:
    return _drop_invisible(unicodedata.normalize("NFKC", text))


def _fold_look_alikes(text: str) -> str:
    # Decomposed, so that a letter with an accent is replaced as well.
    return unicodedata.normalize("NFKD", text).translate(_LOOK_ALIKES)


def _plain_number(text: str) -> str:
    number = _NUMBER.fullmatch(text)
    return number[1] if number else text


_STEPS = (
    _Step("in white space or invisible characters", _drop_invisible, is_visible=False),
    _Step("in the Unicode form of a character", _compose, is_visible=False),
    _Step("in capitals", str.casefold, is_visible=True),
    _Step("in letters of different scripts", _fold_look_alikes, is_visible=False),
    _Step("in the zeros of a number", _plain_number, is_visible=True),
)


def spelling_key(text: str) -> str:
    """A key that two identifiers share if they differ in spelling only.

    It ignores capitals, white space, invisible characters, Unicode forms, Cyrillic and Greek letters that look like
    Latin ones, leading zeros of a whole number and a ``.0`` after it.
    """
    for step in _STEPS:
        text = step.remove(text)
    return text


def looks_like(text: str, other: str) -> bool:
    """Whether two identifiers, or names of persons, differ in spelling only (see `spelling_key`)."""
    return spelling_key(text) == spelling_key(other)


def describe_difference(text: str, other: str) -> str:
    """How two spellings with the same `spelling_key` differ, for instance ``in capitals``.

    A difference that a reader cannot see is followed by both spellings, with codes for characters beyond ASCII.
    """
    differences = []
    one, two = text, other
    for step in _STEPS:
        before, (one, two) = (one, two), (step.remove(one), step.remove(two))
        if before[0] != before[1] and (one == two or (one != before[0]) != (two != before[1])):
            differences.append(step)
    names = " and ".join(step.name for step in differences)
    return names if all(step.is_visible for step in differences) else f"{names} ({text!a} and {other!a})"
