"""Arguments and options that several commands share, and how they change a scenario."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from journey.core.errors import InputError

if TYPE_CHECKING:
    from scenarios.files.loader import LoadedScenario

ScenarioArgument = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="Name of a built-in scenario, or a scenario file (TOML).")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a key of the scenario, such as population.size=500. Repeatable."
    ),
]
CustomersOption = Annotated[
    int | None, typer.Option("--customers", metavar="N", help="Number of customers. Default: the scenario's number.")
]
DaysOption = Annotated[
    float | None, typer.Option("--days", metavar="DAYS", help="Simulated time in days. Default: the scenario's days.")
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="Random seed. Default: the scenario's seed.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as one JSON value.")]
FullOption = Annotated[bool, typer.Option("--full", help="Print all tables instead of the first screen.")]

WorkersOption = Annotated[
    int | None, typer.Option("--workers", metavar="N", min=1, help="Number of processes. Default: one per CPU.")
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS|local",
        help="Run on a Dask cluster: the address of its scheduler, tcp://HOST:PORT, or local to start one here with "
        "--workers processes. Default: no cluster.",
    ),
]


class Engine(StrEnum):
    """Which engine runs the simulation."""

    AUTO = "auto"
    REFERENCE = "reference"
    COMPILED = "compiled"


EngineOption = Annotated[
    Engine,
    typer.Option(
        "--engine",
        metavar="auto|reference|compiled",
        help="Simulation engine. Results are identical; auto uses the compiled engine for large runs.",
    ),
]


def load_scenario(source: str, overrides: list[str] | None, **options: float | None) -> "LoadedScenario":
    """The scenario with the options of the command applied to it; its notices are printed to stderr.

    Args:
        source: Name of a built-in scenario, or path of a scenario file.
        overrides: The values of `--set`.
        **options: Values of the options in `OPTION_KEYS`; options whose value is None are skipped.

    Raises:
        InputError: The scenario, an override or an option is invalid.
    """
    from scenarios.cli.messages import print_message
    from scenarios.operations.options import open_scenario

    loaded = open_scenario(source, overrides, **options)
    for notice in loaded.notices:
        print_message(f"notice: {notice}")
    return loaded


def count_processes(workers: int | None, cluster: str | None) -> int:
    """Number of processes that `--workers` and `--cluster` request on this machine.

    Raises:
        InputError: `--cluster` is not a valid address, or `--workers` is combined with a remote cluster.
    """
    from scenarios.execution.executor import count_usable_cpus
    from scenarios.execution.protocol import LOCAL, refuse_malformed

    if cluster is not None:
        refuse_malformed(cluster)
    if workers is not None and cluster not in (None, LOCAL):
        raise InputError(
            f"--workers {workers}: applies to this machine only; the cluster {cluster} determines its own number of "
            "workers. Use either --workers or --cluster"
        )
    return workers or count_usable_cpus()
