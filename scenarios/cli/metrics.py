"""`journey metrics`: list the metrics that can be asked for."""

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli.common_options import JsonOption, SetOption, load_scenario

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenarios.cli.fitted_table import FittedTable
    from scenarios.operations.metric_list import MetricSummary


def command(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SCENARIO",
            help="Name of a built-in scenario, or a scenario file (TOML). Default: the metrics of every scenario.",
        ),
    ] = None,
    *,
    set_: SetOption = None,
    json_: JsonOption = False,
) -> None:
    """List the metrics that can be asked for.

    Prints units and definitions. The names are those of `primary_metric` and `--precision`.
    """
    from journey.core.errors import InputError
    from scenarios.cli.console import console, print_json
    from scenarios.operations.metric_list import list_metrics

    if source is None and set_:
        raise InputError("--set: changes a scenario, and none is given; name one: journey metrics SCENARIO")
    metrics = list_metrics(None if source is None else load_scenario(source, set_))
    if json_:
        print_json([metric.as_dict() for metric in metrics])
        return
    out = console()
    for group, of_group in groupby(metrics, key=lambda metric: metric.group):
        out.print(_build_table(group, list(of_group)))
    out.print("One part of the population: NAME[SEGMENT], NAME[tier=TIER], where the table says so.")


def _build_table(group: str, metrics: "list[MetricSummary]") -> "FittedTable":
    from scenarios.cli.console import table
    from scenarios.metrics.definitions import BUILT_IN_SOURCE
    from scenarios.metrics.rule_metrics import RULES

    result = table(group.capitalize(), "name", "unit", "definition")
    for metric in metrics:
        result.add_row(metric.name, metric.unit, " ".join(_describe(metric)))
    table_name = "[[rules]]" if group == RULES else "[metrics.NAME]"
    files: dict[str, list[str]] = {}
    for metric in metrics:
        if metric.source != BUILT_IN_SOURCE:
            files.setdefault(metric.source.rpartition(": ")[0], []).append(metric.name)
    result.note = " ".join(f"Declared in {file}, {table_name}: {', '.join(names)}." for file, names in files.items())
    return result


def _describe(metric: "MetricSummary") -> "Iterable[str]":
    """The definition, the direction that is better, and what the metric can be split by."""
    yield metric.definition
    if metric.better is not None:
        yield f"{metric.better.capitalize()} is better."
    if metric.by:
        yield f"By {' and '.join(metric.by)}."
