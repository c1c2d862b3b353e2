"""Acting on a budget action of recorded campaigns: propose, approve, reject, execute, roll back, each step in the log.

The records are read, the step is held to the machine of the budget action and to every rule of
`journey.marketing.budget.rules` as things stand, and only then is it appended to the folder's marketing log. What is
refused writes nothing. The records themselves are never changed: the log says where an action stands now
(`journey.marketing.views.effective_actions`).

Two steps never see the same log: a lock is held from reading it until it is written.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from os import fstat
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from journey.core.errors import InputError
from journey.core.messages import did_you_mean
from journey.decision.as_of import AsOf, moment_of
from journey.machine import IllegalMoveError
from journey.machine.lifecycles import budget_action_lifecycle
from journey.marketing.budget.governance import log_events
from journey.marketing.budget.log import DATASET, MarketingLog, append
from journey.marketing.budget.proposals import ACTOR, Proposal, allocation, closed_campaigns, waiting_by_channel
from journey.marketing.budget.rules import BudgetDesk, Transfer
from journey.marketing.checks.runner import context_of
from journey.marketing.core.policy import MarketingPolicy
from journey.marketing.records.folders import BUNDLED, MarketingRecords, bundled_folder, read_folders
from journey.marketing.records.model import MARKETING_FAMILY, LogEvent, ReasonCode
from journey.marketing.risks.inbox import risk_inbox, serious_by_channel
from journey.marketing.views.balances import balances
from journey.records.sources import find_sources
from journey.runtime.locks import lock

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

Step = Literal["propose", "approve", "reject", "execute", "roll_back"]
MOVES_MONEY: frozenset[Step] = frozenset({"propose", "approve", "execute"})
"""Steps that bring money nearer to another channel; the others leave it or bring it back."""


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants done.

    Attributes:
        step: The step.
        action_id: Key of the budget action.
        when: When; a bare date: on that day, after whatever the log holds of it.
        by: Name of the person; None: the orchestrator.
        reason: Why, in words.
        transfer: The move to propose; None where it is one that the orchestrator proposes, or already recorded.
        reason_code: Why it is proposed, as a code.
        proposed_by: Who proposed a recorded action, where its record does not say.
    """

    step: Step
    action_id: str
    when: AsOf
    by: str | None = None
    reason: str | None = None
    transfer: Transfer | None = None
    reason_code: ReasonCode | None = None
    proposed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What was done.

    Attributes:
        transfer: The budget action.
        status: Where it stands now.
        legal_moves: What its machine allows next.
        events: What was appended to the log, in order.
        log: The file.
        balances: Dollars of the two channels afterwards, by channel; None where unknown.
    """

    transfer: Transfer
    status: str
    legal_moves: tuple[str, ...]
    events: tuple[LogEvent, ...]
    log: Path
    balances: dict[str, float | None]

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
            "events": [event.model_dump(mode="json") for event in self.events],
            "log": str(self.log),
        }


def carry_out(order: Order, folders: Sequence[Path], policy: MarketingPolicy | None = None) -> Done:
    """Do one step and append it to the marketing log of the folders, or refuse it and write nothing.

    Args:
        order: What to do.
        folders: Where the records are; the log is in the one that holds it, else beside the budget actions.
        policy: The policy (default: the default one).

    Raises:
        InputError: A folder cannot be read or must not be written to, the action is unknown, the machine has no such
            step from where it stands, or a rule forbids it; the message names the rule.
    """
    path = _log_file(folders)
    with _alone(path):
        records = read_folders(folders)
        _refuse_broken_log(records, path)
        return _Sitting(records, order, path, policy or MarketingPolicy()).done()


class _Sitting:
    """One step on the records as they stand."""

    def __init__(self, records: MarketingRecords, order: Order, path: Path, policy: MarketingPolicy) -> None:
        self.records, end = records, order.when.cutoff
        # All there is counts, also what is dated later than the step: money that is gone by then is not there.
        self.context: MarketingContext = context_of(records, max(end, moment_of(None, records) or end), policy)
        self.order, self.path = order, path
        self.log = MarketingLog(log_events(self.context), policy)
        self.before = len(self.log.events)
        self.there = {(each.campaign_id, each.channel_id): each.balance for each in balances(self.context)}
        self.desk = BudgetDesk(self.log, self._available(), self._risky)
        self.found = self._known()
        self.at = self._moment()

    def done(self) -> Done:
        transfer = self._propose() if self.order.step == "propose" else self._move()
        events = self.log.events[self.before :]
        append(self.path, events)
        status = events[-1].to_status
        legal = budget_action_lifecycle().legal_moves(status)
        return Done(transfer, status, legal, events, self.path, self._balances(transfer))

    def _available(self) -> dict[tuple[str, str], float | None]:
        used = set(self.context.cursor.execute("SELECT campaign_id, channel_id FROM campaign_channels").fetchall())
        # Money that other actions wait to take is not promised twice; when it is taken, only what is there counts.
        waiting = waiting_by_channel(self.context) if self.order.step == "propose" else {}
        return {
            key: None if has is None else round(max(0.0, has - waiting.get(key, 0.0)), 2)
            for key, has in self.there.items()
            if key in used
        }

    def _risky(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return serious_by_channel(risk_inbox(self.context), self.there)

    def _balances(self, transfer: Transfer) -> dict[str, float | None]:
        change = {"executed": transfer.amount, "rolled_back": -transfer.amount}.get(self.log.events[-1].to_status, 0.0)
        signs = {transfer.giver: -change, transfer.taker: change}
        after = {key: self.there.get(key) for key in signs}
        return {key[1]: None if has is None else round(has + signs[key], 2) for key, has in after.items()}

    def _moment(self) -> datetime:
        """When the step is made; not before what the log holds, nor before the action was proposed."""
        when = self.order.when
        proposed = when.anchor if self.found is None else self.found["timestamp"]
        last = max((event.timestamp for event in self.log.events), default=proposed)
        if when.cutoff < max(last, proposed):
            what = f"the log's last entry ({last.isoformat()})" if last > proposed else f"it was proposed ({proposed})"
            raise InputError(f"{self.order.action_id}: {when} is before {what}; give a later moment")
        return max(when.anchor, last, proposed)

    def _refuse_closed(self, campaign: str) -> None:
        why = closed_campaigns(self.context).get(campaign)
        if why is not None and self.order.step in MOVES_MONEY:
            raise InputError(f"{self.order.action_id}: {why}, so no money moves in {campaign} (rule: campaign_closed)")

    def _propose(self) -> Transfer:
        order = self.order
        status = self.log.status("budget_action", order.action_id) or (self.found or {}).get("status")
        if status is not None:
            raise InputError(f"{order.action_id}: is there already ({status}); give a new move a key of its own")
        transfer, by, code, reason = order.transfer, order.by, order.reason_code, order.reason
        if transfer is None:
            made = self._own_proposal()
            transfer = Transfer(
                order.action_id, made.campaign_id, made.from_channel_id, made.to_channel_id, made.amount
            )
            by, code, reason = None, made.reason_code, reason or " ".join(made.reasons)
        if round(transfer.amount, 2) != transfer.amount:
            raise InputError(f"{order.action_id}: {transfer.amount} is no amount in whole cents (rule: no_amount)")
        self._refuse_closed(transfer.campaign_id)
        self.desk.propose(transfer, at=self.at, **_who(by), reason=reason, reason_code=code)
        return transfer

    def _own_proposal(self) -> Proposal:
        # As `journey campaigns` shows them: as of the latest record. The rules are asked as of the step itself.
        shown = allocation(context_of(self.records, policy=self.context.policy)).proposals
        made = {proposal.budget_action_id: proposal for proposal in shown}
        if self.order.action_id not in made:
            near = did_you_mean(self.order.action_id, list(made)) or "; as things stand nothing is proposed"
            raise InputError(
                f"{self.order.action_id}: a move of your own needs its campaign, both channels and the amount, and "
                f"among the proposals of `journey campaigns` it is not{near}"
            )
        return made[self.order.action_id]

    def _move(self) -> Transfer:
        order, found = self.order, self.found
        if found is None:
            raise InputError(
                f"{order.action_id}: there is no such budget action{did_you_mean(order.action_id, self._keys())}"
            )
        transfer = Transfer(order.action_id, *(found[name] for name in _COLUMNS))
        self._refuse_other_currency(found)
        self.desk.transfers[order.action_id] = transfer
        self._enter_recorded(transfer, found)
        try:
            # Said first: where a step is impossible, no rule about money matters.
            budget_action_lifecycle().move(self.log.status("budget_action", order.action_id) or "", order.step)
        except IllegalMoveError as error:
            raise InputError(f"{order.action_id}: {error}") from None
        self._refuse_closed(transfer.campaign_id)
        step = {
            "approve": self.desk.approve,
            "reject": self.desk.reject,
            "execute": self.desk.execute,
            "roll_back": self.desk.roll_back,
        }[order.step]
        step(order.action_id, at=self.at, **_who(order.by), reason=order.reason)
        return transfer

    def _enter_recorded(self, transfer: Transfer, found: dict[str, Any]) -> None:
        """A recorded action that the log does not hold yet begins there as it was proposed."""
        if self.log.status("budget_action", transfer.transfer_id) is not None:
            return
        if found["status"] not in ("proposed", "approved"):
            raise InputError(
                f"{transfer.transfer_id}: its record says {found['status']}, and no log holds how it came there, so "
                "nothing more can be done with it here; propose a move of its own instead"
            )
        by, actor = found["proposed_by"], None
        if by != "orchestrator":
            by, actor = "human", self.order.proposed_by
        if by == "human" and actor is None:
            raise InputError(
                f"{transfer.transfer_id}: its record does not say who proposed it, and nobody approves a move of their "
                "own; say who it was (proposed_by) (rule: own_approval)"
            )
        self.log.enter(
            "budget_action",
            transfer.transfer_id,
            at=found["timestamp"],
            by=by,
            actor=actor,
            campaign_id=transfer.campaign_id,
            amount=transfer.amount,
            reason=found["reason_detail"],
            channels=(transfer.from_channel_id, transfer.to_channel_id),
            reason_code=found["reason_code"],
        )

    def _refuse_other_currency(self, found: dict[str, Any]) -> None:
        home = self.context.policy.budget.currency
        if found["currency"] != home and self.order.step in MOVES_MONEY:
            raise InputError(f"{self.order.action_id}: moves {found['currency']}, but balances are in {home}")

    def _known(self) -> dict[str, Any] | None:
        cursor = self.context.cursor.execute(
            f"""
            SELECT {", ".join(_COLUMNS)}, timestamp, currency, reason_code, reason_detail, proposed_by, status
            FROM seen_budget_actions WHERE budget_action_id = ?
            """,
            [self.order.action_id],
        )
        names = [column[0] for column in cursor.description or ()]
        row = cursor.fetchone()
        return None if row is None else dict(zip(names, row, strict=True))

    def _keys(self) -> list[str]:
        rows = self.context.cursor.execute("SELECT budget_action_id FROM seen_budget_actions ORDER BY 1").fetchall()
        return [row[0] for row in rows]


_COLUMNS = ("campaign_id", "from_channel_id", "to_channel_id", "amount")


def _who(name: str | None) -> dict[str, Any]:
    return {"by": "orchestrator", "actor": ACTOR} if name is None else {"by": "human", "actor": name}


def _log_file(folders: Sequence[Path]) -> Path:
    """The file that the log is in, or will be.

    Raises:
        InputError: There is no folder, one is the bundled one, several hold a log, or the log is no JSON Lines.
    """
    if not folders:
        raise InputError("no folder of records is given; give the folder whose log is to be written")
    for folder in folders:
        if folder.resolve() == bundled_folder(BUNDLED).resolve():
            raise InputError(f"{folder}: holds the bundled campaigns, which are never written to; copy them first")
    found = [(folder, find_sources(folder, MARKETING_FAMILY)[0]) for folder in folders]
    logs = [sources[DATASET].path for _, sources in found if DATASET in sources]
    if len(logs) > 1:
        raise InputError(f"{' and '.join(map(str, logs))}: two logs; keep one, or which came first cannot be told")
    if logs:
        if logs[0].suffix.lower() not in (".jsonl", ".ndjson"):
            raise InputError(f"{logs[0]}: a log is appended to as JSON Lines; write it as {DATASET}.jsonl first")
        return logs[0]
    home = next((folder for folder, sources in found if "budget_actions" in sources), folders[0])
    return home / f"{DATASET}.jsonl"


def _refuse_broken_log(records: MarketingRecords, path: Path) -> None:
    broken = records.connection.execute("SELECT count(*) FROM set_aside WHERE dataset = ?", [DATASET]).fetchall()
    if broken[0][0]:
        raise InputError(f"{path}: {broken[0][0]} of its rows cannot be read; mend them before anything is added to it")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the log, so that no other process reads it before this step is in it.

    Raises:
        InputError: Another process holds it, or its folder cannot be written to.
    """
    guard = path.with_name(f".{path.name}.lock")
    try:
        file = guard.open("ab")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None
    with file:
        # Whoever held it a moment ago has removed the file: then this lock is on nothing.
        if not lock(file) or not _is_still(guard, file):
            raise InputError(f"{path}: another step is being written; try again when it is done")
        try:
            yield
        finally:
            guard.unlink(missing_ok=True)


def _is_still(guard: Path, file: BinaryIO) -> bool:
    try:
        return guard.stat().st_ino == fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False
