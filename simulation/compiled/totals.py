"""The totals of a compiled run, in the form that both engines share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from journey.decision.rules import REASONS
from simulation.compiled import state
from simulation.compiled.state import OUTCOMES, VERDICTS, EngineState
from simulation.metrics.counters import Counters
from simulation.metrics.queue_statistics import QueueStatistics
from simulation.trace import events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.model.arm import CompiledArm


def build_queue_statistics(engine: EngineState) -> QueueStatistics:
    """The review queue over time."""
    statistics = QueueStatistics(engine.grid.tolist())
    statistics.backlog, statistics.closed = engine.backlog.tolist(), engine.closed.tolist()
    statistics.waited, statistics.worked = engine.waited.tolist(), engine.worked.tolist()
    return statistics


def build_counters(compiled_arm: CompiledArm, index: int, engine: EngineState, segments: tuple[str, ...]) -> Counters:
    """The counters of one arm.

    Args:
        compiled_arm: The arm.
        index: Its number, from 0.
        engine: The state at the horizon.
        segments: The population's segments.
    """
    counters = Counters(segments)
    counters.customers.update(_nonzero_by_name(range(len(segments)), engine.customers[index]))
    counters.churned.update(_nonzero_by_name(range(len(segments)), engine.churned[index]))
    counters.kinds.update(_nonzero_by_name(events.KINDS, engine.kinds[index]))
    counters.reasons.update(_nonzero_by_name(REASONS, engine.reasons[index]))
    counters.actions.update(
        _nonzero_by_name(
            range(len(compiled_arm.policy.actions)), engine.actions[index, : len(compiled_arm.policy.actions)]
        )
    )
    counters.verdicts.update(_nonzero_by_name(VERDICTS, engine.verdicts[index]))
    counters.outcomes.update(_nonzero_by_name(OUTCOMES, engine.outcomes[index]))
    counters.distressed.update(_by_stage_and_segment(engine.distressed[index]))
    counters.unhelped.update(_by_stage_and_segment(engine.unhelped[index]))
    counters.stage_days.update(dict(enumerate(engine.stage_days[index].tolist())))
    count, total = engine.counts[index].tolist(), engine.sums[index].tolist()
    counters.escalations = count[state.ESCALATIONS]
    counters.evaluations = count[state.EVALUATIONS]
    counters.episodes = count[state.EPISODES]
    counters.episodes_seen = count[state.EPISODES_SEEN]
    counters.misclassified = count[state.MISCLASSIFIED]
    counters.won_back = count[state.WON_BACK]
    counters.alarms_true = count[state.ALARMS_TRUE]
    counters.alarms_false = count[state.ALARMS_FALSE]
    counters.contacts_needed = count[state.CONTACTS_NEEDED]
    counters.requests = int(engine.verdicts[index].sum())
    counters.waited = total[state.WAIT_DAYS]
    counters.waits.update(
        {int(bucket): int(engine.waits[index, bucket]) for bucket in np.flatnonzero(engine.waits[index])}
    )
    counters.distress_days = total[state.DISTRESS_DAYS]
    counters.satisfaction = total[state.SATISFACTION]
    counters.revenue = total[state.REVENUE]
    counters.live_value = total[state.LIVE_VALUE]
    return counters


def _nonzero_by_name(names: Sequence[Any], counts: Any) -> dict[Any, int]:
    return {name: count for name, count in zip(names, counts.tolist(), strict=True) if count}


def _by_stage_and_segment(counts: Any) -> dict[tuple[int, int], int]:
    return {(stage, segment): int(counts[stage, segment]) for stage, segment in np.argwhere(counts).tolist()}
