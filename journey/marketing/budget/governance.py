"""Whether money moved only after it was approved, proved from the marketing log alone.

Three answers, kept apart: the log **proves** it for every move of money that it holds, the log names a **violation**,
or a record says that money moved and no log holds it: then only the record's own fields speak: **no proof**.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from journey.marketing.budget.log import is_same_person, read_log_events
from journey.marketing.core.policy import MarketingPolicy
from journey.marketing.records.model import LogEvent

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

ViolationCode = Literal["not_proposed", "not_approved", "approved_later", "no_person", "own_approval", "other_amount"]


@dataclass(frozen=True, slots=True)
class Violation:
    """A move of money that the log does not justify.

    Attributes:
        event_id: The log's entry of the execution.
        entity_id: The budget action.
        amount: Its money, where the log says it.
        code: What is wrong.
        message: The same for a person.
    """

    event_id: str
    entity_id: str
    amount: float | None
    code: ViolationCode
    message: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What a log shows about the money that moved.

    Attributes:
        executed: Keys of the budget actions that it says were executed, in order.
        amount: Their money, in dollars; what the log does not state is not in it.
        violations: Empty when every one was proposed, then approved as its amount needs, and then executed.
    """

    executed: tuple[str, ...]
    amount: float
    violations: tuple[Violation, ...]

    @property
    def is_compliant(self) -> bool:
        """Whether no money moved before its approval."""
        return not self.violations


def prove(events: Iterable[LogEvent], policy: MarketingPolicy) -> Proof:
    """Show from a log that no spend moved before its approval, or name each move that did.

    Args:
        events: The log, in the order in which it was written; times that run backwards are held against it.
        policy: From which amount on a person must approve.
    """
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
            violations.extend(_find_violations(event, before, policy))
        before.append(event)
    return Proof(tuple(executed), sum(money), tuple(violations))


def _find_violations(event: LogEvent, before: list[LogEvent], policy: MarketingPolicy) -> list[Violation]:
    proposal = next((each for each in before if each.to_status == "proposed"), None)
    approval = next((each for each in reversed(before) if each.to_status == "approved"), None)
    found: list[tuple[ViolationCode, str]] = []
    if proposal is None:
        found.append(("not_proposed", "was executed without a proposal"))
    if approval is None or before[-1].to_status != "approved":
        found.append(("not_approved", f"was executed on {event.timestamp.isoformat()} without standing approval"))
    if approval is not None:
        found.extend(_find_approval_faults(event, proposal, approval, policy))
    return [
        Violation(event.event_id, event.entity_id, event.amount, code, f"{event.entity_id} {what}.")
        for code, what in found
    ]


def _find_approval_faults(
    event: LogEvent, proposal: LogEvent | None, approval: LogEvent, policy: MarketingPolicy
) -> list[tuple[ViolationCode, str]]:
    found: list[tuple[ViolationCode, str]] = []
    threshold = policy.budget.approval_from
    if approval.timestamp > event.timestamp:
        found.append(("approved_later", f"was approved on {approval.timestamp.isoformat()}, after it was executed"))
    amounts = {each.amount for each in (proposal, approval, event) if each is not None}
    if len(amounts) > 1:
        found.append(("other_amount", "was not proposed, approved and executed with one amount"))
    max_amount = max((amount for amount in amounts if amount is not None), default=None)
    is_by_person = approval.actor_kind == "human" and approval.actor_id is not None
    if (max_amount is None or max_amount >= threshold) and not is_by_person:
        found.append(("no_person", f"was approved by no named person; from {threshold:.2f} on one must"))
    if proposal is not None and _may_be_same_person(proposal, approval):
        found.append(("own_approval", f"was approved by {approval.actor_id}, who proposed it or may have"))
    return found


def _may_be_same_person(proposal: LogEvent, approval: LogEvent) -> bool:
    """Whether who approved is, or may be, the person who proposed."""
    both_people = proposal.actor_kind == approval.actor_kind == "human"
    if not both_people or proposal.actor_id is None or approval.actor_id is None:
        return both_people and proposal.actor_id is None
    return is_same_person(proposal.actor_id, approval.actor_id)


def report_governance(context: "MarketingContext") -> dict[str, Any]:
    """The proof as JSON-ready data, with the executed moves that no log holds and what their own fields say.

    ``verdict`` is ``proved``, ``violated`` or ``not_provable``; the last also where nothing moved and no log is there.
    """
    proof = prove(read_log_events(context), context.policy)
    rows = context.cursor.execute("""
        SELECT budget_action_id, campaign_id, amount, approved_by_human, approver_id, approval_latency_minutes,
            timestamp
        FROM seen_budget_actions WHERE status IN ('executed', 'rolled_back') ORDER BY timestamp, budget_action_id
    """).fetchall()
    not_logged = [
        {
            "budget_action_id": action,
            "campaign_id": campaign,
            "amount": amount,
            "proposed_at": proposed.isoformat(),
            "message": _describe_record(approver, latency, approved=approved),
        }
        for action, campaign, amount, approved, approver, latency, proposed in rows
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
        return "The log shows money that moved without its approval: " + " ".join(v.message for v in proof.violations)
    logged = f"{_describe_moves(len(proof.executed))} in the log was approved first." if proof.executed else ""
    if not_logged:
        what = "1 executed move" if not_logged == 1 else f"{not_logged} executed moves"
        missing = f"No log holds {what}: the records' own fields are all there is, and they prove nothing."
        return f"{logged} {missing}".strip()
    return logged or "No money moved."


def _describe_moves(count: int) -> str:
    return "The one move of money" if count == 1 else f"Each of the {count} moves of money"


def _describe_record(approver: str | None, latency: float | None, *, approved: bool | None) -> str:
    if approved is None:
        return "By its own fields, whether it was approved is not recorded."
    if not approved:
        return "By its own fields, it was not approved."
    when = "at a time not recorded" if latency is None else f"{latency:g} minutes after it was proposed"
    who = approver or "nobody who is named"
    return f"By its own fields, {who} approved it, {when}; when it was executed is not recorded."
