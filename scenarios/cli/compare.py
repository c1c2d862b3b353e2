"""`journey compare`: the arms of a scenario side by side."""

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
    loaded,
    workers_for,
)
from scenarios.cli.report_option import ReportOption, refuse_report, write_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenarios.comparison.checkpoint import Store
    from scenarios.comparison.compare import Comparison
    from scenarios.comparison.stopping_rule import Precision
    from scenarios.experiment.assignment import Split
    from scenarios.files.loader import LoadedScenario
    from scenarios.reports.document import Block
    from simulation.runs.engine_choice import EngineChoice


class Mode(StrEnum):
    """How the arms are held against each other."""

    COUNTERFACTUAL = "counterfactual"
    RANDOMISED = "randomised"


def command(
    scenario: ScenarioArgument,
    *,
    replications: Annotated[
        int | None, typer.Option("--replications", help="Independent cohorts; left out: the scenario's.")
    ] = None,
    precision: Annotated[
        list[str] | None,
        typer.Option(
            "--precision",
            metavar="METRIC=HALF_WIDTH",
            help="Add replications until the 95 % interval of every paired difference is this narrow; repeatable.",
        ),
    ] = None,
    max_replications: Annotated[
        int | None, typer.Option("--max-replications", min=1, help="The limit of --precision; left out: 1000.")
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", metavar="F", help="Keep replications in this file, and go on from those it holds."),
    ] = None,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    mode: Annotated[
        Mode,
        typer.Option(
            "--mode",
            help="counterfactual: every customer lives in every arm, on the same luck; randomised: the customers are "
            "split between the arms and share the reviewers, as in a real experiment.",
        ),
    ] = Mode.COUNTERFACTUAL,
    truth: Annotated[
        bool,
        typer.Option(
            "--truth", help="With --mode randomised: also live every arm with everybody in it, and say how far off."
        ),
    ] = False,
    engine: EngineOption = Engine.AUTO,
    json_: JsonOption = False,
    report: ReportOption = None,
) -> None:
    """Run the arms of a scenario and say what differs, how surely, and what it is worth."""
    from scenarios.cli.console import print_json, say
    from scenarios.cli.progress import progress_bar
    from scenarios.comparison.compare import compare
    from scenarios.execution.executor import WorkerDiedError
    from simulation.runs.engine_choice import EngineChoice

    processes = workers_for(workers, cluster)
    refuse_report(report)
    checked = loaded(scenario, set_, seed=("seed", seed), replications=("replications", replications))
    wanted = _precision(checked, precision, max_replications)
    split = _split(checked, mode, truth=truth)
    choice = _engine(checked, engine, split)
    with _opened(checked, resume, choice.engine, split, any_engine=engine is Engine.AUTO) as store:
        if store is not None:
            if store.opening_message:
                say(store.opening_message)
            if store.identity.engine != choice.engine:
                choice = EngineChoice(store.identity.engine, f"{resume} was begun with it")
        if choice.reason and not json_:
            say(str(choice))
        try:
            with progress_bar() as progress:
                found = compare(
                    checked,
                    workers=processes,
                    cluster=cluster,
                    progress=progress,
                    engine=choice.engine,
                    precision=wanted,
                    store=store,
                    split=split,
                )
        except (KeyboardInterrupt, WorkerDiedError):
            if resume is not None:
                say(_how_to_go_on(resume))
            raise
    if json_:
        print_json(found.as_dict())
    else:
        _print(found)
    write_report(report, partial(_reported, found))
    _say_how_it_ended(found, resume)


def _reported(found: "Comparison") -> "Sequence[Block]":
    from scenarios.reports.comparison import report_on

    return report_on(found)


def _say_how_it_ended(found: "Comparison", resume: Path | None) -> None:
    from scenarios.cli.console import say

    if found.precision is not None:
        say(found.precision.sentence)
    if found.interrupted:
        say(f"interrupted: {found.replications} of {found.asked} replications are complete and were used")
        say(_how_to_go_on(resume))
        raise typer.Exit(INTERRUPTED)


def _how_to_go_on(resume: Path | None) -> str:
    if resume is None:
        return "a run with --resume FILE can be continued where it was interrupted; this one has to begin again"
    return f"to go on from what is stored in {resume}, give the same command again"


def _precision(checked: "LoadedScenario", given: list[str] | None, maximum: int | None) -> "Precision | None":
    from scenarios.comparison.stopping_rule import precision_from

    scenario = checked.scenario
    segments = None if scenario.population.records else tuple(scenario.population.segments)
    return precision_from(given or (), maximum=maximum, replications=scenario.replications, segments=segments)


def _split(checked: "LoadedScenario", mode: Mode, *, truth: bool) -> "Split | None":
    """How the customers are divided between the arms, where they are."""
    if mode is Mode.COUNTERFACTUAL:
        if truth:
            raise InputError("--truth: is for --mode randomised; the counterfactual comparison is the truth itself")
        return None
    from scenarios.comparison.compare import refuse_single_arm
    from scenarios.experiment.analysis import split_for

    refuse_single_arm(checked)
    return split_for(checked, truth=truth)


def _opened(
    checked: "LoadedScenario", resume: Path | None, engine: str, split: "Split | None", *, any_engine: bool
) -> AbstractContextManager["Store | None"]:
    """The file of replications, if one was asked for."""
    if resume is None:
        return nullcontext()
    from scenarios.comparison.checkpoint import opened
    from scenarios.comparison.compare import identity_of

    return opened(resume, identity_of(checked, engine, split), any_engine=any_engine)


def _engine(checked: "LoadedScenario", asked: Engine, split: "Split | None") -> "EngineChoice":
    """The engine for all runs of a comparison together."""
    from simulation.runs.engine_choice import choose_engine

    scenario = checked.scenario
    parts = [(setup,) for setup in checked.setups] if split is None else split.parts
    work = sum(part[0].population.workload(scenario.horizon_days) for part in parts) * scenario.replications
    return choose_engine(asked, checked.setups, work, arms_per_run=max(map(len, parts)))


def _print(found: "Comparison") -> None:
    from scenarios.cli.comparison_tables import print_comparison
    from scenarios.cli.console import console

    print_comparison(console(), found)
