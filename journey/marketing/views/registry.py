"""Registry of the marketing checks, each a named function that returns an SQL query, as in `journey.checks.registry`.

The query returns the columns ``dataset, record, campaign_id, message``. It may add ``severity`` if rows differ in it,
and ``amount`` if findings involve money. It reads the clean tables and those of `journey.marketing.views.context`.
"""

from journey.checks.registry import Registry
from journey.marketing.views.context import MarketingContext

REGISTRY: Registry[MarketingContext] = Registry()
CHECKS = REGISTRY.checks
"""All checks, in order of registration."""
rule = REGISTRY.rule
