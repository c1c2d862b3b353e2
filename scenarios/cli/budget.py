"""`journey budget`: one step of a budget transfer, appended to the marketing log of a folder of records."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from journey.core.errors import InputError
from scenarios.cli.common_options import JsonOption
from scenarios.cli.error_handling import CHECK_FAILED
from scenarios.cli.record_options import PolicyOption
from scenarios.text.phrases import format_name

if TYPE_CHECKING:
    from journey.decision.as_of import AsOf
    from journey.marketing.budget.commands import Step, StepResult
    from journey.marketing.budget.rules import Transfer
    from journey.marketing.records.model import ReasonCode


class BudgetStep(StrEnum):
    """A step in the lifecycle of a budget transfer."""

    PROPOSE = "propose"
    APPROVE = "approve"
    REJECT = "reject"
    EXECUTE = "execute"
    ROLL_BACK = "roll-back"


StepArgument = Annotated[
    BudgetStep, typer.Argument(metavar="STEP", help="One of propose, approve, reject, execute, roll-back.")
]
ActionArgument = Annotated[
    str,
    typer.Argument(
        metavar="ACTION_ID",
        help="ID of the transfer. For propose: the ID of a proposal of `journey campaigns`, or a new ID.",
    ),
]
FoldersArgument = Annotated[
    list[Path],
    typer.Argument(metavar="FOLDER...", help="Folders of records, read as one set. The log is written there."),
]
OnOption = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="DATE",
        help="Date and time of the step, as of which the rules are checked. Default: now (UTC), with the rules checked "
        "as of the latest date in the records.",
        show_default=False,
    ),
]


def command(
    step: StepArgument,
    action_id: ActionArgument,
    folders: FoldersArgument,
    *,
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Person who takes the step. Default: the orchestrator.")
    ] = None,
    on: OnOption = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Reason, as free text.")] = None,
    campaign: Annotated[
        str | None, typer.Option("--campaign", metavar="ID", help="Campaign of a new transfer.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="CHANNEL", help="Channel that gives the money of a new transfer.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--to", metavar="CHANNEL", help="Channel that receives the money of a new transfer.")
    ] = None,
    amount: Annotated[
        float | None, typer.Option("--amount", metavar="DOLLARS", help="Amount of a new transfer in dollars.")
    ] = None,
    code: Annotated[str | None, typer.Option("--code", metavar="CODE", help="Reason code of a new transfer.")] = None,
    proposed_by: Annotated[
        str | None,
        typer.Option(
            "--proposed-by", metavar="NAME", help="Person who proposed a recorded transfer whose record names no one."
        ),
    ] = None,
    policy: PolicyOption = None,
    json_: JsonOption = False,
) -> None:
    """Record one step of a budget transfer.

    Each step, from proposal to roll-back, is checked against the policy and
    appended to marketing_log.jsonl in the folder, which `journey campaigns` reads. The records themselves are not
    changed. A step that breaks a rule is refused, and nothing is written.
    """
    from journey.marketing.budget.commands import StepRequest, run_step
    from journey.marketing.core.policy import MarketingPolicy, read_marketing_policy
    from scenarios.cli.console import print_json, print_message

    transfer = _build_transfer(action_id, campaign, source, target, amount)
    if step is not BudgetStep.PROPOSE and (transfer is not None or code is not None):
        raise InputError(
            f"{step.value}: the transfer already exists; --campaign, --from, --to, --amount and --code apply to "
            "propose only"
        )
    order = StepRequest(
        step=_parse_step(step),
        action_id=action_id,
        when=_parse_date(on),
        by=_parse_name("--by", by),
        reason=reason,
        transfer=transfer,
        reason_code=_parse_reason_code(code),
        proposed_by=_parse_name("--proposed-by", proposed_by),
        as_of_latest=on is None,
    )
    rules = MarketingPolicy() if policy is None else read_marketing_policy(policy)
    result = run_step(order, folders, rules)
    try:
        if json_:
            print_json(result.as_dict())
        else:
            _print_result(result, latest=on is None)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # Exit code 2 would mean that nothing is written.
        print_message(
            f"journey: the step is in {result.log}, but the result cannot be printed: {error.strerror or error}"
        )
        raise typer.Exit(CHECK_FAILED) from None


def _build_transfer(
    action_id: str, campaign: str | None, source: str | None, target: str | None, amount: float | None
) -> "Transfer | None":
    from journey.marketing.budget.rules import Transfer

    if campaign is None and source is None and target is None and amount is None:
        return None
    if campaign is None or source is None or target is None or amount is None:
        given = {"--campaign": campaign, "--from": source, "--to": target, "--amount": amount}
        missing = ", ".join(name for name, value in given.items() if value is None)
        raise InputError(f"{action_id}: a new transfer needs --campaign, --from, --to and --amount; missing: {missing}")
    return Transfer(action_id, campaign, source, target, amount)


def _parse_step(step: BudgetStep) -> "Step":
    from journey.marketing.budget.commands import Step

    return next(known for known in get_args(Step) if known == step.value.replace("-", "_"))


def _parse_date(on: str | None) -> "AsOf":
    from datetime import UTC, datetime

    from journey.decision.as_of import AsOf

    return AsOf.of(datetime.now(UTC).replace(microsecond=0) if on is None else on)


def _parse_name(option: str, name: str | None) -> str | None:
    if name is None:
        return None
    cleaned = " ".join(name.split())
    if not cleaned or not cleaned.isprintable():
        raise InputError(f"{option} {name!r}: not a valid name; enter the name of a person")
    return cleaned


def _parse_reason_code(code: str | None) -> "ReasonCode | None":
    from journey.core.suggestions import did_you_mean
    from journey.marketing.records.model import ReasonCode

    known = next((each for each in get_args(ReasonCode) if each == code), None)
    if code is not None and known is None:
        raise InputError(f"--code {code}: unknown reason code{did_you_mean(code, get_args(ReasonCode))}")
    return known


def _describe_money(result: "StepResult", channel: str) -> str:
    """What a channel can give, and what pending transfers hold."""
    from journey.money.format import format_exact_dollars

    held = result.held_by.get(channel)
    balance = f" of {format_exact_dollars(result.balances[channel])} ({', '.join(held)} holds the rest)" if held else ""
    return f"{channel} {format_exact_dollars(result.to_give[channel])}{balance}"


def _print_result(result: "StepResult", *, latest: bool) -> None:
    from journey.decision.as_of import format_moment
    from journey.money.format import format_exact_dollars
    from scenarios.cli.console import console, print_message

    out, move, last = console(), result.transfer, result.events[-1]
    out.print(
        f"{move.transfer_id} is {format_name(result.status)}: {format_exact_dollars(move.amount)} from "
        f"{move.from_channel_id} to "
        f"{move.to_channel_id} in {move.campaign_id}, by {last.actor_id} on {last.timestamp:%Y-%m-%d %H:%M}",
    )
    out.print(f"to give: {', '.join(_describe_money(result, channel) for channel in result.to_give)}")
    if latest and result.as_of is not None:
        out.print(f"rules checked as of {format_moment(result.as_of)}, the latest date in the records")
    steps = ", ".join(step.replace("_", "-") for step in result.legal_moves)
    out.print(f"next steps: {steps or 'none; the transfer is closed'}")
    print_message(f"wrote {result.log}")
