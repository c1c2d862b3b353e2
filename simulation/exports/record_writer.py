"""The records of one simulated customer: the five record sets of `journey.records`.

Records contain only what a company can observe. They contain neither distress nor which signals were false alarms.
Record errors (`simulation.model.record_errors`) apply: lost signals are missing, orphaned signals have an unknown
customer ID, duplicated signals appear twice with identical fields, late signals have a recording date, and stage
entries are those of `simulation.exports.stage_log`.

Conventions where the run does not determine the records:

* **Stages.** A signal has the customer's true stage; an intervention has the stage that the orchestrator assumed. Days
  in a stage are computed from the recorded log.
* **Monitoring.** `monitor_only` is recorded when monitoring begins or its reason changes, not at every evaluation. It
  is not recorded while an intervention is open. An evaluation with nothing to decide leaves no record.
* **Before the run.** A customer who starts or arrives in a later stage is recorded as having come by the shortest legal
  path. Tenure is the time since the customer's first day, including time after leaving. Signals before the run are
  recorded. Contacts before the run are not, because only their date is known.
* **Ends.** A request that is withdrawn because the customer leaves is recorded as expired. Other open interventions
  then have no outcome. An overridden intervention keeps this status; its outcome has ``human_override``.
* **Account value.** A customer record has the account value at the end. If account values change, an intervention has
  the value at the decision.
* **Estimates.** `churn_risk_delta` is the change of the churn probability that the arm's orchestrator estimates, from
  the decision to the outcome. `estimated_revenue_saved` is the money at stake at the decision if the outcome is
  ``resolved``.
"""

from __future__ import annotations

from math import inf, log
from typing import TYPE_CHECKING, Any, NamedTuple

from journey.core.time_units import DAYS_PER_MONTH
from journey.decision.policy import MONITOR_ONLY, TIERS
from journey.decision.rules import OPEN_INTERVENTION, REASONS
from simulation.exports.churn_estimate import ChurnEstimate
from simulation.exports.histories import customer_id, orphan_id
from simulation.exports.stage_log import StageLog
from simulation.model.arm import compile_arm
from simulation.trace import events

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from journey.machine import Journey
    from simulation.exports.histories import CustomerHistory, RunHistory, Stay
    from simulation.trace.dates import Dates
    from simulation.trace.events import Row

Record = dict[str, Any]

NO_DECISION = "none"
"""Label of an evaluation with nothing to decide."""

_OPEN_REASON = REASONS[OPEN_INTERVENTION]

STATUS_AFTER = {
    "approved": "approved",
    "rejected": "rejected",
    "overridden": "overridden",
    "expired": "expired",
    "withdrawn": "expired",
}
"""Status of an intervention after each verdict."""


class CustomerRecords(NamedTuple):
    """One customer's records, by set, in the order in which they were created."""

    customers: list[Record]
    journey_state_log: list[Record]
    signals: list[Record]
    interventions: list[Record]
    outcomes: list[Record]


class RecordWriter:
    """Builds the records of an arm's customers, one customer at a time."""

    def __init__(self, run_history: RunHistory, dates: Dates) -> None:
        """Prepare for a run.

        Args:
            run_history: The run; days in a stage are counted up to its end.
            dates: The calendar of the run.
        """
        arm_spec = run_history.arm_spec
        evidence = arm_spec.policy.evidence
        self.dates = dates
        self.days = run_history.days
        self.end = dates.to_record_datetime(run_history.days)
        self.log = StageLog(run_history)
        self.arm = compile_arm(arm_spec, ())
        self.values_change = bool(arm_spec.world.value_changes)
        self.predecessors = _shortest_predecessors(arm_spec.journey)
        self.csat = {name: effect.csat for name, effect in arm_spec.world.effects.items()}
        share = evidence.live_share
        self.live_days = inf if share <= 0.0 else -log(share) / log(2.0) * evidence.half_life_days

    def build_records(self, history: CustomerHistory) -> CustomerRecords:
        """One customer's records."""
        recorded_stays = self.log.stays(history)
        file = _CustomerRecords(self, history, recorded_stays)
        for row in history.rows:
            handler = _ROW_HANDLERS.get(row.kind)
            if handler is not None:
                handler(file, row)
        return CustomerRecords([self._customer(history)], self._stages(history, recorded_stays), *file.sets)

    def _customer(self, history: CustomerHistory) -> Record:
        initial = history.initial
        return {
            "customer_id": customer_id(initial),
            "segment": history.segment,
            "account_value": history.values[-1][1],
            "tenure_months": round((initial.tenure_days + self.days - initial.arrives_at) / DAYS_PER_MONTH, 1),
            "risk_tier": TIERS[initial.tier],
        }

    def _stages(self, history: CustomerHistory, recorded_stays: Sequence[Stay]) -> list[Record]:
        """All recorded stage entries; the last one is the current stay at the end of the run."""
        key = customer_id(history.initial)
        entries = []
        for stay in recorded_stays:
            entered = self.dates.to_record_datetime(stay.entered_at)
            left = self.end if stay.left_at is None else self.dates.to_record_datetime(stay.left_at)
            entries.append(
                {
                    "customer_id": key,
                    "journey_stage": stay.stage,
                    "state_entered_at": _iso(entered),
                    # Calendar days.
                    "days_in_state": (left.date() - entered.date()).days,
                    "previous_stage": self.predecessors.get(stay.stage) if stay.previous is None else stay.previous,
                }
            )
        return entries


class _CustomerRecords:
    """The records of one customer, while they are built."""

    __slots__ = (
        "_churn",
        "_churn_at_decision",
        "_decided_at",
        "_key",
        "_known_signals",
        "_last_action",
        "_monitoring_reason",
        "_number",
        "_open",
        "_orphan_key",
        "_stays",
        "_values",
        "_writer",
        "sets",
    )  # fmt: skip

    def __init__(self, writer: RecordWriter, history: CustomerHistory, recorded_stays: Sequence[Stay]) -> None:
        self._writer = writer
        self._number = f"{history.initial.number:07d}"
        self._key, self._orphan_key = customer_id(history.initial), orphan_id(history.initial.number)
        self._stays, self._values = history.stays, history.values
        self._churn, self._churn_at_decision = ChurnEstimate(writer.arm, history, recorded_stays), 0.0
        self.sets: tuple[list[Record], list[Record], list[Record]] = ([], [], [])
        self._known_signals: list[tuple[float, str]] = []
        self._open: Record = {}
        self._monitoring_reason: str | None = None
        self._decided_at, self._last_action = 0.0, ""
        initial = history.initial
        for signal in initial.prior_signals:
            stage = history.first_stage if signal.age_days <= initial.days_in_stage else None
            record = self._signal(-signal.age_days, signal.signal_type, signal.strength, stage, signal.source or None)
            self._known_signals.append((-signal.age_days, record["signal_id"]))

    def signal(self, row: Row) -> None:
        if row.reason == events.DUPLICATE:
            # A copy directly follows its original.
            self.sets[0].append(self.sets[0][-1])
            return
        dated = row.time if row.dated is None else row.dated
        stage = row.stage if row.dated is None else _stage_at(self._stays, dated)
        record = self._signal(dated, row.label, row.value, stage, row.source)
        if row.dated is not None:
            record["recorded_at"] = _iso(self._writer.dates.to_record_datetime(row.time))
        if row.reason == events.ORPHANED:
            record["customer_id"] = self._orphan_key
        else:
            self._known_signals.append((dated, record["signal_id"]))
            self._churn.add_signal(row.time, dated, row.label, row.value or 0.0, row.source or "")

    def _signal(self, time: float, kind: str, strength: float | None, stage: str | None, source: str | None) -> Record:
        signals = self.sets[0]
        record = {
            "signal_id": f"S{self._number}-{len(signals) + 1:03d}",
            "customer_id": self._key,
            "signal_type": kind,
            "signal_strength": strength,
            "detected_at": _iso(self._writer.dates.to_record_datetime(time)),
            "journey_stage": stage,
            "source": source,
        }
        signals.append(record)
        return record

    def decision(self, row: Row) -> None:
        if row.label == NO_DECISION:
            self._monitoring_reason = None
        elif row.label != MONITOR_ONLY:
            self._monitoring_reason, self._decided_at = None, row.time
            self._open = self._intervention(row, "approved")
            self._churn_at_decision = self._churn.churn_probability(row.time)
        elif row.reason not in (_OPEN_REASON, self._monitoring_reason):
            self._monitoring_reason = row.reason
            self._intervention(row, None)

    def _intervention(self, row: Row, status: str | None) -> Record:
        interventions = self.sets[1]
        oldest = row.time - self._writer.live_days
        record = {
            "intervention_id": f"I{self._number}-{len(interventions) + 1:03d}",
            "customer_id": self._key,
            "journey_stage": row.to_stage or row.stage,
            "recommended_action": row.label,
            "confidence": row.value,
            "requires_human_approval": False,
            "triggered_by_signals": [identity for time, identity in self._known_signals if time >= oldest],
            "generated_at": _iso(self._writer.dates.to_record_datetime(row.time)),
            "status": status,
        }
        if self._writer.values_change:
            record["account_value"] = _value_at(self._values, row.time)
        interventions.append(record)
        return record

    def requested(self, row: Row) -> None:
        del row
        self._open.update(requires_human_approval=True, status="pending_approval")

    def decided(self, row: Row) -> None:
        self._open["status"] = STATUS_AFTER[row.label]

    def action(self, row: Row) -> None:
        self._last_action = row.label
        if self._open["status"] == "approved":
            self._open["status"] = "executed"

    def outcome(self, row: Row) -> None:
        outcomes = self.sets[2]
        resolved = row.label == "resolved"
        outcomes.append(
            {
                "outcome_id": "O" + self._open["intervention_id"][1:],
                "intervention_id": self._open["intervention_id"],
                "customer_id": self._key,
                "outcome": row.label,
                "resolution_time_days": round(row.time - self._decided_at, 3) if resolved else None,
                "csat_delta": self._writer.csat.get(self._last_action, 0.0) if resolved else 0.0,
                "churn_risk_delta": round(self._churn.churn_probability(row.time) - self._churn_at_decision, 6),
                "estimated_revenue_saved": round(row.value or 0.0, 2),
                "human_override": self._open["status"] == "overridden",
                "measured_at": _iso(self._writer.dates.to_record_datetime(row.time)),
            }
        )
        if self._open["status"] == "executed":
            self._open["status"] = "measured"


_ROW_HANDLERS: dict[str, Callable[[_CustomerRecords, Row], None]] = {
    events.SIGNAL: _CustomerRecords.signal,
    events.DECISION: _CustomerRecords.decision,
    events.REVIEW_REQUESTED: _CustomerRecords.requested,
    events.REVIEW_DECIDED: _CustomerRecords.decided,
    events.ACTION: _CustomerRecords.action,
    events.OUTCOME: _CustomerRecords.outcome,
}
"""Handler of each kind of row; other kinds are not observable, or are in the stage log."""


def _shortest_predecessors(journey: Journey) -> dict[str, str | None]:
    """The previous stage of each stage on its shortest legal path; None for initial stages."""
    predecessors: dict[str, str | None] = dict.fromkeys(journey.initial)
    frontier = list(journey.initial)
    while frontier:
        reached = [
            (move.destination, move.source) for stage in frontier for move in journey.moves if move.source == stage
        ]
        frontier = []
        for stage, source in reached:
            if stage not in predecessors:
                predecessors[stage] = source
                frontier.append(stage)
    return predecessors


def _stage_at(stays: list[Stay], day: float) -> str:
    """The customer's stage on a day."""
    return next((stay.stage for stay in reversed(stays) if stay.entered_at <= day), stays[0].stage)


def _value_at(values: list[tuple[float, float]], day: float) -> float:
    """The account value on a day, in dollars."""
    return next(value for since, value in reversed(values) if since <= day)


def _iso(moment: datetime) -> str:
    return moment.isoformat()
