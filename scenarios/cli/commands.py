"""Which commands there are: the one table to extend when a command is added.

A command is a module with a function `command`, whose signature (typer annotations) is the command's and whose
docstring is its help. The module must be cheap to import: it is loaded to print `journey --help`, so whatever is heavy
(DuckDB, NumPy, pydantic, rich) is imported inside the function.
"""

COMMANDS: dict[str, str] = {
    "check": "scenarios.cli.check",
    "evaluate": "scenarios.cli.evaluate",
    "campaigns": "scenarios.cli.campaigns",
    "budget": "scenarios.cli.budget",
    "scenarios": "scenarios.cli.scenarios",
    "schema": "scenarios.cli.schema",
    "validate": "scenarios.cli.validate",
    "draw": "scenarios.cli.draw",
    "simulate": "scenarios.cli.simulate",
    "compare": "scenarios.cli.compare",
    "explain": "scenarios.cli.explain",
    "verify": "scenarios.cli.verify",
}
"""Name of the command -> module that holds it, in the order in which `journey --help` lists them."""
