"""Arguments and options that several commands share, and what they mean for a scenario."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journey.core.errors import InputError

if TYPE_CHECKING:
    from scenarios.files.loader import LoadedScenario

ScenarioArgument = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="Name of a built-in scenario, or path of a scenario file (TOML).")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key, for instance population.size=500; repeatable."),
]
SeedOption = Annotated[int | None, typer.Option("--seed", help="All luck follows from it; left out: the scenario's.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON value.")]

WorkersOption = Annotated[int | None, typer.Option("--workers", min=1, help="Processes; left out: one per processor.")]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS|local",
        help="Work on a Dask cluster: tcp://HOST:PORT of its scheduler, or local for one of --workers processes here.",
    ),
]


class Engine(StrEnum):
    """Which engine runs the simulation."""

    AUTO = "auto"
    REFERENCE = "reference"
    COMPILED = "compiled"


EngineOption = Annotated[Engine, typer.Option("--engine", help="Both live the same lives; auto compiles large work.")]


def load_scenario(source: str, overrides: list[str] | None, **options: tuple[str, Any]) -> "LoadedScenario":
    """The scenario with the command's options laid over it.

    Args:
        source: Name or path.
        overrides: The values of `--set`.
        **options: Option name -> (dotted key, value); a value of None was not given.

    Raises:
        InputError: The scenario, an override or an option is wrong.
    """
    from scenarios.files.loader import load
    from scenarios.files.merging import Layer

    layers = []
    for name, (key, value) in options.items():
        if value is None:
            continue
        data: Any = value
        for step in reversed(key.split(".")):
            data = {step: data}
        layers.append(Layer(f"--{name} {value}", data))
    return load(source, overrides or (), options=layers)


def count_processes(workers: int | None, cluster: str | None) -> int:
    """How many processes `--workers` and `--cluster` ask for, on this machine.

    Raises:
        InputError: `--cluster` is no address, or `--workers` is given for a cluster that has the workers it has.
    """
    from scenarios.execution.executor import count_usable_cpus
    from scenarios.execution.protocol import LOCAL, refuse_malformed

    if cluster is not None:
        refuse_malformed(cluster)
    if workers is not None and cluster not in (None, LOCAL):
        raise InputError(f"--workers {workers}: is for this machine; {cluster} has the workers it has. Leave one out")
    return workers or count_usable_cpus()
