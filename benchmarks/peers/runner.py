"""One peer in a process of its own: ``python -m benchmarks.peers.runner NUMBER``; seeds in, results out, line by line.

The first line out says that it is ready: loaded, compiled where there is anything to compile, and run once with a few
customers. Then each line in is a seed, and each line out a run: seconds and growth of peak memory with it.
"""

import json
import os
import sys
import time
from importlib import import_module

from benchmarks.measuring import peak_bytes, settled_bytes
from benchmarks.peers.field import FIELD
from benchmarks.peers.model import DAYS

FEW = 50
"""Customers of the run that warms up."""


def main() -> None:
    """Answer until there is no more input."""
    # Output of a library during a run must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = FIELD[int(sys.argv[1])]
    run = getattr(import_module(f"benchmarks.peers.{peer.module}"), peer.function)
    run(FEW, DAYS, 0)
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        before = settled_bytes()
        started = time.perf_counter()
        found = run(peer.customers, DAYS, int(line))
        seconds = time.perf_counter() - started
        answer = {"seconds": seconds, "grown": peak_bytes() - before, "found": found}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
