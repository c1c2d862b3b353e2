"""`journey compare`: the arms of a scenario side by side."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from journey.errors import InputError
from scenarios.cli.guard import INTERRUPTED
from scenarios.cli.options import (
    Engine,
    EngineOption,
    JsonOption,
    ScenarioArgument,
    SeedOption,
    SetOption,
    loaded,
)

if TYPE_CHECKING:
    from scenarios.comparison import Comparison
    from scenarios.files import LoadedScenario
    from scenarios.replications import Progress


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
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; left out: one per processor.")
    ] = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    mode: Annotated[
        Mode, typer.Option("--mode", help="counterfactual: every customer lives in every arm, on the same luck.")
    ] = Mode.COUNTERFACTUAL,
    engine: EngineOption = Engine.AUTO,
    json_: JsonOption = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="F.md|F.html", help="Write a report to this file.")
    ] = None,
) -> None:
    """Run the arms of a scenario on the same luck and say what differs, how surely, and what it is worth."""
    from scenarios.cli.output import print_json, say, write_atomically
    from scenarios.comparison import compare
    from scenarios.document import refuse_unknown_format, rendered
    from scenarios.replications import usable_processors

    if mode is Mode.RANDOMISED:
        raise InputError("--mode randomised: this version compares counterfactually only; leave --mode out")
    if report is not None:
        refuse_unknown_format(report)
    checked = loaded(scenario, set_, seed=("seed", seed), replications=("replications", replications))
    with _progress_bar() as progress:
        found = compare(
            checked, workers=workers or usable_processors(), progress=progress, engine=_engine(checked, engine)
        )
    if json_:
        print_json(found.as_dict())
    else:
        _print(found)
    if report is not None:
        from scenarios.report import report_on

        write_atomically(report, rendered(report_on(found), report))
        say(f"wrote {report}")
    if found.interrupted:
        say(f"interrupted: {found.replications} of {found.asked} replications are complete and were used")
        raise typer.Exit(INTERRUPTED)


def _engine(checked: "LoadedScenario", asked: Engine) -> str:
    """The engine for all runs of a comparison together."""
    from simulation.run import engine_for

    scenario = checked.scenario
    runs = scenario.replications * len(checked.setups)
    return engine_for(asked, scenario.population.size * scenario.horizon_days * runs)


def _print(found: "Comparison") -> None:
    from scenarios.cli.comparison_tables import print_comparison
    from scenarios.cli.output import console

    print_comparison(console(), found)


@contextmanager
def _progress_bar() -> Iterator["Progress | None"]:
    """A bar on stderr while runs are done; nothing where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("runs", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
