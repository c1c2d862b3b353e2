"""Findings about recorded histories that break declared rules, and how many customers each rule concerns."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from journey.core.findings import Finding
from journey.decision.as_of import AsOf
from journey.decision.policy import Policy
from journey.histories import HistoryBuilder
from journey.histories.breach_text import describe_breach
from journey.histories.verdicts import UNKNOWN, RuleJudge, RuleVerdict
from journey.machine import Journey, default_journey
from journey.orchestrator.case_reader import CaseReader, CustomerCase, resolve_as_of
from journey.records.database import one_value
from journey.records.folder import Records
from journey.records.model import Customer
from journey.rules import Rule
from journey.rules.monitor import BROKEN, PENDING

FINDING_CODE = "rule-broken"

BATCH_MIN_RECORDS = 20_000
"""With this many records or more, compiled code judges them. Compiling it takes seconds at the first use."""

_COUNT_RECORDS = " + ".join(
    f"(SELECT count(*) FROM {name})" for name in ("customers", "journey_state_log", "signals", "interventions")
)


@dataclass(frozen=True, slots=True)
class RuleTotals:
    """How many customers a rule concerns.

    Attributes:
        name: The rule's name.
        template: Its template.
        severity: Its severity.
        customers: Number of customers to whom it applies.
        broken: For how many of them it is broken.
        pending: For how many a demand is open that can still be met.
        unknown: For how many the records do not show whether it is broken.
    """

    name: str
    template: str
    severity: str
    customers: int
    broken: int
    pending: int
    unknown: int

    def as_dict(self) -> dict[str, Any]:
        """A JSON-ready mapping."""
        return asdict(self)


class RuleReport(NamedTuple):
    """The result of judging recorded histories.

    Attributes:
        findings: One for each customer and rule that is broken.
        totals: Numbers of customers by rule, in the order of the rules.
    """

    findings: list[Finding]
    totals: tuple[RuleTotals, ...]


class RuleChecker:
    """Judges customers by rules, one after another.

    Args:
        rules: The rules.
        journey: The journey that names the moves.
        policy: The policy: who may be contacted, how long approvals wait, and which actions only monitor.
    """

    def __init__(self, rules: Sequence[Rule], journey: Journey, policy: Policy) -> None:
        self._judges = [RuleJudge(rule) for rule in rules]
        self._builder = HistoryBuilder(journey, policy)
        self._refused = frozenset(policy.contact.do_not_contact)
        self._counts: list[Counter[int]] = [Counter() for _ in rules]
        self._findings: list[Finding] = []

    def add(self, case: CustomerCase, as_of: AsOf) -> None:
        """Judge a customer at a time by all rules that apply."""
        applying = [index for index, judge in enumerate(self._judges) if self._is_subject(judge.rule, case.customer)]
        if not applying:
            return
        history = self._builder.build(case.entries, case.signals, case.interventions, case.outcomes, as_of)
        for index in applying:
            judge = self._judges[index]
            found = judge.judge(history, as_of)
            self._counts[index][found.verdict] += 1
            if found.verdict == BROKEN:
                self._findings.append(_build_finding(judge.rule, case.customer.customer_id, found))

    @property
    def findings(self) -> list[Finding]:
        """The findings about all customers that were added."""
        return self._findings

    def report(self) -> RuleReport:
        """The findings and numbers of all customers that were added."""
        totals = (_build_totals(judge.rule, counts) for judge, counts in zip(self._judges, self._counts, strict=True))
        return RuleReport(self._findings, tuple(totals))

    def _is_subject(self, rule: Rule, customer: Customer) -> bool:
        consents = customer.customer_id not in self._refused
        return rule.where.admits(customer.segment, customer.risk_tier, customer.account_value, consent=consents)


def _build_totals(rule: Rule, counts: Mapping[int, int]) -> RuleTotals:
    """The counts of one rule, from the number of customers with each verdict."""
    return RuleTotals(
        rule.name,
        rule.template,
        str(rule.severity),
        sum(counts.values()),
        *(counts.get(verdict, 0) for verdict in (BROKEN, PENDING, UNKNOWN)),
    )


def find_broken_rules(
    records: Records,
    rules: Sequence[Rule],
    as_of: AsOf | str | None = None,
    policy: Policy | None = None,
    journey: Journey | None = None,
    *,
    batch: bool | None = None,
) -> RuleReport:
    """Find every customer whose history up to `as_of` breaks a rule.

    Args:
        records: The records.
        rules: The rules.
        as_of: Later records are ignored. Default: the latest date in the records.
        policy: Default: the default policy.
        journey: Default: the default journey.
        batch: Whether compiled code judges all customers at once. Default: with `BATCH_MIN_RECORDS` or more.

    Raises:
        InputError: `as_of` is not a valid date.
    """
    if not rules or records.latest_date() is None:
        return RuleReport([], tuple(_build_totals(rule, {}) for rule in rules))
    moment = resolve_as_of(records, as_of)
    checker = RuleChecker(rules, journey or default_journey(), policy or Policy())
    if batch is None:
        batch = one_value(records.connection, f"SELECT {_COUNT_RECORDS}") >= BATCH_MIN_RECORDS
    if batch:
        return _find_in_batch(records, rules, moment, policy or Policy(), journey or default_journey())
    for case in CaseReader(records).read_all():
        checker.add(case, moment)
    return checker.report()


def _find_in_batch(
    records: Records, rules: Sequence[Rule], as_of: AsOf, policy: Policy, journey: Journey
) -> RuleReport:
    from journey.batch.rule_breaches import read_breaches
    from journey.batch.rule_verdicts import BatchJudge

    judge = BatchJudge(records, journey, policy, as_of)
    judged = judge.judge(rules)
    breaches = read_breaches(records, judge.histories.events, judged)
    findings = [_build_finding(rules[breach.rule], breach.customer_id, breach.verdict) for breach in breaches]
    totals = (_build_totals(rule, found.count()) for rule, found in zip(rules, judged, strict=True))
    return RuleReport(findings, tuple(totals))


def _build_finding(rule: Rule, customer_id: str, breach: RuleVerdict) -> Finding:
    shown = breach.event or breach.partner
    dataset, record = ("customers", customer_id) if shown is None else (shown.dataset, shown.record)
    return Finding(FINDING_CODE, rule.severity, dataset, record, customer_id, describe_breach(rule, breach))
