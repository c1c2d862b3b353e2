"""`journey evaluate`: run the orchestrator on a folder of records."""

from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli.common_options import FullOption, JsonOption
from scenarios.cli.record_options import (
    AsOfOption,
    FolderArgument,
    JourneyOption,
    PolicyOption,
    RulesArmOption,
    RulesScenarioOption,
)
from scenarios.cli.report_option import ReportOption, refuse_report, write_report
from scenarios.operations.records import read_records

if TYPE_CHECKING:
    from journey.evaluation.evaluate import Evaluation

DecisionsOption = Annotated[
    Path | None,
    typer.Option("--decisions", metavar="FILE.parquet|FILE.csv", help="Write all decisions to this file as a table."),
]


def command(
    folder: FolderArgument = None,
    *,
    as_of: AsOfOption = None,
    policy: PolicyOption = None,
    journey: JourneyOption = None,
    scenario: RulesScenarioOption = None,
    arm: RulesArmOption = None,
    customer: Annotated[
        str | None, typer.Option("--customer", metavar="ID", help="Evaluate this customer only.")
    ] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Repeat the decision of every recorded intervention, as of its own date.")
    ] = False,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=0, help="Print at most N decisions; --json lists all.")
    ] = 50,
    decisions: DecisionsOption = None,
    latency: Annotated[
        bool,
        typer.Option(
            "--latency",
            help="Measure the evaluation_latency_ms of each decision. Customers are evaluated one at a time, not in a "
            "batch.",
        ),
    ] = False,
    full: FullOption = False,
    json_: JsonOption = False,
    report: ReportOption = None,
) -> None:
    """Evaluate recorded customers and recommend actions with reasons.

    Lists the actions to take first, then who waits, KPIs, ROI and data-quality findings.
    """
    from journey.evaluation.evaluate import evaluate
    from scenarios.cli.console import console, print_json, print_message
    from scenarios.cli.other_journey import UNKNOWN_STAGE, warn_of_other_journey
    from scenarios.operations.evaluation_rules import open_rules
    from scenarios.operations.output_paths import Inputs, Output, refuse_outputs

    refuse_report(report)
    _refuse_decisions(decisions, customer)
    rules = open_rules(scenario=scenario, arm=arm, journey=journey, policy=policy, needs_orchestrator=True)
    refuse_outputs(
        [Output("--report", report), Output("--decisions", decisions)],
        Inputs(folders=[folder]) + rules.inputs,
    )
    records = read_records(folder, rules.journey, rules.policy, refuse_large=True)
    for notice in rules.used.notices:
        print_message(notice)
    if customer is None:
        customers = records.counts()["customers"]
        _print_method(customers, json_=json_, exported=decisions is not None, latency=latency)
    evaluation = evaluate(
        records,
        as_of=as_of,
        policy=rules.policy,
        journey=rules.journey,
        customer_id=customer,
        replay=replay,
        batch=True if decisions is not None else None,
        used=rules.used,
        declared_rules=rules.declared_rules,
        clock=perf_counter_ns if latency else None,
    )
    _write_decisions(evaluation, decisions)
    from scenarios.reports.evaluation import build_report

    write_report(report, lambda: build_report(evaluation, rules.described))
    if json_:
        print_json(evaluation.to_dict() if evaluation.table is None else evaluation.stream())
    else:
        from scenarios.cli.evaluation_tables import EvaluationView, print_evaluation

        view = EvaluationView(rules.described, as_of is None, limit, full, alone=customer is not None)
        print_evaluation(console(), evaluation, view)
    if scenario is None and journey is None and customer is None:
        unknown = sum(each.number for each in evaluation.findings.by_code() if each.code == UNKNOWN_STAGE)
        warn_of_other_journey(unknown, evaluation.customers)


def _refuse_decisions(path: Path | None, customer: str | None) -> None:
    """Refuse decisions of one customer, and an unknown file extension.

    Raises:
        InputError: `--customer` is set too, or the file extension is unknown.
    """
    if path is None:
        return
    from journey.core.errors import InputError
    from journey.tables.files import refuse_unknown_format

    if customer is not None:
        raise InputError("--decisions writes the decisions on all customers; remove --customer, or use --json")
    refuse_unknown_format(path, "decisions")


def _print_method(customers: int, *, json_: bool, exported: bool, latency: bool) -> None:
    from journey.evaluation.evaluate import BATCH_MIN_CUSTOMERS
    from scenarios.cli.console import print_message

    if latency:
        if customers >= BATCH_MIN_CUSTOMERS:
            print_message(f"evaluating {customers:,} customers one at a time, to measure the latency of each ...")
        return
    if customers < BATCH_MIN_CUSTOMERS and not exported:
        return
    print_message(f"evaluating {customers:,} customers in one batch with the compiled rules ...")
    if json_ and customers >= BATCH_MIN_CUSTOMERS:
        print_message("--json writes the reasons of every decision, which takes minutes for a million customers;")
        print_message("--decisions FILE.parquet writes all decisions as a table in seconds")


def _write_decisions(evaluation: "Evaluation", path: Path | None) -> None:
    if path is None:
        return
    from journey.tables.files import write_table
    from scenarios.cli.console import print_message

    write_table(evaluation.to_relation(), path, "decisions")
    print_message(f"wrote {path}")
