"""Return per dollar before and after each executed transfer, on both of its channels.

Only performance that is entirely before or after the transfer counts: a snapshot that spans the transfer is excluded,
and the reason says so. The difference is not a causal effect, because there is no control group.
"""

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from journey.marketing.budget.channel_returns import (
    Counts,
    Prior,
    Return,
    compute_posterior,
    compute_prior,
    compute_ratio_interval,
    read_counts_by_channel,
    sum_counts,
)
from journey.marketing.core.policy import MarketingPolicy
from journey.records.database import literal

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

Verdict = Literal["rose", "fell", "no_difference_shown", "cannot_tell"]
Role = Literal["gave", "received"]

_INTERVAL_START = "coalesce(i.since, e.start_date)"


@dataclass(frozen=True, slots=True)
class ChannelImpact:
    """A channel before and after a transfer.

    Attributes:
        channel_id: The channel.
        role: Whether the channel gave or received the money.
        before: Posterior mean of the return per dollar before the transfer; None if there are too few data.
        before_low: Lower bound of its credible interval.
        before_high: Upper bound.
        after: Posterior mean of the return per dollar after the transfer; None if there are too few data.
        after_low: Lower bound of its credible interval.
        after_high: Upper bound.
        ratio: Posterior median of the return after divided by that before.
        ratio_low: Lower bound of its credible interval.
        ratio_high: Upper bound.
        verdict: Direction of the change, if the interval of the ratio excludes 1.
        reason: The verdict in words.
    """

    channel_id: str
    role: Role
    before: float | None
    before_low: float | None
    before_high: float | None
    after: float | None
    after_low: float | None
    after_high: float | None
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    verdict: Verdict = "cannot_tell"
    reason: str = ""


def report_impact(context: "MarketingContext") -> list[dict[str, Any]]:
    """Every executed transfer between two channels, by time, with both channels before and after, JSON-ready."""
    rows = context.cursor.execute("""
        SELECT budget_action_id, campaign_id, from_channel_id, to_channel_id, amount, amount_text, moment
        FROM moves ORDER BY moment, budget_action_id
    """).fetchall()
    roles: tuple[Role, Role] = ("gave", "received")
    prior = compute_prior(sum_counts(context.get_or_compute(read_counts_by_channel)))
    transfers = []
    for action, campaign, source, target, amount, amount_text, moment in rows:
        moment_sql = f"{literal(moment.isoformat(sep=' '))}::TIMESTAMP"
        before = read_counts_by_channel(context, f"i.timestamp <= {moment_sql}")
        after = read_counts_by_channel(context, f"{_INTERVAL_START} >= {moment_sql}")
        spanning = read_counts_by_channel(
            context, f"i.timestamp > {moment_sql} AND ({_INTERVAL_START} < {moment_sql} OR {_INTERVAL_START} IS NULL)"
        )
        impacts = [
            compare_channel(channel, role, before.get((campaign, channel)), after.get((campaign, channel)), prior,
                    context.policy, is_spanned=(campaign, channel) in spanning)
            for channel, role in zip((source, target), roles, strict=True)
        ]  # fmt: skip
        transfers.append(
            {
                "budget_action_id": action,
                "campaign_id": campaign,
                "amount": amount,
                "moved_at": moment.isoformat(),
                "channels": [asdict(side) for side in impacts],
                "message": " ".join(f"{side.channel_id} {side.role} {amount_text}: {side.reason}" for side in impacts),
            }
        )
    return transfers


def compare_channel(
    channel: str,
    role: Role,
    before: Counts | None,
    after: Counts | None,
    prior: Prior | None,
    policy: MarketingPolicy,
    *,
    is_spanned: bool,
) -> ChannelImpact:
    """Compare the return per dollar of one channel before and after a transfer.

    Args:
        channel: The channel.
        role: Whether the channel gave or received the money.
        before: Performance before the transfer; None if nothing is recorded.
        after: Performance after the transfer; None if nothing is recorded.
        prior: Company-wide prior; None if no conversion has a value.
        policy: The minimum number of clicks and the confidence of the intervals.
        is_spanned: Whether a snapshot spans the transfer.
    """
    confidence = policy.funnel.confidence
    return_before, return_after = (_compute_return(counts, prior, policy) for counts in (before, after))
    impact = ChannelImpact(
        channel, role, *_summarise_return(return_before, confidence), *_summarise_return(return_after, confidence)
    )
    if return_before is None or return_after is None:
        return replace(impact, reason=_explain_missing(before, after, prior, policy, is_spanned=is_spanned))
    low, high = compute_ratio_interval(return_before, return_after, confidence)
    verdict: Verdict = "rose" if low > 1.0 else "fell" if high < 1.0 else "no_difference_shown"
    reason = (
        f"{return_before.mean:.2f} per dollar before, {return_after.mean:.2f} after ({low:.2f} to {high:.2f} times): "
        + {"rose": "it rose.", "fell": "it fell.", "no_difference_shown": "no significant difference."}[verdict]
    )
    ratio = return_after.quantile(0.5) / return_before.quantile(0.5)
    return replace(impact, ratio=ratio, ratio_low=low, ratio_high=high, verdict=verdict, reason=reason)


def _summarise_return(
    channel_return: Return | None, confidence: float
) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if channel_return is None else (channel_return.mean, *channel_return.interval(confidence))


def _compute_return(counts: Counts | None, prior: Prior | None, policy: MarketingPolicy) -> Return | None:
    if counts is None or prior is None or counts.clicks < policy.budget.least_clicks:
        return None
    return compute_posterior(counts, prior, policy.budget)


def _explain_missing(
    before: Counts | None, after: Counts | None, prior: Prior | None, policy: MarketingPolicy, *, is_spanned: bool
) -> str:
    if prior is None:
        return "unknown: no conversion has a recorded value."
    parts = [
        f"{_describe_shortfall(counts, policy)} {when}"
        for counts, when in ((before, "before the transfer"), (after, "after it"))
        if _compute_return(counts, prior, policy) is None
    ]
    spanning_note = "; a snapshot spans the transfer and covers both periods" if is_spanned else ""
    return f"unknown: {', '.join(parts)}{spanning_note}."


def _describe_shortfall(counts: Counts | None, policy: MarketingPolicy) -> str:
    if counts is None:
        return "no performance is recorded"
    if counts.clicks < policy.budget.least_clicks:
        return f"only {counts.clicks:.0f} clicks"
    return "refunds exceed the revenue" if counts.revenue < 0 else "nothing was spent"
