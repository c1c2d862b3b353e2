"""`journey benchmark`: the latency of evaluating customers, on the user's own records and policy."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli import INTERRUPTED
from scenarios.cli.common_options import JsonOption
from scenarios.cli.error_handling import CHECK_FAILED
from scenarios.cli.record_options import (
    AsOfOption,
    FolderArgument,
    JourneyOption,
    PolicyOption,
    RulesArmOption,
    RulesScenarioOption,
)

if TYPE_CHECKING:
    from scenarios.latency.benchmark import LatencyBenchmark

PROCESSES = 5


def command(
    folder: FolderArgument = None,
    *,
    as_of: AsOfOption = None,
    policy: PolicyOption = None,
    journey: JourneyOption = None,
    scenario: RulesScenarioOption = None,
    arm: RulesArmOption = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            "--rounds",
            metavar="N",
            min=1,
            help="Rounds in each process. Default: 20 in all, or 5 for more than 10,000 customers.",
        ),
    ] = None,
    processes: Annotated[
        int,
        typer.Option(
            "--processes",
            metavar="N",
            min=1,
            help="Processes, one after the other. --against needs at least 4 for an interval.",
        ),
    ] = PROCESSES,
    budget: Annotated[
        list[str] | None,
        typer.Option(
            "--budget",
            metavar="NAME=LIMIT",
            help="Exit with 1 if a limit does not hold: p50, p90, p99 or max with reasons, such as p99=200us (or ms, "
            "s); the same without reasons, such as single.p99=150us; the least throughput of a batch, such as "
            "customers_per_second=50000. Repeatable.",
        ),
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE.json", help="Write the result to this file.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="FILE.json",
            help="Compare with the result in this file, corrected for the pace of the machine.",
        ),
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Measure the latency of evaluating customers.

    One customer at a time, with reasons and without, and all customers in one batch.
    """
    from scenarios.cli.console import console, print_json, print_message
    from scenarios.cli.progress import show_status
    from scenarios.operations.benchmark import benchmark_records, read_requests
    from scenarios.operations.evaluation_rules import open_rules
    from scenarios.operations.output_paths import Inputs, Output, refuse_outputs

    rules = open_rules(scenario=scenario, arm=arm, journey=journey, policy=policy, needs_orchestrator=True)
    refuse_outputs([Output("--save", save)], Inputs(files=[against], folders=[folder]) + rules.inputs)
    requests = read_requests(budget or (), against)
    for notice in rules.used.notices:
        print_message(notice)
    with show_status("measuring") as progress:
        result = benchmark_records(
            folder, rules, as_of=as_of, rounds=rounds, processes=processes, requests=requests, progress=progress
        )
    _save(result, save)
    if json_:
        print_json(result.to_dict())
    else:
        from scenarios.cli.benchmark_tables import print_benchmark

        # Without these options the journey is the default one, which has no name of its own.
        named = f"journey {rules.journey.name}, " if scenario or journey else ""
        print_benchmark(console(), result, f"{named}policy {rules.described}")
    _exit_with(result)


def _save(result: "LatencyBenchmark", path: Path | None) -> None:
    """Write a complete result to a file, before it is printed: the reader of stdout may have closed the pipe."""
    if path is None:
        return
    from scenarios.cli.console import print_message
    from scenarios.latency.saved_run import write_run

    if result.interrupted:
        print_message(f"{path}: not written, because the run was interrupted")
        return
    write_run(path, result.to_dict())
    print_message(f"wrote {path}")


def _exit_with(result: "LatencyBenchmark") -> None:
    """End with 130 after Ctrl-C, and with 1 if a budget does not hold.

    Raises:
        Exit: One of the two.
    """
    from scenarios.cli.benchmark_tables import count_processes
    from scenarios.cli.console import print_message
    from scenarios.text.phrases import pluralise

    if result.interrupted:
        print_message(
            f"interrupted: {count_processes(result.processes)} with {pluralise(result.rounds, 'round')} of "
            f"{pluralise(result.customers, 'customer')} were used"
        )
        raise typer.Exit(INTERRUPTED)
    if not result.ok:
        raise typer.Exit(CHECK_FAILED)
