"""Group rows by case and sort them within each case, with loops over arrays.

A database sorts millions of rows by five columns in a second. A case has only a few rows, so a counting sort by case
and a sort within each case take a tenth of that time. The functions are plain loops that `journey.runtime.jit`
compiles.
"""

from functools import cache
from typing import Any

from journey.decision.rules import is_duplicate

SHELL_SORT_GAPS = (1391376, 463792, 198768, 86961, 33936, 13776, 4592, 1968, 861, 336, 112, 48, 21, 7, 3, 1)
"""Gaps of Shell's sort (Incerpi and Sedgewick, "Improved upper bounds on shellsort", 1985).

They keep the sort fast for a case with a million rows."""

NO_INDEX = -1
"""No case, no entry, or no previous stage."""

HASH_BASIS = -3750763034362895579
HASH_PRIME = 1099511628211
"""Basis (as a signed number) and prime of the hash FNV-1a, 64 bits (Fowler, Noll and Vo; RFC 9923)."""

LOWER_HALF_MASK = 0xFFFFFFFF

MAX_WRONG_GUESSES = 64
"""After this number of consecutive wrong guesses, a guess is made only once in this number of rows."""


def hash_bytes(data: Any, start: int, stop: int) -> int:
    """Return the FNV-1a hash of the bytes ``data[start:stop]``, with its upper half folded into the lower one."""
    digest = HASH_BASIS
    for position in range(start, stop):
        digest = (digest ^ int(data[position])) * HASH_PRIME
    return digest ^ (digest >> 32)


def fill_slots(data: Any, ends: Any, slots: Any) -> None:
    """Enter each text into a hash table: the upper half of its hash and, in the lower half, its index plus one.

    Args:
        data: The bytes of all texts.
        ends: Text i is ``data[ends[i]:ends[i + 1]]``.
        slots: The table, filled with zeros; its length is a power of two and more than the number of texts.
    """
    mask = len(slots) - 1
    for text in range(len(ends) - 1):
        digest = hash_bytes(data, ends[text], ends[text + 1])
        slot = digest & mask
        while slots[slot] != 0:
            slot = (slot + 1) & mask
        slots[slot] = (digest & ~LOWER_HALF_MASK) | (text + 1)


def is_same(data: Any, start: int, size: int, known_data: Any, known_ends: Any, known: int) -> bool:
    """Return whether the text ``data[start:start + size]`` equals the known text of index `known`."""
    first = known_ends[known]
    if known_ends[known + 1] - first != size:
        return False
    matching = 0
    while matching < size and data[start + matching] == known_data[first + matching]:
        matching += 1
    return bool(matching == size)


def find_text(data: Any, start: int, size: int, known_data: Any, known_ends: Any, slots: Any) -> int:
    """Return the index of the text ``data[start:start + size]`` among the known ones, or NO_INDEX; see `find_texts`."""
    mask = len(slots) - 1
    digest = hash_bytes(data, start, start + size)
    slot = digest & mask
    while slots[slot] != 0:
        known = (slots[slot] & LOWER_HALF_MASK) - 1
        is_candidate = (slots[slot] ^ digest) & ~LOWER_HALF_MASK == 0
        if is_candidate and is_same(data, start, size, known_data, known_ends, known):
            return int(known)
        slot = (slot + 1) & mask
    return NO_INDEX


def find_texts(data: Any, ends: Any, known_data: Any, known_ends: Any, slots: Any, out: Any) -> None:
    """Find the index of each text among the known texts, or NO_INDEX.

    Tables are often in the same order, or sorted by customer. Then a text equals the text of the row before, or the
    next known text, and no search is needed. After `MAX_WRONG_GUESSES` failures this guess is made only rarely.

    Args:
        data: The bytes of the texts.
        ends: Text i is ``data[ends[i]:ends[i + 1]]``.
        known_data: The bytes of the known texts.
        known_ends: The offsets of the known texts, as in `ends`.
        slots: The hash table of the known texts; see `fill_slots`.
        out: Filled with the index of each text.
    """
    last = len(known_ends) - 2
    found = 0
    guesses_left = MAX_WRONG_GUESSES
    for text in range(len(out)):
        start, size = ends[text], ends[text + 1] - ends[text]
        guess = NO_INDEX
        if found <= last and (guesses_left > 0 or text % MAX_WRONG_GUESSES == 0):
            if is_same(data, start, size, known_data, known_ends, found):
                guess = found
            elif found < last and is_same(data, start, size, known_data, known_ends, found + 1):
                guess = found + 1
            guesses_left = max(guesses_left - 1, 0) if guess == NO_INDEX else MAX_WRONG_GUESSES
        if guess == NO_INDEX:
            guess = find_text(data, start, size, known_data, known_ends, slots)
        out[text] = guess
        if guess != NO_INDEX:
            found = guess


def count_rows(case_ids: Any, starts: Any) -> None:
    """Fill `starts` so that case i has the rows ``starts[i]:starts[i + 1]``.

    Args:
        case_ids: The case of each row.
        starts: Filled with zeros; one entry more than there are cases.
    """
    for row in range(len(case_ids)):
        starts[case_ids[row] + 1] += 1
    for case in range(1, len(starts)):
        starts[case] += starts[case - 1]


def place_rows(case_ids: Any, starts: Any, free: Any, order: Any) -> None:
    """Fill `order` with the rows of case 0, then of case 1 and so on, in input order within each case.

    Args:
        case_ids: The case of each row.
        starts: The result of `count_rows`.
        free: Scratch space, one entry per case.
        order: Filled with the rows by case.
    """
    for case in range(len(free)):
        free[case] = starts[case]
    for row in range(len(case_ids)):
        case = case_ids[row]
        order[free[case]] = row
        free[case] += 1


def comes_before(left: int, right: int, ages: Any, types: Any, sources: Any, strengths: Any) -> bool:
    """Return whether signal `left` is before `right` in canonical order: oldest first, then type, source, strength."""
    if ages[left] != ages[right]:
        return bool(ages[left] > ages[right])
    if types[left] != types[right]:
        return bool(types[left] < types[right])
    if sources[left] != sources[right]:
        return bool(sources[left] < sources[right])
    return bool(strengths[left] < strengths[right])


def sort_signals(starts: Any, order: Any, ages: Any, types: Any, sources: Any, strengths: Any) -> None:
    """Sort the rows of each case in `order` into canonical order (Shell's sort, in place)."""
    for case in range(len(starts) - 1):
        start, stop = starts[case], starts[case + 1]
        for gap in SHELL_SORT_GAPS:
            for position in range(start + gap, stop):
                row, hole = order[position], position
                while hole >= start + gap and comes_before(row, order[hole - gap], ages, types, sources, strengths):
                    order[hole] = order[hole - gap]
                    hole -= gap
                order[hole] = row


def find_newest_entry(
    rows: Any, start: int, stop: int, moments: Any, stages: Any, previous: Any, ranks: Any, left: Any
) -> int:
    """Return the row of ``rows[start:stop]`` with the customer's current stage, as `JourneyStateEvaluator` does.

    This is the latest entry. Among entries at the same time, an entry whose stage is not the previous stage of another
    one is preferred, then the later stage in the journey's order, then the later name of the previous stage.

    Args:
        rows: Rows by case.
        start: Position of the case's first row.
        stop: One past the position of its last row.
        moments: Entry time of each row.
        stages: Index of each row's stage name.
        previous: Index of each row's previous stage name, or NO_INDEX.
        ranks: Two columns by index of a name, the last row for NO_INDEX: rank as a stage, and rank as a text.
        left: Scratch space by index of a name; all False before and after the call.

    Returns:
        The row, or NO_INDEX without rows.
    """
    if stop - start == 1:
        # The common case: most customers have a single entry.
        return int(rows[start])
    newest = NO_INDEX
    for position in range(start, stop):
        row = rows[position]
        if newest == NO_INDEX or moments[row] > moments[newest]:
            newest = row
    if newest == NO_INDEX:
        return NO_INDEX
    moment = moments[newest]
    for position in range(start, stop):
        row = rows[position]
        if moments[row] == moment and previous[row] != NO_INDEX and previous[row] != stages[row]:
            left[previous[row]] = True
    for position in range(start, stop):
        row = rows[position]
        if moments[row] == moment and is_later(row, newest, stages, previous, ranks, left):
            newest = row
    for position in range(start, stop):
        row = rows[position]
        if previous[row] != NO_INDEX:
            left[previous[row]] = False
    return newest


def is_later(row: int, other: int, stages: Any, previous: Any, ranks: Any, left: Any) -> bool:
    """Return whether `row` is preferred over `other`, an entry at the same time; see `find_newest_entry`."""
    row_stays, other_stays = not left[stages[row]], not left[stages[other]]
    if row_stays != other_stays:
        return bool(row_stays)
    if stages[row] != stages[other]:
        return bool(ranks[stages[row], 0] > ranks[stages[other], 0])
    return bool(ranks[previous[row], 1] > ranks[previous[other], 1])


def find_states(
    starts: Any, order: Any, moments: Any, stages: Any, previous: Any, ranks: Any, left: Any, out: Any
) -> None:
    """Find the current stage of each case.

    Args:
        starts: First row of each case.
        order: Rows by case; reordered within a case.
        moments: As in `find_newest_entry`.
        stages: As in `find_newest_entry`.
        previous: As in `find_newest_entry`.
        ranks: As in `find_newest_entry`.
        left: As in `find_newest_entry`.
        out: Filled with three columns by case: index of the stage name or NO_INDEX, entry time, and index of the
            previous stage name. A missing previous stage is taken from the earlier entries.
    """
    for case in range(len(starts) - 1):
        start, stop = starts[case], starts[case + 1]
        newest = find_newest_entry(order, start, stop, moments, stages, previous, ranks, left)
        out[case, 0], out[case, 1], out[case, 2] = NO_INDEX, 0, NO_INDEX
        if newest == NO_INDEX:
            continue
        before = previous[newest]
        if before == NO_INDEX:
            # Move earlier entries to the front; the order of the rest does not matter.
            end = start
            for position in range(start, stop):
                row = order[position]
                if moments[row] < moments[newest]:
                    order[position], order[end] = order[end], row
                    end += 1
            earlier = find_newest_entry(order, start, end, moments, stages, previous, ranks, left)
            before = NO_INDEX if earlier == NO_INDEX else stages[earlier]
        out[case, 0], out[case, 1], out[case, 2] = stages[newest], moments[newest], before


def mark_counted(starts: Any, ages: Any, types: Any, sources: Any, positive: Any, oldest: float, out: Any) -> None:
    """Mark the signals that count and are at most `oldest` days old: those that a decision lists as triggers."""
    for case in range(len(starts) - 1):
        start, stop = starts[case], starts[case + 1]
        for i in range(start, stop):
            is_repeat = is_duplicate(i, start, stop, ages, types, sources, positive[types[i]])
            out[i] = not is_repeat and ages[i] <= oldest


KERNELS: tuple[Any, ...] = (
    hash_bytes,
    fill_slots,
    is_same,
    find_text,
    find_texts,
    count_rows,
    place_rows,
    comes_before,
    sort_signals,
    is_later,
    find_newest_entry,
    find_states,
    mark_counted,
)
"""The functions that `journey.runtime.jit` compiles."""

ENTRIES: tuple[Any, ...] = (
    fill_slots,
    find_texts,
    count_rows,
    place_rows,
    sort_signals,
    find_states,
    mark_counted,
)
"""The functions that Python calls."""


@cache
def get_kernels() -> Any:
    """Return the compiled functions of this module."""
    import sys

    from journey.decision import rules
    from journey.runtime.jit import NO_REFCOUNT_OPTIONS, compile_kernels

    return compile_kernels(rules, sys.modules[__name__], entries=ENTRIES, options=NO_REFCOUNT_OPTIONS)
