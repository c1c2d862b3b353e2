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
    loaded,
)


def command(
    scenario: ScenarioArgument,
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

    checked = loaded(scenario, set_, days=("horizon_days", days), seed=("seed", seed))
    found = explain(checked, customer, engine=engine)
    if json_:
        print_json(found.as_dict())
    else:
        from scenarios.cli.explain_tables import print_explanation

        print_explanation(console(), found)
