"""A strategy for tables of keys, some of which may be absent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Mapping


@st.composite
def tables(
    draw: st.DrawFn,
    optional: Mapping[str, st.SearchStrategy[Any]],
    required: Mapping[str, st.SearchStrategy[Any]] | None = None,
) -> dict[str, Any]:
    """Tables with all required keys and some of the optional ones.

    Unlike `hypothesis.strategies.fixed_dictionaries`, it has one decision per optional key. So a table shrinks to the
    keys that matter, each with its smallest value.

    Args:
        draw: Provided by Hypothesis.
        optional: The values of keys that may be absent.
        required: The values of keys that are always there.
    """
    table = {name: draw(values) for name, values in (required or {}).items()}
    return table | {name: draw(values) for name, values in optional.items() if draw(st.booleans())}
