"""The first difference between two sequences of rows."""

from simulation.trace.differences import RowDifference, find_first_difference
from simulation.trace.events import Row


def row(time, label="healthy", value=None):
    return Row(time, 7, "baseline", "signal", "active", None, label, None, None, value)


def test_equal_sequences_have_no_difference():
    assert find_first_difference([], []) is None
    assert find_first_difference([row(1.0), row(2.0)], [row(1.0), row(2.0)]) is None


def test_the_first_of_several_differences_is_found():
    difference = find_first_difference([row(1.0), row(2.0), row(4.0)], [row(1.0), row(3.0), row(5.0)])
    assert difference == RowDifference(1, (row(2.0), row(3.0)))
    assert difference.time == 2.0


def test_a_sequence_that_ends_early_differs_where_it_ends():
    assert find_first_difference([row(1.0), row(2.0)], [row(1.0)]) == RowDifference(1, (row(2.0), None))
    assert find_first_difference([row(1.0)], [row(1.0), row(2.0)]) == RowDifference(1, (None, row(2.0)))
    assert find_first_difference([], [row(2.0)]).time == 2.0


def test_rows_can_be_compared_by_some_columns():
    ours, theirs = [row(1.0, value=5.0), row(2.0, "angry")], [row(1.0, value=6.0), row(2.0)]

    def same(one, other):
        return one.label == other.label

    assert find_first_difference(ours, theirs).index == 0
    assert find_first_difference(ours, theirs, same).index == 1
