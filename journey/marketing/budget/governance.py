"""Approval compliance: whether every transfer was approved before it was executed, from the marketing log alone.

Three results: the log **proves** compliance of every transfer in it; the log contains a **violation**; or a record
states an executed transfer that is not in the log: **not provable**, only the record's own fields are known.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from journey.core.identifiers import looks_like
from journey.marketing.budget.log import read_log_events
from journey.marketing.budget.unattended import UnattendedTransfers, is_by_person
from journey.marketing.core.policy import MarketingPolicy
from journey.marketing.records.model import LogEvent

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

ViolationCode = Literal["not_proposed", "not_approved", "approved_later", "no_person", "own_approval", "other_amount"]


@dataclass(frozen=True, slots=True)
class Violation:
    """An executed transfer without a valid approval in the log.

    Attributes:
        event_id: ID of the log event of the execution.
        entity_id: ID of the budget action.
        amount: Dollars; None if the log does not state them.
        code: Code of the violation.
        message: Description of the violation.
    """

    event_id: str
    entity_id: str
    amount: float | None
    code: ViolationCode
    message: str


@dataclass(frozen=True, slots=True)
class Proof:
    """Approval compliance of the executed transfers in a log.

    Attributes:
        executed: IDs of the executed budget actions, in order.
        amount: Their total amount in dollars, without actions whose amount the log does not state.
        violations: Empty if each action was proposed, then approved as its amount requires, then executed.
    """

    executed: tuple[str, ...]
    amount: float
    violations: tuple[Violation, ...]

    @property
    def is_compliant(self) -> bool:
        """Whether no transfer was executed without a valid approval."""
        return not self.violations


def prove(events: Iterable[LogEvent], policy: MarketingPolicy) -> Proof:
    """Check that every executed transfer of a log was approved first, and list the violations.

    Args:
        events: The log, in the order in which it was written; an approval dated after the execution is a violation.
        policy: Sets the amount from which a person must approve, and the days over which small amounts add up.
    """
    unattended = UnattendedTransfers(policy.budget)
    histories: dict[str, list[LogEvent]] = {}
    executed: list[str] = []
    money: list[float] = []
    violations: list[Violation] = []
    for event in events:
        if event.entity != "budget_action":
            continue
        before = histories.setdefault(event.entity_id, [])
        if event.to_status == "executed":
            executed.append(event.entity_id)
            money.append(event.amount or 0.0)
            violations.extend(_find_violations(event, before, unattended))
        unattended.add(event)
        before.append(event)
    return Proof(tuple(executed), sum(money), tuple(violations))


def _find_violations(event: LogEvent, before: list[LogEvent], unattended: UnattendedTransfers) -> list[Violation]:
    proposal = next((each for each in before if each.to_status == "proposed"), None)
    approval = next((each for each in reversed(before) if each.to_status == "approved"), None)
    faults: list[tuple[ViolationCode, str]] = []
    if proposal is None:
        faults.append(("not_proposed", "was executed without a proposal"))
    if approval is None or before[-1].to_status != "approved":
        faults.append(("not_approved", f"was executed on {event.timestamp.isoformat()} without a valid approval"))
    if approval is not None:
        faults.extend(_find_approval_faults(event, proposal, approval, unattended))
    return [
        Violation(event.event_id, event.entity_id, event.amount, code, f"{event.entity_id} {text}.")
        for code, text in faults
    ]


def _find_approval_faults(
    event: LogEvent, proposal: LogEvent | None, approval: LogEvent, unattended: UnattendedTransfers
) -> list[tuple[ViolationCode, str]]:
    faults: list[tuple[ViolationCode, str]] = []
    if approval.timestamp > event.timestamp:
        faults.append(("approved_later", f"was approved on {approval.timestamp.isoformat()}, after it was executed"))
    amounts = {each.amount for each in (proposal, approval, event) if each is not None}
    if len(amounts) > 1:
        faults.append(("other_amount", "was not proposed, approved and executed with the same amount"))
    max_amount = max((amount for amount in amounts if amount is not None), default=None)
    need = unattended.explain_need(approval if proposal is None else proposal, max_amount, approval.timestamp)
    if need is not None and not is_by_person(approval):
        faults.append(("no_person", f"was not approved by a named person, although {need}"))
    if proposal is not None and _may_be_same_person(proposal, approval):
        faults.append(("own_approval", f"was approved by {approval.actor_id}, who proposed it or may have proposed it"))
    return faults


def _may_be_same_person(proposal: LogEvent, approval: LogEvent) -> bool:
    """Whether the approver is, or may be, the proposer."""
    both_people = proposal.actor_kind == approval.actor_kind == "human"
    if not both_people or proposal.actor_id is None or approval.actor_id is None:
        return both_people and proposal.actor_id is None
    return looks_like(proposal.actor_id, approval.actor_id)


def report_governance(context: "MarketingContext") -> dict[str, Any]:
    """Approval compliance as JSON-ready data, with the executed transfers that are missing from the log.

    ``verdict`` is ``proved``, ``violated`` or ``not_provable``. It is ``not_provable`` also if no transfer was
    executed.
    """
    proof = prove(context.get_or_compute(read_log_events), context.policy)
    rows = context.cursor.execute("""
        SELECT budget_action_id, campaign_id, amount, currency, approved_by_human, approver_id,
            approval_latency_minutes, timestamp
        FROM seen_budget_actions WHERE status IN ('executed', 'rolled_back') ORDER BY timestamp, budget_action_id
    """).fetchall()
    not_logged = [
        {
            "budget_action_id": action,
            "campaign_id": campaign,
            "amount": amount,
            "currency": currency,
            "proposed_at": proposed.isoformat(),
            "message": _describe_record(approver, latency, approved=approved),
        }
        for action, campaign, amount, currency, approved, approver, latency, proposed in rows
        if action not in proof.executed
    ]
    verdict = "violated" if not proof.is_compliant else "not_provable" if not_logged or not proof.executed else "proved"
    return {
        "verdict": verdict,
        "message": _summarise(proof, len(not_logged)),
        "executed_in_log": list(proof.executed),
        "amount_in_log": proof.amount,
        "violations": [asdict(violation) for violation in proof.violations],
        "not_in_log": not_logged,
    }


def _summarise(proof: Proof, not_logged: int) -> str:
    if proof.violations:
        return "The log contains transfers that were not properly approved: " + " ".join(
            v.message for v in proof.violations
        )
    logged = (
        f"{_describe_transfers(len(proof.executed))} in the log was approved before its execution."
        if proof.executed
        else ""
    )
    if not_logged:
        transfers = "1 executed transfer is" if not_logged == 1 else f"{not_logged} executed transfers are"
        missing = f"{transfers} not in the log: only the records' own fields are known, which prove no approval."
        return f"{logged} {missing}".strip()
    return logged or "No transfer was executed."


def _describe_transfers(count: int) -> str:
    return "The only executed transfer" if count == 1 else f"Each of the {count} executed transfers"


def _describe_record(approver: str | None, latency: float | None, *, approved: bool | None) -> str:
    if approved is None:
        return "Its record does not state whether it was approved."
    if not approved:
        return "According to its record, it was not approved."
    when = "at an unrecorded time" if latency is None else f"{latency:g} minutes after the proposal"
    who = approver or "an unnamed person"
    return f"According to its record, {who} approved it {when}; the time of execution is not recorded."
