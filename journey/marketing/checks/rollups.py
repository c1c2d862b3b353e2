"""Checks of segment rollups against performance, the funnel, the campaign and their own counts."""

from journey.core.findings import FindingSeverity
from journey.marketing.views.context import MarketingContext
from journey.marketing.views.registry import rule
from journey.records.database import literal

_WITH_PERFORMANCE = """
    WITH known AS (
        SELECT r.*, i.asset_id IS NOT NULL AS has_performance, i.impressions AS i_n, i.clicks AS c_n,
            i.conversions AS v_n, i.cost AS s_n, i.revenue_proxy AS p_n,
            i.timestamp::DATE >= r.window_start::DATE AS inside
        FROM seen_segment_rollups AS r LEFT JOIN increments AS i ON i.campaign_id = r.campaign_id
            AND i.segment_id = r.segment_id AND i.timestamp::DATE <= r.window_end::DATE
    ),
    chosen AS (SELECT *, coalesce(bool_or(inside) OVER (PARTITION BY rollup_id), FALSE) AS any_inside FROM known),
    compared AS (
        SELECT label, campaign_id, segment_id, window_start, window_end, any_inside,
            bool_or(has_performance) AS has_performance, impressions, clicks, conversions, spend, revenue_proxy,
            sum(i_n) AS i_n, sum(c_n) AS c_n, sum(v_n) AS v_n, sum(s_n) AS s_n, sum(p_n) AS p_n
        FROM chosen WHERE inside OR NOT any_inside GROUP BY ALL
    )
"""
"""SQL for each rollup with the performance of its window; if there is none, with all performance before its end."""


@rule("rollup-without-performance", FindingSeverity.WARNING)
def rollup_without_performance(context: MarketingContext) -> str:
    """A rollup of a segment without any performance in the campaign up to the end of the window.

    Remedy: add the performance of the segment, or correct the rollup's segment.
    """
    del context
    return f"""
        {_WITH_PERFORMANCE}
        SELECT 'segment_rollups' AS dataset, label AS record, campaign_id, spend AS amount,
            'No asset of ' || campaign_id || ' has performance for ' || segment_id || ' up to ' || day_of(window_end)
            || ', so the source of its numbers is unknown.' AS message
        FROM compared WHERE NOT has_performance
    """


@rule("rollup-outside-window", FindingSeverity.WARNING)
def rollup_outside_window(context: MarketingContext) -> str:
    """A rollup without performance in its window.

    Remedy: add performance for the window, or correct its dates.
    """
    del context
    return f"""
        {_WITH_PERFORMANCE}
        SELECT 'segment_rollups' AS dataset, label AS record, campaign_id,
            'No performance is dated from ' || day_of(window_start) || ' to ' || day_of(window_end)
            || '; the rollup is compared with earlier performance.' AS message
        FROM compared WHERE has_performance AND NOT any_inside
    """


@rule("rollup-differs", FindingSeverity.WARNING)
def rollup_differs(context: MarketingContext) -> str:
    """A rollup that differs from the sum of performance. The finding's amount is the difference in spend.

    Remedy: compute the rollup from performance again.
    """
    money = context.policy.tolerance.money
    pairs = (("impressions", "i_n", 0.0), ("clicks", "c_n", 0.0), ("conversions", "v_n", 0.0), ("spend", "s_n", money),
             ("revenue_proxy", "p_n", money))  # fmt: skip
    parts = ", ".join(
        f"CASE WHEN abs({name} - {performance_column}) > {tolerance!r} THEN {literal(name + ' ')} || printf('%g', "
        f"{name}::DOUBLE) "
        f"|| ' (performance: ' || printf('%g', {performance_column}::DOUBLE) || ')' END"
        for name, performance_column, tolerance in pairs
    )
    return f"""
        {_WITH_PERFORMANCE}
        SELECT 'segment_rollups' AS dataset, label AS record, campaign_id, nullif(abs(spend - s_n), 0) AS amount,
            'It differs from performance: ' || differences || '.' AS message
        FROM (SELECT *, concat_ws(', ', {parts}) AS differences FROM compared WHERE has_performance)
            WHERE differences <> ''
    """


@rule("rollup-kpi-differs", FindingSeverity.WARNING)
def rollup_kpi_differs(context: MarketingContext) -> str:
    """A KPI that differs from the rollup's own counts.

    Remedy: compute the KPI from the rollup's counts again.
    """
    metrics = context.policy.metrics
    values = " ".join(
        f"WHEN {literal(name)} THEN {metric.numerator} / nullif({metric.denominator}, 0)"
        for name, metric in metrics.items()
    )
    definitions = " ".join(
        f"WHEN {literal(name)} THEN {literal(metric.definition)}" for name, metric in metrics.items()
    )
    return f"""
        WITH own AS (SELECT *, CASE primary_kpi {values} END AS expected FROM seen_segment_rollups)
        SELECT 'segment_rollups' AS dataset, label AS record, campaign_id,
            'Its ' || primary_kpi || ' is ' || printf('%.4f', kpi_value) || ', but '
            || CASE primary_kpi {definitions} END || ' by its own counts is '
            || printf('%.4f', expected) || '.' AS message
        FROM own WHERE abs(kpi_value - expected) > {context.policy.tolerance.kpi!r} + 1e-9
    """


@rule("rollup-of-other-kpi", FindingSeverity.WARNING)
def rollup_of_other_kpi(context: MarketingContext) -> str:
    """A rollup whose primary KPI is not its campaign's.

    Remedy: use the primary KPI of the campaign.
    """
    del context
    return """
        SELECT 'segment_rollups' AS dataset, label AS record, campaign_id,
            'Its primary KPI is ' || r.primary_kpi || ', the campaign''s is ' || c.primary_kpi || '.' AS message
        FROM seen_segment_rollups AS r JOIN campaigns AS c USING (campaign_id) WHERE r.primary_kpi <> c.primary_kpi
    """


@rule("impossible-trend", FindingSeverity.WARNING)
def impossible_trend(context: MarketingContext) -> str:
    """A trend that no prior window can give: a KPI of 0 fell by 100 % or stayed at 0.

    Remedy: compute the trend again, or leave it empty.
    """
    del context
    return """
        SELECT 'segment_rollups' AS dataset, label AS record, campaign_id,
            'Its KPI is 0, so it fell by 100 % or stayed at 0 against any prior window; the recorded trend is '
            || printf('%+.0f', 100 * trend_vs_prior_window) || ' %.' AS message
        FROM seen_segment_rollups WHERE kpi_value = 0 AND trend_vs_prior_window NOT IN (-1, 0)
    """


@rule("rollup-below-funnel", FindingSeverity.WARNING)
def rollup_below_funnel(context: MarketingContext) -> str:
    """A rollup with fewer clicks than visits, or fewer conversions than last steps, counted in its window.

    Remedy: find out which of the two sources is incomplete.
    """
    del context
    return """
        WITH last_steps AS (
            SELECT campaign_id, max_by(stage, step_number) AS stage FROM steps GROUP BY campaign_id HAVING count(*) > 1
        ),
        counted AS (
            SELECT r.label, r.campaign_id, r.clicks, r.conversions, any_value(l.stage) AS last_stage,
                sum(f.count) FILTER (WHERE f.stage = 'visit') AS visits,
                sum(f.count) FILTER (WHERE f.stage = l.stage) AS reached
            FROM seen_segment_rollups AS r JOIN last_steps AS l USING (campaign_id) JOIN used_funnel_events AS f
                ON f.campaign_id = r.campaign_id AND f.segment_id = r.segment_id
                AND f.day BETWEEN r.window_start::DATE AND r.window_end::DATE
            GROUP BY r.rollup_id, r.label, r.campaign_id, r.clicks, r.conversions
        )
        SELECT 'segment_rollups' AS dataset, label AS record, campaign_id,
            'For its whole window it has ' || concat_ws(' and ',
                CASE WHEN visits > clicks THEN clicks || ' clicks (funnel: ' || visits || ' visits)' END,
                CASE WHEN reached > conversions
                    THEN conversions || ' conversions (funnel: ' || reached || ' ' || last_stage || ')' END
            ) || ', although the funnel counts cover only the recorded days.' AS message
        FROM counted WHERE visits > clicks OR reached > conversions
    """


@rule("duplicate-rollup", FindingSeverity.ERROR)
def duplicate_rollup(context: MarketingContext) -> str:
    """Several rollups of the same campaign and segment with the same end of the window.

    Remedy: keep one of the rollups.
    """
    del context
    return """
        SELECT 'segment_rollups' AS dataset, min(label) AS record, campaign_id,
            string_agg(label, ' and ' ORDER BY label) || ' all cover ' || segment_id || ' up to '
            || day_of(window_end) || '.' AS message
        FROM seen_segment_rollups GROUP BY campaign_id, segment_id, window_end HAVING count(*) > 1
    """
