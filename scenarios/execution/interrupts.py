"""Ctrl-C in a run with workers: only the main process handles it, and it decides what to keep.

A terminal sends Ctrl-C to the workers as well. A worker that is still starting would end with a traceback. It would
also do so if a signal ended the main process meanwhile.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker

from scenarios.execution.termination import SIGNALS


@contextmanager
def defer_interrupts() -> Iterator[None]:
    """Defer Ctrl-C and termination of this process until the context ends.

    Processes and threads started in the context never receive Ctrl-C; they can be terminated.

    Where signals cannot be blocked (Windows), they receive it until they call `ignore_interrupts`.
    """
    with _defer_in_this_process(), _block_in_children():
        yield


@contextmanager
def _defer_in_this_process() -> Iterator[None]:
    """Replace the handlers, because blocking is not enough: any other thread of this process may get the signal."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, *SIGNALS)}
    replaced = {number: handler for number, handler in handlers.items() if callable(handler)}
    received: list[int] = []
    for number in replaced:
        signal.signal(number, lambda number, _: received.append(number))
    try:
        yield
    finally:
        for number, handler in replaced.items():
            signal.signal(number, handler)
        if received:
            signal.raise_signal(received[0])


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
