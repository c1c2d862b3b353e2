"""Which money should move: proposals by posterior return per dollar, held to the rules, each with its reasons.

For every campaign whose money may move, every pair of channels is weighed by `journey.marketing.budget.optimise`; the
pair with the largest expected gain is proposed, plans and balances are changed as if it were done, and the rest is
weighed again. A channel that has received does not give. Money that recorded actions still wait to take is not given
again.

A channel that is left out is said so, with the reason: no proposal is a decision too.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from journey.machine.lifecycles import budget_action_lifecycle
from journey.marketing.budget.channel_returns import ChannelReturn, Return, channel_returns
from journey.marketing.budget.governance import log_events
from journey.marketing.budget.log import MarketingLog
from journey.marketing.budget.optimise import ChannelPlan, Gain, Weighing, gain_of
from journey.marketing.budget.rules import BudgetDesk, Key, Transfer, objections
from journey.marketing.core.policy import BudgetPolicy
from journey.marketing.records.model import LogEvent, ReasonCode
from journey.marketing.risks.inbox import risk_inbox, serious_by_channel
from journey.marketing.views.balances import ChannelBalance, balances
from journey.marketing.views.funnel import trust_of

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
    def entered(self) -> list[LogEvent]:
        """The log's entries of these proposals."""
        keys = {proposal.budget_action_id for proposal in self.proposals}
        return [event for event in self.log.events if event.entity_id in keys]


@dataclass(frozen=True, slots=True)
class _Pair:
    """A move that was weighed."""

    giver: Key
    taker: Key
    amount: float
    gain: Gain


def allocation(context: "MarketingContext") -> Allocation:
    """Proposals as of the context's moment, entered in the log and checked by `journey.marketing.budget.rules`.

    One context has one allocation; its log is for reading.
    """
    return context.once(_allocated)


def _allocated(context: "MarketingContext") -> Allocation:
    there = balances(context)
    keys = [(each.campaign_id, each.channel_id) for each in there]
    risky = serious_by_channel(risk_inbox(context), keys)
    returns = channel_returns(context)
    channels = _channels(context, there, returns, risky)
    log = MarketingLog(log_events(context), context.policy)
    desk = BudgetDesk(log, {(each.campaign_id, each.channel_id): each.available for each in channels}, lambda: risky)
    plans = _plans(there, returns, channels)
    made: list[Proposal] = []
    decisions: dict[str, str] = {}
    for campaign in sorted({key[0] for key in keys}):
        found = _propose(context, campaign, plans, desk)
        made.extend(found)
        decisions[campaign] = _decision(campaign, found, plans, channels)
    return Allocation(tuple(made), tuple(channels), decisions, log)


def proposals(context: "MarketingContext") -> list[dict[str, Any]]:
    """The proposals as JSON-ready data."""
    return [proposal.as_dict() for proposal in allocation(context).proposals]


def _channels(
    context: "MarketingContext",
    there: list[ChannelBalance],
    returns: dict[Key, ChannelReturn],
    risky: dict[Key, tuple[str, ...]],
) -> list[ChannelState]:
    waiting, doubted, closed = waiting_by_channel(context), _doubted(context), closed_campaigns(context)
    found = []
    for each in there:
        key = each.campaign_id, each.channel_id
        result = returns[key].posterior if key in returns else None
        low, high = (None, None) if result is None else result.interval(context.policy.funnel.confidence)
        available = None if each.balance is None else round(max(0.0, each.balance - waiting.get(key, 0.0)), 2)
        left_out = closed.get(each.campaign_id) or doubted.get(key) or _no_return(returns.get(key))
        mean = None if result is None else result.mean
        found.append(ChannelState(*key, each.basis, available, mean, low, high, risky.get(key, ()), left_out))
    return found


def _no_return(found: ChannelReturn | None) -> str | None:
    if found is None:
        return "nothing was shown there: what a dollar brings is unknown"
    if found.counts.spend <= 0:
        return "nothing was spent there: there is no return per dollar"
    return None if found.posterior is not None else "no conversion has a value: what a dollar brings is unknown"


def waiting_by_channel(context: "MarketingContext") -> dict[Key, float]:
    """Dollars that recorded actions wait to take."""
    rows = context.cursor.execute("""
        SELECT campaign_id, from_channel_id, sum(amount) FROM seen_budget_actions
        WHERE status IN ('proposed', 'approved') AND from_channel_id <> to_channel_id GROUP BY ALL
    """).fetchall()
    return {(row[0], row[1]): float(row[2]) for row in rows}


def _waiting_pairs(context: "MarketingContext") -> list[set[Key]]:
    """Channels between which a recorded action waits, either way: it is to be decided before another is proposed."""
    rows = context.cursor.execute("""
        SELECT DISTINCT campaign_id, from_channel_id, to_channel_id FROM seen_budget_actions
        WHERE status IN ('proposed', 'approved') AND from_channel_id <> to_channel_id
    """).fetchall()
    return [{(campaign, source), (campaign, target)} for campaign, source, target in rows]


def _doubted(context: "MarketingContext") -> dict[Key, str]:
    """Channels whose people were counted only by counts that are trusted too little."""
    least = context.policy.trust.least
    rows = context.cursor.execute(f"""
        SELECT campaign_id, channel_id FROM seen_funnel_events GROUP BY ALL
        HAVING max({trust_of(context.policy)}) < {least!r}
    """).fetchall()
    return dict.fromkeys(((row[0], row[1]) for row in rows), "its funnel counts are trusted too little")


def closed_campaigns(context: "MarketingContext") -> dict[str, str]:
    """Campaigns in which no money is moved, and why."""
    found: dict[str, str] = {}
    rows = context.cursor.execute(
        f"SELECT campaign_id, status, end_date::DATE, end_date::DATE < {context.now}::DATE FROM seen_campaigns"
    )
    for campaign, status, end, over in rows.fetchall():
        if status is not None and status not in context.policy.budget.active:
            found[campaign] = f"the campaign is {status}"
        elif over:
            found[campaign] = f"the campaign ended on {end.isoformat()}"
    return found


def _plans(
    there: list[ChannelBalance], returns: dict[Key, ChannelReturn], channels: list[ChannelState]
) -> dict[Key, ChannelPlan]:
    """What each channel will have spent if nothing is moved: its opening and moves, else as much as it has spent."""
    found = {}
    for each, state in zip(there, channels, strict=True):
        key = each.campaign_id, each.channel_id
        result = returns[key].posterior if key in returns else None
        if state.left_out is None and result is not None:
            spent = returns[key].counts.spend
            planned = (each.balance or 0.0) + (spent if each.basis == "opening" else 0.0)
            found[key] = ChannelPlan(result, spent, max(spent, planned))
    return found


class _Weighing(Weighing):
    """The moves of one campaign of the records, each with what its expected gain is worth."""

    def __init__(self, context: "MarketingContext", campaign: str, plans: dict[Key, ChannelPlan], desk: BudgetDesk):
        mine = {key: plan for key, plan in plans.items() if key[0] == campaign}
        super().__init__(mine, dict(desk.available), context.policy.budget, self._may)
        self.confidence = context.policy.funnel.confidence
        self.risky = desk.risky()
        self.waiting = _waiting_pairs(context)
        self.moves = context.cursor.execute("""
            SELECT campaign_id, from_channel_id, to_channel_id, budget_action_id, amount, moment::DATE FROM moves
            ORDER BY moment, budget_action_id
        """).fetchall()

    def next_pair(self) -> _Pair | None:
        """The best move, with the interval of its gain."""
        found = self.best()
        if found is None:
            return None
        sides = self.plans[found.giver], self.plans[found.taker]
        gain = gain_of(found.amount, *sides, self.budget.saturation, self.confidence)
        self.take(found)
        return _Pair(found.giver, found.taker, found.amount, gain)

    def _may(self, giver: Key, taker: Key, amount: float) -> bool:
        if {giver, taker} in self.waiting:
            return False
        return not objections(Transfer("", giver[0], giver[1], taker[1], amount), self.left, self.risky)

    def moved_back(self, pair: _Pair) -> list[str]:
        """Executed moves that went the other way, which whoever approves should know."""
        return [
            f"{action} brought {amount:,.2f} the other way on {day.isoformat()}."
            for campaign, source, target, action, amount, day in self.moves
            if ((campaign, source), (campaign, target)) == (pair.taker, pair.giver)
        ]


def _propose(
    context: "MarketingContext", campaign: str, plans: dict[Key, ChannelPlan], desk: BudgetDesk
) -> list[Proposal]:
    if context.as_of is None:
        return []
    weighing = _Weighing(context, campaign, plans, desk)
    made: list[Proposal] = []
    while pair := weighing.next_pair():
        made.append(_written(pair, weighing, desk, context.as_of))
    return made


def _written(pair: _Pair, weighing: _Weighing, desk: BudgetDesk, at: datetime) -> Proposal:
    plans, budget, confidence = weighing.plans, weighing.budget, weighing.confidence
    transfer = Transfer(
        f"PROP_{pair.giver[0]}_{pair.giver[1]}_{pair.taker[1]}_{at:%Y%m%d}",
        pair.giver[0], pair.giver[1], pair.taker[1], pair.amount,
    )  # fmt: skip
    if desk.log.status("budget_action", transfer.transfer_id) is None:
        desk.propose(transfer, at=at, by="orchestrator", actor=ACTOR)
    needs = pair.amount >= budget.approval_from
    giver, taker = plans[pair.giver].result, plans[pair.taker].result
    risks = weighing.risky.get(pair.giver, ())
    return Proposal(
        budget_action_id=transfer.transfer_id,
        campaign_id=transfer.campaign_id,
        from_channel_id=transfer.from_channel_id,
        to_channel_id=transfer.to_channel_id,
        amount=pair.amount,
        reason_code=_code(pair, giver, budget, risky=bool(risks)),
        requires_human_approval=needs,
        expected_gain=pair.gain.mean,
        gain_low=pair.gain.low,
        gain_high=pair.gain.high,
        gain_probability=pair.gain.probability,
        reasons=(
            _per_dollar(pair.taker[1], taker, confidence),
            _per_dollar(pair.giver[1], giver, confidence),
            *((f"{pair.giver[1]} has a serious risk that is not settled: {', '.join(risks)}.",) if risks else ()),
            *weighing.moved_back(pair),
            _expected(pair.gain, budget),
            f"From {budget.approval_from:,.2f} on a person must approve."
            if needs
            else f"Below {budget.approval_from:,.2f} no person needs to approve.",
        ),
        status=desk.log.status("budget_action", transfer.transfer_id) or budget_action_lifecycle().initial[0],
    )


def _expected(gain: Gain, budget: BudgetPolicy) -> str:
    sure = f"{gain.probability:.2f}" if gain.probability <= 0.99 else "more than 0.99"
    return (
        f"Expected gain {gain.mean:,.0f} in revenue ({gain.low:,.0f} to {gain.high:,.0f}), if returns diminish with "
        f"the power {budget.saturation:g} of spend; it gains with probability {sure}."
    )


def _per_dollar(channel: str, result: Return, confidence: float) -> str:
    low, high = result.interval(confidence)
    return f"{channel} brings {result.mean:.2f} of revenue per dollar ({low:.2f} to {high:.2f})."


def _code(pair: _Pair, giver: Return, budget: BudgetPolicy, *, risky: bool) -> ReasonCode:
    """Why, as a code: away from a risk, out of a loss (a dollar surely brings less than itself), to a sure winner."""
    if risky:
        return "risk_mitigation"
    if giver.quantile(budget.sure) < 1.0:
        return "stop_loss"
    return "scale_winner" if pair.gain.probability >= budget.sure else "roi_optimization"


def _decision(campaign: str, made: list[Proposal], plans: dict[Key, ChannelPlan], channels: list[ChannelState]) -> str:
    if made:
        return f"{len(made)} proposed, {sum(each.amount for each in made):,.2f} in all."
    mine = [each for each in channels if each.campaign_id == campaign]
    usable = [each for each in mine if (campaign, each.channel_id) in plans]
    out = "; ".join(_left_out(each) for each in mine if each.left_out is not None)
    told = f" Left out: {out}." if out else ""
    if len(usable) < 2:
        return f"Nothing is proposed: {len(usable)} of its {len(mine)} channels can be compared.{told}"
    why = "; ".join(said for each in usable for said in _barred(each)) or "no move gains enough, surely enough"
    return f"Nothing is proposed: {why}.{told}"


def _left_out(channel: ChannelState) -> str:
    idle = f" ({channel.available:,.2f} lie there)" if channel.available else ""
    return f"{channel.channel_id}{idle}: {channel.left_out}"


def _barred(channel: ChannelState) -> list[str]:
    """What keeps a channel from receiving or giving."""
    found = []
    if channel.risks:
        are = "is" if len(channel.risks) == 1 else "are"
        found.append(f"{channel.channel_id} may receive nothing while {', '.join(channel.risks)} {are} not settled")
    if channel.available is None:
        found.append(f"what {channel.channel_id} has to give is unknown")
    elif channel.available <= 0.0:
        found.append(f"{channel.channel_id} has nothing to give")
    return found
