"""A company's stage log of a customer, with record errors.

Entries may be missing or name another stage (`simulation.model.record_errors`, with the same draws as in the engines).
The previous stage of an entry is always correct. So a wrong or missing entry is visible at the next entry, whose
previous stage does not match.

The first entry of a customer and entries to exit stages are always correct.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from simulation.model.record_errors import UNRECORDED, build_record_error_rates, recorded_stage
from simulation.random import streams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.exports.histories import CustomerHistory, RunHistory, Stay


class StageLog:
    """The stage log of a run, customer by customer."""

    def __init__(self, run_history: RunHistory) -> None:
        """Prepare for a run."""
        arm_spec = run_history.arm_spec
        machine = arm_spec.journey.compile()
        self._stages, self._codes = machine.stages, machine.stage_index
        self._live = tuple(stage not in arm_spec.exit_stages for stage in machine.stages)
        self._error_rates = build_record_error_rates(arm_spec.world.imperfections)
        self._seed, self._replication = run_history.seed, run_history.replication

    def stays(self, history: CustomerHistory) -> list[Stay]:
        """The recorded stays: each with the recorded stage, the true previous stage, and an end at the next entry."""
        entries = list(self._entries(history))
        left = [(entry, following.entered_at) for entry, following in pairwise(entries)]
        return [*(entry._replace(left_at=day) for entry, day in left), entries[-1]._replace(left_at=None)]

    def _entries(self, history: CustomerHistory) -> Iterator[Stay]:
        key = streams.customer_key(self._seed, self._replication, history.initial.number)
        visits: Counter[str] = Counter()
        for stay in history.stays:
            visits[stay.stage] += 1
            code = self._codes[stay.stage]
            if stay.previous is not None and self._live[code]:
                error_rates = self._error_rates
                code = recorded_stage(
                    key, code, visits[stay.stage], self._live, error_rates.stages_missing, error_rates.stages_wrong
                )
            if code != UNRECORDED:
                yield stay._replace(stage=self._stages[code])
