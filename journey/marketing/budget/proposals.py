"""Which money should move: proposals by posterior return per dollar, held to the rules, each with its reasons.

For every campaign whose money may move, every pair of channels is weighed by `journey.marketing.budget.optimisation`;
the pair with the largest expected gain is proposed, plans and balances are changed as if it were done, and the rest is
weighed again. A channel that has received does not give. Money that recorded actions still wait to take is not given
again.

A channel that is left out is said so, with the reason: no proposal is a decision too.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from journey.machine.lifecycles import budget_action_lifecycle
from journey.marketing.budget.channel_returns import ChannelReturn, Return, compute_channel_returns
from journey.marketing.budget.constraints import (
    compute_available,
    find_closed_campaigns,
    find_pending_pairs,
    find_serious_risks,
)
from journey.marketing.budget.log import MarketingLog, read_log_events
from journey.marketing.budget.optimisation import AllocationOptimiser, ChannelPlan, Gain, compute_gain
from journey.marketing.budget.rules import ChannelKey, Transfer, find_objections
from journey.marketing.budget.workflow import BudgetWorkflow
from journey.marketing.core.policy import BudgetPolicy
from journey.marketing.records.model import LogEvent, ReasonCode
from journey.marketing.views.balances import ChannelBalance, read_balances
from journey.marketing.views.funnel import trust_sql

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

ACTOR = "journeylab"
"""Who proposes, in the log."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A move of money that waits for approval.

    Attributes:
        budget_action_id: Its key in the log; the same records give the same.
        campaign_id: The campaign.
        from_channel_id: Where the money is taken.
        to_channel_id: Where it goes.
        amount: Dollars.
        reason_code: One of the records' codes.
        requires_human_approval: Whether its amount needs a named person's approval.
        expected_gain: Dollars of the records' revenue, by the posterior mean.
        gain_low: Lower bound of the gain's credible interval.
        gain_high: Upper bound.
        gain_probability: That it gains anything.
        reasons: Why, for a person.
        status: Where it stands: nothing is approved here.
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

    def as_dict(self) -> dict[str, Any]:
        """The proposal as a JSON-ready mapping."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What is known about a channel before anything is proposed.

    Attributes:
        campaign_id: The campaign.
        channel_id: The channel.
        basis: What the balance rests on: ``opening``, ``spend`` or ``unknown``.
        available: Dollars it has to give, less what recorded actions wait to take; None when unknown.
        return_per_dollar: Posterior mean; None when it cannot be told.
        return_low: Lower bound of its credible interval.
        return_high: Upper bound.
        risks: Keys of its serious unsettled risks.
        left_out: Why it takes part in no proposal; None where it may.
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


@dataclass(frozen=True)
class Allocation:
    """Everything about moving money as things stand.

    Attributes:
        proposals: What is proposed, in the order in which it was found worth most.
        channels: Every channel, and why it is left out.
        decisions: Per campaign, what was decided and why.
        log: The recorded log with the proposals entered.
    """

    proposals: tuple[Proposal, ...]
    channels: tuple[ChannelState, ...]
    decisions: dict[str, str]
    log: MarketingLog

    @property
    def proposal_events(self) -> list[LogEvent]:
        """The log's entries of these proposals."""
        keys = {proposal.budget_action_id for proposal in self.proposals}
        return [event for event in self.log.events if event.entity_id in keys]


@dataclass(frozen=True, slots=True)
class _SelectedMove:
    """A move that was weighed."""

    giver: ChannelKey
    taker: ChannelKey
    amount: float
    gain: Gain


def compute_allocation(context: "MarketingContext") -> Allocation:
    """Proposals as of the context's moment, entered in the log and checked by `journey.marketing.budget.rules`.

    One context has one allocation; its log is for reading.
    """
    return context.get_or_compute(_compute_allocation)


def _compute_allocation(context: "MarketingContext") -> Allocation:
    channel_balances = read_balances(context)
    serious_risks = find_serious_risks(context)
    returns = compute_channel_returns(context)
    channels = _build_channel_states(context, channel_balances, returns, serious_risks)
    log = MarketingLog(read_log_events(context), context.policy)
    workflow = BudgetWorkflow(
        log,
        {(channel.campaign_id, channel.channel_id): channel.available for channel in channels},
        lambda: serious_risks,
    )
    plans = _build_plans(channel_balances, returns, channels)
    all_proposals: list[Proposal] = []
    decisions: dict[str, str] = {}
    for campaign in sorted({channel.campaign_id for channel in channel_balances}):
        campaign_proposals = _propose(context, campaign, plans, workflow)
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
    untrusted, closed = _find_untrusted_channels(context), find_closed_campaigns(context)
    found = []
    for balance in channel_balances:
        key = balance.campaign_id, balance.channel_id
        channel_return = returns[key].posterior if key in returns else None
        low, high = (
            (None, None) if channel_return is None else channel_return.interval(context.policy.funnel.confidence)
        )
        left_out = closed.get(balance.campaign_id) or untrusted.get(key) or _explain_missing_return(returns.get(key))
        mean = None if channel_return is None else channel_return.mean
        found.append(
            ChannelState(*key, balance.basis, available[key], mean, low, high, serious_risks.get(key, ()), left_out)
        )
    return found


def _explain_missing_return(channel_return: ChannelReturn | None) -> str | None:
    if channel_return is None:
        return "nothing was shown there: what a dollar brings is unknown"
    if channel_return.counts.spend <= 0:
        return "nothing was spent there: there is no return per dollar"
    return (
        None if channel_return.posterior is not None else "no conversion has a value: what a dollar brings is unknown"
    )


def _find_untrusted_channels(context: "MarketingContext") -> dict[ChannelKey, str]:
    """Channels whose people were counted only by counts that are trusted too little."""
    min_trust = context.policy.trust.least
    rows = context.cursor.execute(f"""
        SELECT campaign_id, channel_id FROM seen_funnel_events GROUP BY ALL
        HAVING max({trust_sql(context.policy)}) < {min_trust!r}
    """).fetchall()
    return dict.fromkeys(((row[0], row[1]) for row in rows), "its funnel counts are trusted too little")


def _build_plans(
    channel_balances: list[ChannelBalance], returns: dict[ChannelKey, ChannelReturn], channels: list[ChannelState]
) -> dict[ChannelKey, ChannelPlan]:
    """What each channel will have spent if nothing is moved: its opening and moves, else as much as it has spent."""
    found = {}
    for balance, state in zip(channel_balances, channels, strict=True):
        key = balance.campaign_id, balance.channel_id
        channel_return = returns[key].posterior if key in returns else None
        if state.left_out is None and channel_return is not None:
            spent = returns[key].counts.spend
            planned = (balance.balance or 0.0) + (spent if balance.basis == "opening" else 0.0)
            found[key] = ChannelPlan(channel_return, spent, max(spent, planned))
    return found


class _CampaignOptimiser(AllocationOptimiser):
    """The moves of one campaign of the records, each with what its expected gain is worth."""

    def __init__(
        self, context: "MarketingContext", campaign: str, plans: dict[ChannelKey, ChannelPlan], workflow: BudgetWorkflow
    ):
        campaign_plans = {key: plan for key, plan in plans.items() if key[0] == campaign}
        super().__init__(campaign_plans, dict(workflow.available), context.policy.budget, self._is_permitted)
        self.confidence = context.policy.funnel.confidence
        self.risky = workflow.risky()
        self.pending_pairs = find_pending_pairs(context)
        self.moves = context.cursor.execute("""
            SELECT campaign_id, from_channel_id, to_channel_id, budget_action_id, amount, moment::DATE FROM moves
            ORDER BY moment, budget_action_id
        """).fetchall()

    def select_next(self) -> _SelectedMove | None:
        """The best move, with the interval of its gain."""
        candidate = self.find_best_move()
        if candidate is None:
            return None
        sides = self.plans[candidate.giver], self.plans[candidate.taker]
        gain = compute_gain(candidate.amount, *sides, self.budget.saturation, self.confidence)
        self.apply(candidate)
        return _SelectedMove(candidate.giver, candidate.taker, candidate.amount, gain)

    def _is_permitted(self, giver: ChannelKey, taker: ChannelKey, amount: float) -> bool:
        if {giver, taker} in self.pending_pairs:
            return False
        return not find_objections(Transfer("", giver[0], giver[1], taker[1], amount), self.available, self.risky)

    def describe_opposite_moves(self, move: _SelectedMove) -> list[str]:
        """Executed moves that went the other way, which whoever approves should know."""
        return [
            f"{action} brought {amount:,.2f} the other way on {day.isoformat()}."
            for campaign, source, target, action, amount, day in self.moves
            if ((campaign, source), (campaign, target)) == (move.taker, move.giver)
        ]


def _propose(
    context: "MarketingContext", campaign: str, plans: dict[ChannelKey, ChannelPlan], workflow: BudgetWorkflow
) -> list[Proposal]:
    if context.as_of is None:
        return []
    optimiser = _CampaignOptimiser(context, campaign, plans, workflow)
    proposals: list[Proposal] = []
    while move := optimiser.select_next():
        proposals.append(_build_proposal(move, optimiser, workflow, context.as_of))
    return proposals


def _build_proposal(
    move: _SelectedMove, optimiser: _CampaignOptimiser, workflow: BudgetWorkflow, at: datetime
) -> Proposal:
    plans, budget, confidence = optimiser.plans, optimiser.budget, optimiser.confidence
    transfer = Transfer(
        f"PROP_{move.giver[0]}_{move.giver[1]}_{move.taker[1]}_{at:%Y%m%d}",
        move.giver[0], move.giver[1], move.taker[1], move.amount,
    )  # fmt: skip
    if workflow.log.status("budget_action", transfer.transfer_id) is None:
        workflow.propose(transfer, at=at, by="orchestrator", actor=ACTOR)
    needs_approval = move.amount >= budget.approval_from
    giver, taker = plans[move.giver].channel_return, plans[move.taker].channel_return
    risks = optimiser.risky.get(move.giver, ())
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
            *((f"{move.giver[1]} has a serious risk that is not settled: {', '.join(risks)}.",) if risks else ()),
            *optimiser.describe_opposite_moves(move),
            _format_gain(move.gain, budget),
            f"From {budget.approval_from:,.2f} on a person must approve."
            if needs_approval
            else f"Below {budget.approval_from:,.2f} no person needs to approve.",
        ),
        status=workflow.log.status("budget_action", transfer.transfer_id) or budget_action_lifecycle().initial[0],
    )


def _format_gain(gain: Gain, budget: BudgetPolicy) -> str:
    probability = f"{gain.probability:.2f}" if gain.probability <= 0.99 else "more than 0.99"
    return (
        f"Expected gain {gain.mean:,.0f} in revenue ({gain.low:,.0f} to {gain.high:,.0f}), if returns diminish with "
        f"the power {budget.saturation:g} of spend; it gains with probability {probability}."
    )


def _format_return(channel: str, result: Return, confidence: float) -> str:
    low, high = result.interval(confidence)
    return f"{channel} brings {result.mean:.2f} of revenue per dollar ({low:.2f} to {high:.2f})."


def _choose_reason_code(move: _SelectedMove, giver: Return, budget: BudgetPolicy, *, is_risky: bool) -> ReasonCode:
    """Why, as a code: away from a risk, out of a loss (a dollar surely brings less than itself), to a sure winner."""
    if is_risky:
        return "risk_mitigation"
    if giver.quantile(budget.sure) < 1.0:
        return "stop_loss"
    return "scale_winner" if move.gain.probability >= budget.sure else "roi_optimization"


def _describe_decision(
    campaign: str, proposals: list[Proposal], plans: dict[ChannelKey, ChannelPlan], channels: list[ChannelState]
) -> str:
    if proposals:
        return f"{len(proposals)} proposed, {sum(each.amount for each in proposals):,.2f} in all."
    campaign_channels = [each for each in channels if each.campaign_id == campaign]
    usable = [each for each in campaign_channels if (campaign, each.channel_id) in plans]
    exclusions = "; ".join(_format_exclusion(each) for each in campaign_channels if each.left_out is not None)
    exclusion_text = f" Left out: {exclusions}." if exclusions else ""
    if len(usable) < 2:
        return (
            f"Nothing is proposed: {len(usable)} of its {len(campaign_channels)} channels can be "
            f"compared.{exclusion_text}"
        )
    reason = (
        "; ".join(obstacle for each in usable for obstacle in _list_obstacles(each))
        or "no move gains enough, surely enough"
    )
    return f"Nothing is proposed: {reason}.{exclusion_text}"


def _format_exclusion(channel: ChannelState) -> str:
    idle_text = f" ({channel.available:,.2f} lie there)" if channel.available else ""
    return f"{channel.channel_id}{idle_text}: {channel.left_out}"


def _list_obstacles(channel: ChannelState) -> list[str]:
    """What keeps a channel from receiving or giving."""
    found = []
    if channel.risks:
        verb = "is" if len(channel.risks) == 1 else "are"
        found.append(f"{channel.channel_id} may receive nothing while {', '.join(channel.risks)} {verb} not settled")
    if channel.available is None:
        found.append(f"what {channel.channel_id} has to give is unknown")
    elif channel.available <= 0.0:
        found.append(f"{channel.channel_id} has nothing to give")
    return found
