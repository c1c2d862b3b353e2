"""`journey scenarios`: list the built-in scenarios."""

from scenarios.cli.common_options import JsonOption


def command(*, json_: JsonOption = False) -> None:
    """List the built-in scenarios and their questions."""
    from scenarios.cli.console import console, print_json, table
    from scenarios.files.loader import builtin_names, load

    scenarios = [load(name) for name in builtin_names()]
    if json_:
        print_json(
            [
                {
                    "name": scenario.name,
                    "title": scenario.scenario.title,
                    "question": scenario.scenario.question,
                    "teaches": scenario.scenario.teaches,
                    "arms": list(scenario.scenario.arms),
                }
                for scenario in scenarios
            ]
        )
        return
    listed = table("Built-in scenarios", "name", "question", "arms")
    for scenario in scenarios:
        listed.add_row(scenario.name, scenario.scenario.question, ", ".join(scenario.scenario.arms))
    console().print(listed)
