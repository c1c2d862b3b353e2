"""Measure the evaluation of customers in this process, round by round.

A round evaluates every customer, with reasons and without, and then all of them in one batch. In a round of few
customers each is evaluated several times. The best time of each customer counts: a pause by the scheduler or by garbage
collection only adds time, and does not meet the same customer in every round.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from statistics import median
from typing import TypeAlias

import numpy as np

from journey.orchestrator.case_reader import CustomerCase
from scenarios.execution.interruption_errors import is_interruption
from scenarios.execution.termination import get_exit_code
from scenarios.latency.machine import Clock, Timer, measure_pace, measure_timer, read_peak_bytes, reset_peak_bytes
from scenarios.latency.percentiles import Times
from scenarios.latency.workload import Workload

EVALUATIONS_PER_ROUND = 500
"""Least number of evaluations in a round, with reasons and without each."""

ROUNDS, ROUNDS_OF_MANY = 20, 5
MANY_CUSTOMERS = 10_000
"""The default is `ROUNDS` in all processes together, or `ROUNDS_OF_MANY` with more customers than `MANY_CUSTOMERS`."""

LEAST_TIME = 1
"""Time in nanoseconds that counts where a coarse clock showed none, so that every ratio of times exists."""

_GOLDEN = 0.6180339887498949
"""Multiples of it, without their whole part, are spread evenly."""

_NEVER = 2**62

RoundProgress: TypeAlias = Callable[[str], None]
"""Receives a description of the current step."""


@dataclass(frozen=True, slots=True)
class Customers:
    """The customers that were measured.

    Attributes:
        source: Source of the records.
        as_of: Time of the evaluation, ISO 8601.
        rows: Number of records by set.
        stages: Recorded stage of each customer, or None.
        signals: Number of recorded signals of each customer.
    """

    source: str
    as_of: str
    rows: dict[str, int]
    stages: tuple[str | None, ...]
    signals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ProcessTimes:
    """The times of one process, in nanoseconds.

    Attributes:
        customers: The customers.
        rounds: Number of complete rounds; in an interrupted first round, of the customers measured so far.
        passes: How often a round evaluates a customer.
        warm_up: Number of evaluations before the first round, with reasons and without each.
        timer: The clock.
        with_reasons: Best time of each customer, with reasons.
        single: The same without reasons.
        pace_ns: Duration of the calibration loop: best of the rounds, in a round the median over blocks of customers.
        batch_ns: Best time of all customers in one batch; None if no batch was complete.
        batch_peak_bytes: Largest peak memory of the process during a batch, in bytes; None where it is unknown.
        batch_added_bytes: Largest growth of memory during a batch, in bytes; None where it is unknown.
        interrupted: Whether Ctrl-C ended the measurement.
    """

    customers: Customers
    rounds: int
    passes: int
    warm_up: int
    timer: Timer
    with_reasons: Times
    single: Times
    pace_ns: float
    batch_ns: int | None
    batch_peak_bytes: int | None
    batch_added_bytes: int | None
    interrupted: bool


@dataclass(slots=True)
class _Round:
    """The times of one round, in nanoseconds, and memory in bytes."""

    with_reasons: list[int] = field(default_factory=list)
    single: list[int] = field(default_factory=list)
    paces: list[int] = field(default_factory=list)
    batch_ns: int | None = None
    batch_peak_bytes: int | None = None
    batch_added_bytes: int | None = None


@dataclass(slots=True)
class _Measurement:
    """The state of a measurement."""

    passes: int
    first_pass: int
    warm_up: int = 0
    stages: list[str | None] = field(default_factory=list)
    signals: list[int] = field(default_factory=list)
    rounds: list[_Round] = field(default_factory=list)
    interrupted: bool = False


def measure_rounds(
    workload: Workload,
    rounds: int | None,
    clock: Clock,
    progress: RoundProgress | None = None,
    *,
    process: int = 0,
    processes: int = 1,
) -> ProcessTimes:
    """Measure the evaluation of the customers.

    Ctrl-C ends the measurement. Complete rounds are kept; in the first round, the customers measured so far.

    Args:
        workload: What is measured; at least one customer.
        rounds: Number of rounds, at least 1. Default: see `ROUNDS`.
        clock: Reads the time in nanoseconds.
        progress: Receives a description of each step.
        process: Number of this process among those that measure, from 0.
        processes: Number of processes that measure, this one included; it divides the default number of rounds.

    Raises:
        KeyboardInterrupt: Ctrl-C before any customer was measured.
    """
    report = progress or _ignore
    total = ROUNDS if workload.customers <= MANY_CUSTOMERS else ROUNDS_OF_MANY
    planned = rounds or -(-total // processes)
    passes = max(1, -(-EVALUATIONS_PER_ROUND // workload.customers))
    measurement = _Measurement(passes, first_pass=process * planned * passes)
    current = _Round()
    timer = measure_timer(clock)
    try:
        report("warm-up")
        measurement.warm_up = _warm_up(workload, clock)
        for number in range(1, planned + 1):
            current = _Round()
            _measure_round(workload, measurement, current, clock, _Steps(report, f"round {number} of {planned}"))
            measurement.rounds.append(current)
    except (KeyboardInterrupt, RuntimeError) as error:
        # A signal that ends the process can look like Ctrl-C during a query.
        if not is_interruption(error) or get_exit_code() is not None:
            raise
        _keep_finished(measurement, current)
    return _summarise(workload, measurement, timer)


def _summarise(workload: Workload, measurement: _Measurement, timer: Timer) -> ProcessTimes:
    rounds = measurement.rounds
    return ProcessTimes(
        customers=Customers(
            workload.records.source,
            workload.as_of.isoformat(),
            workload.records.counts(),
            tuple(measurement.stages),
            tuple(measurement.signals),
        ),
        rounds=len(rounds),
        passes=measurement.passes,
        warm_up=measurement.warm_up,
        timer=timer,
        with_reasons=_find_best([each.with_reasons for each in rounds]),
        single=_find_best([each.single for each in rounds]),
        pace_ns=max(min(median(each.paces) for each in rounds), LEAST_TIME),
        batch_ns=min((max(each.batch_ns, LEAST_TIME) for each in rounds if each.batch_ns is not None), default=None),
        batch_peak_bytes=find_largest(each.batch_peak_bytes for each in rounds),
        batch_added_bytes=find_largest(each.batch_added_bytes for each in rounds),
        interrupted=measurement.interrupted,
    )


def _find_best(rounds: Sequence[Sequence[int]]) -> Times:
    """Return the best time of each customer."""
    best: Times = np.maximum(np.array(rounds, dtype=np.int64).min(axis=0), LEAST_TIME)
    return best


def find_largest(sizes: Iterable[int | None]) -> int | None:
    """Return the largest known size; None if none is known."""
    return max((size for size in sizes if size is not None), default=None)


def _ignore(_step: str) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class _Steps:
    """Reports the steps of one round."""

    report: RoundProgress
    name: str

    def show(self, step: str) -> None:
        self.report(f"{self.name}, {step}")


def _keep_finished(measurement: _Measurement, current: _Round) -> None:
    """Keep what was complete when Ctrl-C came.

    Raises:
        KeyboardInterrupt: Nothing was.
    """
    measurement.interrupted = True
    if measurement.rounds:
        return
    if not current.single:
        raise KeyboardInterrupt from None
    measurement.rounds.append(current)


def _warm_up(workload: Workload, clock: Clock) -> int:
    """Evaluate the first customers as in a round, and all in a batch, which loads or compiles its code."""
    discarded = _Round()
    for block in workload.read_blocks():
        passes = max(1, -(-EVALUATIONS_PER_ROUND // len(block)))
        _time_block(workload, block, range(passes), clock, discarded)
        break
    workload.run_batch()
    return len(discarded.single) * passes


def _measure_round(workload: Workload, measurement: _Measurement, current: _Round, clock: Clock, steps: _Steps) -> None:
    """Measure every customer, and the batch."""
    is_first = not measurement.rounds
    first_pass = measurement.first_pass + len(measurement.rounds) * measurement.passes
    passes = range(first_pass, first_pass + measurement.passes)
    for block in workload.read_blocks():
        steps.show(f"{len(current.single):,} of {workload.customers:,} customers")
        if is_first:
            evaluate_state = workload.orchestrator.state_evaluator.evaluate
            stages = [evaluate_state(case.entries, workload.as_of).stage for case in block]
        _time_block(workload, block, passes, clock, current)
        if is_first:
            measurement.stages.extend(stages)
            measurement.signals.extend(len(case.signals) for case in block)
    steps.show("batch")
    before = reset_peak_bytes()
    started = clock()
    workload.run_batch()
    current.batch_ns = clock() - started
    current.batch_peak_bytes = peak = read_peak_bytes()
    # The kernel counts pages late, so that the peak may seem to be below what was resident before.
    current.batch_added_bytes = None if peak is None or before is None else max(0, peak - before)


def _time_block(workload: Workload, block: Sequence[CustomerCase], passes: range, clock: Clock, into: _Round) -> None:
    """Add the best times of these customers to a round.

    With reasons and without take turns, in changing order, so that a change of the machine's pace meets both. Each pass
    begins with another customer, so that a pause at regular intervals, such as by garbage collection, does not meet the
    same customer every time.

    Args:
        workload: How to evaluate.
        block: The customers.
        passes: Numbers of the passes, counted through all rounds and processes.
        clock: Reads the time in nanoseconds.
        into: The round.
    """
    pace = measure_pace(clock)
    with_reasons, single = ([_NEVER] * len(block) for _ in range(2))
    for number in passes:
        start = int(number * _GOLDEN % 1.0 * len(block))
        order = list(chain(range(start, len(block)), range(start)))
        for wanted in (True, False) if number % 2 == 0 else (False, True):
            _time_pass(workload, block, order, clock, with_reasons if wanted else single, wanted=wanted)
    # All at once, so that Ctrl-C leaves the lists with the same customers.
    into.paces.append(pace)
    into.with_reasons.extend(with_reasons)
    into.single.extend(single)


def _time_pass(
    workload: Workload,
    block: Sequence[CustomerCase],
    order: Sequence[int],
    clock: Clock,
    best: list[int],
    *,
    wanted: bool,
) -> None:
    """Evaluate each customer once, with reasons if `wanted`, and keep the time where it is the best so far."""
    evaluate, as_of = workload.orchestrator.evaluate_customer, workload.as_of
    for place in order:
        case = block[place]
        started = clock()
        evaluate(*case, as_of=as_of, with_reasons=wanted)
        taken = clock() - started
        if taken < best[place]:
            best[place] = taken
