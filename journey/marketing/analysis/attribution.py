"""Attribution: credit of each channel for the conversions, separately for each method.

There are two bases, which are never mixed: **hints**, recorded with the name of their method, and **paths**, from which
the four methods of `journey.marketing.analysis.attribution_models` are computed. One conversion may be in every row of
a campaign; add credits only within one basis and method. No method estimates the causal effect of a channel: that
requires an experiment.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from journey.marketing.analysis.attribution_models import Credit, Credits, Path, first_touch, last_touch, linear, markov
from journey.records.database import trim_sql

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

Basis = Literal["hints", "paths"]

NO_PATHS = (
    "no conversion_paths are recorded, and hints do not contain the channels of a prospect; record paths (channels in "
    "order, with the numbers of conversions and of prospects that left)"
)
NO_CONVERSIONS = "the recorded paths contain no conversion, so removal effects are undefined"

PATH_CHANNELS_SQL = (
    f"list_filter(list_transform(string_split(path, '>'), lambda name: {trim_sql('name')}), lambda name: name <> '')"
)
"""SQL for the channels of a path, in order."""


@dataclass(frozen=True, slots=True)
class CreditRow:
    """Credit of one channel of one campaign by one method.

    Attributes:
        campaign_id: The campaign; None for paths without a campaign.
        basis: ``hints`` or ``paths``.
        method: ``first_touch``, ``last_touch``, ``linear``, ``markov``, or the method of a hint.
        channel_id: The channel; None if the row only states why there is no credit.
        channel_type: Type of the channel, if recorded.
        conversions: Credit in conversions.
        value: Credit in dollars, for paths with the value of their conversions.
        share: Credit as a share of the method's total credit in the campaign.
        removal_effect: Share of conversions lost without the channel; ``markov`` only.
        removal_effect_value: Share of the value lost.
        order: Order of the Markov chain; ``markov`` only.
        confidence: Confidence of the least certain hint.
        records: Number of hints, or of paths through the channel.
        performance_conversions: Conversions of the campaign on this channel in the performance metrics, for comparison
            with the credit.
        reason: Reason for a missing value.
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


def report_attribution(context: "MarketingContext") -> list[dict[str, Any]]:
    """Every credit as JSON-ready data: hints first, then paths."""
    return [row.as_dict() for row in context.get_or_compute(compute_credits)]


def compute_credits(context: "MarketingContext") -> list[CreditRow]:
    """Every credit up to `as_of`, by basis, campaign, method and channel."""
    return [*_read_hints(context), *_compute_path_credits(context)]


def _read_hints(context: "MarketingContext") -> list[CreditRow]:
    rows = context.cursor.execute("""
        WITH hinted AS (
            SELECT campaign_id, method, channel_id, sum(attributed_conversions) AS n, min(confidence) AS confidence,
                count(*) AS hints
            FROM seen_attribution_hints GROUP BY ALL
        ),
        counted AS (SELECT campaign_id, channel_id, sum(conversions)::BIGINT AS n FROM totals GROUP BY ALL)
        SELECT campaign_id, method, channel_id, type, h.n,
            h.n / nullif(sum(h.n) OVER (PARTITION BY campaign_id, method), 0), confidence, hints, c.n
        FROM hinted AS h LEFT JOIN channels USING (channel_id) LEFT JOIN counted AS c USING (campaign_id, channel_id)
        ORDER BY campaign_id, method, channel_id
    """).fetchall()
    return [
        CreditRow(
            campaign,
            "hints",
            method,
            channel,
            channel_type,
            conversions=conversions,
            share=share,
            confidence=confidence,
            records=hints,
            performance_conversions=counted,
        )
        for campaign, method, channel, channel_type, conversions, share, confidence, hints, counted in rows
    ]


def build_methods(order: int) -> dict[str, Callable[[Sequence[Path]], Credits]]:
    """The methods that use paths, by name.

    Args:
        order: Order of the Markov chain.
    """
    return {
        "first_touch": first_touch,
        "last_touch": last_touch,
        "linear": linear,
        "markov": lambda paths: markov(paths, order),
    }


def read_paths_by_campaign(context: "MarketingContext") -> dict[str | None, list[Path]]:
    """The recorded paths up to `as_of`, by campaign.

    Paths without channels and values without a conversion are omitted; checks report them.
    """
    rows = context.cursor.execute(f"""
        SELECT campaign_id, {PATH_CHANNELS_SQL} AS channels, sum(conversions)::BIGINT,
            CASE WHEN count(*) FILTER (WHERE conversions > 0 AND value IS NULL) = 0
                THEN coalesce(sum(value) FILTER (WHERE conversions > 0), 0) END,
            sum(nulls)::BIGINT
        FROM seen_conversion_paths WHERE len({PATH_CHANNELS_SQL}) > 0 GROUP BY ALL
            ORDER BY campaign_id NULLS LAST, channels
    """).fetchall()
    paths: dict[str | None, list[Path]] = {}
    for campaign, channels, conversions, value, nulls in rows:
        paths.setdefault(campaign, []).append(Path(tuple(channels), conversions, value, nulls))
    return paths


def _compute_path_credits(context: "MarketingContext") -> list[CreditRow]:
    order = context.policy.attribution.order
    by_campaign = read_paths_by_campaign(context)
    if not by_campaign:
        return [CreditRow(None, "paths", method, reason=NO_PATHS) for method in build_methods(order)]
    rows = [
        _build_row(campaign, method, channel, credit, paths, order)
        for campaign, paths in by_campaign.items()
        for method, compute in build_methods(order).items()
        for channel, credit in compute(paths).items()
    ]
    return _add_channel_data(rows, context)


def _build_row(
    campaign: str | None, method: str, channel: str, credit: Credit, paths: Sequence[Path], order: int
) -> CreditRow:
    total_conversions = sum(path.conversions for path in paths)
    return CreditRow(
        campaign_id=campaign,
        basis="paths",
        method=method,
        channel_id=channel,
        conversions=credit.conversions,
        value=credit.value,
        share=credit.conversions / total_conversions if total_conversions and credit.conversions is not None else None,
        removal_effect=credit.removal_effect,
        removal_effect_value=credit.removal_effect_value,
        order=order if method == "markov" else None,
        records=sum(channel in path.channels for path in paths),
        reason=NO_CONVERSIONS if credit.conversions is None else None,
    )


def _add_channel_data(rows: Sequence[CreditRow], context: "MarketingContext") -> list[CreditRow]:
    """Add the type of the channel and its conversions in the performance metrics to each row."""
    execute = context.cursor.execute
    channel_types = dict(execute("SELECT channel_id, type FROM channels").fetchall())
    counted = {
        (campaign, channel): int(number)
        for campaign, channel, number in execute(
            "SELECT campaign_id, channel_id, sum(conversions) FROM totals GROUP BY ALL"
        ).fetchall()
    }
    return [
        replace(
            row,
            channel_type=channel_types.get(row.channel_id),
            performance_conversions=counted.get((row.campaign_id, row.channel_id)),
        )
        for row in rows
    ]
