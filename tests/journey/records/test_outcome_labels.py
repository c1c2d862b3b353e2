"""Labels of outcomes have one meaning in every spelling."""

from hypothesis import given
from hypothesis import strategies as st

from journey.records.outcome_labels import (
    KNOWN_OUTCOMES,
    NEUTRAL_OUTCOMES,
    SUCCESS_OUTCOMES,
    UNRESOLVED_OUTCOMES,
    normalise_outcome,
)


def test_no_label_has_two_meanings():
    assert len(KNOWN_OUTCOMES) == len(SUCCESS_OUTCOMES) + len(UNRESOLVED_OUTCOMES) + len(NEUTRAL_OUTCOMES)


@given(st.sampled_from(sorted(KNOWN_OUTCOMES)), st.sampled_from([str.upper, str.title, str.lower]),
       st.sampled_from(["_", " ", "-", "  "]), st.text(" \t", max_size=2))  # fmt: skip
def test_capitals_separators_and_space_do_not_matter(label, change, separator, space):
    assert normalise_outcome(space + change(label.replace("_", separator)) + space) == label
