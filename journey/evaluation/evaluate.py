"""Evaluate a folder of records: findings, decisions, open loops, KPIs, ROI ledger and replay."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from journey.checks import check
from journey.core.errors import InputError
from journey.core.findings import Finding, sort_findings
from journey.core.identifiers import normalise_identifier
from journey.core.suggestions import did_you_mean
from journey.decision.as_of import AsOf
from journey.decision.policy import Policy
from journey.decision.rules import NOT_LIVE, REASONS
from journey.evaluation.broken_rules import RuleChecker, find_broken_rules
from journey.evaluation.used_rules import UsedRules
from journey.kpis import KpiGroups, build_recorded_ledger, collect_facts, compute_kpis
from journey.machine import Journey
from journey.money.ledger import Ledger
from journey.orchestrator.approval_compliance import find_case_breaches
from journey.orchestrator.case_reader import CaseReader, CustomerCase, resolve_as_of
from journey.orchestrator.orchestrator import Orchestrator
from journey.orchestrator.outcomes import OpenLoop
from journey.orchestrator.ports import GovernanceCheck, KpiSink
from journey.orchestrator.replay import Agreement, compare_with_record, redecide_interventions
from journey.orchestrator.results import Decisions, Findings, ListedDecisions, ListedFindings
from journey.orchestrator.watch_list import WatchList, build_watch_list
from journey.records.database import one_value
from journey.records.folder import Records
from journey.rules import Rule
from journey.tables.export import FrameExport

if TYPE_CHECKING:
    import duckdb

    from journey.batch import DecisionTable
    from journey.orchestrator.decision import Decision
    from journey.records.model import Customer, Intervention

BATCH_MIN_CUSTOMERS = 20_000
"""With this many customers or more, the compiled batch is used. It takes a second to load, then microseconds each."""

Clock: TypeAlias = Callable[[], int]
"""Returns a time in nanoseconds, such as `time.perf_counter_ns`."""

NANOSECONDS_PER_MILLISECOND = 1e6


@dataclass(frozen=True, slots=True, repr=False)
class Evaluation(FrameExport):
    """The results of evaluating a folder of records.

    As a data frame it has one row per decision: the fields of `journey.orchestrator.decision.Decision` without the
    sentences, and those of its components. `findings` is a table of its own.

    Attributes:
        as_of: The time of the evaluation; later records were ignored.
        source: The source of the records.
        customers: Number of known customers.
        policy: The policy.
        used: The names of the journey and the policy, and the files or the scenario that contain them.
        findings: Data-quality findings, missing approvals and broken rules.
        decisions: One per customer, in order of customer ID. A batch creates them during iteration.
        open_loops: Interventions that were never completed.
        watch_list: Customers without an action that a person should look at.
        kpis: KPIs by group and name.
        ledger: Costs and value of the recorded interventions.
        agreement: The agreement with re-decided interventions, if `replay` was set.
        table: The decisions by column, if they were made in a batch.
    """

    as_of: AsOf
    source: str
    customers: int
    policy: Policy
    used: UsedRules
    findings: Findings
    decisions: Decisions
    open_loops: tuple[OpenLoop, ...]
    watch_list: WatchList
    kpis: KpiGroups
    ledger: Ledger
    agreement: Agreement | None
    table: "DecisionTable | None" = None

    def __repr__(self) -> str:
        """The numbers of decisions and findings, and what was evaluated."""
        totals = self.decisions.count_totals()
        findings = ", ".join(f"{severity} {count:,}" for severity, count in self.findings.severities().items())
        return (
            f"{totals.with_action:,} of {len(self.decisions):,} decisions recommend an action, "
            f"{totals.needing_approval:,} of them with approval; {totals.held_back:,} actions are held back\n"
            f"findings: {findings}\n"
            f"{self.customers:,} customers ({self.source}) as of {self.as_of}, policy {self.policy.name}"
        )

    def to_relation(self) -> "duckdb.DuckDBPyRelation":
        """Return the decisions as a DuckDB relation, one row per decision."""
        return self.decisions.to_relation()

    def to_dict(self) -> dict[str, Any]:
        """Return the evaluation as a JSON-ready mapping, the document of `journey evaluate --json`."""
        return {name: list(part) if isinstance(part, Iterator) else part for name, part in self.stream().items()}

    def stream(self) -> dict[str, Any]:
        """Return the same mapping with iterators instead of long lists, for writing one item at a time."""
        values: dict[str, Any] = {
            "as_of": self.as_of.isoformat(),
            "source": self.source,
            "policy": self.policy.name,
            "used": self.used.as_dict(),
            "customers": self.customers,
            "counts": self.findings.severities(),
            "findings": (finding.as_dict() for finding in self.findings),
            "decisions": (decision.as_dict() for decision in self.decisions),
            "open_loops": [loop.as_dict() for loop in self.open_loops],
            "watch_list": (watched.as_dict() for watched in self.watch_list),
            "kpis": convert_kpis(self.kpis),
            "roi": self.ledger.as_dict(),
        }
        return values | ({"agreement": self.agreement.as_dict()} if self.agreement else {})


def convert_kpis(groups: KpiGroups) -> dict[str, dict[str, Any]]:
    """Return KPIs as a JSON-ready mapping."""
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
    batch: bool | None = None,
    used: UsedRules | None = None,
    declared_rules: Sequence[Rule] = (),
    clock: Clock | None = None,
) -> Evaluation:
    """Evaluate recorded customers.

    Args:
        records: The records.
        as_of: The evaluation time. Default: the whole day of the latest date in the records.
        policy: Default: the default policy.
        journey: Default: the default journey.
        customer_id: Evaluate only this customer; findings, open loops, KPIs of interventions and ledger are then
            limited to this customer.
        replay: Also re-decide every recorded intervention at its own date.
        governance: Checks that can veto an action or demand approval. Default: consent by the policy's list.
        sink: Receives the KPIs, if given.
        batch: Whether all customers are evaluated in one compiled batch or one after another. Default: in a batch with
            `BATCH_MIN_CUSTOMERS` customers or more. A single customer or `governance` always excludes the batch.
        used: The origin of the policy and the journey, for the result. Default: not from files.
        declared_rules: Declared rules. Recorded histories that break one are findings, and no action is recommended
            that would break one of severity error.
        clock: If given, it measures the latency of each decision, and customers are evaluated one after another: in a
            batch a decision has no latency of its own.

    Raises:
        InputError: `as_of` is not a valid date, or is omitted and no record has a date; or the customer is unknown.
    """
    orchestrator = Orchestrator(policy, journey, governance, declared_rules)
    moment = resolve_as_of(records, as_of)
    customer_id = None if customer_id is None else normalise_identifier(customer_id)
    if customer_id is None and governance is None and clock is None:
        is_large = one_value(records.connection, "SELECT count(*) FROM customers") >= BATCH_MIN_CUSTOMERS
        batch = is_large if batch is None else batch
    else:
        batch = False
    results = (
        _evaluate_in_batch(records, orchestrator, moment, declared_rules, replay=replay)
        if batch
        else _evaluate_one_by_one(
            records, orchestrator, moment, customer_id, declared_rules, replay=replay, clock=clock
        )
    )
    facts = collect_facts(records, orchestrator, moment, results.severities, results.ended, customer_id)
    groups = compute_kpis(facts, records, orchestrator, results.latencies)
    if sink is not None:
        sink.record(convert_kpis(groups), moment)
    return Evaluation(
        as_of=moment,
        source=records.source,
        customers=results.customers,
        policy=orchestrator.policy,
        used=used or UsedRules.of(orchestrator.journey, orchestrator.policy),
        findings=results.findings,
        decisions=results.decisions,
        open_loops=facts.open_loops,
        watch_list=results.watch_list,
        kpis=groups,
        ledger=build_recorded_ledger(facts, orchestrator.policy, moment, one_customer=customer_id is not None),
        agreement=results.agreement,
        table=results.table,
    )


class _DecisionSet(NamedTuple):
    """The results that the batch and the evaluation one by one have in common.

    Attributes:
        customers: Number of customers in the records.
        decisions: The decisions about the requested customers.
        findings: The findings about the requested customers.
        watch_list: Customers without an action that a person should look at.
        agreement: The agreement with re-decided interventions, if requested.
        severities: Severity per decision.
        ended: Per decision, whether the journey has ended.
        table: The decisions by column, from a batch only.
        latencies: Duration per decision in milliseconds, if it was measured.
    """

    customers: int
    decisions: Decisions
    findings: Findings
    watch_list: WatchList
    agreement: Agreement | None
    severities: Sequence[float]
    ended: Sequence[bool]
    table: "DecisionTable | None" = None
    latencies: Sequence[float] | None = None


def _evaluate_one_by_one(
    records: Records,
    orchestrator: Orchestrator,
    as_of: AsOf,
    customer_id: str | None,
    declared_rules: Sequence[Rule],
    *,
    replay: bool,
    clock: Clock | None,
) -> _DecisionSet:
    report = check(records, as_of=as_of.cutoff, journey=orchestrator.journey, policy=orchestrator.policy)
    decisions: list[Decision] = []
    customers: list[Customer] = []
    breaches: list[Finding] = []
    pairs: list[tuple[Intervention, Decision]] = []
    rules = RuleChecker(declared_rules, orchestrator.journey, orchestrator.policy)
    for case in _read_cases(records, customer_id):
        decisions.append(_evaluate_case(orchestrator, case, as_of, clock))
        customers.append(case.customer)
        redecided_pairs = redecide_interventions(orchestrator, case, as_of)
        breaches.extend(find_case_breaches(orchestrator, case.customer, redecided_pairs))
        rules.add(case, as_of)
        if replay:
            pairs.extend(redecided_pairs)
    record_findings = [finding for finding in report.findings if customer_id in (None, finding.customer_id)]
    return _DecisionSet(
        customers=report.customers,
        decisions=ListedDecisions(decisions),
        findings=ListedFindings(sort_findings([*record_findings, *breaches, *rules.findings])),
        watch_list=build_watch_list(decisions, customers, orchestrator),
        agreement=compare_with_record(pairs) if replay else None,
        severities=[decision.severity for decision in decisions],
        ended=[decision.reason == REASONS[NOT_LIVE] for decision in decisions],
        latencies=None if clock is None else [decision.evaluation_latency_ms or 0.0 for decision in decisions],
    )


def _evaluate_case(orchestrator: Orchestrator, case: CustomerCase, as_of: AsOf, clock: Clock | None) -> "Decision":
    """Evaluate one customer; with a clock, the decision has the time that this took."""
    if clock is None:
        return orchestrator.evaluate_customer(*case, as_of=as_of)
    started = clock()
    decision = orchestrator.evaluate_customer(*case, as_of=as_of)
    return replace(decision, evaluation_latency_ms=(clock() - started) / NANOSECONDS_PER_MILLISECOND)


def _evaluate_in_batch(
    records: Records, orchestrator: Orchestrator, as_of: AsOf, declared_rules: Sequence[Rule], *, replay: bool
) -> _DecisionSet:
    from journey.batch import redecide_batch
    from journey.batch.agreement import build_batch_agreement
    from journey.batch.approval_breaches import find_breaches_in_batch
    from journey.batch.decisions import decide_in_batch
    from journey.batch.lazy_results import LazyDecisions, LazyFindings
    from journey.batch.watch_list import build_batch_watch_list

    table = decide_in_batch(records, orchestrator, as_of)
    report = check(records, as_of=as_of.cutoff, journey=orchestrator.journey, policy=orchestrator.policy)
    report.add(find_breaches_in_batch(records, orchestrator, as_of))
    report.add(
        find_broken_rules(
            records, declared_rules, as_of, orchestrator.policy, orchestrator.journey, batch=True
        ).findings
    )
    return _DecisionSet(
        customers=report.customers,
        decisions=LazyDecisions(table),
        findings=LazyFindings(report),
        watch_list=build_batch_watch_list(table),
        agreement=build_batch_agreement(*redecide_batch(records, orchestrator, as_of)) if replay else None,
        severities=table.columns.severity.tolist(),
        ended=(table.columns.reason == NOT_LIVE).tolist(),
        table=table,
    )


def _read_cases(records: Records, customer_id: str | None) -> Iterator[CustomerCase]:
    reader = CaseReader(records)
    if customer_id is None:
        return reader.read_all()
    case = reader.read_one(customer_id)
    if case is None:
        # A list of thousands of customers is no help, so only a short hint is shown.
        hint = did_you_mean(customer_id, records.customer_ids()) if records.customer_ids() else ""
        raise InputError(f"{records.source}: unknown customer {customer_id!r}{hint if len(hint) < 200 else ''}")
    return iter([case])
