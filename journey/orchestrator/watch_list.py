"""The watch list: customers for whom no action is recommended or held back, and whom a person should look at.

The criteria are functions of columns. They serve a list of decisions and a batch of a million customers alike.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from journey.decision.policy import Policy
from journey.decision.rules import ACT, LOW_CONFIDENCE, NOT_LIVE, REASONS
from journey.orchestrator.decision import Decision
from journey.orchestrator.orchestrator import Orchestrator
from journey.records.model import Customer

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_ROWS_AT_A_TIME = 1_000


class WatchColumns(NamedTuple):
    """Inputs of the watch list, one row per customer.

    Attributes:
        reason: Code of the deciding reason (`journey.decision.rules.REASONS`).
        is_held_back: Whether contact policy, governance or a rule held an action back.
        days: Days in the stage; NaN where unknown.
        typical_days: Typical days of the stage; 0 where unknown.
        has_live_negative: Whether the strongest negative signal is still live.
        has_live_positive: Whether the strongest positive signal is still live.
        gaps: Number of missing or doubtful fields of the record.
        is_high_tier: Whether the risk tier is high.
        account_value: Dollars per year.
        expected_loss: Churn probability x account value, in dollars.
    """

    reason: Ints
    is_held_back: Flags
    days: Floats
    typical_days: Floats
    has_live_negative: Flags
    has_live_positive: Flags
    gaps: Ints
    is_high_tier: Flags
    account_value: Floats
    expected_loss: Floats


class WatchMarks(NamedTuple):
    """Per customer, which criteria are met.

    Attributes:
        weak_evidence: There is live evidence, too weak to act on.
        long_stay: The stay is long for the stage, and a positive signal may be an opportunity.
        doubtful_record: The record is doubtful, and the risk tier is high or the account is large.
    """

    weak_evidence: Flags
    long_stay: Flags
    doubtful_record: Flags


@dataclass(frozen=True, slots=True)
class WatchedCustomer:
    """A customer on the watch list.

    Attributes:
        customer_id: The customer.
        stage: The recorded stage, or None.
        days_in_stage: Days since it was entered, or None.
        expected_loss: Churn probability x account value, in dollars.
        reasons: Why the customer is on the list, then the reasons of the decision.
    """

    customer_id: str
    stage: str | None
    days_in_stage: float | None
    expected_loss: float
    reasons: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the customer as a JSON-ready mapping."""
        return asdict(self)


def mark_watched(columns: WatchColumns, policy: Policy) -> WatchMarks:
    """Return which customers meet which criterion."""
    idle = (columns.reason != ACT) & (columns.reason != NOT_LIVE) & ~columns.is_held_back
    is_long = (columns.typical_days > 0.0) & (columns.days >= policy.thresholds.watch_share * columns.typical_days)
    is_important = columns.is_high_tier | (columns.account_value >= policy.high_value)
    return WatchMarks(
        idle & (columns.reason == LOW_CONFIDENCE) & (columns.has_live_negative | columns.has_live_positive),
        idle & columns.has_live_positive & is_long,
        idle & (columns.gaps > 0) & is_important,
    )


class WatchList:
    """The customers on the watch list, by expected loss, the largest first.

    Args:
        columns: The columns of all customers, in order of customer ID.
        policy: The policy, with the thresholds of the watch list.
        get_decisions: Returns the decisions about the customers of some rows.
    """

    def __init__(
        self, columns: WatchColumns, policy: Policy, get_decisions: Callable[[Sequence[int]], list[Decision]]
    ) -> None:
        self._columns = columns
        self._marks = mark_watched(columns, policy)
        self._get_decisions = get_decisions
        rows = np.flatnonzero(self._marks.weak_evidence | self._marks.long_stay | self._marks.doubtful_record)
        order = np.argsort(-columns.expected_loss[rows], kind="stable")
        self._rows: list[int] = rows[order].tolist()

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[WatchedCustomer]:
        for start in range(0, len(self._rows), _ROWS_AT_A_TIME):
            yield from self._describe(self._rows[start : start + _ROWS_AT_A_TIME])

    def top(self, limit: int) -> list[WatchedCustomer]:
        """Return the first `limit` customers."""
        return self._describe(self._rows[:limit])

    def _describe(self, rows: Sequence[int]) -> list[WatchedCustomer]:
        return [
            WatchedCustomer(
                decision.customer_id,
                decision.stage,
                decision.days_in_stage,
                float(self._columns.expected_loss[row]),
                (*self._list_reasons(row, decision), *decision.reasons),
            )
            for row, decision in zip(rows, self._get_decisions(rows) if rows else [], strict=True)
        ]

    def _list_reasons(self, row: int, decision: Decision) -> Iterator[str]:
        columns, marks = self._columns, self._marks
        if marks.long_stay[row]:
            yield (
                f"{int(columns.days[row])} days in {decision.stage}, typical is up to {columns.typical_days[row]:g}, "
                f"and the positive signal {decision.components.bright_signal} may be an opportunity"
            )
        if marks.doubtful_record[row]:
            why = "the risk tier is high" if columns.is_high_tier[row] else "the account is large"
            yield f"the record is doubtful and {why} (account value ${columns.account_value[row]:,.0f})"
        if marks.weak_evidence[row]:
            yield "the evidence is too weak to act on"


def build_watch_list(
    decisions: Sequence[Decision], customers: Sequence[Customer], orchestrator: Orchestrator
) -> WatchList:
    """Build the watch list of evaluated customers.

    Args:
        decisions: The decisions.
        customers: The customer of each decision.
        orchestrator: The orchestrator that decided.
    """
    typical = dict(zip(orchestrator.policy_table.stages, orchestrator.policy_table.typical_days, strict=True))
    columns = WatchColumns(
        reason=np.array([REASONS.index(decision.reason) for decision in decisions], dtype=np.int64),
        is_held_back=np.array([decision.held_back_action is not None for decision in decisions], dtype=np.bool_),
        days=np.array([decision.days_in_stage for decision in decisions], dtype=np.float64),
        typical_days=np.array([typical.get(decision.stage or "", 0.0) for decision in decisions], dtype=np.float64),
        has_live_negative=np.array(
            [decision.components.lead_signal in decision.triggered_by_signals for decision in decisions],
            dtype=np.bool_,
        ),
        has_live_positive=np.array(
            [decision.components.bright_signal in decision.triggered_by_signals for decision in decisions],
            dtype=np.bool_,
        ),
        gaps=np.array([decision.components.gaps for decision in decisions], dtype=np.int64),
        is_high_tier=np.array([customer.risk_tier == "high" for customer in customers], dtype=np.bool_),
        account_value=np.array([customer.account_value for customer in customers], dtype=np.float64),
        expected_loss=np.array([decision.expected_loss for decision in decisions], dtype=np.float64),
    )
    return WatchList(columns, orchestrator.policy, lambda rows: [decisions[row] for row in rows])
