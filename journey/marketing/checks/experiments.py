"""Checks of experiments: whether each can be analysed on its own metric."""

from journey.core.findings import FindingSeverity
from journey.marketing.analysis.experiments import analyse_experiments, describe_sample_ratio
from journey.marketing.checks.computed_findings import ComputedFinding, build_query
from journey.marketing.records.model import Performance
from journey.marketing.views.context import MarketingContext
from journey.marketing.views.registry import rule
from journey.records.database import literal


@rule("unknown-metric", FindingSeverity.WARNING)
def unknown_metric(context: MarketingContext) -> str:
    """An experiment, campaign or rollup whose metric is missing or not defined in the policy.

    Remedy: correct the spelling, or define the metric in `metrics` of the policy.
    """
    known = ", ".join(literal(name) for name in context.policy.metrics)
    parts = (("experiments", "metric"), ("campaigns", "primary_kpi"), ("segment_rollups", "primary_kpi"))
    return " UNION ALL ".join(
        f"""
        SELECT '{dataset}' AS dataset, label AS record, campaign_id,
            CASE WHEN {name} IS NULL THEN 'It names no {name}' ELSE 'Its {name} is ''' || {name}
                || ''', which the policy does not define' END || ', so it cannot be evaluated.' AS message
        FROM seen_{dataset} WHERE coalesce({name} NOT IN ({known}), TRUE)
        """
        for dataset, name in parts
    )


@rule("metric-not-recorded", FindingSeverity.NOTICE)
def metric_not_recorded(context: MarketingContext) -> str:
    """An experiment whose metric is not a column of performance, so it is computed from counts.

    Remedy: nothing; the metric is computed from counts.
    """
    computed = {name: metric for name, metric in context.policy.metrics.items() if name not in Performance.model_fields}
    cases = " ".join(f"WHEN {literal(name)} THEN {literal(metric.definition)}" for name, metric in computed.items())
    if not cases:
        return "SELECT NULL AS dataset, NULL AS record, NULL AS campaign_id, NULL AS message WHERE FALSE"
    return f"""
        SELECT 'experiments' AS dataset, experiment_id AS record, campaign_id,
            'Performance does not record ' || metric || '; it is computed as ' || CASE metric {cases} END
            || '.' AS message
        FROM experiments WHERE CASE metric {cases} END IS NOT NULL
    """


@rule("metric-not-the-kpi", FindingSeverity.NOTICE)
def metric_not_the_kpi(context: MarketingContext) -> str:
    """An experiment that uses a different metric than its campaign.

    Remedy: nothing, if the difference was intended.
    """
    del context
    return """
        SELECT 'experiments' AS dataset, experiment_id AS record, campaign_id,
            'Its metric is ' || metric || ', but the primary KPI of ' || campaign_id || ' is ' || primary_kpi
            || ': a winner here may not help the campaign.' AS message
        FROM experiments JOIN campaigns USING (campaign_id) WHERE metric <> primary_kpi
    """


@rule("not-measured", FindingSeverity.WARNING)
def not_measured(context: MarketingContext) -> str:
    """An experiment with an asset that has no performance.

    Remedy: add the performance of the asset.
    """
    del context
    return """
        SELECT 'experiments' AS dataset, experiment_id AS record, campaign_id,
            'It has no performance of ' || string_agg(asset, ' and ' ORDER BY asset) || ', so its assets cannot be '
            || 'compared.' AS message
        FROM (
            SELECT experiment_id, campaign_id, unnest([control_asset, variant_asset]) AS asset FROM experiments
        )
        WHERE asset IS NOT NULL AND (experiment_id, asset) NOT IN (SELECT (experiment_id, asset_id) FROM totals)
        GROUP BY ALL
    """


@rule("different-audiences", FindingSeverity.WARNING)
def different_audiences(context: MarketingContext) -> str:
    """An experiment whose assets went to different segments or channels, so more than the assets differs.

    Remedy: compare assets in the same segment and channel; otherwise do not credit the difference to the asset.
    """
    del context
    return """
        SELECT 'experiments' AS dataset, experiment_id AS record, e.campaign_id,
            control_asset || ' went to ' || c.segment_id || ' on ' || c.channel_id || ', ' || variant_asset || ' to '
            || v.segment_id || ' on ' || v.channel_id || ': a difference may not come from the asset.' AS message
        FROM experiments AS e JOIN creative_assets AS c ON control_asset = c.asset_id
            JOIN creative_assets AS v ON variant_asset = v.asset_id
        WHERE c.segment_id <> v.segment_id OR c.channel_id <> v.channel_id
    """


@rule("sample-ratio", FindingSeverity.WARNING)
def sample_ratio(context: MarketingContext) -> str | None:
    """An experiment whose impressions are not split as planned, by a chi-square test (p below 0.001).

    Remedy: find the cause before you rely on the result; record `variant_share` if another split than half was planned.
    """
    return build_query(
        ComputedFinding(
            "experiments",
            each.experiment_id,
            each.campaign_id,
            f"Its {describe_sample_ratio(each.sample_ratio)}.",
        )
        for each in analyse_experiments(context)
        if each.sample_ratio is not None and each.sample_ratio.is_alarm
    )


@rule("changed-while-running", FindingSeverity.NOTICE)
def changed_while_running(context: MarketingContext) -> str:
    """A decision whose text says that it changed an asset of a running experiment.

    Remedy: treat the experiment as two, before and after the change.
    """
    del context
    return """
        WITH named AS (
            SELECT decision_id, campaign_id, timestamp, action_taken,
                unnest(regexp_extract_all(action_taken, '\\bASSET_[0-9]+\\b')) AS asset
            FROM seen_orchestrator_decisions
            WHERE regexp_matches(action_taken, '\\b(paus|increas|reduc|decreas|priorit|stopp|shift)', 'i')
        )
        SELECT 'orchestrator_decisions' AS dataset, decision_id AS record, n.campaign_id,
            '"' || action_taken || '" on ' || n.timestamp::DATE || ', while ' || experiment_id
            || ' was running: its assets no longer differ only in the message.' AS message
        FROM named AS n JOIN experiments ON asset IN (control_asset, variant_asset)
        WHERE n.timestamp >= start_date AND coalesce(n.timestamp::DATE < end_date::DATE, TRUE)
        GROUP BY decision_id, n.campaign_id, n.timestamp, action_taken, experiment_id
    """
