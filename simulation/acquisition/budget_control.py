"""The budget of an arm: balances, purchases of media, and transfers between channels within the rules.

The transfers are those of `journey campaigns`: chosen by `journey.marketing.budget.optimisation`, checked against
`journey.marketing.budget.rules`, and entered into a `MarketingLog`, which refuses illegal steps of a budget action. The
simulation therefore tests the code that would run in production, and a run's log is an ordinary audit trail.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from journey.marketing.budget.channel_returns import Counts, compute_posterior, compute_prior, sum_counts
from journey.marketing.budget.log import MarketingLog
from journey.marketing.budget.optimisation import AllocationOptimiser, ChannelPlan
from journey.marketing.budget.rules import ChannelKey, Transfer, find_objections
from journey.marketing.budget.workflow import BudgetWorkflow
from journey.marketing.core.policy import MarketingPolicy
from simulation.acquisition.prospects import prospect_number
from simulation.acquisition.spec import MICROS
from simulation.random import streams
from simulation.trace.dates import DEFAULT_START

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journey.marketing.core.policy import BudgetPolicy
    from journey.marketing.records.model import Entity, Proposer
    from simulation.acquisition.observations import Observations
    from simulation.acquisition.parameters import BudgetLine
    from simulation.acquisition.spec import Reallocation

ORCHESTRATOR, APPROVER = "journeylab", "HUMAN_01"
EQUAL_VALUE_VARIATION = 1e-3
"""Coefficient of variation of a sale's value if each sale counts as 1 (0 would cause a division by zero)."""

_ENTITY: Entity = "budget_action"


@dataclass(frozen=True, slots=True)
class PendingApproval:
    """A transfer that waits for a person's decision.

    Attributes:
        transfer: The transfer.
        due: Day of the decision.
        approved: The decision, provided that the rules still allow the transfer.
    """

    transfer: Transfer
    due: float
    approved: bool


class BudgetController:
    """Buys media and transfers budget.

    Attributes:
        balances: By line: remaining budget in millionths of a dollar; never below 0.
        impressions: By line, then by period: number of impressions bought.
        moves: All proposed transfers, in order, with their outcomes.
    """

    def __init__(
        self,
        lines: Sequence[BudgetLine],
        reallocation: Reallocation,
        observations: Observations,
        *,
        seed: int,
        replication: int,
    ) -> None:
        """The budget on day 0.

        Args:
            lines: The lines of the budget.
            reallocation: The arm's rule.
            observations: Records spending and sales.
            seed: The scenario's seed, for the random approvals.
            replication: Number of the replication.
        """
        self.balances = [line.budget for line in lines]
        self.impressions = [[0] * len(line.periods) for line in lines]
        self.moves: list[dict[str, Any]] = []
        self._lines, self._rule, self._observed = lines, reallocation, observations
        self._line_indices = {line.key: index for index, line in enumerate(lines)}
        self._run_key = seed, replication
        self._pending: dict[str, PendingApproval] = {}
        policy = MarketingPolicy(budget=reallocation.budget)
        self._workflow = BudgetWorkflow(MarketingLog(policy=policy), {})

    @property
    def log(self) -> MarketingLog:
        """The audit trail of all moves."""
        return self._workflow.log

    def buy_media(self, line: int, period: int) -> int:
        """Buy a period's media with its equal share of the remaining balance; returns the impressions."""
        budget_line, price = self._lines[line], self._lines[line].price
        bought = self.balances[line] // (len(budget_line.periods) - period) // price
        self.balances[line] -= bought * price
        self._observed.spent[line][period] = bought * price
        self.impressions[line][period] = bought
        return bought

    # -- moves -----------------------------------------------------------------------------------------------------

    def review_budget(self, campaign: str, number: int, now: float) -> list[PendingApproval]:
        """Compare the channels of a campaign by their observed results, and make the transfers that need no approval.

        Args:
            campaign: Name of the campaign.
            number: Number of the review, from 1.
            now: The day.

        Returns:
            The transfers that wait for approval.
        """
        plans = self._build_plans(campaign, now)
        optimiser = AllocationOptimiser(plans, self._available(reserved=True), self._rule.budget, self._is_allowed)
        pending = []
        while best := optimiser.find_best_move():
            optimiser.apply(best)
            name = f"BUD_{campaign}_{number:03d}_{len(self.moves) + 1:04d}"
            transfer = Transfer(name, campaign, best.giver[1], best.taker[1], best.amount)
            needs_person = self.log.needs_person(name, best.amount, "orchestrator", _to_datetime(now))
            self._propose(transfer, now, best.gain, best.probability, needs_person=needs_person)
            if not needs_person:
                self._decide_transfer(transfer, now, approved=True, by="orchestrator")
            else:
                pending.append(self._request_approval(transfer, number, now))
        return pending

    def resolve_approval(self, pending: PendingApproval) -> None:
        """Apply a person's decision: the transfer is made if it is approved and the rules still allow it."""
        del self._pending[pending.transfer.transfer_id]
        self._decide_transfer(pending.transfer, pending.due, approved=pending.approved, by="human")

    def _build_plans(self, campaign: str, now: float) -> dict[ChannelKey, ChannelPlan]:
        """The channels of the campaign that can be compared: those with mature media and at least one sale."""
        line_indices = {line.key: index for index, line in enumerate(self._lines) if line.key[0] == campaign}
        counts = {key: self._counts(index, now) for key, index in line_indices.items()}
        prior = compute_prior(sum_counts(counts))
        plans: dict[ChannelKey, ChannelPlan] = {}
        for key, observed_counts in counts.items():
            result = None if prior is None else compute_posterior(observed_counts, prior, self._thresholds)
            if result is not None:
                spent = sum(self._observed.spent[line_indices[key]]) + self.balances[line_indices[key]]
                plans[key] = ChannelPlan(result, observed_counts.spend, max(observed_counts.spend, spent / MICROS))
        return plans

    @property
    def _thresholds(self) -> BudgetPolicy:
        budget = self._rule.budget
        return budget if self._by_value else budget.model_copy(update={"value_variation": EQUAL_VALUE_VARIATION})

    @property
    def _by_value(self) -> bool:
        return self._rule.rule == "by_retained_value"

    def _counts(self, line: int, now: float) -> Counts:
        stops = [stop for _, stop in self._lines[line].periods]
        old_enough = range(bisect_right(stops, now - self._rule.lag_days))
        return self._observed.counts(line, old_enough, now, by_value=self._by_value)

    def _is_allowed(self, giver: ChannelKey, taker: ChannelKey, amount: float) -> bool:
        pair = {giver, taker}
        if any({pending.transfer.giver, pending.transfer.taker} == pair for pending in self._pending.values()):
            return False
        return not find_objections(
            Transfer("", giver[0], giver[1], taker[1], amount), self._available(reserved=True), {}
        )

    def _available(self, *, reserved: bool) -> dict[ChannelKey, float | None]:
        """The dollars that each channel can give. If `reserved`, pending transfers are deducted."""
        balances = list(self.balances)
        if reserved:
            for pending in self._pending.values():
                index = self._line_indices[pending.transfer.giver]
                balances[index] = max(0, balances[index] - _to_micros(pending.transfer.amount))
        return {line.key: amount / MICROS for line, amount in zip(self._lines, balances, strict=True)}

    def _propose(self, transfer: Transfer, now: float, gain: float, probability: float, *, needs_person: bool) -> None:
        self._workflow.available = self._available(reserved=True)
        self._workflow.propose(transfer, at=_to_datetime(now), by="orchestrator", actor=ORCHESTRATOR)
        self.moves.append(
            {
                "budget_action_id": transfer.transfer_id,
                "campaign_id": transfer.campaign_id,
                "from_channel_id": transfer.from_channel_id,
                "to_channel_id": transfer.to_channel_id,
                "amount": transfer.amount,
                "expected_gain": gain,
                "gain_probability": probability,
                "requires_human_approval": needs_person,
                "proposed_on": now,
                "decided_on": None,
                "status": "proposed",
                "reason": None,
            }
        )

    def _request_approval(self, transfer: Transfer, number: int, now: float) -> PendingApproval:
        """Request approval. Delay and decision are keyed by the channels and the review, so all arms share them."""
        giver, taker = (self._lines[self._line_indices[key]].parameters for key in (transfer.giver, transfer.taker))
        key = streams.customer_key(*self._run_key, prospect_number(giver.campaign, 0, 0, 0))
        context = giver.channel * 64 + taker.channel
        wait = self._rule.approval_mean_days * streams.exponential(key, streams.APPROVAL_DELAY, context, number)
        approved = streams.uniform(key, streams.APPROVAL, context, number) >= self._rule.rejected
        pending = PendingApproval(transfer, now + wait, approved)
        self._pending[transfer.transfer_id] = pending
        return pending

    def _decide_transfer(self, transfer: Transfer, now: float, *, approved: bool, by: Proposer) -> None:
        """Execute a transfer, or reject it: by a person's decision, or because a rule now forbids it."""
        self._workflow.available = self._available(reserved=False)
        objections = find_objections(transfer, self._workflow.available, {})
        name, at, actor = transfer.transfer_id, _to_datetime(now), APPROVER if by == "human" else ORCHESTRATOR
        reason = " ".join(objection.message for objection in objections) or None
        if not approved or objections:
            self._workflow.reject(name, at=at, by=by, actor=actor)
        else:
            self._workflow.approve(name, at=at, by=by, actor=actor)
            self._workflow.execute(name, at=at, by="orchestrator", actor=ORCHESTRATOR)
            self._apply_transfer(transfer)
        entry = next(move for move in self.moves if move["budget_action_id"] == name)
        entry.update(decided_on=now, status=self.log.status(_ENTITY, name), reason=reason)

    def _apply_transfer(self, transfer: Transfer) -> None:
        amount = _to_micros(transfer.amount)
        self.balances[self._line_indices[transfer.giver]] -= amount
        self.balances[self._line_indices[transfer.taker]] += amount


def _to_micros(dollars: float) -> int:
    return round(dollars * MICROS)


def _to_datetime(day: float) -> datetime:
    """A day of the run as a timestamp for the log."""
    return datetime.combine(DEFAULT_START, time()) + timedelta(days=day)
