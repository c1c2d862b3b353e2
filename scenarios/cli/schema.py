"""`journey schema`: the JSON Schema of a scenario file."""


def command() -> None:
    """Print the JSON Schema of a scenario file, so that an editor can complete and check it."""
    from scenarios.cli.console import print_json
    from scenarios.files.schema import build_scenario_schema

    print_json(build_scenario_schema())
