"""Run one step of a budget action of recorded campaigns: propose, approve, reject, execute or roll back.

The step is checked against the state machine of the budget action and against every rule of
`journey.marketing.budget.rules`, with current balances and risks. If it is legal, it is appended to the folder's
marketing log. A refused step writes nothing. The records themselves are never changed: the log determines the current
status of an action (`journey.marketing.views.effective_actions`).

The folders are locked from reading until writing (`journey.marketing.budget.log_file`), so that two steps cannot run at
the same time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from journey.core.errors import InputError
from journey.core.identifiers import describe_difference, looks_like, normalise_identifier, require_identifier
from journey.core.suggestions import did_you_mean
from journey.decision.as_of import AsOf, format_moment, resolve_moment
from journey.machine import IllegalMoveError
from journey.machine.lifecycles import budget_action_lifecycle
from journey.marketing.budget.availability import (
    Hold,
    compute_available_in_campaigns,
    describe_available,
    find_closed_campaigns,
    find_serious_risks,
    read_holds,
)
from journey.marketing.budget.log import MarketingLog, read_log_events
from journey.marketing.budget.log_file import append_to_log, locked_log, refuse_broken_log
from journey.marketing.budget.proposals import (
    ACTOR,
    Proposal,
    compute_allocation,
)
from journey.marketing.budget.rules import Transfer
from journey.marketing.budget.workflow import BudgetWorkflow
from journey.marketing.core.policy import MarketingPolicy
from journey.marketing.records.folders import MarketingRecords, read_folders
from journey.marketing.records.model import LogEvent, ReasonCode
from journey.marketing.views.balances import read_balances
from journey.marketing.views.context import build_context

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

Step = Literal["propose", "approve", "reject", "execute", "roll_back"]
MOVES_MONEY: frozenset[Step] = frozenset({"propose", "approve", "execute"})
"""Steps that move money or lead to a transfer; the other steps cancel or reverse one."""


@dataclass(frozen=True, slots=True)
class StepRequest:
    """A requested step of a budget action.

    Attributes:
        step: The step.
        action_id: ID of the budget action.
        when: Moment of the step; a bare date means that day, after the log's entries of that day.
        as_of_latest: Whether the rules are checked as of the latest date in the records, and not as of `when`, for
            instance because `when` is only the time of the clock.
        by: Name of the person; None for the orchestrator.
        reason: Reason as text.
        transfer: The transfer to propose; None if the orchestrator proposes it or it is already recorded.
        reason_code: Reason of the proposal as a code.
        proposed_by: Proposer of a recorded action whose record does not name one.
    """

    step: Step
    action_id: str
    when: AsOf
    by: str | None = None
    reason: str | None = None
    transfer: Transfer | None = None
    reason_code: ReasonCode | None = None
    proposed_by: str | None = None
    as_of_latest: bool = False


@dataclass(frozen=True, slots=True)
class StepResult:
    """Result of a step.

    Attributes:
        transfer: The budget action.
        status: Its status after the step.
        legal_moves: Names of the moves that its state machine allows next.
        events: Events appended to the log, in order.
        log: Path of the log.
        as_of: Moment as of which the rules were checked.
        balances: Balances of the two channels after the step in dollars, by channel; None if unknown.
        to_give: Dollars that the two channels can give after the step, without the money that pending actions hold.
        held_by: IDs of the pending actions that hold money of the two channels, by channel.
    """

    transfer: Transfer
    status: str
    legal_moves: tuple[str, ...]
    events: tuple[LogEvent, ...]
    log: Path
    as_of: datetime | None
    balances: dict[str, float | None]
    to_give: dict[str, float | None]
    held_by: dict[str, tuple[str, ...]]

    def as_dict(self) -> dict[str, Any]:
        """The step as JSON-ready data."""
        move = self.transfer
        return {
            "budget_action_id": move.transfer_id,
            "campaign_id": move.campaign_id,
            "from_channel_id": move.from_channel_id,
            "to_channel_id": move.to_channel_id,
            "amount": move.amount,
            "status": self.status,
            "legal_moves": list(self.legal_moves),
            "balances": self.balances,
            "to_give": self.to_give,
            "held_by": {channel: list(actions) for channel, actions in self.held_by.items()},
            "events": [event.model_dump(mode="json") for event in self.events],
            "log": str(self.log),
            "as_of": None if self.as_of is None else format_moment(self.as_of),
        }


def run_step(request: StepRequest, folders: Sequence[Path], policy: MarketingPolicy | None = None) -> StepResult:
    """Run one step and append it to the marketing log of the folders. A refused step writes nothing.

    Args:
        request: The step.
        folders: Folders of the records. The log is in the folder that already has one, otherwise in the folder of the
            budget actions.
        policy: The policy. Default: the built-in policy.

    Raises:
        InputError: A folder cannot be read or must not be written to, the action is unknown, its state machine has no
            such move from the current status, or a rule forbids the step; the message names the rule.
    """
    request = _normalise(request)
    with locked_log(folders) as path:
        records = read_folders(folders)
        refuse_broken_log(records, path)
        return _Session(records, request, path, policy or MarketingPolicy()).run()


def _normalise(request: StepRequest) -> StepRequest:
    """The request with IDs, names and reason as they are read back from the log.

    Raises:
        InputError: An ID or a name is blank.
    """
    transfer = request.transfer
    if transfer is not None:
        transfer = Transfer(
            require_identifier(transfer.transfer_id, "the transfer's ID"),
            require_identifier(transfer.campaign_id, "the campaign"),
            require_identifier(transfer.from_channel_id, "the channel that gives"),
            require_identifier(transfer.to_channel_id, "the channel that receives"),
            transfer.amount,
        )
    return replace(
        request,
        action_id=require_identifier(request.action_id, "the transfer's ID"),
        by=None if request.by is None else require_identifier(request.by, "by"),
        proposed_by=None if request.proposed_by is None else require_identifier(request.proposed_by, "proposed_by"),
        reason=normalise_identifier(request.reason or "") or None,
        transfer=transfer,
    )


class _Session:
    """One step on the current records."""

    def __init__(self, records: MarketingRecords, request: StepRequest, path: Path, policy: MarketingPolicy) -> None:
        self.records, cutoff = records, request.when.cutoff
        # Use all records and all of the log, also what is dated after the step: money spent later is no longer
        # available, and a step before the log's last entry is refused.
        latest = (resolve_moment(None, records), records.latest_log_date())
        as_of = None if request.as_of_latest else max(cutoff, *(moment for moment in latest if moment is not None))
        self.context: MarketingContext = build_context(records, as_of, policy)
        self.request, self.path = request, path
        self.log = MarketingLog(self.context.get_or_compute(read_log_events), policy)
        self.events_before = len(self.log.events)
        self.current_balances = {
            (each.campaign_id, each.channel_id): each.balance for each in read_balances(self.context)
        }
        # A proposal must not promise money that pending actions will take; a pending action may take it.
        available = compute_available_in_campaigns(self.context, deduct_pending=request.step == "propose")
        notes = describe_available(self.context, deduct_pending=request.step == "propose")
        self.workflow = BudgetWorkflow(self.log, available, lambda: find_serious_risks(self.context), notes=notes)
        self.record = self._read_record()
        self.at = self._resolve_moment()

    def run(self) -> StepResult:
        transfer = self._propose() if self.request.step == "propose" else self._move()
        events = self.log.events[self.events_before :]
        append_to_log(self.path, events)
        status = events[-1].to_status
        legal = tuple(move.name for move in budget_action_lifecycle().legal_moves(status))
        balances = self._compute_balances(transfer)
        held = self._compute_holds(transfer, status)
        to_give = {channel: held[channel].deduct_from(balance) for channel, balance in balances.items()}
        held_by = {channel: hold.actions for channel, hold in held.items() if hold.actions}
        as_of = self.context.as_of
        return StepResult(transfer, status, legal, events, self.path, as_of, balances, to_give, held_by)

    def _compute_holds(self, transfer: Transfer, status: str) -> dict[str, Hold]:
        """The money of both channels that pending actions hold after the step, by channel."""
        holds = read_holds(self.context, without=transfer.transfer_id)
        held = {key[1]: holds.get(key, Hold()) for key in (transfer.giver, transfer.taker)}
        if status in ("proposed", "approved"):
            others, actions = held[transfer.from_channel_id]
            amount = None if others is None else others + transfer.amount
            held[transfer.from_channel_id] = Hold(amount, (*actions, transfer.transfer_id))
        return held

    def _compute_balances(self, transfer: Transfer) -> dict[str, float | None]:
        change = {"executed": transfer.amount, "rolled_back": -transfer.amount}.get(self.log.events[-1].to_status, 0.0)
        signs = {transfer.giver: -change, transfer.taker: change}
        after = {key: self.current_balances.get(key) for key in signs}
        return {key[1]: None if balance is None else round(balance + signs[key], 2) for key, balance in after.items()}

    def _resolve_moment(self) -> datetime:
        """Moment of the step. It must not be before the log's last entry or the proposal of the action."""
        when = self.request.when
        proposed = when.anchor if self.record is None else self.record["timestamp"]
        last = max((event.timestamp for event in self.log.events), default=proposed)
        if when.cutoff < max(last, proposed):
            earlier_event = (
                f"the log's last entry ({last.isoformat()})" if last > proposed else f"its proposal ({proposed})"
            )
            raise InputError(f"{self.request.action_id}: {when} is before {earlier_event}; give a later moment")
        return max(when.anchor, last, proposed)

    def _refuse_closed(self, campaign: str) -> None:
        reason = find_closed_campaigns(self.context).get(campaign)
        if reason is not None and self.request.step in MOVES_MONEY:
            raise InputError(
                f"{self.request.action_id}: {reason}, so no money can be moved in {campaign} (rule: campaign_closed)"
            )

    def _list_ids(self) -> list[str]:
        """The IDs of all transfers, in the records and in the log."""
        recorded = self.context.cursor.execute("SELECT budget_action_id FROM seen_budget_actions").fetchall()
        logged = {event.entity_id for event in self.log.events if event.entity == "budget_action"}
        return sorted({str(name) for (name,) in recorded if name is not None} | logged)

    def _propose(self) -> Transfer:
        request = self.request
        status = self.log.status("budget_action", request.action_id) or (self.record or {}).get("status")
        if status is not None:
            raise InputError(
                f"{request.action_id}: already exists (status: {status}); choose a different ID for the new transfer"
            )
        same = next((known for known in self._list_ids() if looks_like(known, request.action_id)), None)
        if same is not None:
            raise InputError(
                f"{request.action_id}: the transfer {same!r} exists, and the two IDs differ only "
                f"{describe_difference(request.action_id, same)}; choose a different ID for the new transfer"
            )
        transfer, by, code, reason = request.transfer, request.by, request.reason_code, request.reason
        if transfer is None:
            proposal = self._find_proposal()
            transfer = Transfer(
                request.action_id,
                proposal.campaign_id,
                proposal.from_channel_id,
                proposal.to_channel_id,
                proposal.amount,
            )
            by, code, reason = None, proposal.reason_code, reason or " ".join(proposal.reasons)
        if round(transfer.amount, 2) != transfer.amount:
            raise InputError(
                f"{request.action_id}: the amount {transfer.amount} must be in whole cents (rule: no_amount)"
            )
        self._refuse_closed(transfer.campaign_id)
        self.workflow.propose(transfer, at=self.at, **_actor_arguments(by), reason=reason, reason_code=code)
        return transfer

    def _find_proposal(self) -> Proposal:
        # The proposals of `journey campaigns`, as of the latest record. The rules are checked as of the step.
        current_proposals = compute_allocation(build_context(self.records, policy=self.context.policy)).proposals
        proposals_by_id = {proposal.budget_action_id: proposal for proposal in current_proposals}
        if self.request.action_id not in proposals_by_id:
            suggestion = (
                did_you_mean(self.request.action_id, list(proposals_by_id)) or "; there are no current proposals"
            )
            raise InputError(
                f"{self.request.action_id}: not among the proposals of `journey campaigns`{suggestion}. To propose "
                "your "
                "own transfer, give its campaign, both channels and the amount"
            )
        return proposals_by_id[self.request.action_id]

    def _move(self) -> Transfer:
        request, record = self.request, self.record
        if record is None:
            raise InputError(
                f"{request.action_id}: unknown budget action{did_you_mean(request.action_id, self._list_action_ids())}"
            )
        transfer = Transfer(request.action_id, *(record[name] for name in _TRANSFER_COLUMNS))
        self._refuse_other_currency(record)
        self.workflow.transfers[request.action_id] = transfer
        self._enter_recorded(transfer, record)
        try:
            # Checked first: if the step is impossible, the rules about money do not matter.
            budget_action_lifecycle().move(self.log.status("budget_action", request.action_id) or "", request.step)
        except IllegalMoveError as error:
            raise InputError(f"{request.action_id}: {error}") from None
        self._refuse_closed(transfer.campaign_id)
        step = {
            "approve": self.workflow.approve,
            "reject": self.workflow.reject,
            "execute": self.workflow.execute,
            "roll_back": self.workflow.roll_back,
        }[request.step]
        step(request.action_id, at=self.at, **_actor_arguments(request.by), reason=request.reason)
        return transfer

    def _enter_recorded(self, transfer: Transfer, record: dict[str, Any]) -> None:
        """Enter the proposal of a recorded action that is not in the log yet."""
        if self.log.status("budget_action", transfer.transfer_id) is not None:
            return
        if record["status"] not in ("proposed", "approved"):
            raise InputError(
                f"{transfer.transfer_id}: its record has status {record['status']}, but the log has no history of "
                "it, so "
                "it cannot be changed here; propose a new transfer instead"
            )
        by, actor = record["proposed_by"], None
        if by != "orchestrator":
            by, actor = "human", self.request.proposed_by
        if by == "human" and actor is None:
            raise InputError(
                f"{transfer.transfer_id}: its record does not name the proposer, who must not approve it; name the "
                "proposer (proposed_by) (rule: own_approval)"
            )
        self.log.enter(
            "budget_action",
            transfer.transfer_id,
            at=record["timestamp"],
            by=by,
            actor=actor,
            campaign_id=transfer.campaign_id,
            amount=transfer.amount,
            reason=record["reason_detail"],
            channels=(transfer.from_channel_id, transfer.to_channel_id),
            reason_code=record["reason_code"],
        )

    def _refuse_other_currency(self, record: dict[str, Any]) -> None:
        policy_currency = self.context.policy.budget.currency
        if record["currency"] != policy_currency and self.request.step in MOVES_MONEY:
            raise InputError(
                f"{self.request.action_id}: its amount is in {record['currency']}, but balances are in "
                f"{policy_currency}"
            )

    def _read_record(self) -> dict[str, Any] | None:
        cursor = self.context.cursor.execute(
            f"""
            SELECT {", ".join(_TRANSFER_COLUMNS)}, timestamp, currency, reason_code, reason_detail, proposed_by, status
            FROM seen_budget_actions WHERE budget_action_id = ?
            """,
            [self.request.action_id],
        )
        names = [column[0] for column in cursor.description or ()]
        row = cursor.fetchone()
        return None if row is None else dict(zip(names, row, strict=True))

    def _list_action_ids(self) -> list[str]:
        rows = self.context.cursor.execute("SELECT budget_action_id FROM seen_budget_actions ORDER BY 1").fetchall()
        return [row[0] for row in rows]


_TRANSFER_COLUMNS = ("campaign_id", "from_channel_id", "to_channel_id", "amount")


def _actor_arguments(name: str | None) -> dict[str, Any]:
    return {"by": "orchestrator", "actor": ACTOR} if name is None else {"by": "human", "actor": name}
