"""The result of a benchmark: latency of one evaluation, throughput of a batch, budgets, and the machine."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from journey.core.version import version
from journey.decision.policy import Policy
from journey.evaluation.used_rules import UsedRules
from journey.machine import Journey
from journey.tables.column_table import ColumnTable
from journey.tables.export import FrameExport
from scenarios.latency.against import Comparison, compare_runs
from scenarios.latency.budget import SINGLE, WITH_REASONS, Budget, BudgetResult, judge_budgets, list_values
from scenarios.latency.machine import Machine, Timer, describe_machine
from scenarios.latency.percentiles import (
    NANOSECONDS_PER_MICROSECOND,
    Percentiles,
    Times,
    compute_percentiles,
)
from scenarios.latency.rounds import ProcessTimes, find_largest
from scenarios.latency.saved_run import FORMAT, FORMAT_VERSION, MachineNames, SavedProcess, SavedRun
from scenarios.text.phrases import pluralise

if TYPE_CHECKING:
    import duckdb


class LatencyGroup(NamedTuple):
    """The latencies of some customers.

    Attributes:
        customers: Their number.
        single: Percentiles without reasons.
        with_reasons: Percentiles with reasons.
    """

    customers: int
    single: Percentiles
    with_reasons: Percentiles

    def as_dict(self) -> dict[str, Any]:
        """Return the group as a JSON-ready mapping."""
        return {
            "customers": self.customers,
            "single": self.single._asdict(),
            "with_reasons": self.with_reasons._asdict(),
        }


class BatchThroughput(NamedTuple):
    """All customers in one batch.

    Attributes:
        customers_per_second: In the best round; None if no batch was complete.
        us_per_customer: Time per customer in that round, in microseconds.
        peak_memory_bytes: Largest peak memory of a process during a batch; None where the system does not report it.
        added_memory_bytes: Largest growth of memory during a batch; 0 where memory in reserve was enough.
    """

    customers_per_second: float | None
    us_per_customer: float | None
    peak_memory_bytes: int | None
    added_memory_bytes: int | None


@dataclass(frozen=True, slots=True, repr=False)
class LatencyBenchmark(FrameExport):
    """The latency of evaluating recorded customers.

    A latency is the best of all rounds and processes for each customer, and a percentile is over customers. As a data
    frame it has one row per group of customers (all, of one stage, of a number of signals) and way of evaluating.

    Attributes:
        source: Source of the records.
        as_of: Time of the evaluation.
        policy: Name of the policy.
        used: Names of the journey and the policy, and the files or the scenario that contain them.
        rows: Number of records by set.
        customers: Number of customers that were measured.
        processes: Number of processes that measured, one after the other.
        rounds: Number of complete rounds, in all processes together.
        passes: How often a round evaluates a customer; the best time counts.
        warm_up: Number of evaluations before the first round, with reasons and without each.
        total: All customers.
        by_stage: The customers by recorded stage, in the journey's order; without a stage it is None.
        by_signals: The customers by number of recorded signals, as the smallest and the largest number.
        batch: All customers in one batch.
        budget: The budgets and whether they hold.
        against: The comparison with a saved run, if one was given.
        by_process: The times of each process, in microseconds.
        timer: The clock.
        machine: The machine.
        interrupted: Whether Ctrl-C ended the measurement.
    """

    source: str
    as_of: str
    policy: str
    used: UsedRules
    rows: dict[str, int]
    customers: int
    processes: int
    rounds: int
    passes: int
    warm_up: int
    total: LatencyGroup
    by_stage: tuple[tuple[str | None, LatencyGroup], ...]
    by_signals: tuple[tuple[tuple[int, int], LatencyGroup], ...]
    batch: BatchThroughput
    budget: tuple[BudgetResult, ...]
    against: Comparison | None
    by_process: list[dict[str, Any]]
    timer: Timer
    machine: Machine
    interrupted: bool

    @property
    def ok(self) -> bool:
        """Whether all budgets hold."""
        return all(result.ok for result in self.budget)

    def __repr__(self) -> str:
        """The median and the 99th percentile, and what was measured."""
        reasons, single = self.total.with_reasons, self.total.single
        return (
            f"with reasons p50 {reasons.p50_us:.1f} us, p99 {reasons.p99_us:.1f} us; without p50 {single.p50_us:.1f} "
            f"us, p99 {single.p99_us:.1f} us\n"
            f"{self.customers:,} customers ({self.source}) as of {self.as_of}, policy {self.policy}, best of "
            f"{pluralise(self.rounds, 'round')} in {self.processes} process{'es' * (self.processes != 1)}"
        )

    def to_relation(self) -> "duckdb.DuckDBPyRelation":
        """Return the percentiles as a DuckDB relation."""
        columns = {
            "reasons": "BOOLEAN", "stage": "VARCHAR", "signals_from": "BIGINT", "signals_to": "BIGINT",
            "customers": "BIGINT", **dict.fromkeys(Percentiles._fields, "DOUBLE"),
        }  # fmt: skip
        return ColumnTable(columns, self._list_rows()).to_relation()

    def _list_rows(self) -> Iterator[tuple[Any, ...]]:
        groups: list[tuple[tuple[Any, ...], LatencyGroup]] = [((None, None, None), self.total)]
        groups += [((stage or "unknown", None, None), group) for stage, group in self.by_stage]
        groups += [((None, *signals), group) for signals, group in self.by_signals]
        for keys, group in groups:
            for has_reasons, percentiles in ((True, group.with_reasons), (False, group.single)):
                yield (has_reasons, *keys, group.customers, *percentiles)

    def to_dict(self) -> dict[str, Any]:
        """Return the benchmark as a JSON-ready mapping, the document of `journey benchmark --json`."""
        values: dict[str, Any] = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "version": version(),
            "source": self.source,
            "as_of": self.as_of,
            "policy": self.policy,
            "used": self.used.as_dict(),
            "rows": self.rows,
            "customers": self.customers,
            "processes": self.processes,
            "rounds": self.rounds,
            "passes": self.passes,
            "warm_up": self.warm_up,
            "interrupted": self.interrupted,
            "single": self.total.single._asdict(),
            "with_reasons": self.total.with_reasons._asdict(),
            "by_stage": [{"stage": stage, **group.as_dict()} for stage, group in self.by_stage],
            "by_signals": [
                {"signals_from": least, "signals_to": most, **group.as_dict()}
                for (least, most), group in self.by_signals
            ],
            "batch": self.batch._asdict(),
            "budget": [result._asdict() for result in self.budget],
            "ok": self.ok,
            "timer": self.timer._asdict(),
            "machine": asdict(self.machine),
            "by_process": self.by_process,
        }
        return values | ({"against": _convert_comparison(self.against)} if self.against else {})


def _convert_comparison(comparison: Comparison) -> dict[str, Any]:
    return comparison._asdict() | {
        "ratios": [ratio._asdict() for ratio in comparison.ratios],
        "differences": list(comparison.differences),
    }


class Requests(NamedTuple):
    """What a measurement is compared with.

    Attributes:
        budgets: The limits.
        saved: A saved run, and the name of its file.
    """

    budgets: Sequence[Budget] = ()
    saved: tuple[SavedRun, str] | None = None


def build_benchmark(
    times: Sequence[ProcessTimes],
    rules: tuple[Policy, Journey],
    used: UsedRules,
    requests: Requests,
    *,
    interrupted: bool,
) -> LatencyBenchmark:
    """Build the result of a measurement.

    Args:
        times: The times of each process; at least one.
        rules: The policy and the journey.
        used: Their origin.
        requests: Budgets, and a saved run to compare with.
        interrupted: Whether Ctrl-C ended the measurement.
    """
    policy, journey = rules
    customers = times[0].customers
    single = np.min([each.single for each in times], axis=0)
    with_reasons = np.min([each.with_reasons for each in times], axis=0)
    total, batch, by_process = _build_group(single, with_reasons), _build_batch(times), _list_processes(times)
    machine = describe_machine()
    against = None
    if requests.saved is not None:
        current = SavedRun(
            version=version(),
            source=customers.source,
            as_of=customers.as_of,
            policy=policy.name,
            customers=len(single),
            rows=customers.rows,
            rounds=sum(each.rounds for each in times),
            machine=MachineNames.model_validate(asdict(machine)),
            by_process=[SavedProcess.model_validate(each) for each in by_process],
        )
        against = compare_runs(current, *requests.saved)
    return LatencyBenchmark(
        source=customers.source,
        as_of=customers.as_of,
        policy=policy.name,
        used=used,
        rows=customers.rows,
        customers=len(single),
        processes=len(times),
        rounds=sum(each.rounds for each in times),
        passes=times[0].passes,
        warm_up=times[0].warm_up,
        total=total,
        by_stage=tuple(_group_by_stage(customers.stages, journey, single, with_reasons)),
        by_signals=tuple(_group_by_signals(customers.signals, single, with_reasons)),
        batch=batch,
        budget=judge_budgets(requests.budgets, list_values(total.single, total.with_reasons, batch.us_per_customer)),
        against=against,
        by_process=by_process,
        timer=times[0].timer,
        machine=machine,
        interrupted=interrupted,
    )


def _build_group(single: Times, with_reasons: Times) -> LatencyGroup:
    return LatencyGroup(len(single), compute_percentiles(single), compute_percentiles(with_reasons))


def _group_by_stage(
    stages: Sequence[str | None], journey: Journey, single: Times, with_reasons: Times
) -> Iterator[tuple[str | None, LatencyGroup]]:
    places = _collect_places(stages)
    order = {stage: place for place, stage in enumerate(journey.stages)}
    # Stages that are not in the journey follow in order of name, and customers without a stage come last.
    for stage in sorted(places, key=lambda name: (name is None, order.get(name or "", len(order)), name or "")):
        yield stage, _build_group(single[places[stage]], with_reasons[places[stage]])


def _group_by_signals(
    signals: Sequence[int], single: Times, with_reasons: Times
) -> Iterator[tuple[tuple[int, int], LatencyGroup]]:
    places = _collect_places(find_signal_range(number) for number in signals)
    for limits in sorted(places):
        yield limits, _build_group(single[places[limits]], with_reasons[places[limits]])


def find_signal_range(number: int) -> tuple[int, int]:
    """Return the group of a number of signals: 0, 1, 2, 3 to 4, 5 to 8, 9 to 16, and so on, doubling."""
    if number <= 2:
        return number, number
    largest = 1 << (number - 1).bit_length()
    return largest // 2 + 1, largest


def _collect_places(keys: Iterable[Any]) -> dict[Any, Any]:
    """Return the places of each key, as an array."""
    places: dict[Any, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    return {key: np.array(found) for key, found in places.items()}


def _build_batch(times: Sequence[ProcessTimes]) -> BatchThroughput:
    done = [each.batch_ns for each in times if each.batch_ns is not None]
    if not done:
        return BatchThroughput(None, None, None, None)
    each = min(done) / len(times[0].single)
    return BatchThroughput(
        1e9 / each,
        each / NANOSECONDS_PER_MICROSECOND,
        find_largest(each.batch_peak_bytes for each in times),
        find_largest(each.batch_added_bytes for each in times),
    )


def _list_processes(times: Sequence[ProcessTimes]) -> list[dict[str, Any]]:
    """Return the times of each process in microseconds, as `scenarios.latency.saved_run.SavedProcess` has them."""
    return [
        {
            "pace_us": each.pace_ns / NANOSECONDS_PER_MICROSECOND,
            SINGLE: compute_percentiles(each.single)._asdict(),
            WITH_REASONS: compute_percentiles(each.with_reasons)._asdict(),
            "batch_us_per_customer": None
            if each.batch_ns is None
            else each.batch_ns / len(each.single) / NANOSECONDS_PER_MICROSECOND,
        }
        for each in times
    ]
