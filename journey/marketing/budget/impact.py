"""What a dollar brought before and after each executed move of money, on both of its channels.

Only what certainly lies on one side counts: a snapshot that reaches across the move holds both and is left out, and
said so. A difference is not the move's effect: nobody ran both.
"""

from dataclasses import asdict, dataclass, replace
from math import exp, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

from journey.marketing.budget.channel_returns import (
    Counts,
    Prior,
    Return,
    counts_by_channel,
    posterior,
    prior_of,
    together,
)
from journey.marketing.core.policy import MarketingPolicy
from journey.records.database import literal

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

Verdict = Literal["rose", "fell", "no_difference_shown", "cannot_tell"]
Role = Literal["gave", "received"]

_BEGAN = "coalesce(i.since, e.start_date)"


@dataclass(frozen=True, slots=True)
class Side:
    """A channel before and after a move.

    Attributes:
        channel_id: The channel.
        role: Whether it gave or received.
        before: Return per dollar before, by its posterior mean; None where it cannot be told.
        before_low: Lower bound of its interval.
        before_high: Upper bound.
        after: The same after.
        after_low: Lower bound.
        after_high: Upper bound.
        ratio: After over before, its median.
        ratio_low: Lower bound of its interval.
        ratio_high: Upper bound.
        verdict: What that shows.
        reason: Why it shows that.
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


def before_after(context: "MarketingContext") -> list[dict[str, Any]]:
    """Every executed move with its channels before and after, by moment; moves to the same channel move nothing."""
    rows = context.cursor.execute("""
        SELECT budget_action_id, campaign_id, from_channel_id, to_channel_id, amount, moment FROM moves
        ORDER BY moment, budget_action_id
    """).fetchall()
    roles: tuple[Role, Role] = ("gave", "received")
    prior = prior_of(together(counts_by_channel(context)))
    found = []
    for action, campaign, source, target, amount, moment in rows:
        at = f"{literal(moment.isoformat(sep=' '))}::TIMESTAMP"
        early = counts_by_channel(context, f"i.timestamp <= {at}")
        late = counts_by_channel(context, f"{_BEGAN} >= {at}")
        across = counts_by_channel(context, f"i.timestamp > {at} AND ({_BEGAN} < {at} OR {_BEGAN} IS NULL)")
        sides = [
            compare(channel, role, early.get((campaign, channel)), late.get((campaign, channel)), prior,
                    context.policy, spanned=(campaign, channel) in across)
            for channel, role in zip((source, target), roles, strict=True)
        ]  # fmt: skip
        found.append(
            {
                "budget_action_id": action,
                "campaign_id": campaign,
                "amount": amount,
                "moved_at": moment.isoformat(),
                "channels": [asdict(side) for side in sides],
                "message": " ".join(f"{side.channel_id} {side.role} {amount:.2f}: {side.reason}" for side in sides),
            }
        )
    return found


def compare(
    channel: str,
    role: Role,
    early: Counts | None,
    late: Counts | None,
    prior: Prior | None,
    policy: MarketingPolicy,
    *,
    spanned: bool,
) -> Side:
    """One channel before and after.

    Args:
        channel: The channel.
        role: Whether it gave or received.
        early: What it did before; None when nothing is recorded.
        late: What it did after.
        prior: Of the company; None where dollars mean nothing.
        policy: What is too thin, and the confidence of intervals.
        spanned: Whether a snapshot reaches across the move.
    """
    confidence = policy.funnel.confidence
    first, last = (_judged(counts, prior, policy) for counts in (early, late))
    side = Side(channel, role, *_bounds(first, confidence), *_bounds(last, confidence))
    if first is None or last is None:
        return replace(side, reason=_why_not(early, late, prior, policy, spanned=spanned))
    middle = last.log_median - first.log_median
    half = NormalDist().inv_cdf(0.5 + confidence / 2.0) * sqrt(first.spread**2 + last.spread**2)
    low, high = exp(middle - half), exp(middle + half)
    verdict: Verdict = "rose" if low > 1.0 else "fell" if high < 1.0 else "no_difference_shown"
    reason = (
        f"{first.mean:.2f} per dollar before, {last.mean:.2f} after ({low:.2f} to {high:.2f} times): "
        + {"rose": "it rose.", "fell": "it fell.", "no_difference_shown": "no difference is shown."}[verdict]
    )
    return replace(side, ratio=exp(middle), ratio_low=low, ratio_high=high, verdict=verdict, reason=reason)


def _bounds(found: Return | None, confidence: float) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if found is None else (found.mean, *found.interval(confidence))


def _judged(counts: Counts | None, prior: Prior | None, policy: MarketingPolicy) -> Return | None:
    if counts is None or prior is None or counts.clicks < policy.budget.least_clicks:
        return None
    return posterior(counts, prior, policy.budget)


def _why_not(
    early: Counts | None, late: Counts | None, prior: Prior | None, policy: MarketingPolicy, *, spanned: bool
) -> str:
    if prior is None:
        return "cannot tell: no conversion has a value."
    parts = [
        f"{_lack(counts, policy)} {when}"
        for counts, when in ((early, "before it"), (late, "after it"))
        if _judged(counts, prior, policy) is None
    ]
    held = "; a snapshot reaches across the move and holds both sides" if spanned else ""
    return f"cannot tell: {', '.join(parts)}{held}."


def _lack(counts: Counts | None, policy: MarketingPolicy) -> str:
    if counts is None:
        return "no performance is recorded"
    if counts.clicks < policy.budget.least_clicks:
        return f"only {counts.clicks:.0f} clicks"
    return "nothing was spent"
