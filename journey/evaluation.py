"""The orchestrator on a folder of records, end to end: findings, decisions, open loops, KPIs, ROI ledger, replay."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from journey.asof import AsOf
from journey.checks import check
from journey.errors import InputError
from journey.findings import Finding, count_by_severity, in_reading_order
from journey.kpis import Facts, Groups, kpis, recorded_ledger
from journey.ledger import Ledger
from journey.machine import Journey
from journey.orchestrator.approval_policy import breach_of
from journey.orchestrator.cases import CaseReader, CustomerCase, as_of_for
from journey.orchestrator.decision import Decision
from journey.orchestrator.orchestrator import Orchestrator
from journey.orchestrator.outcomes import OpenLoop
from journey.orchestrator.ports import GovernanceCheck, KpiSink
from journey.orchestrator.replay import Agreement, agreement, redecided
from journey.policy import Policy
from journey.records.reading import Records
from journey.validation import did_you_mean

if TYPE_CHECKING:
    from journey.records.model import Intervention


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything the orchestrator has to say about a folder of records.

    Attributes:
        as_of: The moment of the judgement; nothing dated later was used.
        source: Where the records come from.
        customers: How many customers are known.
        policy: By which policy.
        findings: What is odd about the records.
        decisions: One per customer, in order of the id.
        open_loops: Interventions that were never brought to an end.
        kpis: By group and name.
        ledger: What it cost and what it is worth.
        agreement: Recorded interventions re-decided, if that was asked for.
    """

    as_of: AsOf
    source: str
    customers: int
    policy: Policy
    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]
    open_loops: tuple[OpenLoop, ...]
    kpis: Groups
    ledger: Ledger
    agreement: Agreement | None

    def as_dict(self) -> dict[str, Any]:
        """The evaluation as a JSON-ready mapping, as the contract of `journey evaluate --json` has it."""
        shown: dict[str, Any] = {
            "as_of": self.as_of.isoformat(),
            "source": self.source,
            "policy": self.policy.name,
            "customers": self.customers,
            "counts": count_by_severity(self.findings),
            "findings": [finding.as_dict() for finding in self.findings],
            "decisions": [decision.as_dict() for decision in self.decisions],
            "open_loops": [loop.as_dict() for loop in self.open_loops],
            "kpis": kpis_as_dict(self.kpis),
            "roi": self.ledger.as_dict(),
        }
        return shown | ({"agreement": self.agreement.as_dict()} if self.agreement else {})


def kpis_as_dict(groups: Groups) -> dict[str, dict[str, Any]]:
    """KPIs as a JSON-ready mapping."""
    return {group: {name: kpi.as_dict() for name, kpi in members.items()} for group, members in groups.items()}


def evaluate(
    records: Records,
    *,
    as_of: AsOf | date | str | None = None,
    policy: Policy | None = None,
    journey: Journey | None = None,
    customer_id: str | None = None,
    replay: bool = False,
    governance: Sequence[GovernanceCheck] | None = None,
    sink: KpiSink | None = None,
) -> Evaluation:
    """Judge recorded customers.

    Args:
        records: The records.
        as_of: The moment; left out, the whole day of the latest date in the records.
        policy: Left out, the default policy.
        journey: Left out, the default journey.
        customer_id: Judge this customer alone; findings, loops, KPIs of interventions and ledger are then the
            customer's own.
        replay: Also re-decide every recorded intervention at its own date.
        governance: Checks that may veto or demand approval; left out, consent by the policy's list.
        sink: Where to send the KPIs, if anywhere.

    Raises:
        InputError: `as_of` is not a date, or left out and no record has one; or the customer is unknown.
    """
    orchestrator = Orchestrator(policy, journey, governance)
    when = as_of_for(records, as_of)
    report = check(records, as_of=when.cutoff, journey=orchestrator.journey, policy=orchestrator.policy)
    decisions: list[Decision] = []
    facts = Facts()
    breaches: list[Finding] = []
    pairs: list[tuple[Intervention, Decision]] = []
    for case in _cases(records, customer_id):
        decision = orchestrator.evaluate_customer(*case, as_of=when)
        decisions.append(decision)
        facts.add(orchestrator, case, decision, when)
        again = redecided(orchestrator, case, when)
        found = (breach_of(orchestrator, case.customer, past, then.severity) for past, then in again)
        breaches.extend(breach for breach in found if breach is not None)
        if replay:
            pairs.extend(again)
    groups = kpis(facts, records, orchestrator)
    if sink is not None:
        sink.record(kpis_as_dict(groups), when)
    noticed = [finding for finding in report.findings if customer_id in (None, finding.customer_id)]
    return Evaluation(
        as_of=when,
        source=records.source,
        customers=report.customers,
        policy=orchestrator.policy,
        findings=tuple(in_reading_order([*noticed, *breaches])),
        decisions=tuple(decisions),
        open_loops=tuple(sorted(facts.loops, key=lambda loop: (-loop.age_days, loop.intervention_id))),
        kpis=groups,
        ledger=recorded_ledger(facts, orchestrator.policy, when),
        agreement=agreement(pairs) if replay else None,
    )


def _cases(records: Records, customer_id: str | None) -> Iterable[CustomerCase]:
    reader = CaseReader(records)
    if customer_id is None:
        return reader.every()
    case = reader.one(customer_id)
    if case is None:
        # Naming thousands of customers would help no one; a close one may be what was meant.
        hint = did_you_mean(customer_id, records.customer_ids()) if records.customer_ids() else ""
        raise InputError(f"{records.source}: there is no customer {customer_id!r}{hint if len(hint) < 200 else ''}")
    return [case]
