"""Commands in a process of their own that have come so far, and go on."""

import json
import subprocess
import time
from contextlib import contextmanager
from itertools import count

import psutil

from tests.scenarios.cli.invocation import RUN

SECONDS = 120
"""Long enough on a busy machine for whatever is waited for."""


@contextmanager
def started(so_far, *arguments):
    """A command, in a process group of its own, of which `so_far` is true."""
    with subprocess.Popen(
        [*RUN, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        deadline = time.monotonic() + SECONDS
        try:
            while not so_far(running):
                assert running.poll() is None, running.stderr.read()
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield running
        except BaseException:
            # Popen would wait for its end.
            running.kill()
            raise


def workers_of(process):
    """Its children that were started to work, and none of those that watch."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def stored(path):
    """How many replications a file holds, from the first on up to the first gap: those that a result may use.

    Workers need not end in the order in which they began, so a line more is not always one more of these.
    """
    lines = path.read_text().split("\n")[1:-1] if path.exists() else []
    kept = {json.loads(line)["replication"] for line in lines}
    return next(number for number in count() if number not in kept)


def begun(path, *arguments, least):
    """A comparison with at least `least` stored replications."""
    return started(lambda _: stored(path) >= least, "compare", *arguments, "--resume", path, "--json")
