"""Identifiers as text from outside: their ends are trimmed once, the same way for reading and for writing.

An identifier must be found again under the spelling in which it was written. `normalise_identifier` is therefore
applied to records when they are read, and to names and IDs before they are written; `TRIMMED_ENDS_PATTERN` is the same
rule for SQL.

Identifiers that differ within the text are different identifiers. `spelling_key` is equal for spellings that only look
different, or that a program changed on the way. It serves to report near matches and to refuse look-alikes of a person.
"""

import re
import unicodedata

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


def spelling_key(text: str) -> str:
    """A key that two identifiers share if they differ in spelling only.

    It ignores capitals, white space, invisible characters, Unicode forms, Cyrillic and Greek letters that look like
    Latin ones, leading zeros of a whole number and a ``.0`` after it.
    """
    # The last form is decomposed, so that a letter with an accent is replaced as well.
    visible = _INVISIBLE_ANYWHERE.sub("", unicodedata.normalize("NFKC", text))
    folded = unicodedata.normalize("NFKD", visible.casefold()).translate(_LOOK_ALIKES)
    number = _NUMBER.fullmatch(folded)
    return number[1] if number else folded


def looks_like(text: str, other: str) -> bool:
    """Whether two identifiers, or names of persons, differ in spelling only (see `spelling_key`)."""
    return spelling_key(text) == spelling_key(other)
