"""What a company would have on record about one simulated customer: the five record sets of `journey.records`.

Only what the company sees is recorded. Distress is not, and neither is which signals were false alarms.

Choices that are not forced by the run:

* **Watching.** A `monitor_only` is recorded where watching begins or its reason changes, not at every look at the
  customer; and not while an intervention is open, because then that intervention is the answer. A look with nothing to
  decide leaves no record.
* **Before the run.** A customer met in a later stage is recorded as having come there the shortest legal way. Tenure
  is what is known of it: the time since the first recorded stage was entered. What was heard before is recorded;
  contacts before the run are not, because nothing but their date is known.
* **Ends.** A request that was withdrawn because the customer left is recorded as expired. An overridden intervention
  stays so, whatever was done in its stead; its outcome says ``human_override``.
* **Unknown.** Nobody measured the change of churn risk, so it is null. `estimated_revenue_saved` is the money that was
  at stake at the decision, where the outcome is ``resolved``.
"""

from __future__ import annotations

from math import inf, log
from typing import TYPE_CHECKING, Any, NamedTuple

from journey.policy import MONITOR_ONLY, TIERS
from journey.rules import OPEN_INTERVENTION, REASONS
from simulation import trace
from simulation.chronicle import customer_id
from simulation.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from journey.machine import Journey
    from simulation.chronicle import Lifeline
    from simulation.dates import Dates
    from simulation.setup import ArmSetup
    from simulation.trace import Row

Record = dict[str, Any]

NO_DECISION = "none"
"""Label of a decision that there was nothing to decide."""

_UNDER_WAY = REASONS[OPEN_INTERVENTION]

STATUS_AFTER = {
    "approved": "approved",
    "rejected": "rejected",
    "overridden": "overridden",
    "expired": "expired",
    "withdrawn": "expired",
}
"""State of an intervention after each verdict."""


class Recorded(NamedTuple):
    """One customer's records, by set, in the order in which they came to be."""

    customers: list[Record]
    journey_state_log: list[Record]
    signals: list[Record]
    interventions: list[Record]
    outcomes: list[Record]


class Scribe:
    """Writes down one customer of an arm after another; it keeps nothing between two."""

    def __init__(self, setup: ArmSetup, dates: Dates, days: float) -> None:
        """Prepare for an arm.

        Args:
            setup: The arm.
            dates: What date day 0 has.
            days: The horizon; stored counters of days are counted up to its end.
        """
        evidence = setup.policy.evidence
        self.dates = dates
        self.days = days
        self.end = dates.recorded(days)
        self.came_from = _ways_in(setup.journey)
        self.csat = {name: effect.csat for name, effect in setup.world.effects.items()}
        share = evidence.live_share
        self.live_days = inf if share <= 0.0 else -log(share) / log(2.0) * evidence.half_life_days

    def record(self, lifeline: Lifeline) -> Recorded:
        """One customer's records."""
        file = _File(self, lifeline)
        for row in lifeline.rows:
            enter = _ENTER.get(row.kind)
            if enter is not None:
                enter(file, row)
        return Recorded([self._customer(lifeline)], self._stages(lifeline), *file.sets)

    def _customer(self, lifeline: Lifeline) -> Record:
        person = lifeline.person
        return {
            "customer_id": customer_id(person.number),
            "segment": lifeline.segment,
            "account_value": person.account_value,
            "tenure_months": round((person.days_in_stage + self.days) / DAYS_PER_MONTH, 1),
            "risk_tier": TIERS[person.tier],
        }

    def _stages(self, lifeline: Lifeline) -> list[Record]:
        """Every entry; the last one is of the stay that the end of the run, or of the journey, left unfinished."""
        key = customer_id(lifeline.person.number)
        entries = []
        for stay in lifeline.stays:
            entered = self.dates.recorded(stay.entered_at)
            left = self.end if stay.left_at is None else self.dates.recorded(stay.left_at)
            entries.append(
                {
                    "customer_id": key,
                    "journey_stage": stay.stage,
                    "state_entered_at": _iso(entered),
                    # Days of the calendar, as people count them.
                    "days_in_state": (left.date() - entered.date()).days,
                    "previous_stage": self.came_from.get(stay.stage) if stay.previous is None else stay.previous,
                }
            )
        return entries


class _File:
    """The file of one customer while it is being filled."""

    __slots__ = ("_decided_at", "_done", "_key", "_known", "_number", "_open", "_scribe", "_watching", "sets")

    def __init__(self, scribe: Scribe, lifeline: Lifeline) -> None:
        self._scribe = scribe
        self._number = f"{lifeline.person.number:07d}"
        self._key = customer_id(lifeline.person.number)
        self.sets: tuple[list[Record], list[Record], list[Record]] = ([], [], [])
        self._known: list[tuple[float, str]] = []
        self._open: Record = {}
        self._watching: str | None = None
        self._decided_at, self._done = 0.0, ""
        met = lifeline.person
        for heard in met.heard:
            stage = lifeline.first_stage if heard.age_days <= met.days_in_stage else None
            self._signal(-heard.age_days, heard.signal_type, heard.strength, stage, heard.source or None)

    def signal(self, row: Row) -> None:
        self._signal(row.time, row.label, row.value, row.stage, row.source)

    def _signal(self, time: float, kind: str, strength: float | None, stage: str | None, source: str | None) -> None:
        signals = self.sets[0]
        identity = f"S{self._number}-{len(signals) + 1:03d}"
        self._known.append((time, identity))
        signals.append(
            {
                "signal_id": identity,
                "customer_id": self._key,
                "signal_type": kind,
                "signal_strength": strength,
                "detected_at": _iso(self._scribe.dates.recorded(time)),
                "journey_stage": stage,
                "source": source,
            }
        )

    def decision(self, row: Row) -> None:
        if row.label == NO_DECISION:
            self._watching = None
        elif row.label != MONITOR_ONLY:
            self._watching, self._decided_at = None, row.time
            self._open = self._intervention(row, "approved")
        elif row.reason not in (_UNDER_WAY, self._watching):
            self._watching = row.reason
            self._intervention(row, None)

    def _intervention(self, row: Row, status: str | None) -> Record:
        interventions = self.sets[1]
        oldest = row.time - self._scribe.live_days
        made = {
            "intervention_id": f"I{self._number}-{len(interventions) + 1:03d}",
            "customer_id": self._key,
            "journey_stage": row.stage,
            "recommended_action": row.label,
            "confidence": row.value,
            "requires_human_approval": False,
            "triggered_by_signals": [identity for time, identity in self._known if time >= oldest],
            "generated_at": _iso(self._scribe.dates.recorded(row.time)),
            "status": status,
        }
        interventions.append(made)
        return made

    def requested(self, row: Row) -> None:
        del row
        self._open.update(requires_human_approval=True, status="pending_approval")

    def decided(self, row: Row) -> None:
        self._open["status"] = STATUS_AFTER[row.label]

    def action(self, row: Row) -> None:
        self._done = row.label
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
                "csat_delta": self._scribe.csat.get(self._done, 0.0) if resolved else 0.0,
                "churn_risk_delta": None,
                "estimated_revenue_saved": round(row.value or 0.0, 2),
                "human_override": self._open["status"] == "overridden",
                "measured_at": _iso(self._scribe.dates.recorded(row.time)),
            }
        )
        if self._open["status"] == "executed":
            self._open["status"] = "measured"


_ENTER: dict[str, Callable[[_File, Row], None]] = {
    trace.SIGNAL: _File.signal,
    trace.DECISION: _File.decision,
    trace.REVIEW_REQUESTED: _File.requested,
    trace.REVIEW_DECIDED: _File.decided,
    trace.ACTION: _File.action,
    trace.OUTCOME: _File.outcome,
}
"""What each kind of row adds to a file; what is not here, nobody in the company sees, or the stage log has it."""


def _ways_in(journey: Journey) -> dict[str, str | None]:
    """The stage before each stage on the shortest legal way to it; None where journeys begin or none leads."""
    found: dict[str, str | None] = dict.fromkeys(journey.initial)
    shell = list(journey.initial)
    while shell:
        reached = [(move.destination, move.source) for stage in shell for move in journey.moves if move.source == stage]
        shell = []
        for stage, source in reached:
            if stage not in found:
                found[stage] = source
                shell.append(stage)
    return found


def _iso(moment: datetime) -> str:
    return moment.isoformat()
