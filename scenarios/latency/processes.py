"""Measure in several processes, one after the other.

Two processes of the same program differ in speed by a few percent, because their memory is laid out differently. So the
interval of a comparison needs times from several processes; rounds in one process are no substitute.
"""

import atexit
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from journey.core.errors import InputError
from journey.orchestrator.case_reader import resolve_as_of
from journey.orchestrator.orchestrator import Orchestrator
from scenarios.execution.executor import iterate_results
from scenarios.latency.machine import Clock
from scenarios.latency.rounds import ProcessTimes, RoundProgress, measure_rounds
from scenarios.latency.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from journey.decision.policy import Policy
    from journey.machine import Journey
    from journey.records.folder import Records
    from journey.rules import Rule


@dataclass(frozen=True)
class LatencyJob:
    """A measurement that a process can do; with more than one process, it is sent to them.

    Attributes:
        read: Reads the records.
        policy: The policy.
        journey: The journey.
        declared_rules: The declared rules that decisions respect.
        as_of: The evaluation time. Default: the latest date in the records.
        rounds: Number of rounds in each process. Default: see `scenarios.latency.rounds.ROUNDS`.
        processes: Number of processes.
        clock: Reads the time in nanoseconds.
    """

    read: "Callable[[], Records]"
    policy: "Policy"
    journey: "Journey"
    declared_rules: "tuple[Rule, ...]"
    as_of: "date | str | None"
    rounds: int | None
    processes: int
    clock: Clock

    def do(self, task: int) -> ProcessTimes:
        """Measure in a process of its own, which then ends; the task is its number, from 0."""
        # At the end of a process, DuckDB writes a list of its own objects to stderr: the process ends before that.
        atexit.register(os._exit, 0)
        return self.measure(process=task)

    def measure(self, progress: RoundProgress | None = None, *, process: int = 0) -> ProcessTimes:
        """Measure in this process.

        Args:
            progress: Receives a description of each step.
            process: Number of the process, from 0.

        Raises:
            InputError: The records cannot be read, or there is no customer.
            KeyboardInterrupt: Ctrl-C before any customer was measured.
        """
        records = self.read()
        orchestrator = Orchestrator(self.policy, self.journey, declared_rules=self.declared_rules)
        workload = Workload(records, orchestrator, resolve_as_of(records, self.as_of))
        if not workload.customers:
            raise InputError(f"{records.source}: no customers, so there is nothing to measure")
        return measure_rounds(workload, self.rounds, self.clock, progress, process=process, processes=self.processes)


def measure_in_processes(job: LatencyJob, progress: RoundProgress | None = None) -> tuple[list[ProcessTimes], bool]:
    """Measure in the processes of the job; one alone is this process.

    Returns:
        The times of each complete process, and whether Ctrl-C ended the measurement before the last.

    Raises:
        InputError: The records cannot be read, or there is no customer.
        WorkerDiedError: A process died, or could not start.
        KeyboardInterrupt: Ctrl-C before anything was measured.
    """
    if job.processes == 1:
        times = job.measure(progress)
        return [times], times.interrupted
    done: list[ProcessTimes] = []
    try:
        for number in range(job.processes):
            if progress is not None:
                progress(f"process {number + 1} of {job.processes}")
            done.append(_measure_in_new_process(job, number))
    except KeyboardInterrupt:
        if not done:
            raise
        return done, True
    return done, False


def _measure_in_new_process(job: LatencyJob, number: int) -> ProcessTimes:
    from scenarios.execution.processes import ProcessPool

    pool: ProcessPool[int, ProcessTimes] = ProcessPool(job, 1)
    with pool:
        (_, times), *_ = iterate_results(pool, [number])
    return times
