"""The totals of the metrics that a scenario defines, over the customers of one arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class OwnTotals:
    """Totals by segment and tier, all of them integers, so that sums do not depend on their order.

    Attributes:
        customers: Shape (cells,): number of customers.
        counts: Shape (metrics, cells): number of events, or of customers.
        amounts: Shape (metrics, cells, 3): units in the low and in the high bits of amounts, and number of amounts that
            are too large to be added up.
        times: Shape (cells, observations, rows, intervals + 1): number of observations; see
            `simulation.model.metric_parameters`.
    """

    customers: Integers
    counts: Integers
    amounts: Integers
    times: Integers

    @classmethod
    def merge(cls, parts: Sequence[OwnTotals | None]) -> OwnTotals | None:
        """The sum of the totals of several pods; None if the scenario defines no metrics."""
        known = [(part.customers, part.counts, part.amounts, part.times) for part in parts if part is not None]
        return cls(*(np.sum(arrays, axis=0) for arrays in zip(*known, strict=True))) if known else None
