"""Comparisons in a process of their own that have stored some replications, and go on."""

import json
import subprocess
import time
from contextlib import contextmanager
from itertools import count

from tests.cli.running import RUN


def stored(path):
    """How many replications a file holds, from the first on up to the first gap: those that a result may use.

    Workers need not end in the order in which they began, so a line more is not always one more of these.
    """
    lines = path.read_text().split("\n")[1:-1] if path.exists() else []
    kept = {json.loads(line)["replication"] for line in lines}
    return next(number for number in count() if number not in kept)


@contextmanager
def begun(path, *arguments, least):
    """A comparison, in a process group of its own, of which at least so many replications are stored."""
    command = [*RUN, "compare", *map(str, arguments), "--resume", str(path), "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        deadline = time.monotonic() + 120
        while stored(path) < least:
            assert running.poll() is None, running.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield running
