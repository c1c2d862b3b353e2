"""The totals of the rules of a scenario, over the customers of one arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from simulation.model.rule_parameters import EXEMPT

if TYPE_CHECKING:
    from collections.abc import Sequence

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RuleTotals:
    """Number of customers by rule, and by segment and tier.

    Attributes:
        counts: Shape (rules + 1, rows, cells); the rows are those of `simulation.model.rule_parameters`.
    """

    counts: Integers

    def count_applicable(self, rule: int, cells: slice) -> int:
        """Number of customers to whom a rule applies, in some segments and tiers."""
        return int(self.counts[-1, 0, cells].sum()) - int(self.counts[rule, EXEMPT, cells].sum())

    @classmethod
    def merge(cls, parts: Sequence[RuleTotals | None]) -> RuleTotals | None:
        """The sum of the totals of several pods; None if the scenario declares no rules."""
        known = [part.counts for part in parts if part is not None]
        return cls(np.sum(known, axis=0)) if known else None
