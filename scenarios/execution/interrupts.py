"""Ctrl-C in a run with workers: only the main process handles it, and it decides what to keep.

A terminal sends Ctrl-C to the workers as well. A worker that is still starting would end with a traceback.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def defer_interrupts() -> Iterator[None]:
    """Defer Ctrl-C in this process until the context ends; processes and threads started in it never receive it.

    Where signals cannot be blocked (Windows), they receive it until they call `ignore_interrupts`.
    """
    with _defer_in_this_process(), _block_in_children():
        yield


@contextmanager
def _defer_in_this_process() -> Iterator[None]:
    """Replace the handler, because blocking is not enough: any other thread of this process may get the signal."""
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
    """Block the signal, so that processes and threads started here inherit the block."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # If the tracker were started inside the context, it would unblock the signal.
    resource_tracker.ensure_running()
    previous_mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous_mask)


def ignore_interrupts() -> None:
    """In a worker: ignore Ctrl-C from now on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
