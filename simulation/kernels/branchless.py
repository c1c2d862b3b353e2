"""Choosing between two numbers without a jump, where nobody could foretell which it will be.

The compiler makes jumps of most choices, because a jump that is foretold costs nothing. One that is not costs as much
as fifty additions; and which of a customer's clocks is the next to run out, for one, is chance.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic


@intrinsic  # type: ignore[untyped-decorator]
def select(_context: Any, _condition: Any, this: Any, other: Any) -> Any:
    """One number if the condition holds, and the other if not; both integers, or both floats."""
    are_integers = isinstance(this, types.Integer) and isinstance(other, types.Integer)
    kind = types.int64 if are_integers else types.float64
    return kind(types.boolean, kind, kind), _select


def _select(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
    chosen = builder.select(*given)
    chosen.set_metadata("unpredictable", builder.module.add_metadata([]))
    return chosen
