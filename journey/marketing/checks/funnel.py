"""Checks of the funnel: invalid paths, contradicting counts and counts that are not trusted enough."""

from journey.core.findings import FindingSeverity
from journey.machine.lifecycles import FUNNEL_STEPS
from journey.marketing.views.context import MarketingContext
from journey.marketing.views.funnel import CELLS, funnel_day_sql, trust_sql
from journey.marketing.views.registry import rule
from journey.records.database import literal


@rule("path-not-declared", FindingSeverity.NOTICE)
def path_not_declared(context: MarketingContext) -> str:
    """A campaign without a declared path; its recorded steps are used as the path.

    Remedy: declare the path of the campaign.
    """
    del context
    return """
        SELECT 'campaigns' AS dataset, campaign_id AS record, campaign_id,
            'It declares no path, so the recorded steps are used: '
            || string_agg(stage, ', ' ORDER BY step_number) || '. A step without any count would go unnoticed.'
            AS message
        FROM steps WHERE NOT declared AND campaign_id IN (SELECT campaign_id FROM campaigns) GROUP BY campaign_id
    """


@rule("path-impossible", FindingSeverity.ERROR)
def path_impossible(context: MarketingContext) -> str:
    """A declared path with an unknown, repeated or misplaced step, or with a single step.

    Remedy: correct the path: known steps, each once, in the order of the funnel.
    """
    del context
    order = ", ".join(f"{literal(stage)}: {rank}" for rank, stage in enumerate(FUNNEL_STEPS))
    ranks = f"list_transform(path, lambda s: coalesce(map_extract(MAP {{{order}}}, s)[1], -1))"
    return f"""
        SELECT 'campaigns' AS dataset, campaign_id AS record, campaign_id,
            'Its path is ' || array_to_string(path, ', ') || '; a path has two or more of '
            || '{", ".join(FUNNEL_STEPS)}, once each and in this order.' AS message
        FROM seen_campaigns
        WHERE len(path) = 1 OR (len(path) > 1 AND (
            list_contains({ranks}, -1) OR {ranks} <> list_sort({ranks}) OR len(list_distinct(path)) < len(path)
        ))
    """


@rule("step-outside-path", FindingSeverity.WARNING)
def step_outside_path(context: MarketingContext) -> str:
    """A count of a step that is not in the campaign's declared path.

    Remedy: add the step to the path, or remove the count.
    """
    del context
    return """
        SELECT 'funnel_events' AS dataset, label AS record, campaign_id,
            stage || ' is not a step of the path that ' || campaign_id || ' declares, so the count is not used.'
            AS message
        FROM seen_funnel_events
        WHERE campaign_id IN (SELECT campaign_id FROM steps)
            AND (campaign_id, stage) NOT IN (SELECT (campaign_id, stage) FROM steps)
    """


@rule("duplicate-count", FindingSeverity.ERROR)
def duplicate_count(context: MarketingContext) -> str:
    """Counts of the same step, cell and day by several sources; they may count the same people.

    Remedy: keep the count of one source.
    """
    del context
    return f"""
        {_CELLS_WITH_SEVERAL_ROWS}
        SELECT 'funnel_events' AS dataset, record, campaign_id,
            labels || ' count ' || step || ', by different sources that may count the same people: '
            || 'the counts are not used.' AS message
        FROM cells WHERE sources > 1
    """


@rule("counts-added", FindingSeverity.NOTICE)
def counts_added(context: MarketingContext) -> str:
    """Several counts of the same step, cell and day by one source; they are added.

    Remedy: nothing, if each row counts other people; otherwise keep one of them.
    """
    del context
    return f"""
        {_CELLS_WITH_SEVERAL_ROWS}
        SELECT 'funnel_events' AS dataset, record, campaign_id,
            labels || ' count ' || step || ', by one source: their sum, ' || n || ', is used.' AS message
        FROM cells WHERE sources = 1
    """


_CELLS_WITH_SEVERAL_ROWS = f"""
    WITH cells AS (
        SELECT campaign_id, min(label) AS record, string_agg(label, ' and ' ORDER BY label) AS labels,
            stage || ' of ' || segment_id || ' on ' || channel_id || ' on ' || day AS step, sum(count) AS n,
            count(DISTINCT coalesce(source, '')) AS sources
        FROM (SELECT *, {funnel_day_sql()} AS day FROM seen_funnel_events)
        GROUP BY campaign_id, segment_id, channel_id, day, stage HAVING count(*) > 1
    )
"""


@rule("step-not-recorded", FindingSeverity.NOTICE)
def step_not_recorded(context: MarketingContext) -> str:
    """A cell without a count of a step of the campaign's path; a missing count is not a zero.

    Remedy: add the count, or remove the step from the path.
    """
    del context
    return f"""
        WITH cells AS ({CELLS})
        SELECT 'funnel_events' AS dataset, NULL AS record, campaign_id,
            'On ' || day || ', ' || segment_id || ' on ' || channel_id || ' has no count of '
            || string_agg(stage, ', ' ORDER BY step_number) || ': the count is unknown, not 0.' AS message
        FROM cells WHERE row_count = 0 GROUP BY campaign_id, segment_id, channel_id, day
    """


@rule("more-than-the-step-before", FindingSeverity.WARNING)
def more_than_the_step_before(context: MarketingContext) -> str:
    """A step with a higher count than the previous step: the two are not nested and have no conversion.

    Remedy: find out which of the two counts is incomplete.
    """
    del context
    return f"""
        WITH cells AS ({CELLS})
        SELECT 'funnel_events' AS dataset, label AS record, campaign_id,
            stage || ' has ' || n || ', but ' || before_stage || ' before it has ' || before_n
            || CASE WHEN source IS DISTINCT FROM before_source
                THEN ': counted by ' || coalesce(source, 'an unnamed source') || ' and '
                    || coalesce(before_source, 'an unnamed source') || ', so one is not part of the other.'
                ELSE ', although ' || coalesce(source, 'an unnamed source') || ' counted both.' END AS message
        FROM cells WHERE n > before_n
    """


@rule("count-not-trusted", FindingSeverity.NOTICE)
def count_not_trusted(context: MarketingContext) -> str:
    """A funnel count that is not trusted enough for flags and proposals.

    Remedy: use a source with a higher trust, or change `trust` of the policy.
    """
    trust = context.policy.trust
    return f"""
        SELECT 'funnel_events' AS dataset, label AS record, campaign_id,
            'Confidence ' || coalesce(printf('%.2f', confidence), 'not stated') || ' from '
            || coalesce(source, 'an unnamed source') || ' gives a trust of '
            || printf('%.2f', {trust_sql(context.policy)})
            || {literal(f", below {trust.least:g}: it causes no flag and no proposal.")} AS message
        FROM seen_funnel_events WHERE {trust_sql(context.policy)} < {trust.least!r}
    """
