"""The stays of simulated customers in stages, from the trace of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from journey.decision.policy import TIERS
from simulation.runs.cohort import draw_initial_customers
from simulation.trace.events import MOVE

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec
    from simulation.questions.totals import CustomerKind

    FloatArray = npt.NDArray[np.float64]
    IntArray = npt.NDArray[np.int64]
    BoolArray = npt.NDArray[np.bool_]


class Stays(NamedTuple):
    """The stays of the n customers of a run that have arrived, by customer and then in order of time.

    Attributes:
        kinds: The kinds of customers.
        kind: Shape (n,): index of each customer's kind.
        begins: Shape (n,): day on which each customer begins.
        customer: Shape (stays,): index of the customer.
        stage: Shape (stays,): code of the stage.
        entered: Shape (stays,): day of the entry, or of the customer's beginning.
        left: Shape (stays,): day on which the stay ends; infinite if it does not end within the run.
        days: Length of the run.
    """

    kinds: tuple[CustomerKind, ...]
    kind: IntArray
    begins: FloatArray
    customer: IntArray
    stage: IntArray
    entered: FloatArray
    left: FloatArray
    days: float

    @property
    def first(self) -> IntArray:
        """Shape (n,): position of each customer's first stay."""
        return np.searchsorted(self.customer, np.arange(len(self.kind)))

    @property
    def last(self) -> IntArray:
        """Shape (n,): position of each customer's last stay."""
        return np.searchsorted(self.customer, np.arange(len(self.kind)), side="right") - 1

    def first_entries(self, stage: int) -> FloatArray:
        """Shape (n,): day of each customer's first entry into a stage, or beginning in it; infinite without one."""
        days = np.full(len(self.kind), np.inf)
        chosen = self.stage == stage
        np.minimum.at(days, self.customer[chosen], self.entered[chosen])
        return days


def read_stays(arm_spec: ArmSpec, run: Run, *, seed: int, replication: int) -> Stays:
    """The stays of a run with a trace.

    Args:
        arm_spec: The arm that was run.
        run: The run, with its trace.
        seed: The seed of the run.
        replication: Number of the replication.
    """
    assert run.trace is not None
    cohort, keyed = draw_initial_customers(arm_spec, seed=seed, replication=replication)
    arrived = [customer for _, customer in keyed if customer.arrives_at < run.days]
    numbers = np.array([customer.number for customer in arrived], dtype=np.int64)
    begins = np.array([customer.arrives_at for customer in arrived])
    cells = np.array([customer.segment * len(TIERS) + customer.tier for customer in arrived], dtype=np.int64)
    present, kind = np.unique(cells, return_inverse=True)
    codes, within = arm_spec.journey.compile().stage_index, arm_spec.journey.moves_within_stay
    rows = [
        (row.customer, row.time, codes[row.to_stage])
        for row in run.trace.sorted_rows()
        if row.kind == MOVE and row.to_stage is not None and (row.stage, row.label) not in within
    ]
    moved = np.array([row[0] for row in rows], dtype=np.int64)
    customer = np.concatenate([np.arange(len(arrived)), np.searchsorted(numbers, moved)])
    entered = np.concatenate([begins, np.array([row[1] for row in rows])])
    stage = np.array([*(person.stage for person in arrived), *(row[2] for row in rows)], dtype=np.int64)
    # Stable, so that the moves of a customer at the same time keep their order.
    order = np.argsort(customer, kind="stable")
    customer, entered, stage = customer[order], entered[order], stage[order]
    left = np.append(entered[1:], np.inf)
    left[:-1][customer[1:] != customer[:-1]] = np.inf
    kinds = tuple((cohort.segments[cell // len(TIERS)], str(TIERS[cell % len(TIERS)])) for cell in present.tolist())
    return Stays(kinds, kind.astype(np.int64), begins, customer, stage, entered, left, run.days)
