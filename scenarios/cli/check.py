"""`journey check`: data-quality findings about a folder of records."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli.common_options import JsonOption
from scenarios.cli.error_handling import CHECK_FAILED
from scenarios.cli.record_options import (
    AsOfOption,
    FolderArgument,
    JourneyOption,
    PolicyOption,
    RulesArmOption,
    RulesScenarioOption,
)
from scenarios.operations.records import read_records

if TYPE_CHECKING:
    from journey.records.folder import Records


EXAMPLES = 3
"""Number of findings of each code that are printed."""


def command(
    folder: FolderArgument = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if there are errors.")] = False,
    as_of: AsOfOption = None,
    policy: PolicyOption = None,
    journey: JourneyOption = None,
    scenario: RulesScenarioOption = None,
    arm: RulesArmOption = None,
    quarantine: Annotated[
        Path | None,
        typer.Option("--quarantine", metavar="FOLDER", help="Write the rows set aside to this folder."),
    ] = None,
    findings: Annotated[
        Path | None,
        typer.Option("--findings", metavar="FILE.csv|FILE.parquet", help="Write all findings to this file as a table."),
    ] = None,
    limit: Annotated[
        int,
        typer.Option("--limit", metavar="N", min=0, help="Print at most N findings of each code; --json lists all."),
    ] = EXAMPLES,
    json_: JsonOption = False,
) -> None:
    """Validate records and list data-quality findings. Bad records never stop the command.

    The exit code is 1 if no customer can be used.
    """
    from journey.decision.as_of import AsOf
    from journey.evaluation.check import check_records
    from journey.tables.files import refuse_unknown_format, write_table
    from scenarios.cli.console import console, print_json, print_message
    from scenarios.cli.other_journey import UNKNOWN_STAGE, warn_of_other_journey
    from scenarios.operations.evaluation_rules import open_rules
    from scenarios.operations.output_paths import Inputs, Output, refuse_outputs

    if findings is not None:
        refuse_unknown_format(findings, "findings")
    rules = open_rules(scenario=scenario, arm=arm, journey=journey, policy=policy)
    refuse_outputs(
        [Output("--quarantine", quarantine, is_folder=True), Output("--findings", findings)],
        Inputs(folders=[folder]) + rules.inputs,
    )
    cutoff = None if as_of is None else AsOf.of(as_of)
    records = read_records(folder, rules.journey, rules.policy, refuse_large=True)
    for notice in rules.used.notices:
        print_message(notice)
    result = check_records(
        records,
        as_of=cutoff,
        policy=rules.policy,
        journey=rules.journey,
        used=rules.used,
        declared_rules=rules.declared_rules,
    )
    if quarantine is not None:
        _write_quarantine(records, quarantine)
    if findings is not None:
        write_table(result.to_relation(), findings, "findings")
        print_message(f"wrote {findings}")
    if json_:
        print_json(result.to_dict())
    else:
        from scenarios.cli.evaluation_tables import print_findings
        from scenarios.cli.rule_table import print_rules
        from scenarios.text.phrases import pluralise

        moment = result.as_of_text or "no date in the records"
        latest = " (the latest date in the records)" if as_of is None and result.as_of_text else ""
        out = console()
        out.print(f"{pluralise(result.customers, 'customer')} ({result.source}) as of {moment}{latest}")
        if scenario is not None:
            out.print(f"journey {rules.journey.name}, policy {rules.described}")
        print_findings(out, result.findings, limit)
        print_rules(out, result.rules)
    if scenario is None and journey is None:
        warn_of_other_journey(sum(finding.code == UNKNOWN_STAGE for finding in result.findings), result.customers)
    if not result.customers:
        print_message(f"no customer of {result.source} can be used; correct the errors above, or add customers")
        raise typer.Exit(CHECK_FAILED)
    if strict and result.counts["error"]:
        raise typer.Exit(CHECK_FAILED)


def _write_quarantine(records: "Records", folder: Path) -> None:
    from scenarios.cli.console import print_message

    files = records.write_quarantine(folder)
    if not files:
        print_message("no row was rejected; nothing to quarantine")
    for file in files:
        print_message(f"wrote {file}")
