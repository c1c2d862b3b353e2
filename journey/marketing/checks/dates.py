"""Checks of dates: reversed periods, and records outside their possible dates."""

from journey.core.findings import FindingSeverity
from journey.marketing.records.model import MARKETING_FAMILY, LogEvent
from journey.marketing.views.context import MarketingContext, observation_column
from journey.marketing.views.registry import rule
from journey.records.columns import build_label_sql
from journey.records.database import literal, quoted
from journey.records.model import get_model


@rule("ends-before-start", FindingSeverity.ERROR)
def ends_before_start(context: MarketingContext) -> str:
    """A campaign, an experiment or a rollup that ends before it starts.

    Remedy: correct one of the two dates.
    """
    del context
    spans = (("campaigns", "start_date", "end_date"), ("experiments", "start_date", "end_date"),
             ("segment_rollups", "window_start", "window_end"))  # fmt: skip
    return " UNION ALL ".join(
        f"""
        SELECT {literal(dataset)} AS dataset, label AS record, campaign_id,
            'It ends on ' || day_of({end}) || ', before it starts (' || day_of({start}) || ').' AS message
        FROM seen_{dataset} WHERE {end} < {start}
        """
        for dataset, start, end in spans
    )


@rule("outside-campaign", FindingSeverity.WARNING)
def outside_campaign(context: MarketingContext) -> str:
    """An experiment start or a funnel count outside its campaign's dates.

    Remedy: correct the date of the record, or the dates of the campaign.
    """
    del context
    return """
        WITH dated AS (
            SELECT 'experiments' AS dataset, experiment_id AS record, campaign_id, start_date AS moment,
                'starts on' AS what FROM experiments
            UNION ALL SELECT 'funnel_events', label, campaign_id, coalesce(date, local_day, timestamp), 'is dated'
            FROM seen_funnel_events
        )
        SELECT dataset, record, campaign_id, 'It ' || what || ' ' || day_of(moment) || ', but ' || campaign_id
            || CASE WHEN moment::DATE < c.start_date::DATE THEN ' starts on ' || day_of(c.start_date)
                ELSE ' ends on ' || day_of(c.end_date) END || '.' AS message
        FROM dated JOIN campaigns AS c USING (campaign_id)
        WHERE moment::DATE < c.start_date::DATE OR moment::DATE > c.end_date::DATE
    """


@rule("measured-too-early", FindingSeverity.ERROR)
def measured_too_early(context: MarketingContext) -> str:
    """Performance dated before its experiment started or before its asset was created.

    Remedy: correct one of the dates.
    """
    del context
    return """
        SELECT 'performance_metrics' AS dataset, label AS record, e.campaign_id,
            'It was measured on ' || day_of(p.timestamp) || ', before '
            || CASE WHEN p.timestamp < e.start_date THEN experiment_id || ' started (' || day_of(e.start_date) || ').'
                ELSE asset_id || ' was created (' || day_of(a.created_at) || ').' END AS message
        FROM seen_performance_metrics AS p LEFT JOIN experiments AS e USING (experiment_id)
            LEFT JOIN creative_assets AS a USING (asset_id)
        WHERE p.timestamp < e.start_date OR p.timestamp < a.created_at
    """


@rule("last-snapshot-before-end", FindingSeverity.NOTICE)
def last_snapshot_before_end(context: MarketingContext) -> str:
    """A completed experiment whose last snapshot is before its last day, so the remaining days are missing.

    Remedy: add the last snapshot.
    """
    return f"""
        SELECT 'experiments' AS dataset, experiment_id AS record, e.campaign_id,
            'It ended on ' || day_of(any_value(end_date)) || ', but its last snapshot is from '
            || max(t.timestamp)::DATE || ', so later results are missing.' AS message
        FROM experiments AS e JOIN totals AS t USING (experiment_id)
        WHERE e.status = 'completed' AND end_date <= {context.as_of_sql}
        GROUP BY experiment_id, e.campaign_id HAVING max(t.timestamp)::DATE < any_value(end_date)::DATE
    """


@rule("running-in-paused-campaign", FindingSeverity.WARNING)
def running_in_paused_campaign(context: MarketingContext) -> str:
    """An experiment with status running in a campaign that is not running.

    Remedy: stop the experiment, or correct one of the two statuses.
    """
    del context
    return """
        SELECT 'experiments' AS dataset, experiment_id AS record, campaign_id,
            'Its status is running, but ' || campaign_id || ' is ' || c.status || '.' AS message
        FROM experiments AS e JOIN seen_campaigns AS c USING (campaign_id)
        WHERE e.status = 'running' AND c.status NOT IN ('active', 'running')
    """


@rule("date-disagrees", FindingSeverity.WARNING)
def date_disagrees(context: MarketingContext) -> str:
    """A funnel count whose date differs from the day of its timestamp in the timestamp's own time zone.

    Remedy: correct the date or the timestamp.
    """
    del context
    return """
        SELECT 'funnel_events' AS dataset, label AS record, campaign_id,
            'Its date is ' || day_of(date) || ', but its timestamp is '
            || coalesce(local_day || ' in its own time zone', day_of(timestamp)) || '.' AS message
        FROM seen_funnel_events WHERE date::DATE <> coalesce(local_day, timestamp::DATE)
    """


@rule("dated-later", FindingSeverity.NOTICE)
def dated_later(context: MarketingContext) -> str | None:
    """Records dated after `as_of`, which are not used.

    Remedy: nothing, if the date is right; use `--as-of` for a later date.
    """
    if context.as_of is None:
        return None
    parts = []
    for dataset in MARKETING_FAMILY.datasets:
        column = observation_column(dataset)
        if column is None:
            continue
        until = "log_time()" if dataset == LogEvent.dataset else context.as_of_sql
        campaign = "r.campaign_id" if "campaign_id" in get_model(dataset).model_fields else "NULL"
        parts.append(f"""
            SELECT {literal(dataset)} AS dataset, {build_label_sql(dataset, "r")} AS record, {campaign} AS campaign_id,
                'It is dated ' || day_of(r.{quoted(column)}) || ', after ' || day_of({context.as_of_sql})
                || ', so it is not used.' AS message
            FROM {dataset} AS r WHERE r.{quoted(column)} > {until}
        """)
    return " UNION ALL ".join(parts)
