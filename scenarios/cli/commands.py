"""The list of commands; add a new command here.

A command is a module with a function `command`. Its typer annotations define the arguments and options, and its
docstring is the help. The module must be cheap to import, because `journey --help` imports it: import heavy packages
(DuckDB, NumPy, pydantic, rich) inside the function.
"""

COMMANDS: dict[str, str] = {
    "init": "scenarios.cli.init",
    "check": "scenarios.cli.check",
    "evaluate": "scenarios.cli.evaluate",
    "campaigns": "scenarios.cli.campaigns",
    "budget": "scenarios.cli.budget",
    "scenarios": "scenarios.cli.scenarios",
    "schema": "scenarios.cli.schema",
    "validate": "scenarios.cli.validate",
    "show": "scenarios.cli.show",
    "metrics": "scenarios.cli.metrics",
    "prove": "scenarios.cli.prove",
    "draw": "scenarios.cli.draw",
    "simulate": "scenarios.cli.simulate",
    "compare": "scenarios.cli.compare",
    "explain": "scenarios.cli.explain",
    "query": "scenarios.cli.query",
    "verify": "scenarios.cli.verify",
    "benchmark": "scenarios.cli.benchmark",
}
"""Name of the command -> its module, in the order of `journey --help`."""
