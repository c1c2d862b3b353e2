"""Checks of the customers themselves."""

from journey.checks.context import Context, build_in_list
from journey.checks.registry import rule
from journey.core.findings import FindingSeverity


@rule("unknown-segment", FindingSeverity.NOTICE)
def unknown_segment(context: Context) -> str:
    """A segment for which the policy has no separate churn hazard; one finding per segment.

    Remedy: correct the spelling, or add the segment to `churn.yearly_hazard` of the policy, or to the scenario.
    """
    known = context.policy.churn.yearly_hazard
    return f"""
        SELECT 'customers' AS dataset, NULL AS record, NULL AS customer_id,
            'Segment ''' || segment || ''' (' || count(*)
            || CASE WHEN count(*) = 1 THEN ' customer' ELSE ' customers' END
            || ') has no churn hazard of its own in the policy; the hazard of other segments is used.' AS message
        FROM customers WHERE segment NOT IN {build_in_list(known)} GROUP BY segment
    """


@rule("default-used", FindingSeverity.NOTICE)
def default_used(context: Context) -> str:
    """Customers whose record lacks fields, for which defaults are used.

    Remedy: fill in the fields that the message names.
    """
    del context
    return """
        SELECT 'customers' AS dataset, CASE WHEN count(*) = 1 THEN min(customer_id) END AS record, NULL AS customer_id,
            count(*) || CASE WHEN count(*) = 1 THEN ' customer lacks ' ELSE ' customers lack ' END
            || 'a field (segment, value, tenure or tier); defaults are used, which lowers confidence.'
            AS message
        FROM customers WHERE gaps > 0 HAVING count(*) > 0
    """
