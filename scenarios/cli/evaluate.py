"""`journey evaluate`: the orchestrator on a folder of records."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli.common_options import JsonOption
from scenarios.cli.record_options import (
    AsOfOption,
    FolderArgument,
    JourneyOption,
    PolicyOption,
    load_journey_and_policy,
    read_records,
)
from scenarios.cli.report_option import ReportOption, refuse_report, write_report

if TYPE_CHECKING:
    from journey.evaluation.evaluate import Evaluation

DecisionsOption = Annotated[
    Path | None,
    typer.Option("--decisions", metavar="F.parquet|F.csv", help="Write every decision to this file, by column."),
]


def command(
    folder: FolderArgument = None,
    *,
    as_of: AsOfOption = None,
    policy: PolicyOption = None,
    journey: JourneyOption = None,
    customer: Annotated[str | None, typer.Option("--customer", metavar="ID", help="Judge this customer alone.")] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Re-decide every recorded intervention at its own date.")
    ] = False,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Print at most so many decisions; --json has them all.")
    ] = 50,
    decisions: DecisionsOption = None,
    json_: JsonOption = False,
    report: ReportOption = None,
) -> None:
    """Judge recorded customers: findings, decisions with reasons, open loops, KPIs and ROI."""
    from journey.evaluation.evaluate import evaluate
    from scenarios.cli.console import console, print_json

    refuse_report(report)
    _refuse_decisions(decisions, customer)
    machine, rules = load_journey_and_policy(journey, policy)
    _refuse_what_does_not_fit(folder)
    records = read_records(folder, machine, rules)
    if customer is None:
        _print_method(records.counts()["customers"], json_=json_, exported=decisions is not None)
    evaluation = evaluate(
        records,
        as_of=as_of,
        policy=rules,
        journey=machine,
        customer_id=customer,
        replay=replay,
        batch=True if decisions is not None else None,
    )
    _write_decisions(evaluation, decisions)
    if json_:
        print_json(evaluation.as_dict() if evaluation.table is None else evaluation.stream())
    else:
        from scenarios.cli.evaluation_tables import print_evaluation

        print_evaluation(console(), evaluation, latest=as_of is None, limit=limit, alone=customer is not None)
    from scenarios.reports.evaluation import build_report

    write_report(report, lambda: build_report(evaluation))


def _refuse_decisions(path: Path | None, customer: str | None) -> None:
    """Say before the work that the decisions could not be written to this file.

    Raises:
        InputError: One customer alone was asked for, the ending is of no known format, or the file cannot be written.
    """
    if path is None:
        return
    from journey.batch.output import refuse_unknown_ending
    from journey.core.errors import InputError
    from journey.runtime.atomic_files import refuse_unwritable

    if customer is not None:
        raise InputError("--decisions writes the decisions about all customers; leave --customer out, or use --json")
    refuse_unknown_ending(path)
    refuse_unwritable(path)


def _print_method(customers: int, *, json_: bool, exported: bool) -> None:
    from journey.evaluation.evaluate import BATCH_MIN_CUSTOMERS
    from scenarios.cli.console import print_message

    if customers < BATCH_MIN_CUSTOMERS and not exported:
        return
    print_message(f"judging {customers:,} customers at once, by the compiled rules ...")
    if json_ and customers >= BATCH_MIN_CUSTOMERS:
        print_message("--json gives every decision its reasons, one after another, which takes minutes for a million;")
        print_message("--decisions F.parquet writes all of them by column in seconds")


def _refuse_what_does_not_fit(folder: Path | None) -> None:
    """Say before reading that the records of a folder will not fit in memory.

    Raises:
        InputError: They take more than there is, by what is known of such files.
    """
    if folder is None or not folder.is_dir():
        return
    from scenarios.execution.memory import refuse_large_records

    refuse_large_records(folder)


def _write_decisions(evaluation: "Evaluation", path: Path | None) -> None:
    if path is None or evaluation.table is None:
        return
    from journey.batch.output import write_decisions
    from scenarios.cli.console import print_message

    write_decisions(evaluation.table, path)
    print_message(f"wrote {path}")
