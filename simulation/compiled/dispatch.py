"""The door by which Python enters compiled code.

A function that Python calls becomes a library of its own, compiled and loaded with all that it calls. So there is one,
and what it is to do is a number.
"""

from typing import Any

from simulation.compiled.population import settle_all
from simulation.compiled.review_queue import finish_all, finish_occupied, live_until
from simulation.compiled.state import DONE
from simulation.compiled.two_pass import seek_requests, serve_requests

# In rows: everybody in a row of their own. Lean: see `lean`.
SETTLE_ALL, LIVE_UNTIL, FINISH_ALL, SEEK, SERVE, FINISH_OCCUPIED = range(6)


def enter(A: Any, P: Any, S: Any, W: Any, what: int) -> int:
    """Do one of the above; DONE, or what is short.

    Args:
        A: The arms.
        P: What customers are drawn from.
        S: The cohort.
        W: The same cohort with totals that nobody reads; only SERVE writes to them.
        what: Which.
    """
    if what == SEEK:
        return seek_requests(A, P, S)
    if what == SERVE:
        return serve_requests(A, P, S, W)
    if what == LIVE_UNTIL:
        return live_until(A, S)
    if what == SETTLE_ALL:
        settle_all(A, P, S)
    elif what == FINISH_ALL:
        finish_all(A, S)
    else:
        finish_occupied(A, S)
    return DONE


KERNELS: tuple[Any, ...] = (enter,)
"""The functions that compiled code uses, callees before callers."""
