"""`journey explain`: the history of one customer in every arm, side by side."""

from typing import Annotated

import typer

from scenarios.cli.common_options import (
    Engine,
    EngineOption,
    JsonOption,
    ScenarioArgument,
    SeedOption,
    SetOption,
    load_scenario,
)


def command(
    source: ScenarioArgument,
    *,
    customer: Annotated[
        str,
        typer.Option(
            "--customer", metavar="N|ID", help="Number of the customer, from 0, or ID in the records. Required."
        ),
    ],
    days: Annotated[
        float | None,
        typer.Option("--days", metavar="DAYS", help="Simulated time in days. Default: the scenario's days."),
    ] = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    engine: EngineOption = Engine.REFERENCE,
    json_: JsonOption = False,
) -> None:
    """Compare the history of one customer across arms.

    Shows the first divergence, its cause and its value. All arms are simulated with common random numbers.
    """
    from scenarios.cli.console import console, print_json
    from scenarios.explain.explain import explain

    scenario = load_scenario(source, set_, days=days, seed=seed)
    explanation = explain(scenario, customer, engine=engine)
    if json_:
        print_json(explanation.as_dict())
    else:
        from scenarios.cli.explain_tables import print_explanation

        print_explanation(console(), explanation)
