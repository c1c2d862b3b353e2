"""A benchmark as tables on the terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.cli.console import styled, table
from scenarios.latency.budget import WITH_REASONS
from scenarios.text.phrases import pluralise

if TYPE_CHECKING:
    from rich.console import Console

    from scenarios.cli.fitted_table import FittedTable
    from scenarios.latency.against import Comparison, TimeRatio
    from scenarios.latency.benchmark import LatencyBenchmark, LatencyGroup
    from scenarios.latency.percentiles import Percentiles

_PERCENTILES = ("p50", "p90", "p99", "max")
_FEWEST_FOR_P99 = 100
"""Number of customers from which the nearest rank of p99 is not the last one."""


def print_benchmark(out: "Console", result: "LatencyBenchmark", used: str) -> None:
    """Print a benchmark.

    Args:
        out: The console.
        result: The benchmark.
        used: The journey and the policy, in words.
    """
    out.print(
        f"{pluralise(result.customers, 'customer')} ({result.source}) as of {result.as_of}, {used}.\n"
        f"{_describe_method(result)}\n"
    )
    out.print(_latency_table(result))
    out.print(_describe_batch(result) + "\n")
    if result.budget:
        out.print(_budget_table(result))
    if result.against is not None:
        out.print(_ratio_table(result.against))
    out.print("\n".join(_describe_machine(result)))


def _describe_method(result: "LatencyBenchmark") -> str:
    passes = "" if result.passes == 1 else f", each customer {result.passes} times in a round"
    return (
        f"{pluralise(result.rounds, 'round')} in {count_processes(result.processes)}{passes}, after a warm-up of "
        f"{result.warm_up:,} evaluations and one batch. A customer's latency is the best of all rounds; percentiles "
        "are over customers."
    )


def count_processes(number: int) -> str:
    """A number of processes: ``1 process``, ``5 processes``."""
    return f"{number:,} {'process' if number == 1 else 'processes'}"


def _latency_table(result: "LatencyBenchmark") -> "FittedTable":
    right = ("customers", *_PERCENTILES)
    rows = table("Latency of one evaluation in microseconds", "", *right, right=right)
    total = result.total
    rows.add_row(styled("with reasons", "bold"), f"{total.customers:,}", *_format(total.with_reasons))
    rows.add_row(styled("without reasons", "bold"), f"{total.customers:,}", *_format(total.single), end_section=True)
    groups = list(_name_groups(result))
    for place, (name, group) in enumerate(groups):
        is_last_stage = place == len(result.by_stage) - 1
        rows.add_row(name, f"{group.customers:,}", *_format(group.with_reasons), end_section=is_last_stage)
    rows.note = "by stage and by number of signals: with reasons"
    if total.customers < _FEWEST_FOR_P99:
        rows.note += f"; of fewer than {_FEWEST_FOR_P99} customers, p99 is the slowest one"
    return rows


def _name_groups(result: "LatencyBenchmark") -> "Iterator[tuple[str, LatencyGroup]]":
    for stage, group in result.by_stage:
        yield f"in {stage}" if stage else "stage unknown", group
    for (least, most), group in result.by_signals:
        yield pluralise(most, "signal") if least == most else f"{least:,} to {most:,} signals", group


def _format(percentiles: "Percentiles") -> tuple[str, ...]:
    return tuple(f"{value:,.1f}" for value in percentiles)


def _describe_batch(result: "LatencyBenchmark") -> str:
    batch = result.batch
    if batch.customers_per_second is None or batch.us_per_customer is None:
        return "All customers in one batch: not measured."
    memory = ""
    if batch.peak_memory_bytes is not None and batch.added_memory_bytes is not None:
        memory = (
            f" Peak memory {batch.peak_memory_bytes / 1e6:,.0f} MB, of which the batch added "
            f"{batch.added_memory_bytes / 1e6:,.0f} MB."
        )
    fixed = ""
    if batch.us_per_customer > result.total.with_reasons.p50_us:
        fixed = " A batch has a fixed cost, which is large for so few customers."
    return (
        f"All customers in one batch: {batch.customers_per_second:,.0f} customers per second "
        f"({batch.us_per_customer:,.2f} us each), best of the rounds.{fixed}{memory}"
    )


def _budget_table(result: "LatencyBenchmark") -> "FittedTable":
    rows = table("Budgets in microseconds", "budget", "limit", "value", "holds", right=("limit", "value"))
    for name, limit, value, ok in result.budget:
        measured = "not measured" if value is None else f"{value:,.2f}"
        rows.add_row(name, f"{limit:,.2f}", measured, "yes" if ok else styled("NO", "red"))
    rows.note = (
        f"{WITH_REASONS}: one evaluation with reasons; single: without; batch: time per customer of all in one batch"
    )
    return rows


def _ratio_table(comparison: "Comparison") -> "FittedTable":
    right = ("saved", "now", "ratio", "95 % interval", "uncorrected")
    rows = table(f"Compared with {comparison.file}, journeylab {comparison.version}", "time in us", *right, right=right)
    for each in comparison.ratios:
        rows.add_row(
            each.name,
            f"{each.saved_us:,.2f}",
            f"{each.value_us:,.2f}",
            f"{each.ratio:.3f}",
            _format_limits(each),
            f"{each.uncorrected_ratio:.3f}",
        )
    pace = (
        "medians of the processes; a ratio above 1 is slower now. Ratios are corrected for the pace of the machine: "
        f"its calibration loop took {comparison.pace_ratio:.3f} times as long."
    )
    notes = [pace, *(f"differs: {difference}" for difference in comparison.differences)]
    rows.note = "\n".join(notes)
    return rows


def _format_limits(ratio: "TimeRatio") -> str:
    if ratio.ci_low is None or ratio.ci_high is None:
        return "needs 4 processes"
    return f"{ratio.ci_low:.3f} to {ratio.ci_high:.3f}"


def _describe_machine(result: "LatencyBenchmark") -> Iterator[str]:
    machine, timer = result.machine, result.timer
    paces = [process["pace_us"] for process in result.by_process]
    load = "" if machine.load_average is None else f", load average {machine.load_average:.1f}"
    yield (
        f"Machine: {machine.processor}, {pluralise(machine.cores, 'core')}, {machine.system}, Python "
        f"{machine.python}{load}."
    )
    yield f"Pace: the calibration loop took {min(paces):,.0f} to {max(paces):,.0f} us; shorter is faster."
    yield (
        f"Timer: resolution {timer.resolution_ns:,.0f} ns, smallest step {timer.step_ns:,} ns, overhead "
        f"{timer.overhead_ns:,.0f} ns, which is part of each latency."
    )
