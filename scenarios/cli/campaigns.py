"""`journey campaigns`: evaluate the marketing records of one or several folders."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli.common_options import FullOption, JsonOption
from scenarios.cli.record_options import AsOfOption, PolicyOption
from scenarios.cli.report_option import ReportOption, refuse_report, write_report

if TYPE_CHECKING:
    from journey.marketing.core.policy import MarketingPolicy
    from journey.marketing.records.store import MarketingRecords

BUNDLED_CAMPAIGNS = "the bundled campaigns"


def command(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FOLDER...",
            help="Folders of records, read as one set. Default: the bundled campaigns.",
            show_default=False,
        ),
    ] = None,
    *,
    as_of: AsOfOption = None,
    policy: PolicyOption = None,
    show_policy: Annotated[
        bool, typer.Option("--show-policy", help="Print the effective marketing policy as a policy file and exit.")
    ] = False,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=0, help="Print at most N rows of each table; --json lists all.")
    ] = 200,
    window: Annotated[
        int | None,
        typer.Option(
            "--window",
            metavar="DAYS",
            min=1,
            max=3660,
            help="Length of the latest rollup window, 1 to 3,660 days. Default: the policy's window.",
        ),
    ] = None,
    order: Annotated[
        int | None,
        typer.Option(
            "--order",
            metavar="N",
            min=1,
            max=4,
            help="Order of the Markov attribution model, 1 to 4: number of preceding channels it uses. "
            "Default: the policy's order.",
        ),
    ] = None,
    full: FullOption = False,
    json_: JsonOption = False,
    report: ReportOption = None,
) -> None:
    """Evaluate recorded campaigns and their budget.

    Prints a summary, proposed transfers, open risks and targets; --full adds findings, funnel, rollups, experiments,
    attribution, KPIs and ROI.
    """
    from journey.decision.as_of import AsOf
    from journey.marketing.evaluation import evaluate_campaigns
    from scenarios.cli.console import console, print_json
    from scenarios.operations.output_paths import Inputs, Output, refuse_outputs
    from scenarios.reports.campaigns.report import build_report

    refuse_report(report)
    refuse_outputs([Output("--report", report)], Inputs(files=[policy], folders=folders or ()))
    rules = _load_policy(policy, window, order)
    if show_policy:
        _print_policy(rules, json_=json_)
        return
    cutoff = None if as_of is None else AsOf.of(as_of).cutoff
    evaluation = evaluate_campaigns(_read_records(folders), as_of=cutoff, policy=rules)
    write_report(report, lambda: build_report(evaluation))
    if json_:
        print_json(evaluation.as_dict())
    else:
        from scenarios.cli.campaign_tables import print_campaigns

        print_campaigns(console(), evaluation, latest=as_of is None, limit=limit, full=full)


def _load_policy(file: Path | None, window: int | None, order: int | None) -> "MarketingPolicy":
    """The policy of `file`, or the default policy, with the options applied to it."""
    from journey.marketing.core.policy import MarketingPolicy, read_marketing_policy

    policy = MarketingPolicy() if file is None else read_marketing_policy(file)
    rollups = policy.rollups if window is None else policy.rollups.model_copy(update={"window_days": window})
    attribution = policy.attribution if order is None else policy.attribution.model_copy(update={"order": order})
    return policy.model_copy(update={"rollups": rollups, "attribution": attribution})


def _print_policy(policy: "MarketingPolicy", *, json_: bool) -> None:
    from scenarios.cli.console import print_json
    from simulation.model.arm_policy import format_toml

    if json_:
        print_json(policy.model_dump(mode="json"))
    else:
        typer.echo(format_toml(policy), nl=False)


def _read_records(folders: list[Path] | None) -> "MarketingRecords":
    from journey.marketing.records.folders import BUNDLED, bundled_folder, read_folders

    if folders:
        return read_folders(folders)
    records = read_folders([bundled_folder(BUNDLED)])
    # The path of the installed package is of no use to the reader.
    records.source = BUNDLED_CAMPAIGNS
    return records
