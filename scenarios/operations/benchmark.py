"""Benchmark: measure the latency of evaluating recorded customers."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from journey.core.errors import InputError
from scenarios.operations.records import read_records

if TYPE_CHECKING:
    from datetime import date

    from journey.records.folder import Records
    from scenarios.latency.benchmark import LatencyBenchmark, Requests
    from scenarios.latency.machine import Clock
    from scenarios.latency.rounds import RoundProgress
    from scenarios.operations.evaluation_rules import EvaluationRules


def read_requests(budgets: Sequence[str] = (), against: Path | None = None) -> "Requests":
    """Parse budgets, and read the saved run to compare with: before the measurement, which can take minutes.

    Args:
        budgets: Limits, such as ``p99=200us``.
        against: File of a saved run.

    Raises:
        InputError: A budget is not valid, or the saved run cannot be read.
    """
    from scenarios.latency.benchmark import Requests
    from scenarios.latency.budget import parse_budget
    from scenarios.latency.saved_run import read_run

    return Requests(
        [parse_budget(budget) for budget in budgets], None if against is None else (read_run(against), str(against))
    )


def benchmark_records(
    records: "str | Path | Mapping[str, Any] | Records | None",
    rules: "EvaluationRules",
    *,
    as_of: "date | str | None" = None,
    rounds: int | None = None,
    processes: int = 1,
    requests: "Requests | None" = None,
    progress: "RoundProgress | None" = None,
    clock: "Clock" = perf_counter_ns,
) -> "LatencyBenchmark":
    """Measure the latency of evaluating customers, one at a time and in a batch.

    Args:
        records: A folder, tables or records, as in `read_records`.
        rules: The journey and the policy.
        as_of: The evaluation time. Default: the latest date in the records.
        rounds: Number of rounds in each process, at least 1. Default: 20 in all processes together, or 5 for more than
            10,000 customers.
        processes: Number of processes, one after the other; each reads the folder. With 1 it is this process.
        requests: Budgets and a saved run. Default: none.
        progress: Receives a description of each step.
        clock: Reads the time in nanoseconds.

    Raises:
        InputError: The records cannot be read, there is no customer, or an option is not valid.
        WorkerDiedError: A process died, or could not start.
        KeyboardInterrupt: Ctrl-C before anything was measured.
    """
    from scenarios.latency.benchmark import Requests, build_benchmark
    from scenarios.latency.processes import LatencyJob, measure_in_processes

    for name, number in (("rounds", rounds), ("processes", processes)):
        if number is not None and number < 1:
            raise InputError(f"{name} {number}: must be at least 1")
    if processes > 1 and not (records is None or isinstance(records, str | Path)):
        raise InputError(
            f"processes={processes}: other processes cannot read records in memory; name a folder, or use processes=1"
        )
    read = partial(read_records, records, rules.journey, rules.policy, refuse_large=True)
    job = LatencyJob(read, rules.policy, rules.journey, rules.declared_rules, as_of, rounds, processes, clock)
    times, interrupted = measure_in_processes(job, progress)
    return build_benchmark(
        times, (rules.policy, rules.journey), rules.used, requests or Requests(), interrupted=interrupted
    )
