"""The stored files, and the first place in which a result differs from them."""

import json
from math import isclose
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_MISSING = "nothing"


def path_of(name: str) -> Path:
    """Where the golden file of that name is."""
    return FOLDER / f"{name}.json"


def read(name: str) -> Any:
    """What is stored under a name; None where nothing is."""
    path = path_of(name)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def write(name: str, result: Any) -> None:
    """Store a result under a name."""
    path = path_of(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def first_difference(stored: Any, found: Any, at: str = "") -> str | None:
    """Where two results first differ and how, in the order of the stored one; None where they are equal."""
    if isinstance(stored, dict) and isinstance(found, dict):
        for key in sorted({*stored, *found}):
            difference = first_difference(stored.get(key, _MISSING), found.get(key, _MISSING), f"{at}.{key}")
            if difference is not None:
                return difference
        return None
    if isinstance(stored, list) and isinstance(found, list):
        for place in range(max(len(stored), len(found))):
            both = [each[place] if place < len(each) else _MISSING for each in (stored, found)]
            difference = first_difference(*both, f"{at}[{place}]")
            if difference is not None:
                return difference
        return None
    # What goes through JSON has no tuples, and its integers stay integers.
    if type(stored) is type(found) and (stored == found or _differ_by_rounding(stored, found)):
        return None
    return f"{at.removeprefix('.') or 'whole file'}: stored {json.dumps(stored)[:200]}, found {json.dumps(found)[:200]}"


def _differ_by_rounding(stored: Any, found: Any) -> bool:
    """Whether two floats differ by one in the 12th digit, to which they are rounded.

    Another version of SciPy gives a quantile with another last bit, and that may cross the boundary of the rounding.
    """
    return isinstance(stored, float) and isclose(stored, found, rel_tol=1e-11)
