"""Evidence of risk signals, checked against the records that it quotes.

The name of the evidence determines the comparison:

* ``impressions``, ``clicks`` and ``conversions`` with the counts in performance;
* the funnel's steps, in singular or plural, with the counts in the funnel;
* ``actual_..._rate`` with conversions per impression;
* ``..._daily_spend`` with all spend so far, which it cannot exceed;
* ``segment_id`` with the segments of the assets;
* ``flagged_phrase`` with the text of the assets;
* ``policy_rule`` with the rules of the policy.

Comparisons use the records up to the signal's timestamp, for the signal's assets, or for the whole campaign if the
signal names no assets. Evidence that no record covers has the verdict ``unknown``.
"""

from typing import TYPE_CHECKING, Literal, NamedTuple

from journey.machine.lifecycles import FUNNEL_STEPS
from journey.marketing.core.policy import MarketingPolicy
from journey.records.database import literal

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

Verdict = Literal["agrees", "differs", "unknown"]

_STAGES = ", ".join(
    f"({literal(name)}, {literal(stage)})"
    for stage in FUNNEL_STEPS
    for name in (stage, f"{stage}s")
    if stage != "click"
)

_EVIDENCE_QUERY = f"""
    WITH stages(name, stage) AS (VALUES {_STAGES}),
    quotes AS (
        SELECT risk_id, campaign_id, asset_ids, timestamp, entry.key AS name, entry.value ->> '$' AS quoted
        FROM (
            SELECT *, unnest(map_entries(evidence::JSON::MAP(VARCHAR, JSON))) AS entry FROM seen_campaign_risk_signals
        )
    ),
    measured AS (
        SELECT q.risk_id, q.name, sum(i.impressions) AS impressions, sum(i.clicks) AS clicks,
            sum(i.conversions) AS conversions, sum(i.cost) AS cost
        FROM quotes AS q JOIN increments AS i ON i.campaign_id = q.campaign_id AND i.timestamp <= q.timestamp
            AND (len(q.asset_ids) = 0 OR list_contains(q.asset_ids, i.asset_id))
        GROUP BY ALL
    ),
    cells AS (
        SELECT q.risk_id, a.segment_id, a.channel_id FROM quotes AS q JOIN creative_assets AS a
            ON a.campaign_id = q.campaign_id AND (len(q.asset_ids) = 0 OR list_contains(q.asset_ids, a.asset_id))
        GROUP BY ALL
    ),
    reached AS (
        SELECT q.risk_id, q.name, s.stage, sum(f.count) AS n
        FROM quotes AS q JOIN stages AS s USING (name) JOIN used_funnel_events AS f
            ON f.campaign_id = q.campaign_id AND f.stage = s.stage AND f.timestamp <= q.timestamp
            AND (q.risk_id, f.segment_id, f.channel_id) IN (SELECT (risk_id, segment_id, channel_id) FROM cells)
        GROUP BY ALL
    ),
    asset_texts AS (
        SELECT q.risk_id, q.name, string_agg(concat_ws(' ', a.message_theme, a.cta), ' / ' ORDER BY asset_id) AS text,
            list(DISTINCT a.segment_id ORDER BY a.segment_id) AS segments
        FROM quotes AS q JOIN creative_assets AS a
            ON a.campaign_id = q.campaign_id AND (len(q.asset_ids) = 0 OR list_contains(q.asset_ids, a.asset_id))
        GROUP BY ALL
    ),
    facts AS (
        SELECT q.*, try_cast(quoted AS DOUBLE) AS number, m.cost, w.text, w.segments,
            CASE WHEN q.name IN ('impressions', 'impression') THEN m.impressions
                WHEN q.name IN ('clicks', 'click', 'feature_clicks') THEN m.clicks
                WHEN q.name IN ('conversions', 'conversion') THEN m.conversions ELSE r.n END AS counted,
            CASE WHEN r.n IS NOT NULL THEN 'the funnel counts ' ELSE 'performance counts ' END AS counter,
            CASE WHEN q.name LIKE 'actual%_rate' AND m.impressions > 0 THEN m.conversions / m.impressions END AS rate,
            m.conversions || ' of ' || m.impressions AS fraction,
            q.name LIKE '%daily_spend' AS is_spend
        FROM quotes AS q LEFT JOIN measured AS m USING (risk_id, name) LEFT JOIN reached AS r USING (risk_id, name)
            LEFT JOIN asset_texts AS w USING (risk_id, name)
    )
    SELECT risk_id, campaign_id, name, quoted,
        CASE WHEN counted IS NOT NULL THEN CASE WHEN number = counted THEN 'agrees' ELSE 'differs' END
            WHEN rate IS NOT NULL THEN CASE WHEN abs(number - rate) <= {{tolerance}} THEN 'agrees' ELSE 'differs' END
            WHEN is_spend AND number > cost THEN 'differs'
            WHEN name = 'segment_id' AND segments IS NOT NULL
                THEN CASE WHEN list_contains(segments, quoted) THEN 'agrees' ELSE 'differs' END
            WHEN name = 'flagged_phrase' AND text IS NOT NULL
                THEN CASE WHEN contains(lower(text), lower(quoted)) THEN 'agrees' ELSE 'differs' END
            WHEN name = 'policy_rule' THEN CASE WHEN list_contains({{rules}}, quoted) THEN 'agrees' ELSE 'differs' END
            ELSE 'unknown' END AS verdict,
        CASE WHEN counted IS NOT NULL THEN counter || counted
            WHEN rate IS NOT NULL THEN 'performance has ' || fraction || ' impressions, or ' || printf('%.4f', rate)
            WHEN is_spend THEN 'performance records a total spend of ' || dollars(cost) || ' up to then'
            WHEN name = 'segment_id' THEN 'its assets target ' || array_to_string(segments, ', ')
            WHEN name = 'flagged_phrase' THEN 'the text of its assets is: ' || text
            WHEN name = 'policy_rule'
                THEN 'the policy has the rules ' || array_to_string({{rules}}, ', ') END AS recorded
    FROM facts
"""


def evidence_query(policy: MarketingPolicy) -> str:
    """SQL for all checked evidence, with columns ``risk_id, campaign_id, name, quoted, verdict, recorded``."""
    rules = ", ".join(literal(phrase.code) for phrase in policy.risk.phrases)
    return _EVIDENCE_QUERY.format(tolerance=repr(policy.tolerance.rate), rules=f"[{rules}]::VARCHAR[]")


class Evidence(NamedTuple):
    """One checked item of a risk signal's evidence.

    Attributes:
        risk_id: The risk signal.
        campaign_id: The signal's campaign.
        name: Name of the quoted quantity.
        quoted: The quoted value, as text.
        verdict: Whether the records agree with the quoted value.
        recorded: The recorded value, as text; None if nothing is recorded.
    """

    risk_id: str
    campaign_id: str
    name: str
    quoted: str
    verdict: Verdict
    recorded: str | None


def check_evidence(context: "MarketingContext") -> list[Evidence]:
    """Check all evidence of all risk signals, sorted by signal and name."""
    sql = evidence_query(context.policy)
    rows = context.cursor.execute(
        f"SELECT risk_id, campaign_id, name, quoted, verdict, recorded FROM ({sql}) ORDER BY risk_id, name"
    ).fetchall()
    return [Evidence(*row) for row in rows]
