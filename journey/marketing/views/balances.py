"""Budget balances of each channel of a campaign, as a statement of single entries.

A balance has one of three bases:

* ``opening``: the campaign records an opening balance for the channel. The balance is the opening balance minus the
  spend in performance, plus executed transfers in, minus executed transfers out.
* ``spend``: no opening balance is recorded. The spend so far is a lower bound for what the channel had; executed
  transfers in are added, and executed transfers out are subtracted.
* ``unknown``: neither is recorded. The balance is unknown, and never assumed to be 0.

A transfer counts from its execution in the log. Without a log entry it counts from its approval (timestamp plus
approval latency), at the latest from the last date of the records: they state that it was executed, and a computed time
does not contradict this. A transfer from a channel to itself has no effect and is omitted.

Amounts are not converted. A balance with an executed transfer in another currency is unknown.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

Basis = Literal["opening", "spend", "unknown"]

OPENING_CHANNELS = """
    SELECT campaign_id, entry.key AS channel_id, try_cast(entry.value ->> '$' AS DOUBLE) AS amount
    FROM (SELECT campaign_id, unnest(map_entries(channel_budgets::JSON::MAP(VARCHAR, JSON))) AS entry FROM campaigns)
    -- Parquet stores a mapping as a structure, with a null for each channel that only other campaigns have.
    WHERE entry.value ->> '$' IS NOT NULL
"""
"""SQL for the channels of each campaign with an opening balance."""

_APPROVAL = "timestamp + to_microseconds((coalesce(approval_latency_minutes, 0) * 60000000)::BIGINT)"
_MOVES = f"""
    SELECT budget_action_id, campaign_id, from_channel_id, to_channel_id, amount, currency, is_foreign,
        dollars(amount) || CASE WHEN is_foreign THEN ' ' || currency ELSE '' END AS amount_text,
        coalesce(executed_at, least({_APPROVAL}, greatest(timestamp, latest_time()))) AS moment
    FROM seen_budget_actions
    WHERE status = 'executed' AND from_channel_id <> to_channel_id
        AND moment <= CASE WHEN executed_at IS NULL THEN as_of_time() ELSE log_time() END
"""

_BASES = """
    WITH pairs AS (
        SELECT campaign_id, channel_id FROM campaign_channels
        UNION SELECT campaign_id, from_channel_id FROM seen_budget_actions
        UNION SELECT campaign_id, to_channel_id FROM seen_budget_actions
    )
    SELECT campaign_id, channel_id, o.amount AS opening,
        CASE WHEN o.amount IS NOT NULL THEN 'opening'
            WHEN (campaign_id, channel_id) IN (SELECT (campaign_id, channel_id) FROM totals) THEN 'spend'
            ELSE 'unknown' END AS basis
    FROM pairs LEFT JOIN opening_channels AS o USING (campaign_id, channel_id)
"""

_STATEMENT = """
    WITH lines AS (
        SELECT campaign_id, channel_id, NULL::TIMESTAMP AS moment, 'opening' AS kind, opening AS amount,
            NULL::VARCHAR AS record, FALSE AS is_foreign FROM channel_bases WHERE basis = 'opening'
        UNION ALL
        SELECT campaign_id, channel_id, CASE basis WHEN 'opening' THEN i.timestamp END, 'spend',
            CASE basis WHEN 'opening' THEN -cost ELSE cost END, asset_id, FALSE
        FROM increments AS i JOIN channel_bases USING (campaign_id, channel_id)
        UNION ALL
        SELECT campaign_id, from_channel_id, moment, 'out', CASE WHEN NOT is_foreign THEN -amount END,
            budget_action_id, is_foreign FROM moves
        UNION ALL
        SELECT campaign_id, to_channel_id, moment, 'in', CASE WHEN NOT is_foreign THEN amount END,
            budget_action_id, is_foreign FROM moves
    )
    SELECT lines.*, basis FROM lines JOIN channel_bases USING (campaign_id, channel_id)
"""

_BALANCES = """
    SELECT campaign_id, channel_id, basis, any_value(b.opening) AS opening,
        coalesce(sum(abs(s.amount)) FILTER (WHERE s.kind = 'spend'), 0) AS spent,
        coalesce(sum(s.amount) FILTER (WHERE s.kind = 'in'), 0) AS brought,
        coalesce(-sum(s.amount) FILTER (WHERE s.kind = 'out'), 0) AS taken,
        CASE WHEN basis <> 'unknown' AND NOT coalesce(bool_or(s.is_foreign), FALSE) THEN round(sum(s.amount), 2)
            END AS balance,
        string_agg(s.record, ', ' ORDER BY s.record) FILTER (WHERE s.is_foreign) AS foreign_actions
    FROM channel_bases AS b LEFT JOIN (SELECT * EXCLUDE (basis) FROM statement) AS s USING (campaign_id, channel_id)
    GROUP BY campaign_id, channel_id, basis
"""

BALANCE_TABLES = (
    ("moves", _MOVES),
    ("channel_bases", _BASES),
    ("statement", _STATEMENT),
    ("balances", _BALANCES),
)
"""Tables to create, in this order. They use the macros ``as_of_time()``, ``latest_time()`` and
``log_time()``, and read
``campaign_channels``, ``increments``, ``totals`` and ``seen_*``."""


@dataclass(frozen=True, slots=True)
class ChannelBalance:
    """Balance of one channel of one campaign.

    Attributes:
        campaign_id: The campaign.
        channel_id: The channel.
        basis: Basis of the balance; see the module docstring.
        opening: The recorded opening balance, or None.
        spent: Spend in performance, in dollars.
        brought: Total of executed transfers into the channel, in dollars, without amounts in another currency.
        taken: Total of executed transfers out of the channel, in dollars, likewise.
        balance: Remaining budget (basis ``opening``) or a lower bound for it (``spend``), in dollars; None if unknown.
        foreign_actions: IDs of the executed transfers in another currency, because of which the balance is unknown.
    """

    campaign_id: str
    channel_id: str
    basis: Basis
    opening: float | None
    spent: float
    brought: float
    taken: float
    balance: float | None
    foreign_actions: str | None = None

    @property
    def reason(self) -> str | None:
        """Why the balance is unknown; None if it is known."""
        if self.foreign_actions is not None:
            return f"{self.foreign_actions} is in another currency, and amounts are not converted"
        return "neither an opening balance nor any spend is recorded" if self.balance is None else None


def read_balances(context: "MarketingContext") -> list[ChannelBalance]:
    """Read the balances of all channels that a campaign uses or that budget actions name, by campaign and channel."""
    rows = context.cursor.execute(
        "SELECT campaign_id, channel_id, basis, opening, spent, brought, taken, balance, "
        "foreign_actions FROM balances ORDER BY ALL"
    ).fetchall()
    return [ChannelBalance(*row) for row in rows]


def balance_before_sql(action: str = "b") -> str:
    """SQL for the balance of a budget action's source channel just before the action; null if unknown.

    Args:
        action: Alias of a row of ``seen_budget_actions``.
    """
    return f"""(
        SELECT CASE WHEN NOT bool_or(s.is_foreign) THEN round(sum(s.amount), 2) END FROM statement AS s
        WHERE s.campaign_id = {action}.campaign_id AND s.channel_id = {action}.from_channel_id
            AND s.basis <> 'unknown' AND s.record IS DISTINCT FROM {action}.budget_action_id
            AND (s.moment IS NULL OR s.moment <= {action}.timestamp)
    )"""
