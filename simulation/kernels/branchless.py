"""Selecting one of two numbers without a branch, where the choice is unpredictable.

Compilers turn most choices into branches, because a correctly predicted branch is free. A mispredicted one costs as
much as fifty additions. Which of a customer's clocks runs out next, for example, is random.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic


@intrinsic  # type: ignore[untyped-decorator]
def select(_context: Any, _condition: Any, this: Any, other: Any) -> Any:
    """`this` if the condition is true, otherwise `other`; both must be integers, or both floats."""
    are_integers = isinstance(this, types.Integer) and isinstance(other, types.Integer)
    kind = types.int64 if are_integers else types.float64
    return kind(types.boolean, kind, kind), _select


def _select(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
    chosen = builder.select(*arguments)
    chosen.set_metadata("unpredictable", builder.module.add_metadata([]))
    return chosen
