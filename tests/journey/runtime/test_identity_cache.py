"""What is remembered is what would be made again, of the very same objects, and no more of it than a few."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.runtime.identity_cache import Lately


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=60))
def test_it_makes_no_difference_but_for_how_often_things_are_made(asked):
    owners, lately, made = [object() for _ in range(4)], Lately(), []
    for owner, how in asked:

        def make(owner=owner, how=how):
            made.append((owner, how))
            return (owner, how)

        assert lately.made([owners[owner]], (how,), make) == (owner, how)
    assert set(made) == set(asked)
    if len(set(asked)) <= 8:
        assert len(made) == len(set(asked))
    assert len(lately._kept) <= 8


def test_equal_objects_are_not_taken_for_one_another():
    lately, one, other = Lately(), [1], [1]
    assert lately.made([one], (), lambda: "of one") == "of one"
    assert lately.made([other], (), lambda: "of the other") == "of the other"
    assert lately.made([one, other], (), lambda: "of both") == "of both"
    assert lately.made([one], (), lambda: "anew") == "of one"


def test_an_error_is_not_remembered():
    lately = Lately()
    with pytest.raises(ZeroDivisionError):
        lately.made([lately], (), lambda: 1 // 0)
    assert lately.made([lately], (), lambda: 5) == 5
