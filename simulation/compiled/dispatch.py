"""The single entry point from Python into compiled code.

Each function that Python calls is compiled into a library of its own, together with all functions that it calls
(`journey.runtime.linked_code`). One function with a task number therefore compiles and loads everything once.
"""

from typing import Any

from simulation.compiled.population import initialise_all_rows
from simulation.compiled.review_queue import finish_all, finish_occupied, simulate_window
from simulation.compiled.state import DONE
from simulation.compiled.two_pass import find_first_requests, serve_requests

# The first three keep each customer in a row of their own; the last three are those of `two_pass`.
INITIALISE_ALL, SIMULATE_WINDOW, FINISH_ALL, FIND_FIRST_REQUESTS, SERVE_REQUESTS, FINISH_OCCUPIED = range(6)


def run_kernel(arms: Any, population: Any, engine: Any, replay_engine: Any, task: int) -> int:
    """Run one of the tasks above. Returns DONE, or the code of the array that must grow before the next call.

    Args:
        arms: Parameters of the arms.
        population: The population's arrays.
        engine: The engine state.
        replay_engine: The same state with totals that are discarded; only SERVE_REQUESTS writes to it.
        task: The task's number.
    """
    if task == FIND_FIRST_REQUESTS:
        return find_first_requests(arms, population, engine)
    if task == SERVE_REQUESTS:
        return serve_requests(arms, population, engine, replay_engine)
    if task == SIMULATE_WINDOW:
        return simulate_window(arms, population, engine)
    if task == INITIALISE_ALL:
        initialise_all_rows(arms, population, engine)
    elif task == FINISH_ALL:
        finish_all(arms, population, engine)
    else:
        finish_occupied(arms, engine)
    return DONE


KERNELS: tuple[Any, ...] = (run_kernel,)
"""Functions to compile, callees before callers."""
