"""Values in nested tables, by their path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.nested_tables import find_value, nest, remove_key, replace_value

names = st.text("abc", min_size=1, max_size=2)
paths = st.lists(names, min_size=1, max_size=4)
tables = st.recursive(st.integers(), lambda inner: st.dictionaries(names, inner, max_size=3), max_leaves=8).map(
    lambda inner: inner if isinstance(inner, dict) else {"a": inner}
)


@given(paths, st.integers())
def test_a_nested_value_is_found_replaced_and_removed(path, value):
    data = nest(value, path)
    assert find_value(data, path) == value
    assert replace_value(data, path, value + 1) == nest(value + 1, path)
    assert find_value(remove_key(data, path), path) is None
    assert data == nest(value, path)


@given(tables, paths)
def test_a_path_that_does_not_exist_has_no_value_and_removes_nothing(data, path):
    removed = remove_key(data, path)
    assert find_value(removed, path) is None
    if find_value(data, path) is None:
        assert removed == data


@pytest.mark.parametrize("data", [{}, {"a": 1}, {"a": [1]}, {"a": "text"}, None])
def test_a_value_that_is_no_table_has_nothing_below_it(data):
    assert find_value(data, ("a", "b")) is None
