"""The smallest case that a strategy draws."""

from collections.abc import Callable
from typing import Any

from hypothesis import find, settings
from hypothesis import strategies as st

# As a user would find it; the profile of these tests draws too few examples to find rare cases.
_SETTINGS = settings(max_examples=2000, derandomize=True, database=None, deadline=None)


def smallest(strategy: st.SearchStrategy[Any], condition: Callable[[Any], bool] = lambda _: True) -> Any:
    """The smallest drawn case that meets the condition."""
    return find(strategy, condition, settings=_SETTINGS)
