"""The door by which Python enters compiled code.

A function that Python calls becomes a library of its own, compiled and loaded with all that it calls. So there is one,
and what it is to do is a number.
"""

from typing import Any

from simulation.compiled.population import initialise_all_rows
from simulation.compiled.review_queue import finish_all, finish_occupied, simulate_window
from simulation.compiled.state import DONE
from simulation.compiled.two_pass import find_first_requests, serve_requests

# In rows: everybody in a row of their own. Lean: see `lean`.
INITIALISE_ALL, SIMULATE_WINDOW, FINISH_ALL, FIND_FIRST_REQUESTS, SERVE_REQUESTS, FINISH_OCCUPIED = range(6)


def run_kernel(A: Any, P: Any, S: Any, W: Any, task: int) -> int:
    """Do one of the above; DONE, or what is short.

    Args:
        A: The arms.
        P: What customers are drawn from.
        S: The cohort.
        W: The same cohort with totals that nobody reads; only SERVE writes to them.
        task: Which.
    """
    if task == FIND_FIRST_REQUESTS:
        return find_first_requests(A, P, S)
    if task == SERVE_REQUESTS:
        return serve_requests(A, P, S, W)
    if task == SIMULATE_WINDOW:
        return simulate_window(A, S)
    if task == INITIALISE_ALL:
        initialise_all_rows(A, P, S)
    elif task == FINISH_ALL:
        finish_all(A, S)
    else:
        finish_occupied(A, S)
    return DONE


KERNELS: tuple[Any, ...] = (run_kernel,)
"""The functions that compiled code uses, callees before callers."""
