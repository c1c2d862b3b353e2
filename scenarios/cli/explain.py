"""`journey explain`: one customer's life in every arm, side by side."""

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
    customer: Annotated[int, typer.Option("--customer", metavar="K", help="Number of the customer, from 0.")],
    days: Annotated[float | None, typer.Option("--days", help="Left out: the scenario's.")] = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    engine: EngineOption = Engine.REFERENCE,
    json_: JsonOption = False,
) -> None:
    """Tell one customer's life in every arm, on the same luck: where the arms part, why, and what it was worth."""
    from scenarios.cli.console import console, print_json
    from scenarios.explain.explain import explain

    scenario = load_scenario(source, set_, days=("horizon_days", days), seed=("seed", seed))
    explanation = explain(scenario, customer, engine=engine)
    if json_:
        print_json(explanation.as_dict())
    else:
        from scenarios.cli.explain_tables import print_explanation

        print_explanation(console(), explanation)
