"""What is remembered is what would be made again, of the very same objects, and no more of it than a few."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.runtime.identity_cache import IdentityCache


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=60))
def test_it_makes_no_difference_but_for_how_often_things_are_made(asked):
    owners, lately, made = [object() for _ in range(4)], IdentityCache(), []
    for owner, how in asked:

        def make(owner=owner, how=how):
            made.append((owner, how))
            return (owner, how)

        assert lately.get_or_create([owners[owner]], (how,), make) == (owner, how)
    assert set(made) == set(asked)
    if len(set(asked)) <= 8:
        assert len(made) == len(set(asked))
    assert len(lately._entries) <= 8


def test_equal_objects_are_not_taken_for_one_another():
    lately, one, other = IdentityCache(), [1], [1]
    assert lately.get_or_create([one], (), lambda: "of one") == "of one"
    assert lately.get_or_create([other], (), lambda: "of the other") == "of the other"
    assert lately.get_or_create([one, other], (), lambda: "of both") == "of both"
    assert lately.get_or_create([one], (), lambda: "anew") == "of one"


def test_an_error_is_not_remembered():
    lately = IdentityCache()
    with pytest.raises(ZeroDivisionError):
        lately.get_or_create([lately], (), lambda: 1 // 0)
    assert lately.get_or_create([lately], (), lambda: 5) == 5
