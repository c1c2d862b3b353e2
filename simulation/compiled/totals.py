"""What a compiled cohort has counted, as the books that both engines keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from journey.decision.rules import REASONS
from simulation.compiled import state
from simulation.compiled.state import OUTCOMES, VERDICTS, Cohort
from simulation.metrics.counters import Tally
from simulation.metrics.queue_statistics import GateBook
from simulation.trace import events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.model.arm import ArmTable


def gate_book_of(lived: Cohort) -> GateBook:
    """The gate over time."""
    book = GateBook(lived.grid.tolist())
    book.backlog, book.closed = lived.backlog.tolist(), lived.closed.tolist()
    book.waited, book.worked = lived.waited.tolist(), lived.worked.tolist()
    return book


def tally_of(table: ArmTable, arm: int, lived: Cohort, segments: tuple[str, ...]) -> Tally:
    """What was counted in one arm.

    Args:
        table: The arm.
        arm: Its number.
        lived: The cohort, at the horizon.
        segments: The population's segments.
    """
    books = Tally(segments)
    books.customers.update(_named(range(len(segments)), lived.customers[arm]))
    books.churned.update(_named(range(len(segments)), lived.churned[arm]))
    books.kinds.update(_named(events.KINDS, lived.kinds[arm]))
    books.reasons.update(_named(REASONS, lived.reasons[arm]))
    books.actions.update(_named(range(len(table.policy.actions)), lived.actions[arm, : len(table.policy.actions)]))
    books.verdicts.update(_named(VERDICTS, lived.verdicts[arm]))
    books.outcomes.update(_named(OUTCOMES, lived.outcomes[arm]))
    books.distressed.update(_by_stage_and_segment(lived.distressed[arm]))
    books.unhelped.update(_by_stage_and_segment(lived.unhelped[arm]))
    books.stage_days.update(dict(enumerate(lived.stage_days[arm].tolist())))
    count, total = lived.counts[arm].tolist(), lived.sums[arm].tolist()
    books.escalations = count[state.ESCALATIONS]
    books.evaluations = count[state.EVALUATIONS]
    books.episodes = count[state.EPISODES]
    books.episodes_seen = count[state.EPISODES_SEEN]
    books.misstaged = count[state.MISSTAGED]
    books.won_back = count[state.WON_BACK]
    books.alarms_true = count[state.ALARMS_TRUE]
    books.alarms_false = count[state.ALARMS_FALSE]
    books.contacts_needed = count[state.CONTACTS_NEEDED]
    books.requests = int(lived.verdicts[arm].sum())
    books.waited = total[state.WAITED]
    books.waits.update({int(bucket): int(lived.waits[arm, bucket]) for bucket in np.flatnonzero(lived.waits[arm])})
    books.distress_days = total[state.DISTRESS]
    books.satisfaction = total[state.SATISFACTION]
    books.revenue = total[state.REVENUE]
    books.live_value = total[state.LIVE_VALUE]
    return books


def _named(names: Sequence[Any], counts: Any) -> dict[Any, int]:
    return {name: count for name, count in zip(names, counts.tolist(), strict=True) if count}


def _by_stage_and_segment(counts: Any) -> dict[tuple[int, int], int]:
    return {(stage, segment): int(counts[stage, segment]) for stage, segment in np.argwhere(counts).tolist()}
