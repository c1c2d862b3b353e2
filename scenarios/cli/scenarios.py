"""`journey scenarios`: list the built-in scenarios."""

from scenarios.cli.common_options import JsonOption

_WIDE = 100
"""Columns of a terminal in which the questions fit beside the names."""


def command(*, json_: JsonOption = False) -> None:
    """List the built-in scenarios and their questions."""
    from scenarios.cli.console import console, print_json, table
    from scenarios.cli.terminal_document import print_document
    from scenarios.operations.catalogue import list_scenarios
    from scenarios.reports.document import Heading, Items

    scenarios = list_scenarios()
    if json_:
        print_json([scenario._asdict() for scenario in scenarios])
        return
    rows = [(each.name, each.question, ", ".join(each.arms)) for each in scenarios]
    out = console()
    if out.width < _WIDE:
        items = Items(tuple(f"{name} ({arms}): {question}" for name, question, arms in rows))
        print_document(out, [Heading(1, "Built-in scenarios"), items])
        return
    listed = table("Built-in scenarios", "name", "question", "arms")
    for row in rows:
        listed.add_row(*row)
    out.print(listed)
