"""Rows that came in any order, put together by case: found, counted, placed and sorted, all on arrays.

A database sorts millions of rows by five columns in a second; cases have a handful of rows each, so counting the rows
of each case and sorting within it takes a tenth of that. The functions are plain loops for `journey.runtime.jit` to
compile.
"""

from functools import cache
from typing import Any

from journey.decision.rules import is_duplicate

SHELL_SORT_GAPS = (1391376, 463792, 198768, 86961, 33936, 13776, 4592, 1968, 861, 336, 112, 48, 21, 7, 3, 1)
"""Gaps of Shell's sort (Incerpi and Sedgewick, "Improved upper bounds on shellsort", 1985).

They keep a case of a million rows from being a trap."""

NO_INDEX = -1
"""No case, no entry, or no stage before it."""

HASH_BASIS = -3750763034362895579
HASH_PRIME = 1099511628211
"""Basis (as a signed number) and prime of the hash FNV-1a, 64 bits (Fowler, Noll and Vo; RFC 9923)."""

LOWER_HALF_MASK = 0xFFFFFFFF

MAX_WRONG_GUESSES = 64
"""So many wrong guesses in a row, and guessing stops; one in so many rows it is tried again."""


def hash_bytes(data: Any, start: int, stop: int) -> int:
    """The hash FNV-1a of the bytes ``data[start:stop]``, with its upper half folded into the lower one."""
    digest = HASH_BASIS
    for place in range(start, stop):
        digest = (digest ^ int(data[place])) * HASH_PRIME
    return digest ^ (digest >> 32)


def fill_slots(data: Any, ends: Any, slots: Any) -> None:
    """Enter each text into a table of hashes: the upper half of its hash and, in the lower half, its place plus one.

    Args:
        data: The bytes of all texts.
        ends: Text i is ``data[ends[i]:ends[i + 1]]``.
        slots: The table, all zero; its length is a power of two and more than the number of texts.
    """
    mask = len(slots) - 1
    for text in range(len(ends) - 1):
        digest = hash_bytes(data, ends[text], ends[text + 1])
        slot = digest & mask
        while slots[slot] != 0:
            slot = (slot + 1) & mask
        slots[slot] = (digest & ~LOWER_HALF_MASK) | (text + 1)


def is_same(data: Any, start: int, size: int, known_data: Any, known_ends: Any, known: int) -> bool:
    """Whether the text ``data[start:start + size]`` is the one at place `known` of the known ones."""
    first = known_ends[known]
    if known_ends[known + 1] - first != size:
        return False
    matching = 0
    while matching < size and data[start + matching] == known_data[first + matching]:
        matching += 1
    return bool(matching == size)


def find_text(data: Any, start: int, size: int, known_data: Any, known_ends: Any, slots: Any) -> int:
    """The place of the text ``data[start:start + size]`` among the known ones, or NOTHING; see `find_texts`."""
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
    """Per text the place of the same one among the known, or NOTHING.

    Tables are often in one order, or sorted by customer: then a text is that of the row before, or the one that
    follows it among the known, which is told without a search all over the memory. Where that fails for long, it is
    tried now and then only.

    Args:
        data: The bytes of the texts.
        ends: Text i is ``data[ends[i]:ends[i + 1]]``.
        known_data: The bytes of the known ones.
        known_ends: Likewise.
        slots: As `fill_slots` made it of the known ones.
        out: Per text the place.
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
        for gap in SHELL_SORT_GAPS:
            for place in range(start + gap, stop):
                row, hole = order[place], place
                while hole >= start + gap and comes_before(row, order[hole - gap], ages, types, sources, strengths):
                    order[hole] = order[hole - gap]
                    hole -= gap
                order[hole] = row


def find_newest_entry(
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
    if stop - start == 1:
        # Nothing to choose from, as for most customers of a young company.
        return int(rows[start])
    newest = NO_INDEX
    for place in range(start, stop):
        row = rows[place]
        if newest == NO_INDEX or moments[row] > moments[newest]:
            newest = row
    if newest == NO_INDEX:
        return NO_INDEX
    moment = moments[newest]
    for place in range(start, stop):
        row = rows[place]
        if moments[row] == moment and previous[row] != NO_INDEX and previous[row] != stages[row]:
            left[previous[row]] = True
    for place in range(start, stop):
        row = rows[place]
        if moments[row] == moment and is_later(row, newest, stages, previous, ranks, left):
            newest = row
    for place in range(start, stop):
        row = rows[place]
        if previous[row] != NO_INDEX:
            left[previous[row]] = False
    return newest


def is_later(row: int, other: int, stages: Any, previous: Any, ranks: Any, left: Any) -> bool:
    """Whether of two entries of one moment `row` says where the customer went in the end; see `find_newest_entry`."""
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
        moments: As in `find_newest_entry`.
        stages: As in `find_newest_entry`.
        previous: As in `find_newest_entry`.
        ranks: As in `find_newest_entry`.
        left: As in `find_newest_entry`.
        out: Three columns by case: number of the stage's name or NOTHING, moment of entry, and number of the name of
            the stage before, which is taken from the entries before where the newest does not say it.
    """
    for case in range(len(starts) - 1):
        start, stop = starts[case], starts[case + 1]
        newest = find_newest_entry(order, start, stop, moments, stages, previous, ranks, left)
        out[case, 0], out[case, 1], out[case, 2] = NO_INDEX, 0, NO_INDEX
        if newest == NO_INDEX:
            continue
        before = previous[newest]
        if before == NO_INDEX:
            # Those of earlier moments to the front; the order of the rest does not matter.
            end = start
            for place in range(start, stop):
                row = order[place]
                if moments[row] < moments[newest]:
                    order[place], order[end] = order[end], row
                    end += 1
            earlier = find_newest_entry(order, start, end, moments, stages, previous, ranks, left)
            before = NO_INDEX if earlier == NO_INDEX else stages[earlier]
        out[case, 0], out[case, 1], out[case, 2] = stages[newest], moments[newest], before


def mark_counted(starts: Any, ages: Any, types: Any, sources: Any, positive: Any, oldest: float, out: Any) -> None:
    """Mark the signals that count and are not older than `oldest` days: those that a decision is said to rest on."""
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
"""What `journey.runtime.jit` compiles."""


@cache
def get_kernels() -> Any:
    """The functions of this module, compiled."""
    import sys

    from journey.decision import rules
    from journey.runtime.jit import NO_REFCOUNT_OPTIONS, compile_kernels

    return compile_kernels(rules, sys.modules[__name__], options=NO_REFCOUNT_OPTIONS)
