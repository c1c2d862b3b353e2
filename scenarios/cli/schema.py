"""`journey schema`: the JSON Schema of a scenario file."""


def command() -> None:
    """Print the JSON Schema of scenario files. Editors use it for completion and checks."""
    from scenarios.cli.console import print_json
    from scenarios.files.schema import build_scenario_schema

    print_json(build_scenario_schema())
