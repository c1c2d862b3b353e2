"""Checks of references: whether referenced records exist and belong to the same campaign."""

from typing import NamedTuple

from journey.checks.similar_ids import Reference as IdReference
from journey.checks.similar_ids import SimilarId, find_similar_ids, is_not_similar_sql, store_similar_ids
from journey.core.findings import FindingSeverity
from journey.marketing.views.context import MarketingContext
from journey.marketing.views.registry import rule
from journey.records.columns import get_key
from journey.records.database import literal, one_value, quoted
from journey.records.model import get_model

TARGETS = {
    "campaign_id": "campaigns",
    "segment_id": "audience_segments",
    "channel_id": "channels",
    "from_channel_id": "channels",
    "to_channel_id": "channels",
    "asset_id": "creative_assets",
    "control_asset": "creative_assets",
    "variant_asset": "creative_assets",
    "experiment_id": "experiments",
}
"""Record set that each field refers to; the same for all sets with this field."""


class Reference(NamedTuple):
    """A field that refers to another record set: the SQL of its value, over the rows of `relation`."""

    dataset: str
    column: str
    value: str
    target: str
    relation: str


def list_references() -> list[Reference]:
    """List all fields of all record sets that refer to another set."""
    from journey.marketing.records.model import MARKETING_FAMILY

    found = [
        Reference(dataset, column, quoted(column), TARGETS[column], f"seen_{dataset}")
        for dataset in MARKETING_FAMILY.datasets
        for column in get_model(dataset).model_fields
        if column in TARGETS and column != get_key(dataset)
    ]
    ledger = Reference("roi_ledger", "campaign_id", "campaign_id", "campaigns", "seen_roi_ledger")
    cited = "(SELECT * EXCLUDE (asset_ids), unnest(asset_ids) AS asset_id FROM seen_campaign_risk_signals)"
    opened = "(FROM seen_campaigns JOIN opening_channels USING (campaign_id))"
    return [
        *found,
        ledger,
        Reference("campaign_risk_signals", "asset_ids", "asset_id", "creative_assets", cited),
        Reference("campaigns", "channel_budgets", "channel_id", "channels", opened),
    ]


@rule("similar-id", FindingSeverity.ERROR)
def similar_id(context: MarketingContext) -> str:
    """A record that names an unknown ID where a known one differs in spelling only; the two are not joined.

    Remedy: use one spelling in all records.
    """
    context.get_or_compute(_store_similar_ids)
    return """
        SELECT target AS dataset, known AS record, CASE target WHEN 'campaigns' THEN known END AS campaign_id, message
        FROM similar_ids
    """


def _store_similar_ids(context: MarketingContext) -> list[SimilarId]:
    """Create the table ``similar_ids`` of `journey.checks.similar_ids`."""
    references = [
        IdReference(
            reference.dataset, reference.target, f"SELECT {reference.value} FROM {_unknown_rows_sql(reference)}"
        )
        for reference in context.get_or_compute(_list_checkable_references)
    ]
    found = find_similar_ids(context.cursor, references)
    store_similar_ids(context.cursor, found)
    return found


def _list_checkable_references(context: MarketingContext) -> list[Reference]:
    """References to sets that have rows. A set that is missing as a whole gets one notice instead."""
    return [
        reference
        for reference in list_references()
        if one_value(context.cursor, f"SELECT count(*) FROM {reference.target}")
    ]


def _unknown_rows_sql(reference: Reference) -> str:
    """SQL for a FROM clause: the rows whose reference is not a key of its target."""
    key, value = quoted(get_key(reference.target) or ""), reference.value
    return f"{reference.relation} AS r WHERE {value} NOT IN (SELECT {key} FROM {reference.target})"


@rule("unknown-reference", FindingSeverity.ERROR)
def unknown_reference(context: MarketingContext) -> str | None:
    """A reference to a record that does not exist. Record sets that are missing as a whole get one notice instead.

    Remedy: add the record, or correct the ID.
    """
    context.get_or_compute(_store_similar_ids)
    parts = [
        f"""
        SELECT {literal(reference.dataset)} AS dataset, label AS record, campaign_id,
            {literal(reference.column + " ")} || {reference.value}
            || {literal(f" is not among the {reference.target}.")} AS message
        FROM (SELECT * FROM {_unknown_rows_sql(reference)}) {_CAMPAIGN_JOINS.get(reference.dataset, "")}
        WHERE {is_not_similar_sql(reference.target, reference.value)}
        """
        for reference in context.get_or_compute(_list_checkable_references)
    ]
    return " UNION ALL ".join(parts) or None


_CAMPAIGN_JOINS = {
    "performance_metrics": "LEFT JOIN (SELECT experiment_id, campaign_id FROM experiments) USING (experiment_id)"
}
"""Joins that find the campaign of record sets without a campaign_id."""


@rule("foreign-asset", FindingSeverity.ERROR)
def foreign_asset(context: MarketingContext) -> str:
    """A record that uses an asset or experiment of another campaign.

    Remedy: correct the campaign, the asset or the experiment.
    """
    del context
    return """
        WITH uses AS (
            SELECT 'experiments' AS dataset, experiment_id AS record, campaign_id, 'asset ' || asset AS what,
                (SELECT any_value(a.campaign_id) FROM creative_assets AS a WHERE a.asset_id = asset) AS owner
            FROM (SELECT *, unnest([control_asset, variant_asset]) AS asset FROM experiments)
            UNION ALL
            SELECT 'campaign_risk_signals', risk_id, campaign_id, 'asset ' || asset,
                (SELECT any_value(a.campaign_id) FROM creative_assets AS a WHERE a.asset_id = asset)
            FROM (SELECT *, unnest(asset_ids) AS asset FROM seen_campaign_risk_signals)
            UNION ALL
            SELECT 'campaign_risk_signals', risk_id, r.campaign_id, 'experiment ' || experiment_id, e.campaign_id
            FROM seen_campaign_risk_signals AS r JOIN experiments AS e USING (experiment_id)
        )
        SELECT dataset, record, campaign_id, 'It is about ' || campaign_id || ' but uses ' || what || ' of ' || owner
            || '.' AS message
        FROM uses WHERE owner <> campaign_id
    """


@rule("asset-outside-experiment", FindingSeverity.ERROR)
def asset_outside_experiment(context: MarketingContext) -> str:
    """Performance or a risk with an asset that is not in its experiment.

    Remedy: correct the asset or the experiment.
    """
    del context
    return """
        WITH uses AS (
            SELECT 'performance_metrics' AS dataset, label AS record, experiment_id, asset_id
            FROM seen_performance_metrics
            UNION ALL
            SELECT 'campaign_risk_signals', risk_id, experiment_id, unnest(asset_ids) FROM seen_campaign_risk_signals
        )
        SELECT dataset, record, e.campaign_id, asset_id || ' is not an asset of ' || experiment_id
            || ', which compares ' || coalesce(control_asset, 'nothing')
            || ' with ' || coalesce(variant_asset, 'nothing') || '.' AS message
        FROM uses JOIN experiments AS e USING (experiment_id)
        WHERE coalesce(asset_id NOT IN (control_asset, variant_asset), TRUE)
    """


@rule("not-two-assets", FindingSeverity.ERROR)
def not_two_assets(context: MarketingContext) -> str:
    """An experiment that does not compare exactly two assets.

    Remedy: name one control and one variant; split a larger experiment.
    """
    del context
    return """
        SELECT 'experiments' AS dataset, experiment_id AS record, campaign_id,
            'An experiment compares two different assets; this one names '
            || CASE WHEN control_asset IS NULL AND variant_asset IS NULL THEN 'none.'
                WHEN control_asset = variant_asset THEN control_asset || ' twice.' ELSE 'one.' END AS message
        FROM experiments WHERE coalesce(control_asset = variant_asset, TRUE)
    """


@rule("channel-not-in-campaign", FindingSeverity.WARNING)
def channel_not_in_campaign(context: MarketingContext) -> str:
    """A record with a channel on which its campaign has neither an asset nor an opening balance.

    Remedy: add an asset or an opening balance for the channel, or correct the ID.
    """
    del context
    return """
        WITH uses AS (
            SELECT 'funnel_events' AS dataset, label AS record, campaign_id, channel_id, NULL::DOUBLE AS amount,
                'counts a funnel step on' AS what FROM seen_funnel_events
            UNION ALL SELECT 'attribution_hints', label, campaign_id, channel_id, NULL, 'credits conversions on'
            FROM seen_attribution_hints
            UNION ALL SELECT 'budget_actions', label, campaign_id, from_channel_id, amount, 'transfers money from'
            FROM seen_budget_actions
            UNION ALL SELECT 'budget_actions', label, campaign_id, to_channel_id, amount, 'transfers money to'
            FROM seen_budget_actions WHERE to_channel_id <> from_channel_id
        )
        SELECT dataset, record, campaign_id, u.amount AS amount,
            'It ' || what || ' ' || channel_id || ', where ' || campaign_id
            || ' has neither an asset nor an opening balance.' AS message
        FROM uses AS u
        WHERE channel_id IN (SELECT channel_id FROM channels)
            AND campaign_id IN (SELECT campaign_id FROM campaign_channels)
            AND (campaign_id, channel_id) NOT IN (SELECT (campaign_id, channel_id) FROM campaign_channels)
    """


@rule("segment-not-in-campaign", FindingSeverity.WARNING)
def segment_not_in_campaign(context: MarketingContext) -> str:
    """A funnel count for a segment without an asset in the campaign.

    Remedy: add an asset for the segment, or correct the ID.
    """
    del context
    return """
        SELECT 'funnel_events' AS dataset, label AS record, campaign_id,
            'It counts ' || segment_id || ', for which ' || campaign_id || ' has no asset.' AS message
        FROM seen_funnel_events
        WHERE segment_id IN (SELECT segment_id FROM audience_segments)
            AND campaign_id IN (SELECT campaign_id FROM creative_assets)
            AND (campaign_id, segment_id) NOT IN (
                SELECT (campaign_id, segment_id) FROM creative_assets WHERE segment_id IS NOT NULL
            )
    """


@rule("unknown-id-in-text", FindingSeverity.WARNING)
def unknown_id_in_text(context: MarketingContext) -> str:
    """A decision whose text names a campaign, asset, experiment, segment or channel that is not recorded.

    Remedy: correct the ID in the text, or add the record.
    """
    del context
    return """
        WITH named AS (
            SELECT DISTINCT decision_id, campaign_id, unnest(regexp_extract_all(
                concat_ws(' ', "trigger", action_taken), '\\b(?:CAMP|ASSET|EXP|SEG|CH)_[0-9]+\\b'
            )) AS name FROM seen_orchestrator_decisions
        ),
        known AS (
            SELECT campaign_id AS name FROM campaigns UNION SELECT asset_id FROM creative_assets
            UNION SELECT experiment_id FROM experiments UNION SELECT segment_id FROM audience_segments
            UNION SELECT channel_id FROM channels
        )
        SELECT 'orchestrator_decisions' AS dataset, decision_id AS record, campaign_id,
            'Its text names ' || name || ', which is not recorded.' AS message
        FROM named WHERE name NOT IN (FROM known)
    """


@rule("campaign-without-experiment", FindingSeverity.WARNING)
def campaign_without_experiment(context: MarketingContext) -> str:
    """A campaign without an experiment; every campaign should have at least one.

    Remedy: add the campaign's experiment.
    """
    del context
    return """
        SELECT 'campaigns' AS dataset, campaign_id AS record, campaign_id,
            'The campaign has no experiment, so the effect of its assets is not measured.' AS message
        FROM seen_campaigns WHERE campaign_id NOT IN (SELECT campaign_id FROM experiments)
    """


@rule("unused", FindingSeverity.NOTICE)
def unused(context: MarketingContext) -> str:
    """A segment or channel that no other record refers to.

    Remedy: nothing, if it is not in use yet; otherwise correct the IDs that should refer to it.
    """
    del context
    return """
        SELECT 'audience_segments' AS dataset, segment_id AS record, NULL AS campaign_id,
            'No asset, funnel count or rollup refers to this segment.' AS message
        FROM audience_segments WHERE segment_id NOT IN (
            SELECT segment_id FROM creative_assets WHERE segment_id IS NOT NULL
            UNION SELECT segment_id FROM funnel_events UNION SELECT segment_id FROM segment_rollups
        )
        UNION ALL
        SELECT 'channels', channel_id, NULL, 'No asset, funnel count, hint or budget action refers to this channel.'
        FROM channels WHERE channel_id NOT IN (
            SELECT channel_id FROM campaign_channels UNION SELECT channel_id FROM funnel_events
            UNION SELECT channel_id FROM attribution_hints UNION SELECT from_channel_id FROM budget_actions
            UNION SELECT to_channel_id FROM budget_actions
        )
    """
