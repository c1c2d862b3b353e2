"""The orchestrator's estimate of a customer's churn probability over time, from the signals that it received."""

from __future__ import annotations

from typing import TYPE_CHECKING

from journey.decision.steps import compute_churn_probability
from simulation.model.arm import map_policy_segments
from simulation.model.evidence import Evidence, add_signal, plan_from_evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.exports.histories import CustomerHistory, Stay
    from simulation.model.arm import CompiledArm


class ChurnEstimate:
    """The orchestrator's estimate for one customer; signals and estimates must be in order of time."""

    def __init__(self, arm: CompiledArm, history: CustomerHistory, recorded_stays: Sequence[Stay]) -> None:
        """Start with the signals from before the run.

        Args:
            arm: The arm; its segments do not matter.
            history: The customer.
            recorded_stays: The stays that the stage log contains, in order.
        """
        self._arm, self._tier = arm, history.initial.tier
        (self._segment,) = map_policy_segments(arm, (history.segment,))
        self._stays, self._evidence = recorded_stays, Evidence()
        for signal in history.initial.prior_signals:
            self.add_signal(0.0, -signal.age_days, signal.signal_type, signal.strength, signal.source)

    def add_signal(self, time: float, dated: float, signal_type: str, strength: float, source: str) -> None:
        """Add a signal that the orchestrator receives at `time`; `dated` is the day in its record."""
        kind, origin = self._arm.signal_type_code(signal_type), self._arm.signal_source_code(source)
        add_signal(self._arm.parameters.policy, self._evidence, time, kind, strength, origin, time - dated)

    def churn_probability(self, time: float) -> float:
        """The estimated probability of churn within the policy's horizon, at `time` or shortly after it."""
        policy = self._arm.parameters.policy
        stay = next((stay for stay in reversed(self._stays) if stay.entered_at <= time), self._stays[0])
        stage = self._arm.machine.stage_index[stay.stage]
        severity = plan_from_evidence(policy, self._evidence, time, self._segment, stage, time - stay.entered_at)[2]
        return compute_churn_probability(policy, self._segment, self._tier, severity)
