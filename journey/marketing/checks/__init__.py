"""Checks of the marketing side: what is odd about campaigns, noticed in SQL and never a crash."""

from journey.marketing.checks.runner import MarketingReport, check
from journey.marketing.views.registry import CHECKS, rule

__all__ = ["CHECKS", "MarketingReport", "check", "rule"]
