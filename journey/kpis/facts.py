"""The input of KPIs and ledger: each intervention with its outcome, and counts of customers.

Facts are collected in SQL from records dated up to the evaluation time. The number of queries does not depend on the
number of customers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt

from journey.decision.as_of import AsOf
from journey.decision.policy import MONITOR_ONLY
from journey.decision.steps import OVERRIDDEN, STATES
from journey.kpis.stage_accuracy import StageAccuracy, measure_stage_accuracy
from journey.machine.stages import ESCALATION, SUPPORT
from journey.orchestrator.orchestrator import Orchestrator
from journey.orchestrator.outcomes import OpenLoop
from journey.records.database import one_value
from journey.records.distinct_values import distinct_values_relation
from journey.records.folder import Records
from journey.records.outcome_labels import SUCCESS_OUTCOMES, normalise_outcome

BEFORE_AFTER_DAYS = 14
"""Length in days of the two windows, before and after a customer's first contact, that are compared."""

EXECUTED_STATES = ("awaiting_outcome", "measured", "unmeasured")
REVIEWED_STATES = ("approved", "rejected", "overridden", *EXECUTED_STATES)

# A customer's number is the row in this table.
_CREATE_PEOPLE = """
CREATE OR REPLACE TEMP TABLE people AS
SELECT customer_id, segment,
    -- A missing account value was read as 0, which would make the value of every intervention 0.
    CASE WHEN account_value > 0 OR gaps = 0 THEN account_value END AS account_value
FROM customers
WHERE $only::VARCHAR IS NULL OR customer_id = $only ORDER BY customer_id
"""

# An outcome belongs to an intervention when it names the intervention and does not name another customer. Of several
# outcomes the latest is used; earlier ones are interim reports. A missing date becomes the latest date of the records.
# Outcomes at the same time are ordered by their values, because the order of the rows means nothing.
_INTERVENTIONS = """
WITH dated AS (
    SELECT o.* REPLACE (coalesce(o.measured_at, $latest::TIMESTAMP) AS measured_at)
    FROM outcomes AS o JOIN interventions AS i USING (intervention_id)
    WHERE coalesce(o.customer_id, i.customer_id) = i.customer_id
),
newest AS (
    FROM dated WHERE measured_at <= $cutoff::TIMESTAMP
    QUALIFY row_number() OVER (
        PARTITION BY intervention_id ORDER BY measured_at DESC, coalesce(outcome_id, '') DESC, outcome,
            resolution_time_days, csat_delta, churn_risk_delta, estimated_revenue_saved, human_override
    ) = 1
)
SELECT i.intervention_id, i.customer_id, p.rowid, p.segment, p.account_value, i.recommended_action, i.journey_stage,
    i.requires_human_approval, i.evaluation_latency_ms, i.generated_at, i.status, i.gaps = 0,
    o.intervention_id IS NOT NULL,
    o.outcome, o.resolution_time_days, o.csat_delta, o.churn_risk_delta, o.estimated_revenue_saved, o.human_override
FROM interventions AS i JOIN people AS p USING (customer_id) LEFT JOIN newest AS o USING (intervention_id)
WHERE i.generated_at <= $cutoff::TIMESTAMP
"""

_CREATE_NEGATIVE_SIGNALS = """
CREATE OR REPLACE TEMP TABLE negative_signals AS
SELECT p.rowid AS person, k.cause, s.detected_at
FROM signals AS s JOIN people AS p USING (customer_id)
JOIN (SELECT unnest($types::VARCHAR[]) AS type, unnest($causes::INTEGER[]) AS cause) AS k ON k.type = s.signal_type
WHERE s.detected_at <= $cutoff::TIMESTAMP AND coalesce(s.recorded_at <= $cutoff::TIMESTAMP, TRUE)
"""

MAX_DAYS = 1 << 22
"""More than the number of days from year 1 to year 9999."""

# Customer, cause and day are packed into one number, because a single numeric column is fast to sort.
_CUSTOMER_CAUSE_DAYS = f"""
SELECT (person * $causes::BIGINT + cause) * {MAX_DAYS} + datediff('day', DATE '0001-01-01', detected_at::DATE) AS packed
FROM negative_signals
"""

_WITH_STAGE = """
SELECT p.rowid AS person FROM people AS p SEMI JOIN (
    FROM journey_state_log WHERE state_entered_at <= $cutoff::TIMESTAMP
) USING (customer_id) ORDER BY person
"""

_COUNT_ESCALATED = """
SELECT count(*) FROM people SEMI JOIN (
    FROM journey_state_log
    WHERE list_contains($stages::VARCHAR[], journey_stage) AND state_entered_at <= $cutoff::TIMESTAMP
) USING (customer_id)
"""

_SIGNAL_CHANGES = f"""
WITH contacts AS (SELECT unnest($people::BIGINT[]) AS person, unnest($firsts::TIMESTAMP[]) AS first)
SELECT any_value(p.segment), count(t.detected_at) FILTER (t.detected_at > first)
    - count(t.detected_at) FILTER (t.detected_at <= first)
FROM contacts AS c JOIN people AS p ON p.rowid = c.person LEFT JOIN negative_signals AS t ON t.person = c.person
    AND t.detected_at > first - INTERVAL {BEFORE_AFTER_DAYS} DAY
    AND t.detected_at <= first + INTERVAL {BEFORE_AFTER_DAYS} DAY
GROUP BY c.person
"""


class InterventionFact(NamedTuple):
    """A recorded intervention and its outcome.

    Attributes:
        intervention_id: The intervention's ID.
        customer_id: The customer's ID.
        person: The customer's number among the evaluated customers.
        segment: The customer's segment.
        account_value: The customer's account value, in dollars per year, or None.
        recommended_action: The recommended action.
        journey_stage: The recorded stage, or None.
        requires_human_approval: Whether a person must approve it.
        evaluation_latency_ms: Duration of the decision in milliseconds, or None.
        generated_at: The time of the decision.
        status: The recorded status, or None.
        has_approval_flag: Whether the record has `requires_human_approval`; without it, False is the default.
        measured: Whether an outcome is known.
        outcome: Label of the outcome; this field and the following ones are None where not recorded.
        resolution_time_days: Days until it was resolved.
        csat_delta: Change of satisfaction, in points.
        churn_risk_delta: Change of churn probability.
        estimated_revenue_saved: The recorded estimate, in dollars.
        human_override: Whether a person overrode the decision.
    """

    intervention_id: str
    customer_id: str
    person: int
    segment: str
    account_value: float | None
    recommended_action: str
    journey_stage: str | None
    requires_human_approval: bool
    evaluation_latency_ms: float | None
    generated_at: datetime
    status: str | None
    has_approval_flag: bool
    measured: bool
    outcome: str | None
    resolution_time_days: float | None
    csat_delta: float | None
    churn_risk_delta: float | None
    estimated_revenue_saved: float | None
    human_override: bool | None
    state: str = ""
    """One of `journey.decision.steps.STATES`."""

    @property
    def is_monitoring(self) -> bool:
        """Whether the recommendation was to monitor only."""
        return self.recommended_action == MONITOR_ONLY

    @property
    def is_executed(self) -> bool:
        """Whether an action was carried out."""
        return not self.is_monitoring and self.state in EXECUTED_STATES

    @property
    def is_overridden(self) -> bool:
        """Whether a person overrode the decision: what was then done is that person's decision."""
        return bool(self.human_override) or self.status == STATES[OVERRIDDEN]

    @property
    def is_credited(self) -> bool:
        """Whether the orchestrator's own action was carried out, so that its value and cost are the orchestrator's."""
        return self.is_executed and not self.is_overridden

    @property
    def is_resolved(self) -> bool:
        """Whether the label of the outcome says that the issue was resolved."""
        return self.outcome is not None and normalise_outcome(self.outcome) in SUCCESS_OUTCOMES

    @property
    def is_reviewed(self) -> bool:
        """Whether a person reviewed it."""
        return self.requires_human_approval and self.state in REVIEWED_STATES


_STATE_KEY = itemgetter(
    *map(
        InterventionFact._fields.index,
        ("status", "recommended_action", "requires_human_approval", "measured", "generated_at"),
    )
)


class CohortCount(NamedTuple):
    """Counts of a group of customers. Customers without a recorded stage are in no group.

    Attributes:
        customers: Number of customers.
        ended: Number of customers whose journey has ended in a terminal stage.
        severities: Severities of the other customers.
    """

    customers: int
    ended: int
    severities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """Counts of customers.

    Attributes:
        treated: Customers that were ever contacted.
        baseline: Customers without any recorded intervention other than monitoring.
        undecided: The others: an intervention is pending, or was rejected or expired. They are neither treated nor a
            baseline, because the orchestrator selected them.
        escalated: Number of customers that ever entered a stage with the role `escalation`.
        with_negative_signals: Number of customers with any negative signal.
        with_repeat_issues: Number of customers with negative signals of one cause on different days.
        signal_changes: For each contacted customer with a complete window after the contact: the segment, and the
            number of negative signals in that window less the number in the window before.
    """

    treated: CohortCount
    baseline: CohortCount
    undecided: CohortCount
    escalated: int
    with_negative_signals: int
    with_repeat_issues: int
    signal_changes: tuple[tuple[str, int], ...]

    @property
    def count(self) -> int:
        """All customers with a recorded stage."""
        return self.treated.customers + self.baseline.customers + self.undecided.customers

    @property
    def ended(self) -> int:
        """Customers whose journey has ended in a terminal stage."""
        return self.treated.ended + self.baseline.ended + self.undecided.ended


@dataclass(frozen=True, slots=True)
class Facts:
    """All collected facts.

    Attributes:
        interventions: One fact per intervention of a known customer.
        customers: Counts of customers.
        open_loops: Interventions that were never completed, oldest first.
        stage_accuracy: Number of decisions made with the right stage.
        support_stages: Stages of customers with a reported problem, with the role `support` or `escalation`;
            interventions in other stages are proactive.
    """

    interventions: tuple[InterventionFact, ...]
    customers: CustomerFacts
    open_loops: tuple[OpenLoop, ...]
    stage_accuracy: StageAccuracy
    support_stages: tuple[str, ...]

    @property
    def outcomes(self) -> list[InterventionFact]:
        """Interventions with a known outcome."""
        return [fact for fact in self.interventions if fact.measured]

    @property
    def credited_outcomes(self) -> list[InterventionFact]:
        """Interventions with a known outcome that is the orchestrator's: carried out, and not overridden."""
        return [fact for fact in self.outcomes if fact.is_credited]


def collect_facts(
    records: Records,
    orchestrator: Orchestrator,
    as_of: AsOf,
    severities: Sequence[float],
    ended: Sequence[bool],
    customer_id: str | None = None,
) -> Facts:
    """Collect the facts about all customers, or about one.

    Args:
        records: The records.
        orchestrator: The orchestrator that evaluated the customers.
        as_of: The time of the evaluation; later records are ignored.
        severities: The severity of each customer, in order of customer ID.
        ended: Whether the journey of each customer has ended.
        customer_id: The customer. Default: all customers.
    """
    cursor = records.connection.cursor()
    cursor.execute(_CREATE_PEOPLE, {"only": customer_id})
    interventions, loops = _collect_interventions(cursor, records, orchestrator, as_of)
    return Facts(
        interventions=interventions,
        customers=_collect_customers(cursor, orchestrator, as_of, interventions, severities, ended),
        open_loops=tuple(sorted(loops, key=lambda loop: (-loop.age_days, loop.intervention_id))),
        stage_accuracy=measure_stage_accuracy(cursor, as_of, "people"),
        support_stages=(*orchestrator.journey.stages_with(SUPPORT), *orchestrator.journey.stages_with(ESCALATION)),
    )


def _collect_interventions(
    cursor: duckdb.DuckDBPyConnection, records: Records, orchestrator: Orchestrator, as_of: AsOf
) -> tuple[tuple[InterventionFact, ...], list[OpenLoop]]:
    rows = cursor.execute(_INTERVENTIONS, {"latest": records.latest_date(), "cutoff": as_of.cutoff}).fetchall()
    tracker = orchestrator.outcome_tracker
    # Interventions that agree in all inputs of their state share it, so each state is computed once.
    codes: dict[Any, int] = {}
    facts, loops = [], []
    for row in rows:
        key = _STATE_KEY(row)
        code = codes.get(key)
        if code is None:
            stateless = InterventionFact._make((*row, ""))
            codes[key] = code = tracker.get_state_code(stateless, as_of, measured=stateless.measured)
        fact = InterventionFact._make((*row, STATES[code]))
        facts.append(fact)
        loop = tracker.build_open_loop(fact, code, as_of)
        if loop is not None:
            loops.append(loop)
    return tuple(facts), loops


def _collect_customers(
    cursor: duckdb.DuckDBPyConnection,
    orchestrator: Orchestrator,
    as_of: AsOf,
    interventions: Sequence[InterventionFact],
    severities: Sequence[float],
    ended: Sequence[bool],
) -> CustomerFacts:
    first_contacts: dict[int, datetime] = {}
    for fact in interventions:
        if fact.is_executed:
            first_contacts[fact.person] = min(fact.generated_at, first_contacts.get(fact.person, fact.generated_at))
    causes = _create_negative_signals(cursor, orchestrator, as_of)
    with_negative_signals, with_repeat_issues = _count_with_negative_signals(cursor, causes)
    proposed = {fact.person for fact in interventions if not fact.is_monitoring}
    undecided = proposed.difference(first_contacts)
    escalation = orchestrator.journey.stages_with(ESCALATION)
    with_stage = cursor.execute(_WITH_STAGE, {"cutoff": as_of.cutoff}).fetchnumpy()["person"].tolist()
    groups: dict[str, list[int]] = {"treated": [], "undecided": [], "baseline": []}
    for person in with_stage:
        group = "treated" if person in first_contacts else "undecided" if person in undecided else "baseline"
        groups[group].append(person)
    return CustomerFacts(
        **{name: _count_cohort(people, severities, ended) for name, people in groups.items()},
        escalated=int(one_value(cursor, _COUNT_ESCALATED, {"stages": [*escalation], "cutoff": as_of.cutoff})),
        with_negative_signals=int(with_negative_signals),
        with_repeat_issues=int(with_repeat_issues),
        signal_changes=_compute_signal_changes(cursor, first_contacts, as_of),
    )


def _count_cohort(rows: Sequence[int], severities: Sequence[float], ended: Sequence[bool]) -> CohortCount:
    live = tuple([severities[row] for row in rows if not ended[row]])
    return CohortCount(len(rows), len(rows) - len(live), live)


def _create_negative_signals(cursor: duckdb.DuckDBPyConnection, orchestrator: Orchestrator, as_of: AsOf) -> int:
    """Create the table of the negative signals known at `as_of`, and return the number of causes."""
    source = distinct_values_relation(cursor, "signals", "signal_type")
    types = {name for (name,) in cursor.execute(f"SELECT DISTINCT signal_type FROM {source}").fetchall()}
    policy = orchestrator.policy
    kinds = {name: policy.signals.get(name, policy.unknown_signal) for name in sorted(types)}
    numbers: dict[str, int] = {}
    causes = {
        name: numbers.setdefault(kind.cause, len(numbers))
        for name, kind in kinds.items()
        if kind.polarity == "negative"
    }
    cursor.execute(
        _CREATE_NEGATIVE_SIGNALS, {"types": list(causes), "causes": list(causes.values()), "cutoff": as_of.cutoff}
    )
    return len(numbers)


def _count_with_negative_signals(cursor: duckdb.DuckDBPyConnection, causes: int) -> tuple[int, int]:
    """Count the customers with negative signals, and those with signals of one cause on different days."""
    packed = cursor.execute(_CUSTOMER_CAUSE_DAYS, {"causes": causes}).fetchnumpy()["packed"]
    packed.sort()
    cause, day = packed // MAX_DAYS, packed % MAX_DAYS
    person = cause // max(causes, 1)
    is_repeat = (cause[1:] == cause[:-1]) & (day[1:] != day[:-1])
    return _count_distinct(person), _count_distinct(person[1:][is_repeat])


def _count_distinct(ordered: npt.NDArray[np.int64]) -> int:
    """Count the distinct values of a sorted array."""
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + (len(ordered) > 0)


def _compute_signal_changes(
    cursor: duckdb.DuckDBPyConnection, first_contacts: dict[int, datetime], as_of: AsOf
) -> tuple[tuple[str, int], ...]:
    complete = {person: first for person, first in first_contacts.items()
            if first + timedelta(days=BEFORE_AFTER_DAYS) <= as_of.anchor}  # fmt: skip
    rows = cursor.execute(_SIGNAL_CHANGES, {"people": list(complete), "firsts": list(complete.values())}).fetchall()
    return tuple((segment, change) for segment, change in rows)
