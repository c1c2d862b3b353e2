"""Ctrl-C in a run that has workers: it is for the process that was started, which decides what to keep.

A terminal sends it to the workers too, and it may come while they start, when they can do nothing but die of it with a
traceback.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def held_back() -> Iterator[None]:
    """Processes and threads that are started in here never hear it; this one does, when this has ended.

    Where signals cannot be held back (Windows), they hear it until they `ignore` it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Started on the way, the tracker would let go of what is held back.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ignore() -> None:
    """In a worker, from now on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
