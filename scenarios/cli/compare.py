"""`journey compare`: compare the arms of a scenario."""

from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from journey.core.errors import InputError
from scenarios.cli import INTERRUPTED
from scenarios.cli.common_options import (
    ClusterOption,
    Engine,
    EngineOption,
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

    from scenarios.comparison.checkpoint import Checkpoint
    from scenarios.comparison.compare import Comparison
    from scenarios.comparison.stopping_rule import PrecisionTarget
    from scenarios.experiment.assignment import Split
    from scenarios.files.loader import LoadedScenario
    from scenarios.reports.document import Block
    from simulation.runs.engine_choice import EngineChoice


class Mode(StrEnum):
    """Design of the comparison."""

    COUNTERFACTUAL = "counterfactual"
    RANDOMISED = "randomised"


def command(
    source: ScenarioArgument,
    *,
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
    json_: JsonOption = False,
    report: ReportOption = None,
) -> None:
    """Compare the arms of a scenario.

    Reports the differences between arms, their uncertainty and their value.
    """
    from scenarios.cli.console import print_json, print_message
    from scenarios.cli.progress import progress_bar
    from scenarios.comparison.compare import compare
    from scenarios.execution.protocol import WorkerDiedError
    from simulation.runs.engine_choice import EngineChoice

    processes = count_processes(workers, cluster)
    refuse_report(report)
    scenario = load_scenario(source, set_, seed=("seed", seed), replications=("replications", replications))
    precision_target = _parse_precision(scenario, precision, max_replications)
    split = _build_split(scenario, mode, truth=truth)
    choice = _choose_engine(scenario, engine, split)
    with _open_checkpoint(scenario, resume, choice.engine, split, any_engine=engine is Engine.AUTO) as checkpoint:
        if checkpoint is not None:
            if checkpoint.opening_message:
                print_message(checkpoint.opening_message)
            if checkpoint.identity.engine != choice.engine:
                choice = EngineChoice(checkpoint.identity.engine, f"{resume} was created with it")
        if choice.reason and not json_:
            print_message(str(choice))
        try:
            with progress_bar() as progress:
                comparison = compare(
                    scenario,
                    workers=processes,
                    cluster=cluster,
                    progress=progress,
                    engine=choice.engine,
                    precision=precision_target,
                    checkpoint=checkpoint,
                    split=split,
                )
        except (KeyboardInterrupt, WorkerDiedError):
            if resume is not None:
                print_message(_resume_hint(resume))
            raise
    if json_:
        print_json(comparison.as_dict())
    else:
        _print_comparison(comparison)
    write_report(report, partial(_build_report, comparison))
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


def _parse_precision(
    loaded: "LoadedScenario", arguments: list[str] | None, maximum: int | None
) -> "PrecisionTarget | None":
    from scenarios.comparison.stopping_rule import parse_precision

    scenario = loaded.scenario
    segments = None if scenario.population.records else tuple(scenario.population.segments)
    return parse_precision(arguments or (), maximum=maximum, replications=scenario.replications, segments=segments)


def _build_split(scenario: "LoadedScenario", mode: Mode, *, truth: bool) -> "Split | None":
    """The assignment of customers to arms in a randomised comparison; None in a counterfactual one."""
    if mode is Mode.COUNTERFACTUAL:
        if truth:
            raise InputError(
                "--truth: requires --mode randomised; the counterfactual comparison already measures the true effects"
            )
        return None
    from scenarios.comparison.compare import refuse_single_arm
    from scenarios.experiment.analysis import build_scenario_split

    refuse_single_arm(scenario)
    return build_scenario_split(scenario, truth=truth)


def _open_checkpoint(
    scenario: "LoadedScenario", resume: Path | None, engine: str, split: "Split | None", *, any_engine: bool
) -> AbstractContextManager["Checkpoint | None"]:
    """The checkpoint file of `--resume`, if there is one."""
    if resume is None:
        return nullcontext()
    from scenarios.comparison.checkpoint import open_checkpoint
    from scenarios.comparison.compare import build_identity

    return open_checkpoint(resume, build_identity(scenario, engine, split), any_engine=any_engine)


def _choose_engine(loaded: "LoadedScenario", requested: Engine, split: "Split | None") -> "EngineChoice":
    """The engine for all runs of a comparison."""
    from simulation.runs.engine_choice import choose_engine

    scenario = loaded.scenario
    parts = [(arm,) for arm in loaded.arms] if split is None else split.parts
    work = sum(part[0].population.workload(scenario.horizon_days) for part in parts) * scenario.replications
    return choose_engine(requested, loaded.arms, work)


def _print_comparison(comparison: "Comparison") -> None:
    from scenarios.cli.comparison_tables import print_comparison
    from scenarios.cli.console import console

    print_comparison(console(), comparison)
