"""Arguments and options that several commands share, and what they mean for a scenario."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from scenarios.files import LoadedScenario

ScenarioArgument = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="Name of a built-in scenario, or path of a scenario file (TOML).")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key, for instance population.size=500; repeatable."),
]
SeedOption = Annotated[int | None, typer.Option("--seed", help="All luck follows from it; left out: the scenario's.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON value.")]


class Engine(StrEnum):
    """Which engine runs the simulation."""

    AUTO = "auto"
    REFERENCE = "reference"
    COMPILED = "compiled"


EngineOption = Annotated[Engine, typer.Option("--engine", help="Both live the same lives; auto compiles large work.")]


def loaded(scenario: str, overrides: list[str] | None, **options: tuple[str, Any]) -> "LoadedScenario":
    """The scenario with the command's options laid over it.

    Args:
        scenario: Name or path.
        overrides: The values of `--set`.
        **options: Option name -> (dotted key, value); a value of None was not given.

    Raises:
        InputError: The scenario, an override or an option is wrong.
    """
    from scenarios.files import load
    from scenarios.layers import Layer

    layers = []
    for name, (key, value) in options.items():
        if value is None:
            continue
        data: Any = value
        for step in reversed(key.split(".")):
            data = {step: data}
        layers.append(Layer(f"--{name} {value}", data))
    return load(scenario, overrides or (), options=layers)
