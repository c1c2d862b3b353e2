"""The loops over recorded histories: the events of each customer in order, and the verdict of a rule about them.

They do for columns of records what `journey.histories` does for the records of one customer. What an event of an
intervention is, what events are to a rule and which past can keep it come as tables from there; the rules' verdicts are
those of `journey.rules.monitor`.
"""

from functools import cache
from typing import Any

from journey.batch.grouping import SHELL_SORT_GAPS
from journey.histories.history import EARLIER_INTERVENTIONS, INTERVENTIONS_OF_DAY, SIGNALS_NEXT, STAGES_FIRST
from journey.histories.interventions import AT_DECISION, AT_EXPIRY
from journey.histories.verdicts import AMBIGUOUS, HIDDEN, UNKNOWN
from journey.rules.breach import NO_EVENT, find_breach
from journey.rules.monitor import BROKEN, BROKEN_MARK, COUNT, NEVER, OTHER, A, B, advance_marks, judge

NOTHING = -1
"""No stage, no move, or a moment that never comes; in the table of moves, a pair of stages without a legal move."""

DAY = 86_400_000_000
"""Microseconds per day."""

EPOCH_DAY = 719_163
"""1970-01-01, from which moments count, as a day of `journey.histories.event`."""

IS_BARE, IS_INFERRED = 1, 2
"""Flags of an event: its date has no time of day; the log lacks it, and a later entry shows it."""

IN_TIME, BY_RANK = range(2)
"""Order of events; by rank on a day on which an event has no time of day."""

FIRST_EVENT, FIRST_STAGE, LAST_STAGE, FIRST_ENTRY, ABOUT_COUNT = range(5)
"""Columns about a history: moment of its first event, index of its first and last stage, and moment of its first stage
entry; NOTHING without. Then their number."""


def sort_rows(starts: Any, order: Any, first: Any, second: Any) -> None:
    """Sort the rows of each customer by two columns (Shell's sort, in place)."""
    for case in range(len(starts) - 1):
        start, stop = starts[case], starts[case + 1]
        for gap in SHELL_SORT_GAPS:
            for position in range(start + gap, stop):
                row, hole = order[position], position
                while hole >= start + gap and (
                    first[order[hole - gap]] > first[row]
                    or (first[order[hole - gap]] == first[row] and second[order[hole - gap]] > second[row])
                ):
                    order[hole] = order[hole - gap]
                    hole -= gap
                order[hole] = row


def emit(events: Any, at: int, moment: int, rank: int, key: int, code: int, record: int, flags: int) -> int:
    """Append an event; the number of events after it."""
    events.moment[at] = moment
    events.rank[at] = rank
    events.key[at] = key
    events.code[at] = code
    events.record[at] = record
    events.flags[at] = flags | (IS_BARE if moment % DAY == 0 else 0)
    return at + 1


def emit_entries(sources: Any, tables: Any, events: Any, case: int, at: int, about: Any) -> int:
    """Append a customer's stage entries and moves; see `journey.histories.stages`. Entries are in order."""
    entries = sources.entries
    current = NOTHING
    for position in range(entries.starts[case], entries.starts[case + 1]):
        row = entries.order[position]
        stage, named, moment = entries.stage[row], entries.previous[row], entries.moment[row]
        if 0 <= named < tables.stage_count and named != current and named != stage:
            if about[case, FIRST_STAGE] == NOTHING:
                about[case, FIRST_STAGE], about[case, FIRST_ENTRY] = named, moment
            current = named
            at = emit(events, at, moment, STAGES_FIRST, at, tables.stage_codes[named], NOTHING, IS_INFERRED)
        move = NOTHING
        if 0 <= current < tables.stage_count and stage < tables.stage_count:
            move = tables.move_codes[current, stage]
        if stage == current and move == NOTHING:
            continue
        if move != NOTHING:
            at = emit(events, at, moment, STAGES_FIRST, at, move, NOTHING, 0)
        at = emit(events, at, moment, STAGES_FIRST, at, tables.stage_codes[stage], NOTHING, 0)
        if about[case, FIRST_STAGE] == NOTHING:
            about[case, FIRST_STAGE], about[case, FIRST_ENTRY] = stage, moment
        current = stage
    about[case, LAST_STAGE] = current
    return at


def emit_signals(sources: Any, events: Any, case: int, at: int) -> int:
    """Append a customer's signals. Their codes are in order of their names."""
    signals = sources.signals
    for position in range(signals.starts[case], signals.starts[case + 1]):
        row = signals.order[position]
        code = signals.code[row]
        at = emit(events, at, signals.moment[row], SIGNALS_NEXT, code, code, signals.record[row], 0)
    return at


def emit_interventions(sources: Any, tables: Any, events: Any, case: int, at: int) -> int:
    """Append the lifecycles of a customer's interventions, which are in order of their IDs."""
    interventions = sources.interventions
    for position in range(interventions.starts[case], interventions.starts[case + 1]):
        row = interventions.order[position]
        decided, pattern = interventions.moment[row], interventions.pattern[row]
        for step in range(tables.pattern_starts[pattern], tables.pattern_starts[pattern + 1]):
            moment = max(decided, interventions.measured[row])
            if tables.step_dated[step] == AT_DECISION:
                moment = decided
            elif tables.step_dated[step] == AT_EXPIRY:
                moment = interventions.expires[row]
            code = tables.step_codes[step]
            if code == NOTHING:
                code = interventions.action[row]
            rank = EARLIER_INTERVENTIONS if moment // DAY > decided // DAY else INTERVENTIONS_OF_DAY
            at = emit(events, at, moment, rank, decided, code, interventions.record[row], 0)
    return at


def comes_first(events: Any, one: int, two: int, mode: int) -> bool:
    """Whether event `one` is before event `two`, IN_TIME or BY_RANK."""
    if mode == BY_RANK and events.rank[one] != events.rank[two]:
        return bool(events.rank[one] < events.rank[two])
    if events.moment[one] != events.moment[two]:
        return bool(events.moment[one] < events.moment[two])
    if events.rank[one] != events.rank[two]:
        return bool(events.rank[one] < events.rank[two])
    if events.key[one] != events.key[two]:
        return bool(events.key[one] < events.key[two])
    return one < two


def sort_run(events: Any, order: Any, start: int, stop: int, mode: int) -> None:
    """Sort the events ``order[start:stop]`` (Shell's sort, in place)."""
    for gap in SHELL_SORT_GAPS:
        for position in range(start + gap, stop):
            event, hole = order[position], position
            while hole >= start + gap and comes_first(events, event, order[hole - gap], mode):
                order[hole] = order[hole - gap]
                hole -= gap
            order[hole] = event


def sort_events(events: Any, order: Any, count: int) -> None:
    """Sort the first `count` events as `journey.histories.history` does."""
    for event in range(count):
        order[event] = event
    sort_run(events, order, 0, count, IN_TIME)
    start = 0
    while start < count:
        day = events.moment[order[start]] // DAY
        stop = start + 1
        while stop < count and events.moment[order[stop]] // DAY == day:
            stop += 1
        # A bare date is midnight, so it is the first of its day.
        if stop - start > 1 and events.flags[order[start]] & IS_BARE:
            sort_run(events, order, start, stop, BY_RANK)
        start = stop


def build_histories(
    sources: Any, tables: Any, seen: Any, first: int, stop: int, events: Any, order: Any, about: Any, out: Any
) -> None:
    """Write the events of the customers ``first:stop`` that a rule sees, in order.

    Args:
        sources: The records by customer (`journey.batch.histories`).
        tables: What records are as events.
        seen: By code of an event: whether a rule sees it.
        first: The first customer.
        stop: One past the last customer.
        events: Scratch space for the events of one customer.
        order: The same, for their order.
        about: By customer, filled with the columns FIRST_EVENT to FIRST_ENTRY.
        out: Filled with the events: code, moment, record and flags; the events of customer `first` + i are at
            ``starts[i]:starts[i + 1]``.
    """
    at = 0
    for case in range(first, stop):
        about[case, FIRST_STAGE] = about[case, FIRST_ENTRY] = NOTHING
        count = emit_entries(sources, tables, events, case, 0, about)
        count = emit_signals(sources, events, case, count)
        count = emit_interventions(sources, tables, events, case, count)
        sort_events(events, order, count)
        about[case, FIRST_EVENT] = events.moment[order[0]] if count else NOTHING
        out.starts[case - first] = at
        for position in range(count):
            event = order[position]
            if seen[events.code[event]]:
                out.code[at] = events.code[event]
                out.moment[at] = events.moment[event]
                out.record[at] = events.record[event]
                out.flags[at] = events.flags[event]
                at += 1
        out.starts[case - first + 1] = at


def to_time(moment: int, in_days: bool) -> float:  # noqa: FBT001
    """A moment as the time of an event, in days; see `journey.histories.event`."""
    day = moment // DAY
    if in_days:
        return float(day + EPOCH_DAY)
    return day + EPOCH_DAY + (moment - day * DAY) / DAY


def find_symbol(rule: Any, code: int, flags: int) -> int:
    """What an event is to a rule."""
    if flags & IS_INFERRED and rule.hides_inferred:
        return HIDDEN
    return int(rule.symbols[code])


def counts_calendar_days(rule: Any, histories: Any, start: int, stop: int, first_moment: int) -> bool:
    """Whether a date from which a rule counts has no time of day."""
    if rule.counts_from_start and first_moment != NOTHING and first_moment % DAY == 0:
        return True
    for event in range(start, stop):
        symbol = find_symbol(rule, histories.code[event], histories.flags[event])
        if symbol != HIDDEN and symbol != OTHER and histories.flags[event] & IS_BARE:
            return True
    return False


def judge_cases(
    rule: Any, histories: Any, about: Any, complete: Any, terminal: Any, applies: Any, first: int, now: int,
    marks: Any, verdicts: Any,
) -> None:  # fmt: skip
    """The verdicts of a rule about customers.

    Args:
        rule: The rule (`journey.batch.rule_verdicts.RuleColumns`).
        histories: The events of the customers from `first`; see `build_histories`.
        about: As in `build_histories`.
        complete: By index of a stage: whether a journey begins in it.
        terminal: By index of a stage: whether a journey ends in it.
        applies: By customer: whether the rule applies.
        first: The first customer of the events.
        now: Moment up to which the histories are known.
        marks: Scratch space for the marks of the rule.
        verdicts: By customer, filled with the verdict where the rule applies.
    """
    for index in range(len(histories.starts) - 1):
        case = first + index
        if applies[case]:
            begins, ends = about[case, FIRST_STAGE], about[case, LAST_STAGE]
            verdicts[case] = judge_history(
                rule,
                histories,
                histories.starts[index],
                histories.starts[index + 1],
                about[case, FIRST_EVENT],
                about[case, FIRST_ENTRY],
                begins != NOTHING and complete[begins],
                ends != NOTHING and terminal[ends],
                now,
                marks,
            )


def judge_history(
    rule: Any,
    histories: Any,
    start: int,
    stop: int,
    first_moment: int,
    first_entry: int,
    is_complete: bool,  # noqa: FBT001
    has_ended: bool,  # noqa: FBT001
    now: int,
    marks: Any,
) -> int:
    """The verdict of a rule about the events ``start:stop``; see `journey.histories.verdicts`."""
    for event in range(start, stop):
        if find_symbol(rule, histories.code[event], histories.flags[event]) == AMBIGUOUS:
            return UNKNOWN
    in_days = counts_calendar_days(rule, histories, start, stop, first_moment)
    time = to_time(now, in_days)
    begun = time if first_moment == NOTHING else to_time(first_moment, in_days)
    verdict = follow(rule, histories, start, stop, NOTHING, begun, in_days, begun, time, has_ended, marks)
    pasts = len(rule.past_starts) - 1
    if verdict != BROKEN or is_complete or pasts == 0:
        return verdict
    for past in range(pasts):
        if follow(rule, histories, start, stop, past, begun, in_days, begun, time, has_ended, marks) != BROKEN:
            return UNKNOWN
    if rule.needs_partner and is_kept_within(
        rule, histories, start, stop, first_entry, in_days, begun, time, has_ended, marks
    ):
        return UNKNOWN
    return verdict


def is_kept_within(
    rule: Any,
    histories: Any,
    start: int,
    stop: int,
    first_entry: int,
    in_days: bool,  # noqa: FBT001
    begun: float,
    now: float,
    has_ended: bool,  # noqa: FBT001
    marks: Any,
) -> bool:
    """Whether a past between the events from before the log, or just before the log, can keep a rule.

    See `journey.histories.verdicts.RuleJudge`.
    """
    until = now if first_entry == NOTHING else to_time(first_entry, in_days)
    last_other, last_a, last_b, rest = NOTHING, NOTHING, NOTHING, stop
    for event in range(start, stop):
        symbol = find_symbol(rule, histories.code[event], histories.flags[event])
        if symbol == HIDDEN:
            continue
        if first_entry != NOTHING and histories.moment[event] >= first_entry:
            rest = event
            break
        if symbol == A:
            last_a = event
        elif symbol == B:
            last_b = event
        else:
            last_other = event
    for place in (last_other, last_a, last_b, rest):
        if place == NOTHING:
            continue
        at = until
        if place < stop:
            at = min(until, to_time(histories.moment[place], in_days))
        for past in range(NOTHING, len(rule.past_starts) - 1):
            if follow(rule, histories, place, stop, past, at, in_days, begun, now, has_ended, marks) != BROKEN:
                return True
    return False


def reset_marks(rule: Any, marks: Any) -> None:
    """The marks of a rule before the first event; see `journey.rules.monitor.initial_marks`."""
    for mark in range(rule.mark_count):
        marks[mark] = NEVER
    marks[BROKEN_MARK] = 0.0
    marks[COUNT] = 0.0


def follow(
    rule: Any,
    histories: Any,
    start: int,
    stop: int,
    past: int,
    past_time: float,
    in_days: bool,  # noqa: FBT001
    begun: float,
    now: float,
    has_ended: bool,  # noqa: FBT001
    marks: Any,
) -> int:
    """The verdict of the monitor after a past at some time (NOTHING: without any) and the events ``start:stop``."""
    reset_marks(rule, marks)
    if past != NOTHING:
        for place in range(rule.past_starts[past], rule.past_starts[past + 1]):
            advance_marks(rule.template, rule.number, rule.days, marks, 0, rule.past_symbols[place], past_time, begun)
    for event in range(start, stop):
        symbol = find_symbol(rule, histories.code[event], histories.flags[event])
        if symbol != HIDDEN:
            time = to_time(histories.moment[event], in_days)
            advance_marks(rule.template, rule.number, rule.days, marks, 0, symbol, time, begun)
    return judge(rule.template, rule.number, rule.days, marks, 0, now, begun, has_ended)


def explain_cases(
    rule: Any, histories: Any, about: Any, terminal: Any, cases: Any, first: int, now: int, marks: Any, seen: Any,
    out: Any,
) -> None:  # fmt: skip
    """What broke a rule for customers for whom it is broken.

    Args:
        rule: As in `judge_cases`.
        histories: As in `judge_cases`.
        about: As in `judge_cases`.
        terminal: As in `judge_cases`.
        cases: The customers.
        first: The first customer of the events.
        now: As in `judge_cases`.
        marks: Scratch space for the marks of the rule.
        seen: Scratch space for the events that the rule sees: symbol, time and place of each.
        out: Filled with the index of the event and of its partner, or NOTHING, and the time up to which a demand was
            due.
    """
    for place in range(len(cases)):
        case = cases[place]
        start, stop = histories.starts[case - first], histories.starts[case - first + 1]
        first_moment, last = about[case, FIRST_EVENT], about[case, LAST_STAGE]
        in_days = counts_calendar_days(rule, histories, start, stop, first_moment)
        number = 0
        for event in range(start, stop):
            symbol = find_symbol(rule, histories.code[event], histories.flags[event])
            if symbol != HIDDEN:
                seen.symbol[number] = symbol
                seen.time[number] = to_time(histories.moment[event], in_days)
                seen.place[number] = event
                number += 1
        time = to_time(now, in_days)
        begun = time if first_moment == NOTHING else to_time(first_moment, in_days)
        has_ended = last != NOTHING and terminal[last]
        reset_marks(rule, marks)
        _, event, partner, due = find_breach(
            rule.template, rule.number, rule.days, marks, seen.symbol, seen.time, number, begun, time, has_ended
        )
        out.event[place] = NOTHING if event == NO_EVENT else seen.place[event]
        out.partner[place] = NOTHING if partner == NO_EVENT else seen.place[partner]
        out.due[place] = due


KERNELS: tuple[Any, ...] = (
    sort_rows,
    emit,
    emit_entries,
    emit_signals,
    emit_interventions,
    comes_first,
    sort_run,
    sort_events,
    build_histories,
    to_time,
    find_symbol,
    counts_calendar_days,
    reset_marks,
    follow,
    is_kept_within,
    judge_history,
    judge_cases,
    explain_cases,
)
"""The functions that `journey.runtime.jit` compiles, callees before callers."""

ENTRIES: tuple[Any, ...] = (sort_rows, build_histories, judge_cases, explain_cases)
"""The functions that Python calls."""


@cache
def get_history_kernels() -> Any:
    """Return the compiled functions of this module."""
    import sys

    from journey.rules import breach, monitor
    from journey.runtime.jit import NO_REFCOUNT_OPTIONS, compile_kernels

    return compile_kernels(monitor, breach, sys.modules[__name__], entries=ENTRIES, options=NO_REFCOUNT_OPTIONS)
