"""Rows that came out of a join in any order, put together by case: counted, placed and sorted, all on arrays.

A database sorts millions of rows by five columns in a second; cases have a handful of rows each, so counting the rows
of each case and sorting within it takes a tenth of that. The functions are plain loops for `journey.jit` to compile.
"""

from typing import Any

from journey.rules import is_duplicate

GAPS = (1391376, 463792, 198768, 86961, 33936, 13776, 4592, 1968, 861, 336, 112, 48, 21, 7, 3, 1)
"""Gaps of Shell's sort (Incerpi and Sedgewick, "Improved upper bounds on shellsort", 1985).

They keep a case of a million rows from being a trap."""

NOTHING = -1
"""No entry, or no stage before it."""


def count_rows(case_ids: Any, starts: Any) -> None:
    """Fill `starts`, one longer than the cases are many and all zero, so that case i has rows starts[i]:starts[i+1]."""
    for row in range(len(case_ids)):
        starts[case_ids[row] + 1] += 1
    for case in range(1, len(starts)):
        starts[case] += starts[case - 1]


def place_rows(case_ids: Any, starts: Any, free: Any, order: Any) -> None:
    """Fill `order` with the rows of case 0, then of case 1 and so on, each in the order in which they came.

    Args:
        case_ids: Per row its case.
        starts: As `count_rows` made them.
        free: Scratch, one per case.
        order: Rows by case.
    """
    for case in range(len(free)):
        free[case] = starts[case]
    for row in range(len(case_ids)):
        case = case_ids[row]
        order[free[case]] = row
        free[case] += 1


def comes_before(left: int, right: int, ages: Any, types: Any, sources: Any, strengths: Any) -> bool:
    """Whether signal `left` stands before `right` in canonical order: the older, then type, source and strength."""
    if ages[left] != ages[right]:
        return bool(ages[left] > ages[right])
    if types[left] != types[right]:
        return bool(types[left] < types[right])
    if sources[left] != sources[right]:
        return bool(sources[left] < sources[right])
    return bool(strengths[left] < strengths[right])


def sort_signals(starts: Any, order: Any, ages: Any, types: Any, sources: Any, strengths: Any) -> None:
    """Bring the rows of each case in `order` into canonical order (Shell's sort, in place)."""
    for case in range(len(starts) - 1):
        start, stop = starts[case], starts[case + 1]
        for gap in GAPS:
            for place in range(start + gap, stop):
                row, hole = order[place], place
                while hole >= start + gap and comes_before(row, order[hole - gap], ages, types, sources, strengths):
                    order[hole] = order[hole - gap]
                    hole -= gap
                order[hole] = row


def newest_entry(
    rows: Any, start: int, stop: int, moments: Any, stages: Any, previous: Any, ranks: Any, left: Any
) -> int:
    """The row of ``rows[start:stop]`` that says where the customer is: `JourneyStateEvaluator` in numbers.

    The latest one; of several of that moment one whose stage no other of them came from, then the later stage, then
    the later name of the stage before.

    Args:
        rows: Rows by case.
        start: First of the case's.
        stop: One past the last.
        moments: Per row when the stage was entered.
        stages: Per row the number of the stage's name.
        previous: Per row that of the stage before, or NOTHING.
        ranks: Two columns by number of a name, the last for NOTHING: place as a stage, and as a text.
        left: Scratch by number of a name, all False, and so again afterwards.

    Returns:
        The row, or NOTHING where there is none.
    """
    newest = NOTHING
    for place in range(start, stop):
        row = rows[place]
        if newest == NOTHING or moments[row] > moments[newest]:
            newest = row
    if newest == NOTHING:
        return NOTHING
    moment = moments[newest]
    for place in range(start, stop):
        row = rows[place]
        if moments[row] == moment and previous[row] != NOTHING and previous[row] != stages[row]:
            left[previous[row]] = True
    for place in range(start, stop):
        row = rows[place]
        if moments[row] == moment and is_later(row, newest, stages, previous, ranks, left):
            newest = row
    for place in range(start, stop):
        row = rows[place]
        if previous[row] != NOTHING:
            left[previous[row]] = False
    return newest


def is_later(row: int, other: int, stages: Any, previous: Any, ranks: Any, left: Any) -> bool:
    """Whether of two entries of one moment `row` says where the customer went in the end; see `newest_entry`."""
    row_stays, other_stays = not left[stages[row]], not left[stages[other]]
    if row_stays != other_stays:
        return bool(row_stays)
    if stages[row] != stages[other]:
        return bool(ranks[stages[row], 0] > ranks[stages[other], 0])
    return bool(ranks[previous[row], 1] > ranks[previous[other], 1])


def find_states(
    starts: Any, order: Any, moments: Any, stages: Any, previous: Any, ranks: Any, left: Any, out: Any
) -> None:
    """Where each case stands.

    Args:
        starts: First row of each case.
        order: Rows by case; reordered within a case.
        moments: As in `newest_entry`.
        stages: As in `newest_entry`.
        previous: As in `newest_entry`.
        ranks: As in `newest_entry`.
        left: As in `newest_entry`.
        out: Three columns by case: number of the stage's name or NOTHING, moment of entry, and number of the name of
            the stage before, which is taken from the entries before where the newest does not say it.
    """
    for case in range(len(starts) - 1):
        start, stop = starts[case], starts[case + 1]
        newest = newest_entry(order, start, stop, moments, stages, previous, ranks, left)
        out[case, 0], out[case, 1], out[case, 2] = NOTHING, 0, NOTHING
        if newest == NOTHING:
            continue
        before = previous[newest]
        if before == NOTHING:
            # Those of earlier moments to the front; the order of the rest does not matter.
            end = start
            for place in range(start, stop):
                row = order[place]
                if moments[row] < moments[newest]:
                    order[place], order[end] = order[end], row
                    end += 1
            earlier = newest_entry(order, start, end, moments, stages, previous, ranks, left)
            before = NOTHING if earlier == NOTHING else stages[earlier]
        out[case, 0], out[case, 1], out[case, 2] = stages[newest], moments[newest], before


def mark_counted(starts: Any, ages: Any, types: Any, sources: Any, positive: Any, oldest: float, out: Any) -> None:
    """Mark the signals that count and are not older than `oldest` days: those that a decision is said to rest on."""
    for case in range(len(starts) - 1):
        start, stop = starts[case], starts[case + 1]
        for i in range(start, stop):
            twin = is_duplicate(i, start, stop, ages, types, sources, positive[types[i]])
            out[i] = not twin and ages[i] <= oldest


KERNELS: tuple[Any, ...] = (
    count_rows,
    place_rows,
    comes_before,
    sort_signals,
    is_later,
    newest_entry,
    find_states,
    mark_counted,
)
"""What `journey.jit` compiles."""
