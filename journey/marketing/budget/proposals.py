"""Proposals of budget transfers, from the posterior return per dollar of each channel, with their reasons.

For every open campaign, `journey.marketing.budget.optimisation` evaluates every pair of channels. The pair with the
largest expected gain is proposed if it breaks no rule, the plans are updated as if it were executed, and the remaining
pairs are evaluated again. A channel that has received does not give. Money that pending actions will take is not used.

Each excluded channel is reported with the reason, and so is each campaign without a proposal.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from journey.machine.lifecycles import budget_action_lifecycle
from journey.marketing.budget.attribution_reversals import Reversal, find_reversals
from journey.marketing.budget.availability import (
    compute_available,
    describe_available,
    find_closed_campaigns,
    find_pending_pairs,
    find_serious_risks,
)
from journey.marketing.budget.channel_returns import ChannelReturn, Return, compute_channel_returns
from journey.marketing.budget.log import MarketingLog, read_log_events
from journey.marketing.budget.optimisation import AllocationOptimiser, ChannelPlan, Gain, compute_gain
from journey.marketing.budget.rules import ChannelKey, Transfer, find_objections
from journey.marketing.budget.workflow import BudgetWorkflow
from journey.marketing.core.policy import BudgetPolicy
from journey.marketing.records.model import LogEvent, ReasonCode
from journey.marketing.views.balances import ChannelBalance, read_balances
from journey.marketing.views.funnel import trust_sql
from journey.marketing.views.priorities import rank_channels

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

ACTOR = "journeylab"
"""Name of the orchestrator as an actor in the log."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed transfer.

    Attributes:
        budget_action_id: Its ID in the log; the same records give the same ID.
        campaign_id: The campaign.
        from_channel_id: The channel that gives.
        to_channel_id: The channel that receives.
        amount: Dollars.
        reason_code: One of the records' codes.
        requires_human_approval: Whether the amount requires approval by a named person.
        expected_gain: Posterior mean of the gain, in dollars of the records' revenue.
        gain_low: Lower bound of the gain's credible interval.
        gain_high: Upper bound.
        gain_probability: Probability that the gain is positive.
        reasons: Reasons as sentences.
        status: Its status in the log.
        reversed_by: Attribution methods of the report by which the transfer would lose revenue, with their figures.
    """

    budget_action_id: str
    campaign_id: str
    from_channel_id: str
    to_channel_id: str
    amount: float
    reason_code: ReasonCode
    requires_human_approval: bool
    expected_gain: float
    gain_low: float
    gain_high: float
    gain_probability: float
    reasons: tuple[str, ...]
    status: str
    reversed_by: tuple[Reversal, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The proposal as a JSON-ready mapping."""
        return asdict(self) | {"reversed_by": [asdict(each) for each in self.reversed_by]}


@dataclass(frozen=True, slots=True)
class ChannelState:
    """State of a channel before any proposal.

    Attributes:
        campaign_id: The campaign.
        channel_id: The channel.
        basis: Basis of the balance: ``opening``, ``spend`` or ``unknown``.
        available: Dollars that the channel can give, without the money of pending actions; None if unknown.
        available_note: Why it is unknown, or which pending actions hold how much more; None if there is nothing to add.
        return_per_dollar: Posterior mean; None if unknown.
        return_low: Lower bound of its credible interval.
        return_high: Upper bound.
        risks: IDs of its serious unsettled risks.
        left_out: Reason why the channel is excluded from proposals; None if it is not.
    """

    campaign_id: str
    channel_id: str
    basis: str
    available: float | None
    return_per_dollar: float | None
    return_low: float | None
    return_high: float | None
    risks: tuple[str, ...]
    left_out: str | None
    available_note: str | None = None


@dataclass(frozen=True)
class Allocation:
    """The current proposals and the state they are based on.

    Attributes:
        proposals: The proposals, by campaign in the order of selection.
        channels: State of every channel.
        decisions: Summary of the decision for each campaign.
        log: The recorded log with the proposals added.
    """

    proposals: tuple[Proposal, ...]
    channels: tuple[ChannelState, ...]
    decisions: dict[str, str]
    log: MarketingLog

    @property
    def proposal_events(self) -> list[LogEvent]:
        """The log events of these proposals."""
        keys = {proposal.budget_action_id for proposal in self.proposals}
        return [event for event in self.log.events if event.entity_id in keys]


@dataclass(frozen=True, slots=True)
class _SelectedMove:
    """A selected transfer with its expected gain, and the attribution methods that would reverse it."""

    giver: ChannelKey
    taker: ChannelKey
    amount: float
    gain: Gain
    reversals: tuple[Reversal, ...]


def compute_allocation(context: "MarketingContext") -> Allocation:
    """Compute the proposals as of the context's moment, checked by the rules and added to a copy of the log.

    The result is cached in the context; callers must not change its log.
    """
    return context.get_or_compute(_compute_allocation)


def _compute_allocation(context: "MarketingContext") -> Allocation:
    channel_balances = read_balances(context)
    serious_risks = find_serious_risks(context)
    returns = compute_channel_returns(context)
    channels = _build_channel_states(context, channel_balances, returns, serious_risks)
    log = MarketingLog(context.get_or_compute(read_log_events), context.policy)
    workflow = BudgetWorkflow(
        log,
        {(channel.campaign_id, channel.channel_id): channel.available for channel in channels},
        lambda: serious_risks,
    )
    plans = _build_plans(channel_balances, returns, channels)
    all_proposals: list[Proposal] = []
    decisions: dict[str, str] = {}
    for campaign in sorted({channel.campaign_id for channel in channel_balances}):
        unattended = sum(each.amount for each in all_proposals if not each.requires_human_approval)
        campaign_proposals = _propose(context, campaign, plans, workflow, unattended)
        all_proposals.extend(campaign_proposals)
        decisions[campaign] = _describe_decision(campaign, campaign_proposals, plans, channels)
    return Allocation(tuple(all_proposals), tuple(channels), decisions, log)


def report_proposals(context: "MarketingContext") -> list[dict[str, Any]]:
    """The proposals as JSON-ready data."""
    return [proposal.as_dict() for proposal in compute_allocation(context).proposals]


def _build_channel_states(
    context: "MarketingContext",
    channel_balances: list[ChannelBalance],
    returns: dict[ChannelKey, ChannelReturn],
    serious_risks: dict[ChannelKey, tuple[str, ...]],
) -> list[ChannelState]:
    available = compute_available(context, deduct_pending=True)
    notes = describe_available(context, deduct_pending=True)
    untrusted, closed = _find_untrusted_channels(context), find_closed_campaigns(context)
    states = []
    for balance in channel_balances:
        key = balance.campaign_id, balance.channel_id
        channel_return = returns[key].posterior if key in returns else None
        low, high = (
            (None, None) if channel_return is None else channel_return.interval(context.policy.funnel.confidence)
        )
        left_out = closed.get(balance.campaign_id) or untrusted.get(key) or _explain_missing_return(returns.get(key))
        mean = None if channel_return is None else channel_return.mean
        states.append(
            ChannelState(
                *key,
                balance.basis,
                available[key],
                mean,
                low,
                high,
                serious_risks.get(key, ()),
                left_out,
                notes.get(key),
            )
        )
    return states


def _explain_missing_return(channel_return: ChannelReturn | None) -> str | None:
    if channel_return is None:
        return "no performance is recorded: its return per dollar is unknown"
    if channel_return.counts.spend <= 0:
        return "nothing was spent: its return per dollar is undefined"
    if channel_return.counts.revenue < 0:
        return "refunds exceed its revenue: its return per dollar is not modelled"
    return (
        None
        if channel_return.posterior is not None
        else "no conversion has a recorded value: its return per dollar is unknown"
    )


def _find_untrusted_channels(context: "MarketingContext") -> dict[ChannelKey, str]:
    """Channels without a funnel count that is trusted enough, with the reason."""
    min_trust = context.policy.trust.least
    rows = context.cursor.execute(f"""
        SELECT campaign_id, channel_id FROM seen_funnel_events GROUP BY ALL
        HAVING max({trust_sql(context.policy)}) < {min_trust!r}
    """).fetchall()
    return dict.fromkeys(((row[0], row[1]) for row in rows), "the trust of its funnel counts is too low")


def _build_plans(
    channel_balances: list[ChannelBalance], returns: dict[ChannelKey, ChannelReturn], channels: list[ChannelState]
) -> dict[ChannelKey, ChannelPlan]:
    """Plans of the usable channels: final spend from the opening balance and transfers, else the spend so far."""
    plans = {}
    for balance, state in zip(channel_balances, channels, strict=True):
        key = balance.campaign_id, balance.channel_id
        channel_return = returns[key].posterior if key in returns else None
        if state.left_out is None and channel_return is not None:
            spent = returns[key].counts.spend
            planned = (balance.balance or 0.0) + (spent if balance.basis == "opening" else 0.0)
            plans[key] = ChannelPlan(channel_return, spent, max(spent, planned))
    return plans


class _CampaignOptimiser(AllocationOptimiser):
    """Finds the transfers of one recorded campaign, each with the credible interval of its gain."""

    def __init__(
        self, context: "MarketingContext", campaign: str, plans: dict[ChannelKey, ChannelPlan], workflow: BudgetWorkflow
    ):
        campaign_plans = {key: plan for key, plan in plans.items() if key[0] == campaign}
        super().__init__(campaign_plans, dict(workflow.available), context.policy.budget, self._is_permitted)
        self.context = context
        self.ranks = rank_channels(context)
        self.confidence = context.policy.funnel.confidence
        self.serious_risks = workflow.get_serious_risks()
        self.pending_pairs = find_pending_pairs(context)
        self.moves = context.cursor.execute("""
            SELECT campaign_id, from_channel_id, to_channel_id, budget_action_id, amount_text, moment::DATE
            FROM moves ORDER BY moment, budget_action_id
        """).fetchall()

    def rank(self, channel: ChannelKey) -> int:
        """Rank by the priority of the channel's most important segment."""
        return self.ranks.get(channel, len(self.context.policy.rollups.priorities))

    def select_next(self) -> _SelectedMove | None:
        """Select the best transfer, with the interval of its gain, and update the plans; None if there is none."""
        candidate = self.find_best_move()
        if candidate is None:
            return None
        sides = self.plans[candidate.giver], self.plans[candidate.taker]
        gain = compute_gain(candidate.amount, *sides, self.budget.saturation, self.confidence)
        transfer = candidate.giver, candidate.taker, candidate.amount
        reversals = find_reversals(self.context, transfer, sides)
        self.apply(candidate)
        return _SelectedMove(*transfer, gain, tuple(reversals))

    def _is_permitted(self, giver: ChannelKey, taker: ChannelKey, amount: float) -> bool:
        if {giver, taker} in self.pending_pairs:
            return False
        return not find_objections(
            Transfer("", giver[0], giver[1], taker[1], amount), self.available, self.serious_risks
        )

    def describe_opposite_moves(self, move: _SelectedMove) -> list[str]:
        """Executed transfers in the opposite direction, for the approver."""
        return [
            f"{action} moved {amount} in the opposite direction on {day.isoformat()}."
            for campaign, source, target, action, amount, day in self.moves
            if ((campaign, source), (campaign, target)) == (move.taker, move.giver)
        ]


def _propose(
    context: "MarketingContext",
    campaign: str,
    plans: dict[ChannelKey, ChannelPlan],
    workflow: BudgetWorkflow,
    unattended: float,
) -> list[Proposal]:
    """The proposals of one campaign; `unattended` are the dollars of earlier proposals that need no person."""
    if context.as_of is None:
        return []
    optimiser = _CampaignOptimiser(context, campaign, plans, workflow)
    proposals: list[Proposal] = []
    while move := optimiser.select_next():
        proposals.append(
            _build_proposal(move, optimiser, workflow, context.as_of, context.log_until or context.as_of, unattended)
        )
        # Proposals without an approval add up, like executed transfers.
        unattended += 0.0 if proposals[-1].requires_human_approval else move.amount
    return proposals


def _build_proposal(
    move: _SelectedMove,
    optimiser: _CampaignOptimiser,
    workflow: BudgetWorkflow,
    at: datetime,
    approved_at: datetime,
    unattended: float,
) -> Proposal:
    plans, budget, confidence = optimiser.plans, optimiser.budget, optimiser.confidence
    transfer = Transfer(
        f"PROP_{move.giver[0]}_{move.giver[1]}_{move.taker[1]}_{at:%Y%m%d}",
        move.giver[0], move.giver[1], move.taker[1], move.amount,
    )  # fmt: skip
    if workflow.log.status("budget_action", transfer.transfer_id) is None:
        workflow.propose(transfer, at=at, by="orchestrator", actor=ACTOR)
    approvals = workflow.log.unattended
    others = unattended + approvals.sum_of_proposer("orchestrator", ACTOR, approved_at, without=transfer.transfer_id)
    needs_approval = approvals.needs_person(move.amount, others)
    giver, taker = plans[move.giver].channel_return, plans[move.taker].channel_return
    risks = optimiser.serious_risks.get(move.giver, ())
    return Proposal(
        budget_action_id=transfer.transfer_id,
        campaign_id=transfer.campaign_id,
        from_channel_id=transfer.from_channel_id,
        to_channel_id=transfer.to_channel_id,
        amount=move.amount,
        reason_code=_choose_reason_code(move, giver, budget, is_risky=bool(risks)),
        requires_human_approval=needs_approval,
        expected_gain=move.gain.mean,
        gain_low=move.gain.low,
        gain_high=move.gain.high,
        gain_probability=move.gain.probability,
        reasons=(
            _format_return(move.taker[1], taker, confidence),
            _format_return(move.giver[1], giver, confidence),
            *((f"{move.giver[1]} has an unsettled serious risk: {', '.join(risks)}.",) if risks else ()),
            *optimiser.describe_opposite_moves(move),
            _format_gain(move.gain, budget),
            *(each.describe(move.giver[1], move.taker[1]) for each in move.reversals),
            f"{_capitalise(approvals.describe_requirement(others))}."
            if needs_approval
            else f"Amounts below {budget.approval_from:,.2f} need no approval by a person.",
        ),
        status=workflow.log.status("budget_action", transfer.transfer_id) or budget_action_lifecycle().initial[0],
        reversed_by=move.reversals,
    )


def _format_gain(gain: Gain, budget: BudgetPolicy) -> str:
    probability = f"{gain.probability:.2f}" if gain.probability <= 0.99 else "more than 0.99"
    return (
        f"Expected revenue gain: {gain.mean:,.0f} ({gain.low:,.0f} to {gain.high:,.0f}), assuming that revenue grows "
        f"with spend to the power {budget.saturation:g}; the gain is positive with probability {probability}."
    )


def _format_return(channel: str, result: Return, confidence: float) -> str:
    low, high = result.interval(confidence)
    return f"{channel} returns {result.mean:.2f} of revenue per dollar ({low:.2f} to {high:.2f})."


def _choose_reason_code(move: _SelectedMove, giver: Return, budget: BudgetPolicy, *, is_risky: bool) -> ReasonCode:
    """Reason code: the giver has a risk, the giver surely returns less than 1 per dollar, or the gain is sure."""
    if is_risky:
        return "risk_mitigation"
    if giver.quantile(budget.sure) < 1.0:
        return "stop_loss"
    return "scale_winner" if move.gain.probability >= budget.sure else "roi_optimization"


def _describe_decision(
    campaign: str, proposals: list[Proposal], plans: dict[ChannelKey, ChannelPlan], channels: list[ChannelState]
) -> str:
    if proposals:
        return f"{len(proposals)} proposed, {sum(each.amount for each in proposals):,.2f} in total."
    campaign_channels = [each for each in channels if each.campaign_id == campaign]
    usable = [each for each in campaign_channels if (campaign, each.channel_id) in plans]
    exclusions = "; ".join(_format_exclusion(each) for each in campaign_channels if each.left_out is not None)
    exclusion_text = f" Excluded: {exclusions}." if exclusions else ""
    if len(usable) < 2:
        return (
            f"Nothing is proposed: {len(usable)} of its {len(campaign_channels)} channels can be "
            f"compared.{exclusion_text}"
        )
    reason = (
        "; ".join(obstacle for each in usable for obstacle in _list_obstacles(each))
        or "no transfer has a large and probable enough gain"
    )
    return f"Nothing is proposed: {reason}.{exclusion_text}"


def _format_exclusion(channel: ChannelState) -> str:
    idle_text = f" ({channel.available:,.2f} available)" if channel.available else ""
    return f"{channel.channel_id}{idle_text}: {channel.left_out}"


def _list_obstacles(channel: ChannelState) -> list[str]:
    """Reasons why a channel cannot receive or give."""
    obstacles = []
    if channel.risks:
        verb = "is" if len(channel.risks) == 1 else "are"
        obstacles.append(f"{channel.channel_id} cannot receive money while {', '.join(channel.risks)} {verb} unsettled")
    note = "" if channel.available_note is None else f" ({channel.available_note})"
    if channel.available is None:
        obstacles.append(f"the available money of {channel.channel_id} is unknown{note}")
    elif channel.available <= 0.0:
        obstacles.append(f"{channel.channel_id} has nothing to give{note}")
    return obstacles


def _capitalise(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
