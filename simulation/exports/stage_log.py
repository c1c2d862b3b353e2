"""What a company's stage log says of a customer, which need not be how it was.

Entries may be missing, and entries may name another stage (`simulation.model.record_errors`, the very draws the engines
made). What an entry says of the stage before is true all the same: whoever makes a move knows where the customer comes
from. So a wrong or missing entry shows as soon as there is a next one, by a chain that is broken.

The entry that a customer begins the run with, and those to stages in which a customer is gone, are always right.
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
        setup = run_history.setup
        machine = setup.journey.compile()
        self._stages, self._codes = machine.stages, machine.stage_index
        self._live = tuple(stage not in setup.exit_stages for stage in machine.stages)
        self._flaws = build_record_error_rates(setup.world.imperfections)
        self._seed, self._replication = run_history.seed, run_history.replication

    def stays(self, history: CustomerHistory) -> list[Stay]:
        """The stays on record: each in the stage recorded, from the true stage before, until the next on record."""
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
                error_rates = self._flaws
                code = recorded_stage(
                    key, code, visits[stay.stage], self._live, error_rates.stages_missing, error_rates.stages_wrong
                )
            if code != UNRECORDED:
                yield stay._replace(stage=self._stages[code])
