"""Signals that end the process, such as SIGTERM: the stack is unwound first, so that temporary files are removed.

The exit code is 128 and the number of the signal, as in shells. Ctrl-C is not among them: commands handle it, and keep
what is complete (`scenarios.execution.interrupts`).
"""

import os
import signal
from importlib.machinery import ExtensionFileLoader
from threading import Timer
from types import FrameType

_NAMES = ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGXCPU", "SIGUSR1", "SIGUSR2")
SIGNALS = tuple(signal.Signals[name] for name in _NAMES if name in signal.Signals.__members__)
"""Signals that end a process by default and that it can catch, where the system has them."""

_SHELL_OFFSET = 128
_RETRY_SECONDS = 0.02
_received: list[int] = []


def unwind_on_termination() -> None:
    """Raise SystemExit for each signal that would end the process at once, until the process ends.

    A signal that the caller ignores (``nohup``) stays ignored. Call it in the main thread.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _exit)


def get_exit_code() -> int | None:
    """The exit code for the signal that was received; None if there was none.

    DuckDB replaces the SystemExit by an error of its own while it executes a query.
    """
    return _SHELL_OFFSET + _received[0] if _received else None


def _exit(number: int, frame: FrameType | None) -> None:
    if _is_loading_extension(frame):
        # An exception while an extension module initialises aborts the process, so the signal is sent again later.
        retry = Timer(_RETRY_SECONDS, os.kill, (os.getpid(), number))
        retry.daemon = True
        retry.start()
        return
    # A second signal must not interrupt the removal of temporary files.
    for each in SIGNALS:
        if signal.getsignal(each) is _exit:
            signal.signal(each, signal.SIG_IGN)
    _received.append(number)
    raise SystemExit(_SHELL_OFFSET + number)


def _is_loading_extension(frame: FrameType | None) -> bool:
    """Whether an extension module is being imported in one of the calls."""
    while frame is not None:
        if isinstance(frame.f_locals.get("self"), ExtensionFileLoader):
            return True
        frame = frame.f_back
    return False
