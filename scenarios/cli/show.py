"""`journey show`: the resolved scenario, with the origin of every value."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scenarios.cli.common_options import JsonOption, ScenarioArgument, SetOption, load_scenario

if TYPE_CHECKING:
    from scenarios.files.resolved_keys import ResolvedKey


def command(
    source: ScenarioArgument,
    key: Annotated[
        str | None,
        typer.Argument(metavar="KEY", help="Key of a table or a value, such as world.moves.churn. Default: all keys."),
    ] = None,
    *,
    docs: Annotated[bool, typer.Option("--docs", help="Print meaning, unit and range of each key.")] = False,
    set_: SetOption = None,
    json_: JsonOption = False,
) -> None:
    """Print a scenario and the origin of each value.

    The output is TOML, after `extends` and `--set`: a scenario file with the same hash. Defaults are comments. Those of
    the policy are printed with KEY, as in: journey show default policy.
    """
    from scenarios.cli.console import print_json
    from scenarios.files.resolved_keys import list_keys
    from scenarios.files.resolved_toml import format_keys
    from scenarios.text.escaping import escape_unencodable_toml

    keys = list_keys(load_scenario(source, set_), key)
    if json_:
        print_json([_as_dict(each, docs=docs) for each in keys])
        return
    sys.stdout.write(escape_unencodable_toml(format_keys(keys, docs=docs), sys.stdout.encoding))


def _as_dict(each: "ResolvedKey", *, docs: bool) -> dict[str, Any]:
    from scenarios.files.key_docs import describe_key

    found = {
        "key": each.key,
        "value": each.value,
        "provenance": each.provenance,
        "source": each.source,
        "line": each.line,
        "source_key": each.source_key,
    }
    return {**found, **describe_key(each.path)._asdict()} if docs else found
