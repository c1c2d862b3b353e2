"""`journey evaluate`: the orchestrator on a folder of records."""

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.options import JsonOption
from scenarios.cli.record_options import (
    AsOfOption,
    FolderArgument,
    JourneyOption,
    PolicyOption,
    journey_and_policy,
    read,
)

MANY_CUSTOMERS = 20_000
"""From so many customers on the wait is long enough to say what is going on."""


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
    json_: JsonOption = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="F.md|F.html", help="Write a report to this file.")
    ] = None,
) -> None:
    """Judge recorded customers: findings, decisions with reasons, open loops, KPIs and ROI."""
    from journey.evaluation import evaluate
    from scenarios.cli.output import console, print_json, refuse_unwritable, say, write_atomically
    from scenarios.document import refuse_unknown_format, rendered

    if report is not None:
        refuse_unknown_format(report)
        refuse_unwritable(report)
    machine, rules = journey_and_policy(journey, policy)
    records = read(folder, machine, rules)
    customers = len(records.customer_ids())
    if customers > MANY_CUSTOMERS and customer is None:
        say(f"judging {customers:,} customers one by one, with reasons ...")
    found = evaluate(records, as_of=as_of, policy=rules, journey=machine, customer_id=customer, replay=replay)
    if json_:
        print_json(found.as_dict())
    else:
        from scenarios.cli.evaluation_tables import print_evaluation

        print_evaluation(console(), found, latest=as_of is None, limit=limit, alone=customer is not None)
    if report is not None:
        from scenarios.evaluation_report import report_on

        write_atomically(report, rendered(report_on(found), report))
        say(f"wrote {report}")
