"""Large cohorts in little memory: only those who wait for a reviewer, or will again, have a row of their own.

Each customer first lives in one row that all share, up to the first request for review or to the end. Most never ask:
they are booked and forgotten. Of those who ask, the number and the time are kept, and what was booked is thrown away.
When their time comes they live once more, in a row of their own, to the very same request: their luck belongs to them
and not to the moment. So memory goes with the gate and not with the cohort, for a fifth more work.
"""

from typing import Any

from simulation.clocks import NEVER
from simulation.compiled import cohort, layout
from simulation.compiled.cohort import DONE, FIRSTS_FULL, SLOTS_FULL
from simulation.compiled.crowd import settle
from simulation.compiled.gate import go_on, has_room, live_alone, serve_next
from simulation.compiled.layout import IN_QUEUE
from simulation.compiled.lives import drop_deliveries, finish
from simulation.compiled.turns import begin_life


def pour(source: Any, target: Any) -> None:
    """Add what was counted to the totals, and count from 0 again."""
    for place in range(len(source)):
        target[place] += source[place]
        source[place] = 0


def pour_table(source: Any, target: Any) -> None:
    """The same for a table."""
    for row in range(len(source)):
        pour(source[row], target[row])


def book(S: Any, Z: Any, arm: int) -> None:
    """Add what was counted of one customer in `S` to the totals of `Z`."""
    pour(S.kinds[arm], Z.kinds[arm])
    pour(S.reasons[arm], Z.reasons[arm])
    pour(S.actions[arm], Z.actions[arm])
    pour(S.verdicts[arm], Z.verdicts[arm])
    pour(S.outcomes[arm], Z.outcomes[arm])
    pour(S.counts[arm], Z.counts[arm])
    pour(S.sums[arm], Z.sums[arm])
    pour(S.churned[arm], Z.churned[arm])
    pour(S.customers[arm], Z.customers[arm])
    pour(S.stage_days[arm], Z.stage_days[arm])
    pour_table(S.distressed[arm], Z.distressed[arm])
    pour_table(S.unhelped[arm], Z.unhelped[arm])
    pour_table(S.occupancy[arm], Z.occupancy[arm])


def live_in_row_0(A: Any, S: Any) -> int:
    """Let the customer in row 0 live, as far as the first request."""
    T = A[S.ints[0, layout.ARM]]
    if S.floats[0, layout.ARRIVES] >= T.horizon:
        return DONE
    begin_life(T, S, 0)
    return live_alone(A, S, 0)


def seek_requests(A: Any, P: Any, S: Any, Z: Any, W: Any) -> int:
    """Let every customer live up to the first request; call again with more room until it is DONE.

    Args:
        A: The arms.
        P: What customers are drawn from.
        S: The cohort, with totals that hold one customer at a time.
        Z: The same cohort with the totals of all.
        W: The same with totals that nobody reads.
    """
    while S.counters[cohort.CUSTOMERS_DONE] < P.size:
        place, number = S.counters[cohort.FIRSTS], S.counters[cohort.CUSTOMERS_DONE]
        if place == len(S.first_who):
            return FIRSTS_FULL
        settle(A, P, S, 0, number)
        short = live_in_row_0(A, S)
        arm = S.ints[0, layout.ARM]
        if short == DONE and S.ints[0, layout.WAITING] != IN_QUEUE:
            finish(A[arm], S, 0)
            book(S, Z, arm)
        else:
            book(S, W, arm)
        drop_deliveries(S, 0)
        if short != DONE:
            return short
        if S.ints[0, layout.WAITING] == IN_QUEUE:
            S.first_times[place] = S.floats[0, layout.ASKED_AT]
            S.first_who[place] = number
            S.counters[cohort.FIRSTS] = place + 1
        S.counters[cohort.CUSTOMERS_DONE] = number + 1
    return DONE


def admit(A: Any, P: Any, S: Any, number: int) -> int:
    """Give a customer a row, and let the life be lived again up to the first request; returns the row."""
    S.counters[cohort.FREE_ROWS] -= 1
    i = int(S.free_rows[S.counters[cohort.FREE_ROWS]])
    settle(A, P, S, i, number)
    S.ints[i, layout.OCCUPIED] = 1
    begin_life(A[S.ints[i, layout.ARM]], S, i)
    return i


def serve_requests(A: Any, P: Any, S: Any) -> int:
    """Let the gate work, from the first request to the horizon; call again with more room until it is DONE.

    First requests stand in order of time in ``S.first_times`` and ``S.first_who``.
    """
    while True:
        place = S.counters[cohort.FIRSTS_SERVED]
        first = S.first_times[place] if place < S.counters[cohort.FIRSTS] else NEVER
        queued = S.heap_floats[0, 0] if S.counters[cohort.HEAP_SIZE] > 0 else NEVER
        if min(first, queued) >= A[0].horizon:
            return DONE
        short = has_room(A, S)
        if short != DONE:
            return short
        if first > queued:
            serve_next(A, S)
        elif S.counters[cohort.FREE_ROWS] == 0:
            return SLOTS_FULL
        else:
            # The request itself then stands in the heap, at this very time.
            go_on(A, S, admit(A, P, S, S.first_who[place]), first)
            S.counters[cohort.FIRSTS_SERVED] = place + 1


KERNELS: tuple[Any, ...] = (
    pour, pour_table, book, live_in_row_0, seek_requests, admit, serve_requests,
)  # fmt: skip
"""The functions that compiled code uses, callees before callers."""
