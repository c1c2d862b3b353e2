"""Merging nested mappings."""

from journey.core.merging import deep_merge


def test_tables_are_merged_and_lists_are_replaced() -> None:
    base = {"a": {"x": 1, "y": [1, 2]}, "b": 1}
    assert deep_merge(base, {"a": {"y": [3]}, "c": {"z": 0}}) == {"a": {"x": 1, "y": [3]}, "b": 1, "c": {"z": 0}}
    assert base == {"a": {"x": 1, "y": [1, 2]}, "b": 1}


def test_a_value_and_a_table_replace_each_other() -> None:
    assert deep_merge({"a": {"x": 1}}, {"a": 2}) == {"a": 2}
    assert deep_merge({"a": 2}, {"a": {"x": 1}}) == {"a": {"x": 1}}


def test_excluded_keys_of_the_base_are_dropped_in_their_table_only() -> None:
    def dropped(table, keys):
        return frozenset({"rate"} if table == "reviewers" and "count" in keys else ())

    base = {"rate": 1, "reviewers": {"rate": 2, "hours": 3}}
    merged = deep_merge(base, {"reviewers": {"count": 4}, "count": 5}, dropped_keys=dropped)
    assert merged == {"rate": 1, "reviewers": {"hours": 3, "count": 4}, "count": 5}
