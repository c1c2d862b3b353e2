"""Attribution: which channel had what part in the conversions, by each way of counting on its own.

Two bases, never mixed: **hints**, which somebody recorded with the name of their method, and **paths**, from which the
four methods of `journey.marketing.analysis.attribution_models` are computed. One conversion may be in every row of a
campaign; credits are added within one basis and method only. No method says what would have happened without a channel:
that takes an experiment.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from journey.marketing.analysis.attribution_models import Credit, Credits, Path, first_touch, last_touch, linear, markov

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

Basis = Literal["hints", "paths"]

NO_PATHS = (
    "no conversion_paths are recorded, and hints do not say which channels a prospect met; paths (channels in order, "
    "with conversions and those who left) would"
)
NOBODY_CONVERTED = "nobody converted on the recorded paths, so no channel can lose a conversion by being taken away"

CHANNELS = "list_filter(list_transform(string_split(path, '>'), lambda name: trim(name)), lambda name: name <> '')"
"""SQL for the channels of a path, in order."""


@dataclass(frozen=True, slots=True)
class CreditRow:
    """What one method credits one channel of one campaign with.

    Attributes:
        campaign_id: The campaign; None for paths that name none.
        basis: ``hints`` or ``paths``.
        method: ``first_touch``, ``last_touch``, ``linear``, ``markov``, or whatever a hint names.
        channel_id: The channel; None where the row only says why there is no credit.
        channel_type: What kind of channel it is, where that is recorded.
        conversions: Credit in conversions.
        value: Credit in dollars, of paths that say what conversions brought.
        share: Credit as a share of what the method gives out in this campaign.
        removal_effect: Share of conversions lost without the channel; ``markov`` only.
        removal_effect_value: Share of the value lost.
        order: How many of the last channels the next step depends on; ``markov`` only.
        confidence: Of the least certain hint.
        records: How many hints, or how many paths through the channel.
        performance_conversions: Conversions that performance counts for the campaign on this channel: another count
            of other conversions, to see how much of them is attributed at all.
        reason: Why something is missing.
    """

    campaign_id: str | None
    basis: Basis
    method: str
    channel_id: str | None = None
    channel_type: str | None = None
    conversions: float | None = None
    value: float | None = None
    share: float | None = None
    removal_effect: float | None = None
    removal_effect_value: float | None = None
    order: int | None = None
    confidence: float | None = None
    records: int = 0
    performance_conversions: int | None = None
    reason: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The row as a JSON-ready mapping."""
        return asdict(self)


def attribution(context: "MarketingContext") -> list[dict[str, Any]]:
    """Every credit as JSON-ready data: hints first, then what the paths say."""
    return [row.as_dict() for row in credited(context)]


def credited(context: "MarketingContext") -> list[CreditRow]:
    """Every credit up to `as_of`, by basis, campaign, method and channel."""
    return [*_hints(context), *_from_paths(context)]


def _hints(context: "MarketingContext") -> list[CreditRow]:
    rows = context.cursor.execute("""
        WITH given AS (
            SELECT campaign_id, method, channel_id, sum(attributed_conversions) AS n, min(confidence) AS confidence,
                count(*) AS hints
            FROM seen_attribution_hints GROUP BY ALL
        ),
        known AS (SELECT campaign_id, channel_id, sum(conversions)::BIGINT AS n FROM totals GROUP BY ALL)
        SELECT campaign_id, method, channel_id, type, g.n,
            g.n / nullif(sum(g.n) OVER (PARTITION BY campaign_id, method), 0), confidence, hints, k.n
        FROM given AS g LEFT JOIN channels USING (channel_id) LEFT JOIN known AS k USING (campaign_id, channel_id)
        ORDER BY campaign_id, method, channel_id
    """).fetchall()
    return [
        CreditRow(campaign, "hints", method, channel, kind, conversions=given, share=share, confidence=confidence,
                  records=hints, performance_conversions=counted)
        for campaign, method, channel, kind, given, share, confidence, hints, counted in rows
    ]  # fmt: skip


def methods_of(order: int) -> dict[str, Callable[[Sequence[Path]], Credits]]:
    """The methods that paths allow, by name.

    Args:
        order: Of the Markov chain.
    """
    return {
        "first_touch": first_touch,
        "last_touch": last_touch,
        "linear": linear,
        "markov": lambda paths: markov(paths, order),
    }


def paths_by_campaign(context: "MarketingContext") -> dict[str | None, list[Path]]:
    """The recorded paths up to `as_of`, by campaign; paths that name no channel are left out (a check names them)."""
    rows = context.cursor.execute(f"""
        SELECT campaign_id, {CHANNELS} AS channels, sum(conversions)::BIGINT,
            CASE WHEN count(*) FILTER (WHERE conversions > 0 AND value IS NULL) = 0 THEN sum(coalesce(value, 0)) END,
            sum(nulls)::BIGINT
        FROM seen_conversion_paths WHERE len({CHANNELS}) > 0 GROUP BY ALL ORDER BY campaign_id NULLS LAST, channels
    """).fetchall()
    found: dict[str | None, list[Path]] = {}
    for campaign, channels, conversions, value, nulls in rows:
        found.setdefault(campaign, []).append(Path(tuple(channels), conversions, value, nulls))
    return found


def _from_paths(context: "MarketingContext") -> list[CreditRow]:
    order = context.policy.attribution.order
    by_campaign = paths_by_campaign(context)
    if not by_campaign:
        return [CreditRow(None, "paths", method, reason=NO_PATHS) for method in methods_of(order)]
    rows = [
        _row(campaign, method, channel, credit, paths, order)
        for campaign, paths in by_campaign.items()
        for method, give in methods_of(order).items()
        for channel, credit in give(paths).items()
    ]
    return _joined(rows, context)


def _row(
    campaign: str | None, method: str, channel: str, credit: Credit, paths: Sequence[Path], order: int
) -> CreditRow:
    whole = sum(path.conversions for path in paths)
    return CreditRow(
        campaign_id=campaign,
        basis="paths",
        method=method,
        channel_id=channel,
        conversions=credit.conversions,
        value=credit.value,
        share=credit.conversions / whole if whole and credit.conversions is not None else None,
        removal_effect=credit.removal_effect,
        removal_effect_value=credit.removal_effect_value,
        order=order if method == "markov" else None,
        records=sum(channel in path.channels for path in paths),
        reason=NOBODY_CONVERTED if credit.conversions is None else None,
    )


def _joined(rows: Sequence[CreditRow], context: "MarketingContext") -> list[CreditRow]:
    """The rows with the kind of their channel, and what performance counts there."""
    ask = context.cursor.execute
    kinds = dict(ask("SELECT channel_id, type FROM channels").fetchall())
    counted = {
        (campaign, channel): int(number)
        for campaign, channel, number in ask(
            "SELECT campaign_id, channel_id, sum(conversions) FROM totals GROUP BY ALL"
        ).fetchall()
    }
    return [
        replace(
            row,
            channel_type=kinds.get(row.channel_id),
            performance_conversions=counted.get((row.campaign_id, row.channel_id)),
        )
        for row in rows
    ]
