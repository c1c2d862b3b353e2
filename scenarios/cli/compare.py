"""`journey compare`: compare the arms of a scenario."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli import INTERRUPTED
from scenarios.cli.common_options import (
    ClusterOption,
    CustomersOption,
    DaysOption,
    Engine,
    EngineOption,
    FullOption,
    JsonOption,
    ScenarioArgument,
    SeedOption,
    SetOption,
    WorkersOption,
    count_processes,
    load_scenario,
)
from scenarios.cli.report_option import ReportOption, refuse_report, write_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenarios.comparison.compare import Comparison
    from scenarios.reports.document import Block


class Mode(StrEnum):
    """Design of the comparison."""

    COUNTERFACTUAL = "counterfactual"
    RANDOMISED = "randomised"


def command(
    source: ScenarioArgument,
    *,
    customers: CustomersOption = None,
    days: DaysOption = None,
    replications: Annotated[
        int | None,
        typer.Option(
            "--replications", metavar="N", help="Number of independent cohorts. Default: the scenario's number."
        ),
    ] = None,
    precision: Annotated[
        list[str] | None,
        typer.Option(
            "--precision",
            metavar="METRIC=HALF_WIDTH",
            help="Add replications until the 95 % interval of every paired difference has at most this half-width. "
            "Repeatable.",
        ),
    ] = None,
    max_replications: Annotated[
        int | None,
        typer.Option("--max-replications", metavar="N", min=1, help="Upper limit for --precision. Default: 1000."),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", metavar="FILE", help="Store replications in this file and reuse those already in it."),
    ] = None,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    mode: Annotated[
        Mode,
        typer.Option(
            "--mode",
            metavar="counterfactual|randomised",
            help="counterfactual: every customer is simulated in every arm with common random numbers. randomised: "
            "customers are assigned to one arm each and share the reviewers, as in an A/B test.",
        ),
    ] = Mode.COUNTERFACTUAL,
    truth: Annotated[
        bool,
        typer.Option(
            "--truth",
            help="With --mode randomised: also simulate each arm with all customers, to measure the bias of the "
            "experiment.",
        ),
    ] = False,
    engine: EngineOption = Engine.AUTO,
    full: FullOption = False,
    json_: JsonOption = False,
    report: ReportOption = None,
) -> None:
    """Compare the arms of a scenario.

    Reports the differences between arms, their uncertainty and their value.
    """
    from scenarios.cli.console import print_json, print_message
    from scenarios.cli.progress import progress_bar
    from scenarios.execution.protocol import WorkerDiedError
    from scenarios.operations.comparison import plan_comparison
    from scenarios.operations.output_paths import Inputs, Output, refuse_outputs

    processes = count_processes(workers, cluster)
    refuse_report(report)
    scenario = load_scenario(source, set_, customers=customers, days=days, seed=seed, replications=replications)
    refuse_outputs([Output("--resume", resume), Output("--report", report)], Inputs.of_scenario(scenario))
    plan = plan_comparison(
        scenario, mode=mode, truth=truth, engine=engine, precision=precision, max_replications=max_replications
    )
    with plan.open_checkpoint(resume) as checkpoint:
        if checkpoint is not None and checkpoint.opening_message:
            print_message(checkpoint.opening_message)
        plan = plan.with_engine_of(checkpoint)
        if plan.choice.reason and not json_:
            print_message(str(plan.choice))
        try:
            with progress_bar() as progress:
                comparison = plan.run(workers=processes, cluster=cluster, progress=progress, checkpoint=checkpoint)
        except (KeyboardInterrupt, WorkerDiedError):
            if resume is not None:
                print_message(_resume_hint(resume))
            raise
    # Before the result is printed, because the reader of stdout may have closed the pipe.
    write_report(report, partial(_build_report, comparison))
    if json_:
        print_json(comparison.to_dict())
    else:
        _print_comparison(comparison, full=full)
    _print_outcome(comparison, resume)


def _build_report(comparison: "Comparison") -> "Sequence[Block]":
    from scenarios.reports.comparison import build_report

    return build_report(comparison)


def _print_outcome(comparison: "Comparison", resume: Path | None) -> None:
    from scenarios.cli.console import print_message

    if comparison.precision is not None:
        print_message(comparison.precision.sentence)
    if comparison.interrupted:
        print_message(
            f"interrupted: {comparison.replications} of {comparison.requested} replications are complete and were used"
        )
        print_message(_resume_hint(resume))
        raise typer.Exit(INTERRUPTED)


def _resume_hint(resume: Path | None) -> str:
    if resume is None:
        return "with --resume FILE, an interrupted run can continue where it stopped; without it, the run starts again"
    return f"to continue from the replications in {resume}, repeat the same command"


def _print_comparison(comparison: "Comparison", *, full: bool) -> None:
    from scenarios.cli.comparison_tables import print_comparison
    from scenarios.cli.console import console

    print_comparison(console(), comparison, full=full)
