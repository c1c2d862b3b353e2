"""Checks of the marketing side: what is odd about campaigns, noticed in SQL and never a crash."""

from journey.marketing.checks.registry import CHECKS, rule
from journey.marketing.checks.running import MarketingReport, check

__all__ = ["CHECKS", "MarketingReport", "check", "rule"]
