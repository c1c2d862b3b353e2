"""`journey scenarios`: the scenarios that are built in."""

from scenarios.cli.common_options import JsonOption


def command(*, json_: JsonOption = False) -> None:
    """List the built-in scenarios and the question each one asks."""
    from rich.markup import escape

    from scenarios.cli.console import console, print_json, table
    from scenarios.files.loader import builtin_names, load

    known = [load(name) for name in builtin_names()]
    if json_:
        print_json(
            [
                {
                    "name": one.name,
                    "title": one.scenario.title,
                    "question": one.scenario.question,
                    "teaches": one.scenario.teaches,
                    "arms": list(one.scenario.arms),
                }
                for one in known
            ]
        )
        return
    listed = table("Built-in scenarios", "name", "question", "arms")
    for one in known:
        listed.add_row(one.name, escape(one.scenario.question), ", ".join(one.scenario.arms))
    console().print(listed)
