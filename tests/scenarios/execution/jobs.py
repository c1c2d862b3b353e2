"""Jobs for workers, small enough to see through; they live in a module of their own because they travel."""

import os
import signal
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
    """Squares again; but at one number the worker is killed, so many times, as the system kills for memory."""

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
class Refuses:
    """A job that finds its input wrong."""

    def do(self, task):
        from journey.core.errors import InputError

        raise InputError(f"{task} is wrong; give another")


@dataclass(frozen=True)
class Raises:
    """A job with a fault of its own."""

    kind: type[Exception]

    def do(self, task):
        raise self.kind(f"of the job's own at {task}")


@dataclass(frozen=True)
class Who:
    """The process that does a task."""

    def do(self, task):
        time.sleep(0.05)
        return os.getpid()


def dies_in_the_third(setup, **how):
    """An engine that kills its process in the third replication, every time."""
    if how["replication"] == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return fakes.planted(setup, **how)
