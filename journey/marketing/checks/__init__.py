"""Checks of the marketing records: SQL queries that report data-quality findings and never raise on bad records."""

from journey.marketing.checks.runner import MarketingReport, check
from journey.marketing.views.registry import CHECKS, rule

__all__ = ["CHECKS", "MarketingReport", "check", "rule"]
