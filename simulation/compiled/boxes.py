"""Named arrays behind one pointer.

Compiled functions that take a named tuple of sixty arrays take four hundred arguments each, and compiling them takes
minutes. In a Numba structure reference the same names are behind one pointer, and compiling takes seconds.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import njit, typeof, types
from numba.experimental import structref


@structref.register
class BoxType(types.StructRef):  # type: ignore[misc]  # Numba has no types
    """A structure reference with any fields."""

    def preprocess_fields(self, fields: Any) -> Any:
        """Literal types become plain ones, so that one compiled function serves all values."""
        return tuple((name, types.unliteral(kind)) for name, kind in fields)


class Box(structref.StructRefProxy):  # type: ignore[misc]
    """The Python side of a box; compiled code reads its fields by name."""


structref.define_boxing(BoxType, Box)


def boxed(values: Any) -> Any:
    """A box with the fields of a named tuple; tuples inside become boxes too."""
    inner = [boxed(value) if hasattr(value, "_fields") else value for value in values]
    return _maker(values._fields, tuple(typeof(value) for value in inner))(*inner)


@cache
def _maker(names: tuple[str, ...], kinds: tuple[Any, ...]) -> Any:
    box = BoxType(list(zip(names, kinds, strict=True)))
    scope: dict[str, Any] = {"new": structref.new, "box": box}
    sets = "\n".join(f"    made.{name} = {name}" for name in names)
    exec(f"def make({', '.join(names)}):\n    made = new(box)\n{sets}\n    return made\n", scope)  # noqa: S102
    return njit(scope["make"])
