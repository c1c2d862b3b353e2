"""The cache returns what `create` would return, and keeps a limited number of results."""

from operator import eq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.runtime.recent_cache import RecentCache


@pytest.mark.medium
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=60))
def test_caching_only_changes_how_often_results_are_created(requests):
    owners, cache, created = [object() for _ in range(4)], RecentCache(), []
    for owner, option in requests:

        def create(owner=owner, option=option):
            created.append((owner, option))
            return (owner, option)

        assert cache.get_or_create([owners[owner]], (option,), create) == (owner, option)
    assert set(created) == set(requests)
    if len(set(requests)) <= 8:
        assert len(created) == len(set(requests))
    assert len(cache._entries) <= 8


def test_by_default_equal_objects_are_different():
    cache, first, second = RecentCache(), [1], [1]
    assert cache.get_or_create([first], (), lambda: "of the first") == "of the first"
    assert cache.get_or_create([second], (), lambda: "of the second") == "of the second"
    assert cache.get_or_create([first, second], (), lambda: "of both") == "of both"
    assert cache.get_or_create([first], (), lambda: "created again") == "of the first"


def test_a_cache_by_equality_finds_the_result_of_an_equal_object():
    cache = RecentCache(matches=eq)
    assert cache.get_or_create([[1]], (5,), lambda: "first") == "first"
    assert cache.get_or_create([[1]], (5,), lambda: "second") == "first"
    assert cache.get_or_create([[1]], (6,), lambda: "another key") == "another key"
    assert cache.get_or_create([[2]], (5,), lambda: "another object") == "another object"


def test_the_oldest_result_is_removed_first():
    cache = RecentCache(capacity=2, matches=eq)
    for number in range(3):
        cache.get_or_create([number], (), lambda number=number: number)
    assert cache.get_or_create([2], (), lambda: "created again") == 2
    assert cache.get_or_create([0], (), lambda: "created again") == "created again"


def test_a_cleared_cache_creates_again():
    cache = RecentCache(matches=eq)
    assert cache.get_or_create([1], (), lambda: "first") == "first"
    cache.clear()
    assert cache.get_or_create([1], (), lambda: "second") == "second"


def test_an_error_is_not_cached():
    cache = RecentCache()
    with pytest.raises(ZeroDivisionError):
        cache.get_or_create([cache], (), lambda: 1 // 0)
    assert cache.get_or_create([cache], (), lambda: 5) == 5
