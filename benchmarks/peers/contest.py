"""Run all peers in turn: a round is one run of each, so that changing machine speed favours no peer."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from queue import Empty, Queue
from statistics import median
from typing import Any

from benchmarks.measuring import ROOT
from benchmarks.peers.exact import worst
from benchmarks.peers.field import FIELD, Peer
from benchmarks.peers.model import DAYS, STAGES, Result

ROUNDS = 5
LONGEST_START = 300.0
"""Time limit for loading a peer, in seconds; it may have to compile."""
LONGEST_RUN = 30.0
"""Time limit for one run, in seconds; a slower peer is excluded."""


@dataclass
class Score:
    """The results of one peer.

    Attributes:
        peer: The peer.
        seconds: Of each run.
        results: Of each run.
        grown: Growth of peak memory in the first run, in bytes.
        out: Why it is not, or no longer, in; empty for all others.
    """

    peer: Peer
    seconds: list[float] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    grown: int = 0
    out: str = ""

    @property
    def rates(self) -> list[float]:
        """Events per second of each run."""
        return [found.events / seconds for found, seconds in zip(self.results, self.seconds, strict=True)]

    @property
    def rate(self) -> float:
        """Median of the rates; NaN if the peer never ran."""
        return median(self.rates) if self.results else float("nan")

    @property
    def bytes_each(self) -> float:
        """Growth of peak memory per customer, in the first run."""
        return self.grown / self.peer.customers

    @property
    def worst_z(self) -> float | None:
        """Largest deviation from the exact answer, all runs taken together; None if there is no exact answer."""
        if self.peer.clock is None or not self.results:
            return None
        customers = self.peer.customers * len(self.results)
        return worst(_together(self.results), customers=customers, days=DAYS, clock=self.peer.clock)


def _together(results: list[Result]) -> Result:
    occupancy = {stage: sum(found.occupancy[stage] for found in results) for stage in STAGES}
    events, signals, churned = (sum(getattr(r, name) for r in results) for name in ("events", "signals", "churned"))
    return Result(events, occupancy, signals, churned)


def contest(rounds: int = ROUNDS) -> list[Score]:
    """Run all peers in turn for a number of rounds, with seeds 1, 2 and so on."""
    scores = [Score(peer) for peer in FIELD]
    with ExitStack() as stack:
        running = {}
        for number, score in enumerate(scores):
            if score.peer.package and find_spec(score.peer.package) is None:
                score.out = f"skipped: the package {score.peer.package} is not installed (pip install -e '.[peers]')"
                continue
            running[number] = stack.enter_context(_runner(number))
            _take(score, running[number], LONGEST_START)
        for seed in range(1, rounds + 1):
            for number, runner in running.items():
                if not scores[number].out:
                    runner.ask(seed)
                    _take(scores[number], runner, LONGEST_RUN)
    return scores


def _take(score: Score, runner: "_Runner", longest: float) -> None:
    """Record an answer, or why there was none."""
    try:
        answer = runner.answers.get(timeout=longest)
    except Empty:
        runner.process.kill()
        score.out = f"stopped: took longer than {longest:.0f} s"
        return
    if answer is None:
        score.out = "failed: see what it wrote above"
    elif "found" in answer:
        score.grown = score.grown if score.results else answer["grown"]
        score.seconds.append(answer["seconds"])
        score.results.append(Result(*answer["found"]))


class _Runner:
    """A process of `benchmarks.peers.runner`; its answers are put into a queue, then None at its end."""

    def __init__(self, number: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.peers.runner", str(number)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.answers: Queue[dict[str, Any] | None] = Queue()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.answers.put(json.loads(line))
        self.answers.put(None)

    def ask(self, seed: int) -> None:
        """Request a run."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{seed}\n")
        self.process.stdin.flush()


@contextmanager
def _runner(number: int) -> Iterator[_Runner]:
    runner = _Runner(number)
    # Leaving the context of the process closes its pipes, so the reader must have ended.
    with runner.process:
        try:
            yield runner
        finally:
            runner.process.kill()
            runner.listener.join()
