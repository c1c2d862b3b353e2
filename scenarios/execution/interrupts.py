"""Ctrl-C in a run that has workers: it is for the process that was started, which decides what to keep.

A terminal sends it to the workers too, and it may come while they start, when they can do nothing but die of it with a
traceback.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def defer_interrupts() -> Iterator[None]:
    """Processes and threads that are started in here never hear it; this one does, when this has ended.

    Where signals cannot be blocked (Windows), they hear it until they `ignore_interrupts` it.
    """
    with _defer_in_this_process(), _block_in_children():
        yield


@contextmanager
def _defer_in_this_process() -> Iterator[None]:
    """Blocking is not enough for this process: any other thread of it may be the one that gets the signal."""
    previous_handler = signal.getsignal(signal.SIGINT)
    if previous_handler is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    received = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: received.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous_handler)
        if received.is_set():
            signal.raise_signal(signal.SIGINT)


@contextmanager
def _block_in_children() -> Iterator[None]:
    """What is started begins with the same signals blocked."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Started on the way, the tracker would unblock it.
    resource_tracker.ensure_running()
    previous_mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous_mask)


def ignore_interrupts() -> None:
    """In a worker, from now on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
