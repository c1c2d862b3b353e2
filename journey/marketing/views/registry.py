"""The checks of the marketing side, each a named function with one SQL query, as in `journey.checks.registry`.

The query has the columns ``dataset, record, campaign_id, message``, and may add ``severity`` where rows differ and
``amount`` where a finding is about money. It reads the clean tables and those of `journey.marketing.views.context`.
"""

from journey.checks.registry import Registry
from journey.marketing.views.context import MarketingContext

REGISTRY: Registry[MarketingContext] = Registry()
CHECKS = REGISTRY.checks
"""Every check, in the order in which they were written down."""
rule = REGISTRY.rule
