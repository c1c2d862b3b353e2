"""`journey query`: questions about what happens to customers, with exact answers where there are any."""

from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli.common_options import (
    CustomersOption,
    JsonOption,
    ScenarioArgument,
    SeedOption,
    SetOption,
    WorkersOption,
    count_processes,
    load_scenario,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from scenarios.operations.questions import QueryResult
    from simulation.questions.answers import Answer


_SMALLEST_SHARE = 1e-12
"""Smallest share that is printed; the digits of a smaller one are rounding errors of the matrix exponential."""


def command(
    source: ScenarioArgument,
    questions: Annotated[
        list[str],
        typer.Argument(
            metavar="QUESTION...",
            help="Such as 'P(reach \"paying\" within 30) by segment', 'E(time to \"paying\" if reached)' or "
            "'share(\"support\" within 365)'.",
        ),
    ],
    *,
    arm: Annotated[str, typer.Option("--arm", metavar="NAME", help="Arm that is asked about.")] = "baseline",
    customers: CustomersOption = None,
    replications: Annotated[
        int | None,
        typer.Option(
            "--replications", metavar="N", help="Number of simulated cohorts. Default: the scenario's number."
        ),
    ] = None,
    days: Annotated[
        float | None,
        typer.Option(
            "--days",
            metavar="DAYS",
            help="Longest simulated time of questions without a number of days. Default: 3650, or the scenario's days.",
        ),
    ] = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Simulate also where there is an exact answer, to compare the two.")
    ] = False,
    workers: WorkersOption = None,
    json_: JsonOption = False,
) -> None:
    """Answer questions about the customers of one arm.

    The answer is exact where customers follow a Markov chain and no orchestrator acts. Otherwise it is simulated, with
    a 95 % interval.
    """
    from scenarios.cli.console import console, print_json
    from scenarios.operations.questions import answer_questions

    loaded = load_scenario(source, set_, customers=customers, replications=replications, seed=seed)
    result = answer_questions(
        loaded, questions, arm=arm, max_days=days, simulate=simulate, workers=count_processes(workers, None)
    )
    if json_:
        print_json(result.to_dict())
    else:
        _print_result(console(), result)


def _print_result(out: "Console", result: "QueryResult") -> None:
    from itertools import groupby

    from journey.core.version import version

    loaded = result.loaded
    # Equal questions next to each other would be one block; their answers are equal too.
    for question, group in groupby(result.answers, key=lambda answer: answer.question):
        _print_answers(out, question, list(group), loaded.scenario.population.size)
    out.print(
        f"{loaded.name} (scenario {loaded.hash}), arm {result.arm}, seed {loaded.scenario.seed}, version {version()}"
    )


def _print_answers(out: "Console", question: str, answers: "Sequence[Answer]", customers: int) -> None:
    """Print a question, its answers in aligned lines, and their reasons, each once."""
    from rich.padding import Padding
    from rich.text import Text

    out.print(question, style="bold")
    rows = [(_format_part(answer), _format_value(answer, answer.value), _format_interval(answer)) for answer in answers]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for part, value, interval in rows:
        cells = [f"{part:<{widths[0]}}", f"{value:>{widths[1]}}", f"{interval:<{widths[2]}}"]
        out.print("  " + "  ".join(cell for cell in cells if cell).rstrip())
    for line in dict.fromkeys(_describe(answer, customers) for answer in answers):
        out.print(Padding(Text(line), (0, 0, 0, 2)))
    out.print()


def _format_part(answer: "Answer") -> str:
    tier = None if answer.tier is None else f"tier {answer.tier}"
    return ", ".join(name for name in (answer.segment, tier) if name is not None)


def _format_value(answer: "Answer", value: float | None) -> str:
    from scenarios.metrics.definitions import format_metric

    if value is None:
        return "n/a"
    if answer.unit == "count":
        return f"{value:.3f} visits" if value >= 0.001 else f"{value:.2g} visits"
    if answer.unit == "share" and 0.0 < value < _SMALLEST_SHARE:
        return "below 0.0000000001 %"
    return format_metric(value, answer.unit, is_nonzero=True)


def _format_interval(answer: "Answer") -> str:
    from scenarios.text.phrases import format_interval

    interval = format_interval(answer.ci_low, answer.ci_high, lambda bound: _format_value(answer, bound))
    return f"({interval})" if interval else ""


def _describe(answer: "Answer", customers: int) -> str:
    """The method, the reason and what was off, in one sentence each."""
    from scenarios.text.phrases import pluralise

    method = "Exact"
    if answer.replications is not None:
        interval = ", 95 % interval" if answer.ci_low is not None else ""
        size = f"{pluralise(answer.replications, 'replication')} of {pluralise(customers, 'customer')}"
        method = f"Simulated ({size}{interval})"
    off = f" Off: {', '.join(answer.off)}." if answer.off else ""
    return f"{method}: {answer.reason}.{off}"
