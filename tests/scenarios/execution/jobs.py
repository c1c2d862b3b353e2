"""Small jobs for workers, in a module of their own because they are pickled and sent to other processes."""

import os
import signal
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.scenarios import fakes


@dataclass(frozen=True)
class Squares:
    """The square of each number."""

    seconds: float = 0.0

    def do(self, task):
        time.sleep(self.seconds)
        return task * task


@dataclass(frozen=True)
class DiesAt:
    """Squares, but at one number the worker is killed, `times` times, as the system does when memory runs out."""

    number: int
    times: int
    folder: Path

    def do(self, task):
        if task == self.number:
            before = len(list(self.folder.iterdir()))
            if before < self.times:
                (self.folder / f"death {before}").write_text(str(os.getpid()))
                os.kill(os.getpid(), signal.SIGKILL)
        return task * task


@dataclass(frozen=True)
class DiesWhileSending:
    """Squares, but at one number the worker is killed once, after the first bytes of the result."""

    number: int
    folder: Path

    def do(self, task):
        if task == self.number and not list(self.folder.iterdir()):
            (self.folder / "death").touch()
            frame = sys._getframe()
            while "result_queue" not in frame.f_locals:
                frame = frame.f_back
            # The length of the result that follows, as `multiprocessing` sends it.
            os.write(frame.f_locals["result_queue"]._writer.fileno(), struct.pack("!i", 1_000))
            os.kill(os.getpid(), signal.SIGKILL)
        return task * task


@dataclass(frozen=True)
class Refuses:
    """A job that raises an input error."""

    def do(self, task):
        from journey.core.errors import InputError

        raise InputError(f"{task} is wrong; give another")


@dataclass(frozen=True)
class Raises:
    """A job that raises an exception of a given kind."""

    kind: type[Exception]

    def do(self, task):
        raise self.kind(f"of the job's own at {task}")


@dataclass(frozen=True)
class ProcessId:
    """The ID of the process that does a task."""

    def do(self, task):
        time.sleep(0.05)
        return os.getpid()


def dies_in_the_third(arm, **options):
    """An engine that kills its process in the third replication, every time."""
    if options["replication"] == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return fakes.planted(arm, **options)
