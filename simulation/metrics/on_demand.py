"""The built-in metrics that a run reports only if its scenario names them."""

from simulation.metrics.contacts import CONTACT_METRICS
from simulation.metrics.recurring_revenue import REVENUE_METRICS

ON_DEMAND = (*REVENUE_METRICS, *CONTACT_METRICS)
"""Names of these metrics, without a segment."""
